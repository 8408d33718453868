"""Where a member stands, read fresh: has the requirement in force been satisfied, and is the account open?

The portal writes, the gate only reads: one statement, the same on both engines. On SQLite an answer may be remembered
while a mapped epoch file proves that nothing has changed; on PostgreSQL every request asks.

The epoch file holds EPOCH_MAGIC and a counter of 8 bytes, little endian. Whoever changes standing or policy makes it
odd before the commit and even after it. A reader that sees an odd counter asks the store and remembers nothing; the
counter is read before the question is asked, so an answer is never newer in memory than on disk.
"""

import mmap
import os
import re
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, unquote, urlsplit

from .errors import StoreUnavailable
from .kept import Kept

CONTRACT_VERSION = 1
EPOCH_MAGIC = b"MCEPOCH1"
EPOCH_BYTES = 16
KEPT_MEMBERS = 8192
LOOK_AGAIN_US = 1_000_000  # a change made round the epoch, by hand or by a restored file, is seen within this time
BUSY_S = 1.0
LOCKED = "it is locked"
_REF = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it goes into a journal line as it is
_COUNTER = slice(len(EPOCH_MAGIC), EPOCH_BYTES)

_QUESTION = """
SELECT
    (SELECT version FROM gate_contract),
    (SELECT requirement_hash FROM policy_versions WHERE effective_at <= ? ORDER BY effective_at DESC, id DESC LIMIT 1),
    (SELECT min(effective_at) FROM policy_versions WHERE effective_at > ?),
    member.ref, member.requirement_hash, member.suspended
FROM (SELECT 1) AS always LEFT JOIN standing AS member ON member.host_id = ?
"""
SQLITE_QUESTION = _QUESTION
POSTGRES_QUESTION = _QUESTION.replace("?", "%s")


class Standing(NamedTuple):
    """What the gate needs to know of one member."""

    ref: str | None  # the opaque reference; None for a person the portal has never met
    stands: bool  # everything in force is satisfied and the account is not suspended


class StandingReader(Protocol):
    """Reads standings; `at` is microseconds since 1970-01-01 UTC. Raises StoreUnavailable on any doubt."""

    def of(self, host_id: str, at: int) -> Standing: ...

    def close(self) -> None: ...


def open_standing(store: str) -> StandingReader:
    """Return the reader for a store URL. Opens nothing yet: a store that is down is a 503, not a failed start."""
    scheme = urlsplit(store).scheme
    if scheme == "sqlite":
        if store.removeprefix("sqlite:///") in (store, "", ":memory:"):
            raise ValueError("got a SQLite URL without a file; expected sqlite:///path")
        return SqliteStanding(sqlite_path(store))
    if scheme in ("postgresql", "postgresql+psycopg", "postgres"):
        return PostgresStanding(store)
    raise ValueError(f"got scheme {scheme!r}; expected sqlite:///path or postgresql://host/name")


def sqlite_path(store: str) -> Path:
    """Return the file that a SQLite URL names."""
    return Path(unquote(store.removeprefix("sqlite:///").partition("?")[0]))


def epoch_path(store: Path) -> Path:
    """Return the epoch file that stands beside a SQLite store."""
    return store.with_name(store.name + ".epoch")


class _Answer(NamedTuple):
    standing: Standing
    next_change: int | None  # when the requirement changes by itself


def _judge(row: tuple[Any, ...]) -> _Answer:
    _require_contract(row)
    _, required, next_change, ref, satisfied, suspended = row
    if required is None:
        raise StoreUnavailable("no policy is in force")
    if ref is not None and not _REF.fullmatch(ref):
        raise StoreUnavailable("a member's reference is none of ours")
    return _Answer(Standing(ref, satisfied == required and not suspended), next_change)


