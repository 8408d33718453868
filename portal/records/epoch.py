"""The epoch file: tells every gate on this machine that standing or policy is being changed.

16 bytes beside a SQLite main store: a magic word and a counter, little endian. Even means settled, odd means that a
change is under way; `middleware.standing` reads it. It is never replaced and never cut, because gates have it mapped.
PostgreSQL needs none: there the gate asks at every request.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from middleware.standing import EPOCH_BYTES, EPOCH_MAGIC, epoch_path, sqlite_path

from ..database import is_postgres

_changing: ContextVar[frozenset[Path]] = ContextVar("portal_changing", default=frozenset())


class EpochUnusable(Exception):
    """The epoch file is missing or is not one; no change of standing may be made, for gates would not see it."""

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}; run `portal store upgrade`, then restart every gate")


def make_epoch(url: str) -> None:
    """Make the epoch file of a SQLite store, settled, unless there is one. Nothing on PostgreSQL."""
    if is_postgres(url):
        return
    path = epoch_path(sqlite_path(url))
    making = path.with_name(f"{path.name}.new-{secrets.token_hex(8)}")
    fd = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        os.fchmod(fd, 0o644)
        os.write(fd, EPOCH_MAGIC + (0).to_bytes(8, "little"))
        with suppress(FileExistsError):
            os.link(making, path)
    finally:
        os.close(fd)
        making.unlink()


def epoch_fault(url: str) -> str | None:
    """Return what is wrong with the epoch file of a store, or None."""
    if is_postgres(url):
        return None
    try:
        os.close(_open(epoch_path(sqlite_path(url))))
    except EpochUnusable as fault:
        return str(fault)
    return None


@contextmanager
def standing_change(url: str) -> Iterator[None]:
    """Hold the epoch odd while standing or policy is changed; the caller commits or rolls back inside.

    1. Wait for whoever is changing now. 2. Make the counter odd, so that gates remember nothing. 3. The caller's
    change. 4. Make it even and higher than ever, so that nothing remembered before is believed.
    A killed writer leaves it odd, which is safe: gates ask every time until the next change settles it.
    Inside another change of the same store it joins that one. Raises EpochUnusable.
    """
    if is_postgres(url):
        yield
        return
    path = epoch_path(sqlite_path(url))
    if path in _changing.get():
        yield
        return
    fd = _open(path)
    token = _changing.set(_changing.get() | {path})
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        odd = _count(fd) | 1
        _tell(fd, odd)
        try:
            yield
        finally:
            _tell(fd, odd + 1)
    finally:
        _changing.reset(token)
        os.close(fd)


def _open(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise EpochUnusable(path, error.strerror or "cannot be opened") from error
    content = os.pread(fd, EPOCH_BYTES + 1, 0)
    if len(content) != EPOCH_BYTES or not content.startswith(EPOCH_MAGIC):
        os.close(fd)
        raise EpochUnusable(path, "is not an epoch file")
    return fd


def _count(fd: int) -> int:
    return int.from_bytes(os.pread(fd, 8, len(EPOCH_MAGIC)), "little")


def _tell(fd: int, count: int) -> None:
    os.pwrite(fd, count.to_bytes(8, "little"), len(EPOCH_MAGIC))
