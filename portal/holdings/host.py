"""The host's own tables, read, corrected and erased by the declared map, and by nothing that was guessed.

Names come from the map alone and are quoted, values are always bound. The host's database is not ours: each call is a
short transaction of its own, and when it cannot be had, that is told by name and never taken for "nothing there".
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Engine, MetaData, Table, create_engine, event, func, inspect, make_url, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from portal.database import is_postgres
from portal.errors import ConfigurationError
from portal.policy.model import Text
from portal.settings import Settings

from . import Piece, Subject, Unreachable
from .host_map import HostMap, HostTable, read_map

WAIT_S = 3
REST_S = 10  # for so long a host that could not be reached is not waited for again, table by table
BLANK = ""  # what a column that may not be empty holds after it was erased


def holdings_of(settings: Settings) -> tuple["HostRows", ...]:
    """Return one holding for each table of the host's map; none where no map is set. Raises ConfigurationError."""
    if settings.host_map is None:
        return ()
    return host_tables(read_map(settings.host_map), settings.host_store)


def host_tables(mapped: HostMap, url: str) -> tuple["HostRows", ...]:
    """Return the holdings of a map over the database at `url`."""
    store = HostStore(mapped.name, _engine(url))
    return tuple(HostRows(store, table) for table in mapped.tables)


def map_faults(settings: Settings) -> list[str]:
    """Return why the map does not fit the host's database: tables or columns that are not there. Raises Unreachable.

    It stops no start: the host may come later, and what cannot be reached is told where it is missed.
    """
    try:
        holdings = holdings_of(settings)
    except ConfigurationError as error:
        return list(error.faults)
    faults = []
    try:
        for holding in holdings:
            faults += holding.faults()
    finally:
        for holding in holdings:
            holding.close()
    return faults