class _Seen:
    """Answers that hold while the epoch and the time window do. Replaced as one object, never refilled.

    `stamp` tells which files, in which state, were looked at before any of these answers was asked for.
    """

    __slots__ = ("epoch", "first", "members", "next_change", "since", "stamp", "until")

    def __init__(
        self, stamp: object, epoch: bytes, first: int, at: int, next_change: int | None, members: Kept[str, Standing]
    ) -> None:
        self.stamp = stamp
        self.epoch = epoch
        self.first = first  # before this time another policy may have been in force
        self.since = max(first, at - LOOK_AGAIN_US)  # a thread may still be at work on a slightly older time
        self.until = min(at + LOOK_AGAIN_US, next_change or at + LOOK_AGAIN_US)
        self.next_change = next_change
        self.members = members


class _Held:
    """A connection that is closed with the thread that had it; a forked child leaves its parent's alone."""

    __slots__ = ("_connection", "_process")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._process = os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._process:
            self._connection.close()


class SqliteStanding:
    """Reads a SQLite store: the epoch and a bounded dictionary first, else one SELECT on this thread's connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _nothing_seen()
        self._epoch_map: mmap.mmap | None = None
        self._generation = 0
        self._left_to_parent: list[object] = []
        self._begin()
        _readers.add(self)

    def _begin(self) -> None:
        """Hold no connection: at construction, after close(), and in a forked child."""
        self._local = threading.local()
        self._inodes = (0, 0)
        self._watcher: sqlite3.Connection | None = None
        self._look_lock = threading.Lock()

    def _begin_in_child(self) -> None:
        self._left_to_parent += [self._local, self._watcher]  # never used and never closed here
        self._begin()

    def of(self, host_id: str, at: int) -> Standing:
        """Return the standing of a member, as of the last commit before this call."""
        seen, epoch_map = self._seen, self._epoch_map
        epoch = epoch_map[_COUNTER] if epoch_map is not None else b""
        if epoch == seen.epoch and seen.since <= at < seen.until:
            known = seen.members.young.get(host_id) or seen.members.get(host_id)
            if known is not None:
                return known
        else:
            seen = self._look_again(at)
            epoch = self._epoch()
        answer = self._ask(host_id, at)
        if epoch and not epoch[0] & 1:
            if epoch != seen.epoch or not seen.since <= at < seen.until:
                self._seen = seen = _Seen(seen.stamp, epoch, at, at, answer.next_change, Kept(KEPT_MEMBERS))
            seen.members.put(host_id, answer.standing)
        return answer.standing

    def close(self) -> None:
        """Forget every connection; the next question opens its own."""
        if self._watcher is not None:
            self._watcher.close()
        self._begin()
        self._seen = _nothing_seen()

    def _epoch(self) -> bytes:
        epoch_map = self._epoch_map
        return b"" if epoch_map is None else epoch_map[_COUNTER]

    def _look_again(self, at: int) -> _Seen:
        """Look once a second whether the files are the same files and nobody wrote round the epoch; if so, what was
        seen holds for another second."""
        if not self._look_lock.acquire(timeout=BUSY_S):  # threads must not queue up behind a locked store
            raise StoreUnavailable(LOCKED)
        try:
            seen = self._seen
            if self._epoch() == seen.epoch and seen.since <= at < seen.until:
                return seen  # another thread has looked meanwhile
            stamp = self._stamp()
            if (
                stamp == seen.stamp
                and self._epoch() == seen.epoch
                and at >= seen.first
                and (seen.next_change is None or at < seen.next_change)
            ):
                self._seen = _Seen(stamp, seen.epoch, seen.first, at, seen.next_change, seen.members)
            else:
                self._seen = _nothing_seen(stamp)
            return self._seen
        finally:
            self._look_lock.release()

    def _stamp(self) -> object:
        """Return what changes when the store is replaced or written to, by whomever; opens anew what was replaced."""
        try:
            inode = os.stat(self._path).st_ino
        except OSError as error:
            self._inodes = (0, 0)
            raise StoreUnavailable("the file is missing or cannot be reached") from error
        inodes = inode, _inode(epoch_path(self._path))
        if inodes != self._inodes:
            self._inodes = inodes
            self._watcher = None
            self._epoch_map = _mapped_epoch(epoch_path(self._path))
        try:
            if self._watcher is None:
                self._generation += 1
                self._watcher = _connect(self._path)
            return self._generation, self._watcher.execute("PRAGMA data_version").fetchone()[0]
        except (sqlite3.Error, StoreUnavailable) as error:
            self._watcher = None
            raise _unavailable(error) from error

    def _ask(self, host_id: str, at: int) -> _Answer:
        local, generation = self._local, self._generation
        try:
            if getattr(local, "generation", None) != generation:
                local.connection = _connect(self._path)
                local.held, local.generation = _Held(local.connection), generation
            row = local.connection.execute(SQLITE_QUESTION, (at, at, host_id)).fetchone()
        except sqlite3.Error as error:
            local.generation = None
            raise _unavailable(error) from error
        return _judge(row)


class PostgresStanding:
    """Reads a PostgreSQL store: one prepared SELECT for every request, on this thread's kept connection."""

    def __init__(self, store: str) -> None:
        self._dsn = "postgresql://" + store.partition("://")[2]
        self._local = threading.local()
        self._left_to_parent: list[object] = []
        _readers.add(self)

    def _begin_in_child(self) -> None:
        self._left_to_parent.append(self._local)  # never used and never closed here
        self._local = threading.local()

    def of(self, host_id: str, at: int) -> Standing:
        """Return the standing of a member, as of the last commit before this call."""
        import psycopg

        fresh = getattr(self._local, "cursor", None) is None
        try:
            return self._ask(host_id, at)
        except psycopg.Error as error:
            self._drop()
            if fresh or isinstance(error, psycopg.errors.QueryCanceled):  # the server is there, and took its time
                raise _unavailable(error) from error
        try:  # the kept connection was cut: the server may be back, and a read may be asked twice
            return self._ask(host_id, at)
        except psycopg.Error as error:
            self._drop()
            raise _unavailable(error) from error

    def close(self) -> None:
        """Forget every connection; the next question opens its own."""
        self._local = threading.local()

    def _ask(self, host_id: str, at: int) -> Standing:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            connection = self._connect()
            self._local.held = _Held(connection)
            cursor = self._local.cursor = connection.cursor()
        row = cursor.execute(POSTGRES_QUESTION, (at, at, host_id), prepare=True).fetchone()
        return _judge(row).standing

    def _connect(self) -> Any:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        own = conninfo_to_dict(self._dsn).get("options") or ""  # a schema to look in, for example
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=2,
            options=f"{own} -c statement_timeout={BUSY_S * 1000:.0f} -c default_transaction_read_only=on",
            application_name="consent gate",
        )
        try:
            _require_contract(connection.execute("SELECT version FROM gate_contract").fetchone())
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        self._local.cursor = self._local.held = None


