"""Access records on PostgreSQL: one partition per Seoul day, filled by COPY and dropped whole.

The rows and the positions of their segments move in one transaction, each position by compare-and-set: the backend
of a drainer that was killed may still be committing, and what it took must not be taken again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import chain
from types import TracebackType
from typing import Any, cast

from sqlalchemy import Connection, Engine

from portal.clock import seoul_day

from .batch import (
    AccessRecord,
    Keep,
    Kept,
    OffsetMoved,
    Piece,
    Seal,
    SealOf,
    Search,
    bounds,
    moment,
    opened,
    sealed_rows,
)
from .finding import conditions, query

TABLE = "access_records"
COPY_COLUMNS = "at, request_id, ref, method, path, status, decision, sealed, ip_index"
NULL, BYTES = "\\N", "\\\\x"  # as COPY writes them
LOCK_WAIT = "10s"  # dropping a day waits this long for its readers, then lets them go on
_MAKING = 0x4D43_4441  # advisory lock: one node makes a day's partition, the others find it


class PostgresPartitions:
    """The partitions of the database behind `engine`, whose pooled connections are never carried over a fork."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._full: set[date] = set()

    def positions(self, segments: Collection[str]) -> dict[str, int]:
        with self._engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT segment, position FROM journal_offsets WHERE segment = ANY(%s)", (list(segments),)
            )
            known = {row[0]: int(row[1]) for row in rows}
        return {segment: known.get(segment, 0) for segment in segments}

    @contextmanager
    def keeping(self) -> Iterator[Keep]:
        """Give what stores pieces; its connections come from the pool."""
        yield self._keep

    def _keep(self, pieces: Iterable[Piece], seal_of: SealOf) -> Kept:
        """Store the pieces.

        1. Make a partition that is missing, in a transaction of its own.
        2. COPY the rows of each piece into its days' partitions; the server stores one while the next is read.
        3. Move the segments' positions by compare-and-set, in one order for all drainers; commit all together.
        """
        rows = late = 0
        moves: dict[str, tuple[int, int]] = {}
        coming = iter(pieces)
        first = next(coming, None)
        if first is None:
            return Kept(0, 0)
        with self._engine.begin() as connection:
            with _Copying(connection) as copying:
                for piece in chain((first,), coming):
                    for day, lines in piece.days.items():
                        seal = seal_of(day)
                        if seal is None:
                            late += len(lines)
                            continue
                        if day != copying.day:
                            self._make(day)  # 1.
                        copying.write(day, lines, seal)  # 2.
                        rows += len(lines)
                    start, _ = moves.get(piece.segment, (piece.start, 0))
                    moves[piece.segment] = (start, piece.end)
            for segment, (start, end) in sorted(moves.items()):  # 3.
                _move(connection, segment, start, end)
        return Kept(rows, late)

    def forget(self, segments: Iterable[str]) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM journal_offsets WHERE segment = ANY(%s)", (list(segments),))

    def finish_days(self, before: date) -> None:
        for day in self.days():
            if day >= before or day in self._full:
                continue
            name = _partition(day)
            with self._engine.begin() as connection:
                if not _exists(connection, f"{name}_at"):
                    connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {name}_ip ON {name} (ip_index, at)")
                    connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {name}_at ON {name} (at)")
            self._full.add(day)

    def days(self) -> list[date]:
        with self._engine.connect() as connection:
            names = connection.exec_driver_sql(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                " WHERE i.inhparent = %s::regclass",
                (TABLE,),
            ).scalars()
            return sorted(date.fromisoformat(name.removeprefix(f"{TABLE}_")) for name in names)

    def count(self, day: date) -> int:
        low, high = bounds(day)
        with self._engine.connect() as connection:
            return int(
                connection.exec_driver_sql(
                    f"SELECT count(*) FROM {TABLE} WHERE at >= %s AND at < %s",  # noqa: S608 - our own name
                    (low, high),
                ).scalar_one()
            )

    def search(self, wanted: Search, seal_of: SealOf) -> list[AccessRecord]:
        clauses, values = conditions(wanted, "%s")
        clauses.append("at >= %s")
        values.append(bounds(wanted.oldest)[0])
        if wanted.ip is not None:
            seals = [seal for day in self.days() if day >= wanted.oldest and (seal := seal_of(day)) is not None]
            clauses.append("ip_index = ANY(%s)")  # each day has an index value of its own for the one address
            values.append([seal.index_ip(wanted.ip) for seal in seals])
        found: list[AccessRecord] = []
        with self._engine.connect() as connection:
            while len(found) < wanted.limit:
                asked = wanted.limit - len(found)
                rows = connection.exec_driver_sql(query(TABLE, clauses, "%s"), (*values, asked)).all()
                for row in rows:
                    seal = seal_of(seoul_day(moment(row[0])))
                    if seal is not None:
                        found.append(opened(row, seal))
                if len(rows) < asked:
                    break
                if len(found) < wanted.limit:  # some may not be shown: fill the page with what lies before them
                    clauses, values = [*clauses, "(at, request_id) < (%s, %s)"], [*values, rows[-1][0], rows[-1][1]]
        return found

    def last_seen(self, after: Mapping[str, date], oldest: date) -> dict[str, date]:
        # Each step asks only the partitions of the days that may count: they are left out while it runs.
        since = [max(bounds(day)[1], bounds(oldest)[0]) for day in after.values()]
        with self._engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT asked.ref, last.at FROM unnest(%s::text[], %s::bigint[]) AS asked (ref, since), LATERAL"  # noqa: S608 - ours
                f" (SELECT at FROM {TABLE} r WHERE r.ref = asked.ref AND r.at >= asked.since ORDER BY at DESC LIMIT 1)"
                " AS last",
                (list(after), since),
            ).all()
        return {row[0]: seoul_day(moment(row[1])) for row in rows}

    def destroy(self, day: date) -> bool:
        """Drop the day's partition. Raises where its readers do not let go in time; nothing is changed then."""
        self._full.discard(day)
        name = _partition(day)
        with self._engine.begin() as connection:
            if not _exists(connection, name):
                return False
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        return True

    def close(self) -> None:
        self._engine.dispose()

    def _make(self, day: date) -> None:
        """Make a day's partition and attach it, which unlike CREATE ... PARTITION OF lets readers of the parent be."""
        name = _partition(day)
        low, high = bounds(day)
        with self._engine.begin() as connection:
            if _exists(connection, name):
                return
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            if _exists(connection, name):
                return
            connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
            connection.exec_driver_sql(f"CREATE INDEX {name}_ref ON {name} (ref, at)")
            connection.exec_driver_sql(
                f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})"
            )


