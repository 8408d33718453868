"""Requests of people and the events that tell how each stands. No status is stored: `portal.rules.request` derives it.

What a person wrote lies sealed under `key_ref`: the member's own key, or a key made for this one case where nobody
knows yet whose it is.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros
from .audit import ACTOR_KIND


class Request(Model):
    """One request. `ended_at` only lets the open ones be found fast; the events tell whether it is open."""

    __tablename__ = "requests"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('ACCESS', 'CORRECTION', 'DELETION', 'SUSPENSION', 'WITHDRAWAL', 'LEAVER', 'COMPLAINT')",
            name="kind",
        ),
        CheckConstraint("channel IN ('WEB', 'LINK', 'CONTACT', 'PHONE', 'EMAIL', 'PAPER', 'ORG')", name="channel"),
        CheckConstraint("requester IN ('SELF', 'AGENT', 'EMPLOYER', 'STRANGER')", name="requester"),
        Index("ix_requests_ended_at_due_day", "ended_at", "due_day", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # "R-2026-0141"
    ref: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # portal.rules.deadline.Kind
    channel: Mapped[str]
    requester: Mapped[str]
    member_ref: Mapped[str | None] = mapped_column(index=True)
    key_ref: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # details, by name; None once they are destroyed
    language: Mapped[str]
    approvals: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcMicros)
    due_day: Mapped[date]
    handler_ref: Mapped[str | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class RequestEvent(Model):
    """One step of one request. Append-only."""

    __tablename__ = "request_events"
    __table_args__ = (
        CheckConstraint(
            "word IN ('RECEIVED', 'IDENTITY_CHECK', 'IN_REVIEW', 'MORE_ASKED', 'MORE_GIVEN', 'DEFERRED', 'RESUMED', "
            "'APPROVED', 'HANDED_TO_DESTRUCTION', 'FULFILLED', 'PARTIAL', 'REFUSED', 'OBJECTED', 'RE_REVIEWED', "
            "'CANCELLED', 'CLOSED')",
            name="word",
        ),
        CheckConstraint(ACTOR_KIND, name="actor_kind"),
        Index("ix_request_events_request_id_id", "request_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id))
    word: Mapped[str]  # portal.rules.progress.Word
    actor_kind: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]  # a ground's code, or "" where the words are sealed
    until: Mapped[date | None]  # a deferral's new day
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # free words, under the request's key
    at: Mapped[datetime] = mapped_column(UtcMicros)


class RequestNumber(Model):
    """The last number given in a Seoul year."""

    __tablename__ = "request_numbers"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class RequestNotice(Model):
    """A notice to staff about a due day, so that each is sent once."""

    __tablename__ = "request_notices"

    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), primary_key=True, autoincrement=False)
    notice: Mapped[str] = mapped_column(primary_key=True)  # portal.rules.deadline.Notice
    sent_at: Mapped[datetime] = mapped_column(UtcMicros)


class Paper(Model):
    """A document that proves an agent's power; sealed under the request's key, wiped after its use."""

    __tablename__ = "papers"
    __table_args__ = (CheckConstraint("(sealed IS NULL) = (destroyed_at IS NOT NULL)", name="gone_when_destroyed"),)

    ref: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), index=True)
    kind: Mapped[str]  # "POWER_OF_ATTORNEY"
    media_type: Mapped[str]
    size: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcMicros)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcMicros)
