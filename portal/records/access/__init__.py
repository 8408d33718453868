"""Access records: who reached the service, when and from where. Kept by Seoul day, and gone by the day.

Two engines keep them alike: SQLite in one file per day, PostgreSQL in one partition per day. What identifies a person
is sealed under the day's key before it reaches either; the key is held elsewhere (`portal.vault.day_keys`).
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, make_url

from portal.database import is_postgres, open_engine

from .batch import (
    AccessRecord,
    Cursor,
    Keep,
    Kept,
    OffsetMoved,
    Piece,
    Seal,
    SealOf,
    Search,
    Traces,
    bounds,
    micros,
    moment,
)

__all__ = [
    "AccessRecord",
    "AccessStore",
    "Cursor",
    "Keep",
    "Kept",
    "OffsetMoved",
    "Piece",
    "Seal",
    "SealOf",
    "Search",
    "Traces",
    "bounds",
    "micros",
    "moment",
    "open_access_store",
]


class AccessStore(Protocol):
    """What the drain, the search and the sweep need of an engine."""

    def positions(self, segments: Collection[str]) -> dict[str, int]:
        """Return how far each segment was drained; 0 where it is unknown."""

    def keeping(self) -> AbstractContextManager[Keep]:
        """Open what a pass of the drain stores with.

        What it yields stores the records of pieces and moves their segments' positions, exactly once and durable on
        return. Records of a day without a seal are not stored. Raises OffsetMoved where another drainer came first.
        """

    def forget(self, segments: Iterable[str]) -> None:
        """Drop the positions of segments that are gone."""

    def finish_days(self, before: date) -> None:
        """Index by address and by time the days that are full: those earlier than `before`."""

    def days(self) -> list[date]:
        """Return the days that are kept, oldest first."""

    def count(self, day: date) -> int:
        """Return how many records a day holds."""

    def search(self, wanted: Search, seal_of: SealOf) -> list[AccessRecord]:
        """Return the records found, newest first; what has no seal any more or is older than `oldest` is left out."""

    def last_seen(self, after: Mapping[str, date], oldest: date) -> dict[str, date]:
        """Return the newest day, later than the one given, on which records name each of these members; whoever was
        not seen since is left out. Days before `oldest` are not looked at."""

    def destroy(self, day: date) -> bool:
        """Destroy a day's records; False when there were none. Done again after a crash, it finishes."""

    def close(self) -> None:
        """Let go of what is open."""


def open_access_store(url: str, engine: Engine | None = None) -> AccessStore:
    """Return the store that a settings URL names: a directory of day files on SQLite, partitions on PostgreSQL.

    There it uses `engine`, which an app has already, or one of its own; `close` disposes of either.
    """
    if is_postgres(url):
        from .postgres_partitions import PostgresPartitions  # only then must the driver be installed

        return PostgresPartitions(engine or open_engine(url))
    from .sqlite_days import SqliteDays

    directory = make_url(url).database
    if not directory:
        raise ValueError("the access store on SQLite is a directory; an in-memory store would lose records")
    return SqliteDays(Path(directory))
