"""The secret files of an installation: made on the first run, read at every start, shown by nothing.

1. Nothing is there yet: all of them are made in a folder beside, and the folder takes its name at once, so that two
   first runs agree and a killed one leaves no half set.
2. Something is there: every file must be there, be ours, be closed to others and have its length. A missing file is
   never made anew, because what was sealed or signed with the old one would be lost without a word.
"""

import os
import secrets
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ..errors import ConfigurationError

KEY_BYTES = 32
KEY_FILES = ("session_key", "digest_key", "wrapping_key")
RECEIPT_FILE = "receipt_key.pem"


@dataclass(frozen=True)
class Secrets:
    """What only this installation knows."""

    session_key: bytes = field(repr=False)  # signs the portal's own session cookie
    digest_key: bytes = field(repr=False)  # turns cookies into digests in access records
    wrapping_key: bytes = field(repr=False)  # wraps the keys in the keys store
    receipt_key: Ed25519PrivateKey = field(repr=False)  # signs consent receipts


def open_secrets(directory: Path) -> Secrets:
    """Return the secrets in `directory`, made there on the first run: folder 0700, files 0600.

    Raises ConfigurationError with every fault of the folder and its files.
    """
    if not directory.exists() or not any(directory.iterdir()):
        _make(directory)
    return _read(directory)


def _make(directory: Path) -> None:
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = directory.with_name(f"{directory.name}.new-{secrets.token_hex(8)}")
    making.mkdir(mode=0o700)
    try:
        for name in KEY_FILES:
            _write(making / name, secrets.token_bytes(KEY_BYTES))
        private = Ed25519PrivateKey.generate()
        _write(making / RECEIPT_FILE, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _sync(making)
        making.rename(directory)  # refused when another first run has filled the folder meanwhile
        _sync(directory.parent)
    except OSError:
        if not directory.exists() or not any(directory.iterdir()):
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(path: Path, secret: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(fd)


def _sync(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read(directory: Path) -> Secrets:
    faults = _openness(directory, directory.stat(), 0o700)
    contents = {name: _read_file(directory / name, faults) for name in (*KEY_FILES, RECEIPT_FILE)}
    for name in KEY_FILES:
        content = contents[name]
        if content is not None and len(content) != KEY_BYTES:
            faults.append(f"{directory / name}: got {len(content)} bytes, expected {KEY_BYTES}; put its backup back")
    private = _receipt_key(directory / RECEIPT_FILE, contents[RECEIPT_FILE], faults)
    if faults or private is None:
        raise ConfigurationError(faults)
    session_key, digest_key, wrapping_key = (contents[name] or b"" for name in KEY_FILES)
    return Secrets(session_key, digest_key, wrapping_key, private)


def _read_file(path: Path, faults: list[str]) -> bytes | None:
    """Return what the file holds. Its mode is asked of the open file, so that no other can be slipped in between."""
    try:
        with path.open("rb") as file:
            faults += _openness(path, os.fstat(file.fileno()), 0o600)
            return file.read()
    except OSError as error:
        faults.append(
            f"{path}: {error.strerror}; put its backup back. A new set is made only in an empty folder, and what was "
            "sealed or signed with the old one cannot be read with the new"
        )
        return None


def _openness(path: Path, status: os.stat_result, expected: int) -> list[str]:
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
