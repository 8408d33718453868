"""Access records on SQLite: one file per Seoul day, so that a day ends by overwriting and unlinking its file.

Each day file keeps, beside its rows, how far into each segment it has come, and both move in one transaction; a
segment that spans midnight is therefore stored once in each. `offsets.db` keeps the position that every day has
reached: never further than the truth, so reading on from it loses nothing and doubles nothing.

SQLite attaches ten files at most: a search opens day after day, newest first, and stops when it has enough.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path

from .batch import AccessRecord, Keep, Kept, Piece, Seal, SealOf, Search, bounds, micros, opened, sealed_rows
from .erasing import erase
from .finding import conditions, query

OFFSETS = "offsets.db"
BUSY_S = 5.0
OPEN_FILES = 4  # in one pass: two days round midnight, the positions, and one to spare
CACHE_KIB = 65536  # the index of a busy day stays in memory while a batch is written
PAGE_BYTES = 8192  # a row has 300 bytes: a fifth less work than with the usual 4096 (measured)
CHECKPOINT_PAGES = 8192

_OFFSETS_TABLE = "CREATE TABLE IF NOT EXISTS journal_offsets (segment TEXT PRIMARY KEY, position INTEGER NOT NULL)"
_DAY_TABLES = (
    """CREATE TABLE IF NOT EXISTS access_records (
        at INTEGER NOT NULL, request_id TEXT NOT NULL, ref TEXT, method TEXT NOT NULL, path TEXT NOT NULL,
        status INTEGER NOT NULL, decision TEXT NOT NULL, sealed BLOB NOT NULL, ip_index BLOB)""",
    "CREATE INDEX IF NOT EXISTS access_records_ref ON access_records (ref, at)",
    _OFFSETS_TABLE,
)
_FULL_DAY_INDEXES = (
    "CREATE INDEX IF NOT EXISTS access_records_ip ON access_records (ip_index, at)",
    "CREATE INDEX IF NOT EXISTS access_records_at ON access_records (at)",
)
_SEEN = (
    "SELECT asked.value FROM json_each(?) AS asked WHERE EXISTS (SELECT 1 FROM access_records WHERE ref = asked.value)"
)
_GROWING, _FULL = 1, 2  # user_version of a day file
_INSERT = "INSERT INTO access_records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MOVE = (
    "INSERT INTO journal_offsets VALUES (?, ?)"
    " ON CONFLICT (segment) DO UPDATE SET position = max(position, excluded.position)"
)


class SqliteDays:
    """The day files of one directory.

    Connections are opened for one call, or for one drain's pass, and closed with it. They live in local variables of
    the thread that opened them and nowhere else, so a forked child neither uses them nor closes them.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._full: set[date] = set()

    def positions(self, segments: Collection[str]) -> dict[str, int]:
        path = self.directory / OFFSETS
        if not path.exists():
            return dict.fromkeys(segments, 0)
        with closing(_connect(path)) as connection:
            connection.execute(_OFFSETS_TABLE)
            known = dict(connection.execute("SELECT segment, position FROM journal_offsets"))
        return {segment: known.get(segment, 0) for segment in segments}

    @contextmanager
    def keeping(self) -> Iterator[Keep]:
        """Give what stores pieces, for a pass of the drain; its files stay open until the end.

        1. In each day's file: insert what lies beyond that file's own position, and move the position; one
           transaction, durable.
        2. In offsets.db: move the position that every day has reached.
        A crash between the two is made good by step 1 of the next pass, which inserts nothing twice.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _Files() as files:

            def keep(arriving: Iterable[Piece], seal_of: SealOf) -> Kept:
                pieces = list(arriving)
                rows = late = 0
                if not pieces:
                    return Kept(0, 0)
                for day in sorted({day for piece in pieces for day in piece.days}):  # 1.
                    seal = seal_of(day)
                    if seal is None:
                        late += sum(len(piece.days.get(day, ())) for piece in pieces)
                    else:
                        rows += _keep_day(files.opened(self._file(day), _DAY_TABLES), day, pieces, seal)
                offsets = files.opened(self.directory / OFFSETS, (_OFFSETS_TABLE,))  # 2.
                with _writing(offsets):
                    offsets.executemany(_MOVE, [(piece.segment, piece.end) for piece in pieces])
                return Kept(rows, late)

            yield keep

    def forget(self, segments: Iterable[str]) -> None:
        path = self.directory / OFFSETS
        if path.exists():
            with closing(_connect(path)) as connection, _writing(connection):
                connection.executemany("DELETE FROM journal_offsets WHERE segment = ?", [(s,) for s in segments])

    def finish_days(self, before: date) -> None:
        for day in self.days():
            if day >= before or day in self._full:
                continue
            with closing(_connect(self._file(day), reading=True)) as connection:
                growing = _version(connection) == _GROWING
            if growing:
                with closing(_connect(self._file(day))) as connection, _writing(connection):
                    for statement in _FULL_DAY_INDEXES:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {_FULL}")
            self._full.add(day)

    def days(self) -> list[date]:
        if not self.directory.is_dir():
            return []
        found = []
        for path in self.directory.glob("????-??-??.db"):
            try:
                found.append(date.fromisoformat(path.stem))
            except ValueError:
                continue  # not one of ours
        return sorted(found)

    def count(self, day: date) -> int:
        if not self._file(day).exists():
            return 0
        with closing(_connect(self._file(day), reading=True)) as connection:
            if not _version(connection):
                return 0
            return int(connection.execute("SELECT count(*) FROM access_records").fetchone()[0])

    def search(self, wanted: Search, seal_of: SealOf) -> list[AccessRecord]:
        found: list[AccessRecord] = []
        for day in reversed(self.days()):
            if day < wanted.oldest or len(found) >= wanted.limit:
                break
            low, high = bounds(day)
            if wanted.before is not None and low > wanted.before.at:
                continue
            if wanted.until is not None and low >= micros(wanted.until):
                continue
            if wanted.since is not None and high <= micros(wanted.since):
                break
            seal = seal_of(day)
            if seal is not None:
                found += self._search_day(day, wanted._replace(limit=wanted.limit - len(found)), seal)
        return found

    def _search_day(self, day: date, wanted: Search, seal: Seal) -> list[AccessRecord]:
        clauses, values = conditions(wanted, "?")
        if wanted.ip is not None:
            clauses.append("ip_index = ?")
            values.append(seal.index_ip(wanted.ip))
        try:
            with closing(_connect(self._file(day), reading=True)) as connection:
                if not _version(connection):
                    return []
                select = query("access_records", clauses, "?")
                rows = connection.execute(select, [*values, wanted.limit]).fetchall()
        except sqlite3.DatabaseError:
            if self._file(day).exists():
                raise
            return []  # swept while it was being read
        return [opened(row, seal) for row in rows]

    def last_seen(self, after: Mapping[str, date], oldest: date) -> dict[str, date]:
        found: dict[str, date] = {}
        left = dict(after)
        for day in reversed(self.days()):
            asked = [ref for ref, since in left.items() if since < day]
            if day < oldest or not asked:
                break
            for ref in self._seen_on(day, asked):
                found[ref] = day
                del left[ref]
        return found

    def _seen_on(self, day: date, refs: Sequence[str]) -> list[str]:
        """Return those of these members whom a day's records name; each is one step in the day's index."""
        try:
            with closing(_connect(self._file(day), reading=True)) as connection:
                if not _version(connection):
                    return []
                return [row[0] for row in connection.execute(_SEEN, (json.dumps(refs),))]
        except sqlite3.DatabaseError:
            if self._file(day).exists():
                raise
            return []  # swept while it was being read

    def destroy(self, day: date) -> bool:
        """Overwrite and unlink the day's file, its log and its shared memory; the log first, for it is read alone."""
        path = self._file(day)
        self._full.discard(day)
        erased = [erase(Path(f"{path}{suffix}")) for suffix in ("-wal", "-shm", "")]
        return any(erased)

    def close(self) -> None:
        """Nothing stays open between calls."""

    def _file(self, day: date) -> Path:
        return self.directory / f"{day.isoformat()}.db"


