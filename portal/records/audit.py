"""The audit chain as it is kept: append-only rows, the head that the next row follows, and sealed words.

What a row says stands in its columns, and its MAC covers them all (`fields_of`). Free words are never in a row: the row
holds a salted commitment, the words and the salt lie in `audit_words` under the key of the person they speak of, and go
with that key.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.rules.chain import BEGINNING, Head, Row, canonical

from ..database import Identifier, Model, UtcMicros, db
from .tallying import tally

READ_AT_ONCE = 1000
ACTOR_KIND = "actor_kind IN ('STAFF', 'MEMBER', 'STRANGER', 'HOST', 'OPERATOR', 'SYSTEM')"


class AuditEvent(Model):
    """One thing that somebody did. Append-only: triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit_events"
    __table_args__ = (CheckConstraint(ACTOR_KIND, name="actor_kind"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    segment: Mapped[str]  # the Seoul month, "2026-11"
    at: Mapped[datetime] = mapped_column(UtcMicros, index=True)
    actor_kind: Mapped[str]
    actor: Mapped[str] = mapped_column(index=True)  # an opaque reference
    origin: Mapped[str]  # the address it came from, "" where there is none
    subject: Mapped[str] = mapped_column(index=True)  # the member whose data it concerns, "" for nobody's
    deed: Mapped[str] = mapped_column(index=True)  # a word of portal.rules.deed
    about: Mapped[str]  # the request, account or file it was done to
    reason: Mapped[str]  # a code, "" where none is asked for
    facts: Mapped[str]  # JSON, nothing personal
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Model):
    """The last row of the chain. Its one row is locked by whoever appends, so that the chain never forks."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Identifier)
    segment: Mapped[str]
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(Identifier)


class AuditWords(Model):
    """The free words of one row and the salt of their commitment, sealed under `key_ref`."""

    __tablename__ = "audit_words"

    event_id: Mapped[int] = mapped_column(ForeignKey(AuditEvent.id), primary_key=True, autoincrement=False)
    key_ref: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def fields_of(event: AuditEvent) -> bytes:
    """Return the bytes that a row's MAC covers: everything that it says."""
    return canonical(
        {
            "seq": event.id,
            "at": event.at.isoformat(),
            "actor_kind": event.actor_kind,
            "actor": event.actor,
            "origin": event.origin,
            "subject": event.subject,
            "deed": event.deed,
            "about": event.about,
            "reason": event.reason,
            "facts": event.facts,
            "commitment": event.commitment.hex() if event.commitment else None,
        }
    )


def head_held() -> Head:
    """Return the head of the chain, held until the transaction ends: whoever appends waits here for the others."""
    row = db.session.scalars(select(AuditHead).with_for_update().execution_options(populate_existing=True)).one()
    return _head(row)


def head() -> Head:
    """Return the head of the chain as it is told by the store itself."""
    row = db.session.get(AuditHead, 1)
    return _head(row) if row else BEGINNING


def append(events: Sequence[AuditEvent], after: Head) -> None:
    """Keep new rows and move the head to `after`, the last of them; the caller holds the head."""
    session = db.session()
    session.add_all(events)
    session.flush()
    session.execute(update(AuditHead).values(seq=after.seq, segment=after.segment, mac=after.mac, count=after.count))


def keep_words(event_id: int, key_ref: str, sealed: bytes) -> None:
    """Keep the sealed words of a row."""
    db.session.add(AuditWords(event_id=event_id, key_ref=key_ref, sealed=sealed))
    db.session.flush()


def words_of(event_ids: Sequence[int]) -> dict[int, AuditWords]:
    """Return the sealed words of some rows, by row."""
    found = db.session.scalars(select(AuditWords).where(AuditWords.event_id.in_(event_ids)))
    return {words.event_id: words for words in found}


def rows() -> Iterator[Row]:
    """Yield the whole chain in order, as the rule reads it; memory stays bounded."""
    last = 0
    while some := db.session.scalars(
        select(AuditEvent).where(AuditEvent.id > last).order_by(AuditEvent.id).limit(READ_AT_ONCE)
    ).all():
        for event in some:
            yield Row(event.id, event.segment, event.previous, fields_of(event), event.mac)
        last = some[-1].id
        db.session.expunge_all()


def of_number(seq: int) -> AuditEvent | None:
    """Return one row of the chain, if it is there."""
    return db.session.get(AuditEvent, seq)


def found(*, limit: int, before: int | None = None, **wanted: Any) -> Sequence[AuditEvent]:
    """Return the rows whose columns are as `wanted`, newest first. `since` and `until` are moments, `until` outside;
    `deeds` is a collection of words; `before` is the id where the former page ended."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    for name, value in wanted.items():
        if name == "since":
            query = query.where(AuditEvent.at >= value)
        elif name == "until":
            query = query.where(AuditEvent.at < value)
        elif name == "deeds":
            query = query.where(AuditEvent.deed.in_(value))
        else:
            query = query.where(getattr(AuditEvent, name) == value)
    return db.session.scalars(query).all()


def last_about(deeds: Collection[str], subjects: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return deed and `about` of the last of these deeds that concerns each of these members, by member; name no more
    than one query can."""
    last = (
        select(func.max(AuditEvent.id))
        .where(AuditEvent.subject.in_(subjects), AuditEvent.deed.in_(deeds))
        .group_by(AuditEvent.subject)
    )
    rows = db.session.execute(
        select(AuditEvent.subject, AuditEvent.deed, AuditEvent.about).where(AuditEvent.id.in_(last))
    )
    return {row.subject: (row.deed, row.about) for row in rows}


def gate_changes(deeds: Collection[str], subjects: Collection[str]) -> Sequence[AuditEvent]:
    """Return the rows of these deeds that concern these members, oldest first; name no more than one query can."""
    query = select(AuditEvent).where(AuditEvent.subject.in_(subjects), AuditEvent.deed.in_(deeds))
    return db.session.scalars(query.order_by(AuditEvent.id)).all()


def subjects_of(deed: str, about: str) -> Sequence[str]:
    """Return the members to whom this deed was done about one thing, each once, the first of them first."""
    query = select(AuditEvent.subject).where(AuditEvent.deed == deed, AuditEvent.about == about)
    return db.session.scalars(query.group_by(AuditEvent.subject).order_by(func.min(AuditEvent.id))).all()


def _head(row: AuditHead) -> Head:
    return Head(seq=row.seq, segment=row.segment, mac=row.mac, count=row.count)


def count_words(key_ref: str) -> int:
    """Return how many rows have words sealed under this key."""
    return db.session.scalar(select(func.count()).select_from(AuditWords).where(AuditWords.key_ref == key_ref)) or 0


def destroy_words(key_ref: str) -> None:
    """Delete the words sealed under this key; the rows that committed to them stay, and so does the chain."""
    db.session.execute(delete(AuditWords).where(AuditWords.key_ref == key_ref))


def counts_of_words(key_refs: Collection[str]) -> Counter[str]:
    """Return how many rows have words sealed under each of these keys."""
    return tally(AuditWords.key_ref, key_refs)
