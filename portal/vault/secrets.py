"""The secret files of an installation: made on the first run, read at every start, shown by nothing.

1. Nothing is there yet: all of them are made in a folder beside, and the folder takes its name at once, so that two
   first runs agree and a killed one leaves no half set.
2. Something is there: every file that this set has ever had must be there, be ours, be closed to others and have its
   length. A missing file is never made anew, because what was sealed or signed with the old one would be lost without
   a word.
3. A newer release may need a file that this set has never had: it is made, and then noted in the list `made`.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from middleware.journal import sync_directory

from ..errors import ConfigurationError
from .wrapping import FIRST, KEY_BYTES, WRAPPING_FILE, WrappingKeys, wrapping_files

RECEIPT_FILE = "receipt_key.pem"
LIST_FILE = "made"  # the names of all files that this set has had, one a line; wrapping keys have a rule of their own
KEY_FILES = ("session_key", "digest_key", "index_key", "api_key", "audit_key")
FIRST_FILES = {"session_key", "digest_key", WRAPPING_FILE, RECEIPT_FILE}  # what a set without a list has had


@dataclass(frozen=True)
class Secrets:
    """What only this installation knows."""

    session_key: bytes = field(repr=False)  # signs the portal's own session cookie
    digest_key: bytes = field(repr=False)  # turns cookies into digests in access records
    index_key: bytes = field(repr=False)  # makes the blind indexes by which members are found
    api_key: bytes = field(repr=False)  # shared with the host, which signs its calls with it
    audit_key: bytes = field(repr=False)  # makes the MACs of the audit chain
    wrapping_keys: WrappingKeys = field(repr=False)  # wrap the keys in the keys store
    receipt_key: Ed25519PrivateKey = field(repr=False)  # signs consent receipts


def open_secrets(directory: Path) -> Secrets:
    """Return the secrets in `directory`, made there on the first run: folder 0700, files 0600.

    Raises ConfigurationError with every fault of the folder and its files.
    """
    if not directory.exists() or not any(directory.iterdir()):
        _make(directory)
    else:
        _complete(directory)
    return _read(directory)


def new_wrapping_key(directory: Path) -> str:
    """Make one more wrapping key and return its id; from now on new keys are wrapped under it.

    Raises FileExistsError when another command makes the same one at this moment.
    """
    number = max((int(kek_id) for kek_id in wrapping_files(directory)), default=0) + 1
    path = directory / f"{WRAPPING_FILE}.{number}"
    making = directory / f".new-{secrets.token_hex(8)}"
    _write(making, secrets.token_bytes(KEY_BYTES))
    try:
        os.link(making, path)
    finally:
        making.unlink()
    sync_directory(directory)
    return str(number)


def _make(directory: Path) -> None:
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = directory.with_name(f"{directory.name}.new-{secrets.token_hex(8)}")
    making.mkdir(mode=0o700)
    try:
        for name in (*KEY_FILES, WRAPPING_FILE):
            _write(making / name, secrets.token_bytes(KEY_BYTES))
        private = Ed25519PrivateKey.generate()
        _write(making / RECEIPT_FILE, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _write(making / LIST_FILE, _listed((*KEY_FILES, WRAPPING_FILE, RECEIPT_FILE)))
        sync_directory(making)
        making.rename(directory)  # refused when another first run has filled the folder meanwhile
        sync_directory(directory.parent)
    except OSError:
        if not directory.exists() or not any(directory.iterdir()):
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _complete(directory: Path) -> None:
    """Make the key files that this set has never had, each whole under its name before the list tells of it."""
    path = directory / LIST_FILE
    had = set(path.read_text("ascii").split()) if path.exists() else FIRST_FILES
    if had >= set(KEY_FILES):
        return
    try:
        _make_missing(directory, had)
    except OSError as error:
        raise ConfigurationError(
            [f"{directory}: {error.strerror}; this release makes secret files of its own there, once"]
        ) from error


def _make_missing(directory: Path, had: set[str]) -> None:
    for name in sorted(set(KEY_FILES) - had):
        making = directory / f".new-{secrets.token_hex(8)}"
        _write(making, secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):  # a start that was killed, or another one at this moment, has made it
            os.link(making, directory / name)
        making.unlink()
    making = directory / f".new-{secrets.token_hex(8)}"
    _write(making, _listed(had | set(KEY_FILES)))
    sync_directory(directory)
    making.rename(directory / LIST_FILE)
    sync_directory(directory)


def _listed(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in sorted(names)).encode("ascii")


def _write(path: Path, secret: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(fd)


def _read(directory: Path) -> Secrets:
    faults = openness(directory, directory.stat(), 0o700)
    wrapping = wrapping_files(directory) or {FIRST: directory / WRAPPING_FILE}
    paths = [*(directory / name for name in KEY_FILES), *wrapping.values()]
    contents = {path: _read_file(path, faults) for path in (*paths, directory / RECEIPT_FILE)}
    for path in paths:
        content = contents[path]
        if content is not None and len(content) != KEY_BYTES:
            faults.append(f"{path}: got {len(content)} bytes, expected {KEY_BYTES}; put its backup back")
    private = _receipt_key(directory / RECEIPT_FILE, contents[directory / RECEIPT_FILE], faults)
    if faults or private is None:
        raise ConfigurationError(faults)
    keys = {name: contents[directory / name] or b"" for name in KEY_FILES}
    return Secrets(**keys, wrapping_keys=WrappingKeys.of_directory(directory), receipt_key=private)


def _read_file(path: Path, faults: list[str]) -> bytes | None:
    """Return what the file holds. Its mode is asked of the open file, so that no other can be slipped in between."""
    try:
        with path.open("rb") as file:
            faults += openness(path, os.fstat(file.fileno()), 0o600)
            return file.read()
    except OSError as error:
        faults.append(
            f"{path}: {error.strerror}; put its backup back. A new set is made only in an empty folder, and what was "
            "sealed or signed with the old one cannot be read with the new"
        )
        return None


def openness(path: Path, status: os.stat_result, expected: int) -> list[str]:
    """Return why a secret file or folder is not closed to others."""
    faults = []
    mode = stat.S_IMODE(status.st_mode)
    if mode & ~expected:
        faults.append(f"{path}: got mode {mode:04o}, expected {expected:04o}; run `chmod {expected:o} {path}`")
    if status.st_uid not in (0, os.geteuid()):
        faults.append(f"{path}: belongs to user {status.st_uid}, expected {os.geteuid()}")
    return faults


def _receipt_key(path: Path, content: bytes | None, faults: list[str]) -> Ed25519PrivateKey | None:
    if content is None:
        return None
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        private = None
    if isinstance(private, Ed25519PrivateKey):
        return private
    faults.append(f"{path}: cannot be read as an Ed25519 private key in PEM; put its backup back")
    return None
