"""The audit chain as a person reads it: what staff did, narrowed and put together. Reads only.

One deed that shows many people at once is many rows of the same moment; here it is one entry with their number.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from ..database import db
from .audit import AuditEvent


@dataclass(frozen=True)
class Narrowed:
    """What the entries are narrowed to; moments from `since` to before `until`. None is whatever there is."""

    since: datetime
    until: datetime
    actor: str | None = None
    subject: str | None = None
    deeds: Collection[str] | None = None


@dataclass(frozen=True)
class Entry:
    """One deed: its newest row, and how many people it concerns."""

    event: AuditEvent
    count: int


def entries(narrowed: Narrowed, *, limit: int, before: int | None = None) -> list[Entry]:
    """Return deeds of staff, newest first; `before` is the row where the former page ended."""
    newest, people = func.max(AuditEvent.id).label("newest"), func.count(AuditEvent.subject.distinct()).label("people")
    query = (
        select(newest, people)
        .where(*_conditions(narrowed))
        .group_by(AuditEvent.at, AuditEvent.actor, AuditEvent.deed, AuditEvent.about)
        .order_by(newest.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(AuditEvent.id < before)
    found = [(row.newest, row.people) for row in db.session.execute(query)]
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.id.in_([newest for newest, _ in found])))
    events = {event.id: event for event in rows}
    return [Entry(events[newest], count) for newest, count in found]


def rows_of(event_id: int, *, limit: int) -> list[AuditEvent]:
    """Return the rows of the deed that this row belongs to, oldest first; none where staff did not do it."""
    one = db.session.get(AuditEvent, event_id)
    if one is None or one.actor_kind != "STAFF":
        return []
    query = select(AuditEvent).where(
        AuditEvent.at == one.at,
        AuditEvent.actor == one.actor,
        AuditEvent.deed == one.deed,
        AuditEvent.about == one.about,
    )
    return list(db.session.scalars(query.order_by(AuditEvent.id).limit(limit)))


def counts(narrowed: Narrowed) -> dict[str, int]:
    """Return how often staff did what, by deed."""
    query = select(AuditEvent.deed, func.count()).where(*_conditions(narrowed)).group_by(AuditEvent.deed)
    return {row[0]: row[1] for row in db.session.execute(query)}


def reviews(limit: int) -> list[AuditEvent]:
    """Return the signed reviews, newest first."""
    query = select(AuditEvent).where(AuditEvent.deed == "review.signed").order_by(AuditEvent.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def _conditions(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    conditions = [
        AuditEvent.actor_kind == "STAFF",
        AuditEvent.at >= narrowed.since,
        AuditEvent.at < narrowed.until,
    ]
    if narrowed.actor is not None:
        conditions.append(AuditEvent.actor == narrowed.actor)
    if narrowed.subject is not None:
        conditions.append(AuditEvent.subject == narrowed.subject)
    if narrowed.deeds is not None:
        conditions.append(AuditEvent.deed.in_(narrowed.deeds))
    return conditions
