"""Overwriting a file before it is unlinked: for a day that has expired, and a journal segment that is drained."""

import os
from pathlib import Path

from middleware.journal import sync_directory

_ZEROS = bytes(1024 * 1024)


def zero(fd: int, start: int, end: int) -> None:
    """Write NULs over the bytes from `start` up to `end`, in place. The file keeps its length."""
    while start < end:
        start += os.pwrite(fd, _ZEROS[: min(len(_ZEROS), end - start)], start)


def erase(path: Path) -> bool:
    """Overwrite, sync and unlink a file; False when it is not there.

    1. NULs over every byte, on disk before anything else happens.
    2. The name is removed, and the directory synced.
    A crash after 1 leaves a file of NULs under its name, which the next call removes. A file system that copies on
    write, and the medium itself, may keep older blocks; what identifies in them is sealed under a destroyed key.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:  # 1.
        zero(fd, 0, os.fstat(fd).st_size)
        os.fsync(fd)
    finally:
        os.close(fd)
    path.unlink(missing_ok=True)  # 2.
    sync_directory(path.parent)
    return True