_readers: "weakref.WeakSet[SqliteStanding | PostgresStanding]" = weakref.WeakSet()


def _begin_in_child() -> None:
    for reader in list(_readers):
        reader._begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)


def _nothing_seen(stamp: object = None) -> _Seen:
    return _Seen(stamp, b"never", 0, 0, None, Kept(1))


def _inode(path: Path) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def _mapped_epoch(path: Path) -> mmap.mmap | None:
    """Return the mapped epoch file, or None where there is none: then nothing is remembered and every request asks."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), EPOCH_BYTES, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    return mapped if mapped[:8] == EPOCH_MAGIC else None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        _require_contract(connection.execute("SELECT version FROM gate_contract").fetchone())
    except BaseException:
        connection.close()
        raise
    return connection


def _require_contract(row: tuple[Any, ...] | None) -> None:
    got = row[0] if row and row[0] is not None else "none"
    if got != CONTRACT_VERSION:
        raise StoreUnavailable(f"its tables have contract {got}; this gate needs {CONTRACT_VERSION}")


def _unavailable(error: Exception) -> StoreUnavailable:
    """Name a database error without repeating its text, which may hold a name, a value or a password."""
    if isinstance(error, StoreUnavailable):
        return error
    code = str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreUnavailable(LOCKED)
    return StoreUnavailable(f"{type(error).__name__} {code}".rstrip())