class _Files:
    """The files that one pass writes, each with its tables made; a few stay open, with their indexes in memory."""

    def __init__(self) -> None:
        self._open: dict[Path, sqlite3.Connection] = {}

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def opened(self, path: Path, tables: Sequence[str]) -> sqlite3.Connection:
        """Return the open file, made where it is new."""
        if path not in self._open:
            if len(self._open) >= OPEN_FILES:
                self._open.pop(next(iter(self._open))).close()
            connection = self._open[path] = _connect(path)
            if _version(connection) == 0:
                with _writing(connection):
                    for statement in tables:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {_GROWING}")
        return self._open[path]


def _keep_day(connection: sqlite3.Connection, day: date, pieces: Sequence[Piece], seal: Seal) -> int:
    kept = 0
    with _writing(connection):
        for piece in pieces:
            if day not in piece.days:
                continue
            found = connection.execute(
                "SELECT position FROM journal_offsets WHERE segment = ?", (piece.segment,)
            ).fetchone()
            position = found[0] if found else 0
            if position >= piece.end:
                continue
            lines = piece.since(position, day)
            connection.executemany(_INSERT, sealed_rows(lines, seal))
            connection.execute(_MOVE, (piece.segment, piece.end))
            kept += len(lines)
    return kept


def _version(connection: sqlite3.Connection) -> int:
    """Return 0 before the tables are made, then _GROWING, then _FULL.

    A file whose overwriting was cut short is no database any more: that is 0 as well, and the next sweep ends it.
    """
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            return 0
        raise


def _connect(path: Path, *, reading: bool = False) -> sqlite3.Connection:
    if not reading:
        with suppress(FileExistsError):  # made private before SQLite makes it; the log takes its mode
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=BUSY_S, isolation_level=None, uri=True)
    try:
        if reading:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # for a file that is made now
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # a drained line leaves the journal: it must be on disk
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
