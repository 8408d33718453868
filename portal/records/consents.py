"""What members decided, and the exact text they were shown. Append-only: a trigger refuses UPDATE and DELETE."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db, inserting

Decision = Literal["GRANTED", "REFUSED", "WITHDRAWN"]


class ShownText(Model):
    """A text as it stood on the form, known by its sha256; kept once, however many read it."""

    __tablename__ = "shown_texts"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str]
    body: Mapped[str]


class ConsentEvent(Model):
    """One decision on one item. The last one on an item holds."""

    __tablename__ = "consent_events"
    __table_args__ = (CheckConstraint("decision IN ('GRANTED', 'REFUSED', 'WITHDRAWN')", name="decision"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    event_ref: Mapped[str] = mapped_column(unique=True)
    submission: Mapped[str] = mapped_column(index=True)  # what was sent together
    member_ref: Mapped[str] = mapped_column(index=True)
    item: Mapped[str]
    decision: Mapped[str]  # one of Decision
    content_hash: Mapped[str]
    text_sha256: Mapped[str] = mapped_column(ForeignKey(ShownText.sha256))
    policy_version: Mapped[str]
    language: Mapped[str]
    method: Mapped[str]  # "WEB"
    decided_at: Mapped[datetime] = mapped_column(UtcMicros)


def keep_text(sha256: str, language: str, body: str) -> None:
    """Keep a shown text unless it is kept already."""
    session = db.session()
    statement = inserting(session, ShownText).values(sha256=sha256, language=language, body=body)
    session.execute(statement.on_conflict_do_nothing(index_elements=[ShownText.sha256]))


def text_shown(sha256: str) -> ShownText | None:
    """Return the kept text with this sha256."""
    return db.session.get(ShownText, sha256)


def add(*events: ConsentEvent) -> None:
    """Keep decisions, in the order given; their texts must be kept before."""
    db.session.add_all(events)
    db.session.flush()


def of_member(ref: str) -> Sequence[ConsentEvent]:
    """Return every decision of a member, newest first."""
    rows = select(ConsentEvent).where(ConsentEvent.member_ref == ref)
    return db.session.scalars(rows.order_by(ConsentEvent.id.desc())).all()


def of_submission(submission: str) -> Sequence[ConsentEvent]:
    """Return the decisions that were sent together, in the order they were kept."""
    rows = select(ConsentEvent).where(ConsentEvent.submission == submission)
    return db.session.scalars(rows.order_by(ConsentEvent.id)).all()


def holding(ref: str) -> dict[str, ConsentEvent]:
    """Return, for each item a member has decided on, the decision that holds: the last one."""
    return {event.item: event for event in reversed(of_member(ref))}