def _partition(day: date) -> str:
    return f"{TABLE}_{day:%Y%m%d}"


def _exists(connection: Connection, name: str) -> bool:
    """Tell whether a table or index exists now. Not by to_regclass: what it did not find it goes on not finding in the
    same transaction, after waiting for whoever made it."""
    found = connection.exec_driver_sql(
        "SELECT 1 FROM pg_class WHERE relname = %s AND pg_table_is_visible(oid)", (name,)
    )
    return found.first() is not None


def _move(connection: Connection, segment: str, start: int, end: int) -> None:
    connection.exec_driver_sql(
        "INSERT INTO journal_offsets (segment, position) VALUES (%s, 0) ON CONFLICT DO NOTHING", (segment,)
    )
    moved = connection.exec_driver_sql(
        "UPDATE journal_offsets SET position = %s WHERE segment = %s AND position = %s", (end, segment, start)
    )
    if moved.rowcount != 1:
        raise OffsetMoved(segment)


class _Copying:
    """One COPY after the other on a connection: it stays open for as long as the records are of one day.

    The journal's text is COPY's text: no field holds a tab, a backslash or a newline.
    """

    def __init__(self, connection: Connection) -> None:
        self._cursor = cast(Any, connection.connection.driver_connection).cursor()
        self._open = ExitStack()
        self._copy: Any = None
        self.day: date | None = None

    def __enter__(self) -> "_Copying":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.__exit__(kind, error, at)
        self._cursor.close()

    def write(self, day: date, lines: Sequence[bytes], seal: Seal) -> None:
        """Send the records of a day."""
        if day != self.day:
            self._open.close()
            copy = f"COPY {_partition(day)} ({COPY_COLUMNS}) FROM STDIN"
            self._copy = self._open.enter_context(self._cursor.copy(copy))
            self.day = day
        rows = [
            f"{at}\t{request_id}\t{ref or NULL}\t{method}\t{path}\t{status}\t{decision}\t{BYTES}{sealed.hex()}\t"
            f"{NULL if index is None else BYTES + index.hex()}\n"
            for at, request_id, ref, method, path, status, decision, sealed, index in sealed_rows(lines, seal)
        ]
        self._copy.write("".join(rows).encode("ascii"))
