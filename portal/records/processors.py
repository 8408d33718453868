"""The register of processors and recipients. Append-only: the last facts hold, and what was done to an entry is added.

Facts are about companies. Who is reached there may be a person, so it is sealed under a key of the entry's own.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import CheckConstraint, Index, LargeBinary, TextClause, bindparam, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db

_REGISTER = {"lock": 0x4D43_5047}  # PostgreSQL's advisory locks are known by a number; this one is ours
_HOLD = text("SELECT pg_advisory_xact_lock(:lock)")
_HOLD_STILL = text("SELECT pg_advisory_xact_lock_shared(:lock)")


class ProcessorEntry(Model):
    """What the register said of one recipient from a moment on; `facts` is portal.rules.processor.Entry as JSON."""

    __tablename__ = "processor_entries"
    __table_args__ = (Index("ix_processor_entries_key_id", "key", "id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    key: Mapped[str]
    facts: Mapped[str]
    contact_ref: Mapped[str]  # under whose key the contact is sealed; the same for every version of an entry
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    written_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


class ProcessorEvent(Model):
    """Something that was done to an entry, on a Seoul day; `facts` is JSON, its shape the deed's."""

    __tablename__ = "processor_events"
    __table_args__ = (
        CheckConstraint("deed IN ('CONTRACT', 'DISCLOSED', 'SUPERVISED', 'REMINDED', 'ENDED')", name="deed"),
        Index("ix_processor_events_key_id", "key", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    key: Mapped[str]
    deed: Mapped[str]
    day: Mapped[date]
    facts: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # words, under the entry's key
    noted_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


class Done(NamedTuple):
    """What was done to an entry, in short."""

    deed: str
    day: date
    facts: str


def hold() -> None:
    """Hold the register until the transaction ends: nobody else changes it, and no disclosure is judged by it."""
    _lock(_HOLD)


def hold_still() -> None:
    """Have nobody change the register until the transaction ends; others may hold it still at the same time. Comes
    before any other lock of the transaction."""
    _lock(_HOLD_STILL)


def _lock(statement: TextClause) -> None:
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":  # on SQLite one transaction writes at a time
        connection.execute(statement, _REGISTER)


def add(row: ProcessorEntry | ProcessorEvent) -> None:
    """Keep one more row."""
    db.session.add(row)
    db.session.flush()


_STANDING = (
    select(ProcessorEntry.facts.label("entry"), ProcessorEvent.deed, ProcessorEvent.day, ProcessorEvent.facts)
    .outerjoin(ProcessorEvent, ProcessorEvent.key == ProcessorEntry.key)
    .where(
        ProcessorEntry.id
        == select(func.max(ProcessorEntry.id)).where(ProcessorEntry.key == bindparam("key")).scalar_subquery()
    )
    .order_by(ProcessorEvent.id)
)


def standing_of(key: str) -> tuple[str, Sequence[Done]] | None:
    """Return the facts that hold for one entry and what was done to it, oldest first: in one statement, for the guard
    asks at every disclosure."""
    rows = db.session.connection().execute(_STANDING, {"key": key}).all()
    return (rows[0].entry, [Done(*row[1:]) for row in rows if row.deed is not None]) if rows else None


def entry(key: str) -> ProcessorEntry | None:
    """Return the facts that hold for one entry."""
    query = select(ProcessorEntry).where(ProcessorEntry.key == key).order_by(ProcessorEntry.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


_VERSIONS = (
    select(func.max(ProcessorEntry.id).label("last"), func.min(ProcessorEntry.id).label("first"))
    .group_by(ProcessorEntry.key)
    .subquery()
)
_ENTRIES = select(ProcessorEntry).join(_VERSIONS, ProcessorEntry.id == _VERSIONS.c.last).order_by(_VERSIONS.c.first)


def entries() -> Sequence[ProcessorEntry]:
    """Return the facts that hold for every entry, in the order in which they were first entered."""
    return db.session.scalars(_ENTRIES).all()


def versions(key: str) -> Sequence[ProcessorEntry]:
    """Return every version of an entry, the first one first."""
    query = select(ProcessorEntry).where(ProcessorEntry.key == key).order_by(ProcessorEntry.id)
    return db.session.scalars(query).all()


def events(key: str | None = None) -> Sequence[ProcessorEvent]:
    """Return what was done, oldest first; to every entry without a key."""
    query = select(ProcessorEvent).order_by(ProcessorEvent.id)
    return db.session.scalars(query if key is None else query.where(ProcessorEvent.key == key)).all()
