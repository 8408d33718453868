"""Mails waiting to be sent, and the fact that they were: the outbox. What a mail said is wiped once it is gone."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Mail(Model):
    """One mail; `sealed` holds address, subject and text under `key_ref`, until it is sent, given up or called off."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('WAITING', 'SENT', 'DEAD', 'CANCELLED')", name="state"),
        CheckConstraint("state IN ('WAITING', 'DEAD') OR sealed IS NULL", name="wiped"),
        Index("ix_mails_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)  # part of the Message-ID, the same at every attempt
    kind: Mapped[str]  # the name of its text
    about: Mapped[str]  # the request or account it speaks of, "" for none
    key_ref: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    due_at: Mapped[datetime] = mapped_column(UtcMicros)  # the next attempt; while one runs, the end of its lease
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(default="")  # the kind of the last failure, nothing personal
    sent_at: Mapped[datetime | None] = mapped_column(UtcMicros)


def add(mail: Mail) -> None:
    """Put a mail into the outbox."""
    db.session.add(mail)
    db.session.flush()