class HostStore:
    """The host's database; when it cannot be reached, the next ones who ask are told at once for a while."""

    def __init__(self, name: Text, engine: Engine) -> None:
        self.name, self._engine = name, engine
        self._rests_until = 0.0

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Give a transaction that commits at the end. Raises Unreachable."""
        if time.monotonic() < self._rests_until:
            raise Unreachable(self.name, "it could not be reached a moment ago")
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            self._rests_until = time.monotonic() + REST_S
            raise Unreachable(self.name, type(error).__name__) from error
        try:
            with connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise Unreachable(self.name, type(error).__name__) from error

    def close(self) -> None:
        self._engine.dispose()


class HostRows:
    """What one table of the host's holds of a person."""

    articles = ("2", "5", "6")
    kept = ""

    def __init__(self, store: HostStore, mapped: HostTable) -> None:
        self.host, self.mapped, self._store = store.name, mapped, store
        host = store.name
        self.key = f"host:{mapped.table}"
        label = mapped.label or Text(ko=f"기록 ({mapped.table})", en=f"records ({mapped.table})")
        self.name = Text(ko=f"{host.ko}의 {label.ko}", en=f"{host.en}'s {label.en}")
        schema, _, name = mapped.table.rpartition(".")
        columns = dict.fromkeys((mapped.key, *mapped.columns, *mapped.also))
        self._table = Table(name, MetaData(), *(Column(column) for column in columns), schema=schema or None)

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        rows = self._rows(subject)
        return [
            Piece(item, self.name, str(row[column]))
            for row in rows
            for column, item in self.mapped.columns.items()
            if row[column] not in (None, BLANK)
        ]

    def export(self, subject: Subject, at: datetime) -> list[dict[str, Any]]:
        rows = self._rows(subject)
        return [{item: row[column] for column, item in self.mapped.columns.items()} for row in rows]

    def corrected(self, subject: Subject, changes: Mapping[str, str]) -> int:
        """Write these items into the person's rows and return how many rows there are; the rest stays."""
        values = {column: changes[item] or None for column, item in self.mapped.columns.items() if item in changes}
        if not values:
            return 0
        with self._store.asking() as connection:
            return connection.execute(self._table.update().where(self._is(subject)).values(values)).rowcount

    def count(self, subject: Subject) -> int:
        """Return how many rows hold something of the person."""
        query = select(func.count()).select_from(self._table).where(self._is(subject))
        if self.mapped.on_destroy == "erase":
            filled = [self._table.c[column] for column in self._blanked]
            rows = self._rows(subject)
            return sum(any(row[column.name] not in (None, BLANK) for column in filled) for row in rows)
        with self._store.asking() as connection:
            return connection.scalar(query) or 0

    def destroy(self, subject: Subject, at: datetime) -> int:
        left = self.count(subject)
        if not left:
            return 0
        with self._store.asking() as connection:
            if self.mapped.on_destroy == "delete":
                return connection.execute(self._table.delete().where(self._is(subject))).rowcount
            values = {column: self._blank(connection, column) for column in self._blanked}
            connection.execute(self._table.update().where(self._is(subject)).values(values))
            return left

    def verify(self, subject: Subject) -> int:
        return self.count(subject)

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        """Return how many rows hold something of each of these people, in their order."""
        with self._store.asking() as connection:
            return self._counted(connection, subjects)

    def destroy_many(self, subjects: Sequence[Subject], at: datetime) -> list[int]:
        """Destroy what is held of all these people in one transaction; return how many rows of each went."""
        with self._store.asking() as connection:
            these = self._table.c[self.mapped.key].in_([subject.host_id for subject in subjects])
            if self.mapped.on_destroy == "delete":
                gone = connection.execute(self._table.delete().where(these).returning(self._table.c[self.mapped.key]))
                rows = Counter(str(key) for key in gone.scalars())
                return [rows[subject.host_id] for subject in subjects]
            left = self._counted(connection, subjects)
            values = {column: self._blank(connection, column) for column in self._blanked}
            connection.execute(self._table.update().where(these).values(values))
            return left

    def faults(self) -> list[str]:
        """Return the names of the map that the host's database does not have. Raises Unreachable."""
        with self._store.asking() as connection:
            there = inspect(connection)
            if not there.has_table(self._table.name, self._table.schema):
                return [f"PORTAL_HOST_MAP: {self.mapped.table}: the host has no such table"]
            known = {column["name"] for column in there.get_columns(self._table.name, self._table.schema)}
        return [
            f"PORTAL_HOST_MAP: {self.mapped.table}.{column}: the host has no such column"
            for column in (each.name for each in self._table.c)
            if column not in known
        ]

    def close(self) -> None:
        """Let go of the host's database."""
        self._store.close()

    def _counted(self, connection: Connection, subjects: Sequence[Subject]) -> list[int]:
        key = self._table.c[self.mapped.key]
        these = key.in_([subject.host_id for subject in subjects])
        if self.mapped.on_destroy == "delete":
            query = select(key, func.count()).where(these).group_by(key)
            rows = Counter({str(held): count for held, count in connection.execute(query)})
        else:
            found = connection.execute(select(self._table).where(these)).mappings()
            rows = Counter(
                str(row[self.mapped.key])
                for row in found
                if any(row[column] not in (None, BLANK) for column in self._blanked)
            )
        return [rows[subject.host_id] for subject in subjects]

    @property
    def _blanked(self) -> tuple[str, ...]:
        return (*self.mapped.columns, *self.mapped.also)

    def _blank(self, connection: Connection, column: str) -> str | None:
        there = inspect(connection).get_columns(self._table.name, self._table.schema)
        nullable = {each["name"]: each["nullable"] for each in there}
        return None if nullable.get(column, True) else BLANK

    def _is(self, subject: Subject) -> Any:
        return self._table.c[self.mapped.key] == subject.host_id

    def _rows(self, subject: Subject) -> list[Mapping[str, Any]]:
        with self._store.asking() as connection:
            return [dict(row) for row in connection.execute(select(self._table).where(self._is(subject))).mappings()]


def _engine(url: str) -> Engine:
    if is_postgres(url):
        options = f"-c statement_timeout={WAIT_S * 1000}"
        return create_engine(url, connect_args={"connect_timeout": WAIT_S, "options": options}, pool_pre_ping=True)
    # Opened only where it is: a missing file must not be made, and then read as empty.
    path = quote(make_url(url).database or "")
    engine = create_engine(f"sqlite:///file:{path}?mode=rw&uri=true", connect_args={"timeout": WAIT_S})
    event.listen(engine, "connect", _overwrite_what_is_deleted)
    return engine


def _overwrite_what_is_deleted(connection: Any, record: object) -> None:
    connection.execute("PRAGMA secure_delete = ON")
