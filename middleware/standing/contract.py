"""What the gate asks the portal's store, and what an answer means: the same on both engines.

The portal writes, the gate only reads. This is the contract between them: two tables and a version number, one
question, and the epoch file that stands beside a SQLite store. `requirements` holds every policy version that stands;
one that is withdrawn before its moment goes out of it.

The epoch file holds EPOCH_MAGIC and a counter of 8 bytes, little endian. Whoever changes standing or policy makes it
odd before the commit and even after it. A reader that sees an odd counter asks the store and remembers nothing; the
counter is read before the question is asked, so an answer is never newer in memory than on disk.
"""

import os
import re
import weakref
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

from ..errors import StoreUnavailable

CONTRACT_VERSION = 2
EPOCH_MAGIC = b"MCEPOCH1"
EPOCH_BYTES = 16
BUSY_S = 1.0
LOCKED = "it is locked"
_REF = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it goes into a journal line as it is

NEXT_CHANGE = "(SELECT min(effective_at) FROM requirements WHERE effective_at > ?)"  # by itself
QUESTION = f"""
SELECT
    (SELECT version FROM gate_contract),
    (SELECT requirement_hash FROM requirements WHERE effective_at <= ? ORDER BY effective_at DESC, id DESC LIMIT 1),
    {NEXT_CHANGE},
    member.ref, member.requirement_hash, member.suspended
FROM (SELECT 1) AS always LEFT JOIN standing AS member ON member.host_id = ?
"""  # noqa: S608 - ours


class Standing(NamedTuple):
    """What the gate needs to know of one member."""

    host_id: str | None  # the host's own id; None for nobody
    ref: str | None  # the opaque reference; None for a person the portal has never met
    stands: bool  # everything in force is satisfied and the account is not suspended


class StandingReader(Protocol):
    """Reads standings; `at` is microseconds since 1970-01-01 UTC. Raises StoreUnavailable on any doubt."""

    def of(self, host_id: str, at: int) -> Standing: ...

    def close(self) -> None: ...


def sqlite_path(store: str) -> Path:
    """Return the file that a SQLite URL names."""
    return Path(unquote(store.removeprefix("sqlite:///").partition("?")[0]))


def epoch_path(store: Path) -> Path:
    """Return the epoch file that stands beside a SQLite store."""
    return store.with_name(store.name + ".epoch")


def judged(host_id: str, row: tuple[Any, ...]) -> Standing:
    """Return what a row of the QUESTION says of a member."""
    require_contract(row)
    _, required, _, ref, satisfied, suspended = row
    if required is None:
        raise StoreUnavailable("no policy is in force")
    if ref is not None and not _REF.fullmatch(ref):
        raise StoreUnavailable("a member's reference is none of ours")
    return Standing(host_id, ref, satisfied == required and not suspended)


def require_contract(row: tuple[Any, ...] | None) -> None:
    got = row[0] if row and row[0] is not None else "none"
    if got != CONTRACT_VERSION:
        raise StoreUnavailable(f"its tables have contract {got}; this gate needs {CONTRACT_VERSION}")


def unavailable(error: Exception) -> StoreUnavailable:
    """Name a database error without repeating its text, which may hold a name, a value or a password."""
    if isinstance(error, StoreUnavailable):
        return error
    code = str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreUnavailable(LOCKED)
    return StoreUnavailable(f"{type(error).__name__} {code}".rstrip())


class Held:
    """A connection that is closed with the thread that had it; a forked child leaves its parent's alone."""

    __slots__ = ("_connection", "_process")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._process = os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._process:
            self._connection.close()


class Forked(Protocol):
    """Holds connections of its process."""

    def begin_in_child(self) -> None:
        """Use none of the parent's connections, and close none."""


begin_anew_after_fork: "weakref.WeakSet[Forked]" = weakref.WeakSet()


def _begin_in_child() -> None:
    for reader in list(begin_anew_after_fork):
        reader.begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)
