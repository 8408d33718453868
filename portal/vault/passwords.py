"""Passwords of staff: their hashes, and which passwords everybody would guess.

argon2id with 19 MiB, two passes and one lane (OWASP's first choice for a server that does something else as well).
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


def needs_rehash(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(kept)


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords that guessers try first, in lower case."""
    return frozenset(_COMMON.read_text("utf-8").split())


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody's password, which nobody can match")
