"""Passwords of staff: their hashes, and which passwords everybody would guess.

argon2id with 19 MiB, two passes and one lane: OWASP's figures for a server that does something else as well. The list
is the one that Django ships (20,000 passwords of published leaks, most frequent first), and a few in Korean.
"""

from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_COMMON = Path(__file__).with_name("common_passwords.txt")


def hash_password(password: str) -> str:
    """Return the hash that is kept instead of a password."""
    return HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Tell whether this is the password of a kept hash; False, after the same work, where none is kept."""
    try:
        return HASHER.verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def renewed(kept: str | None, password: str) -> str | None:
    """Return another hash of a password that has just matched, where the kept one was made with other parameters."""
    return hash_password(password) if kept and HASHER.check_needs_rehash(kept) else None


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords that guessers try first, in lower case."""
    return frozenset(_COMMON.read_text("utf-8").split())


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody's password, which nobody can match")
