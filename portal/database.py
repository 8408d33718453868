"""The one database object, the types its columns share, and the discipline every connection keeps. No tables here.

A service writes inside `writing()`: one transaction, begun as a writer. On SQLite that is BEGIN IMMEDIATE, because a
transaction that has read cannot become a writer once another has written: it fails at once, whatever the timeout.
Reads begin deferred and hold nobody up.
"""

import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Engine, Integer, MetaData, TypeDecorator, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from .errors import StoreUnsafe
from .settings import Settings

BUSY_MS = 5000
NAMED_AT_ONCE = 500  # values in one query
SQLITE_PROMISES = {  # pragma: (value set, value read back)
    "secure_delete": ("ON", 1),  # what is deleted is overwritten
    "journal_mode": ("WAL", "wal"),  # readers and the one writer do not wait for each other
    "synchronous": ("FULL", 2),  # a confirmed commit survives a power cut
    "foreign_keys": ("ON", 1),  # off by default
    "recursive_triggers": ("ON", 1),  # else INSERT OR REPLACE would slip past the triggers that refuse DELETE
}
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

T = TypeVar("T")
Identifier = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER key


class UtcMicros(TypeDecorator[datetime]):
    """An aware moment, kept as microseconds since 1970-01-01 UTC: one number, the same on both engines and in the
    journal. A moment without a zone is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be kept")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


class Base(DeclarativeBase):
    """The base of every table; its constraints are named alike on both engines."""

    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base)
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

_writing: ContextVar[bool] = ContextVar("portal_writing", default=False)
_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def attach(app: Flask, settings: Settings) -> None:
    """Give `app` its stores, opened lazily and with the discipline of this module."""
    binds = {"keys": settings.keys_store, "separated": settings.separated_store}
    if is_postgres(settings.access_store):
        binds["access"] = settings.access_store
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.main_store
    app.config["SQLALCHEMY_BINDS"] = binds
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            keep_promises(engine)


def open_engine(url: str) -> Engine:
    """Return an engine of one's own for a store, for work without an app; the caller disposes of it."""
    engine = create_engine(url)
    keep_promises(engine)
    return engine


def is_postgres(url: str) -> bool:
    """Tell whether a store URL names a PostgreSQL database; every other store is SQLite."""
    return make_url(url).get_backend_name() == "postgresql"


@contextmanager
def writing() -> Iterator[Session]:
    """Open the one transaction of a service: commit at the end, roll back when anything raises.

    A read that was open is ended first, so whatever was loaded is read again. Raises RuntimeError inside another
    `writing()`: one public function of a service is one transaction.
    """
    if _writing.get():
        raise RuntimeError("a transaction is being written already; one service call is one transaction")
    session = db.session()
    session.rollback()
    token = _writing.set(True)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _writing.reset(token)


def end_reading() -> None:
    """End the read that is open: a long task that only reads must not hold one moment's snapshot all the while."""
    if not _writing.get():
        db.session.rollback()


@contextmanager
def writing_on(engine: Engine) -> Iterator[Connection]:
    """The same for one engine without a session: a connection in a transaction begun as a writer."""
    token = _writing.set(True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        _writing.reset(token)


def inserting(session: Session, table: type[Model]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT, in the dialect of the store that holds `table`."""
    return inserting_on(session.get_bind(mapper=table), table)


def inserting_on(store: Engine | Connection, table: type[Model]) -> postgresql.Insert | sqlite.Insert:
    """The same where there is no session."""
    return postgresql.insert(table) if store.dialect.name == "postgresql" else sqlite.insert(table)


def in_parts(some: Iterable[T]) -> Iterator[list[T]]:
    """Yield these values, as many at a time as one query may name."""
    left = iter(some)
    while part := list(islice(left, NAMED_AT_ONCE)):
        yield part


def keep_promises(engine: Engine) -> None:
    """Make every connection of `engine` keep the promises of its kind, and refuse one that does not."""
    _engines.add(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _make_private)
        event.listen(engine, "connect", _connect_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _connect_postgres)


def _connect_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    for promise, (value, expected) in SQLITE_PROMISES.items():
        connection.execute(f"PRAGMA {promise} = {value}")
        got = connection.execute(f"PRAGMA {promise}").fetchone()[0]
        if got != expected:
            connection.close()
            raise StoreUnsafe(f"SQLite {promise}", got, expected)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


def _connect_postgres(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        got = cursor.execute("SHOW synchronous_commit").fetchone()[0]
    connection.rollback()
    if got == "off":
        connection.close()
        raise StoreUnsafe("PostgreSQL synchronous_commit", got, "on")


def _make_private(dialect: Dialect, record: object, arguments: list[str], options: object) -> None:
    """Make the file with mode 0600 before SQLite does; the -wal and -shm files take its mode."""
    with suppress(FileExistsError):
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


@event.listens_for(db.session, "before_flush")
def _refuse_stray_flush(session: Session, context: object, instances: object) -> None:
    _require_writing()


@event.listens_for(db.session, "do_orm_execute")
def _refuse_stray_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _require_writing()


def _require_writing() -> None:
    if not _writing.get():
        raise RuntimeError("a change outside portal.database.writing() would not begin as a writer")


def _leave_to_parent() -> None:
    """A connection must not be carried over a fork: the child forgets them, the parent's stay open."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_to_parent)
