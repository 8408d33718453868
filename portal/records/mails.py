"""Mails waiting to be sent, and the fact that they were: the outbox. What a mail said is wiped once it is gone."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db
from .tallying import tally


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


def latest_about(about: str) -> Mail | None:
    """Return the newest letter that speaks of this request or account."""
    return db.session.scalars(select(Mail).where(Mail.about == about).order_by(Mail.id.desc()).limit(1)).first()


def lease(at: datetime, until: datetime, limit: int) -> Sequence[Mail]:
    """Return letters whose turn has come and keep others from them until `until`; each counts one attempt more."""
    due = select(Mail).where(Mail.state == "WAITING", Mail.due_at <= at).order_by(Mail.due_at, Mail.id).limit(limit)
    leased = db.session.scalars(due.with_for_update(skip_locked=True)).all()
    for mail in leased:
        mail.due_at, mail.attempts = until, mail.attempts + 1
    db.session.flush()
    return leased


def close(ref: str, attempts: int, state: str, fault: str, at: datetime | None = None) -> None:
    """Say how a letter ended: sent or called off, its content is wiped; dead, it is kept for who looks into it."""
    values: dict[str, object] = {"state": state, "fault": fault, "sent_at": at}
    if state != "DEAD":
        values["sealed"] = None
    _change(ref, attempts, values)


def put_off(ref: str, attempts: int, due_at: datetime, fault: str) -> None:
    """Try a letter again at `due_at`."""
    _change(ref, attempts, {"due_at": due_at, "fault": fault})


def call_off_untried(kind: str, about: str) -> int:
    """Call off the letters of a kind that nobody has begun to send, and wipe what they say; return how many."""
    untried = update(Mail).where(Mail.kind == kind, Mail.about == about, Mail.state == "WAITING", Mail.attempts == 0)
    return db.session.execute(untried.values(sealed=None, state="CANCELLED")).rowcount


def sent_after(kind: str, about: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """Return (row, key) of the next letters of a kind that were sent or are being sent, in the order of their rows."""
    query = select(Mail.id, Mail.key_ref).where(Mail.kind == kind, Mail.about == about, Mail.id > after)
    rows = db.session.execute(query.where(Mail.state.in_(("WAITING", "SENT"))).order_by(Mail.id).limit(limit))
    return [(row.id, row.key_ref) for row in rows]


def counts() -> dict[str, int]:
    """Return how many letters stand in each state."""
    return {row[0]: row[1] for row in db.session.execute(select(Mail.state, func.count()).group_by(Mail.state))}


def _change(ref: str, attempts: int, values: dict[str, object]) -> None:
    """Change a letter that is still ours: a slower worker whose lease has ended finds another count of attempts."""
    ours = update(Mail).where(Mail.ref == ref, Mail.state == "WAITING", Mail.attempts == attempts)
    db.session.execute(ours.values(values))


def under_key(key_ref: str) -> Sequence[Mail]:
    """Return the letters sealed under this key, oldest first."""
    return db.session.scalars(select(Mail).where(Mail.key_ref == key_ref).order_by(Mail.id)).all()


def refs_under(key_refs: Collection[str]) -> Sequence[str]:
    """Return the references of all letters that were ever sealed under these keys."""
    return db.session.scalars(select(Mail.ref).where(Mail.key_ref.in_(key_refs))).all()


def count_sealed(key_ref: str) -> int:
    """Return how many letters under this key still hold what they say."""
    query = select(func.count()).select_from(Mail).where(Mail.key_ref == key_ref, Mail.sealed.is_not(None))
    return db.session.scalar(query) or 0


def wipe_under(key_ref: str) -> int:
    """Call off the letters under this key and wipe what they say; return how many there were."""
    kept = update(Mail).where(Mail.key_ref == key_ref, Mail.sealed.is_not(None))
    return db.session.execute(kept.values(sealed=None, state="CANCELLED")).rowcount


def counts_sealed(key_refs: Collection[str]) -> Counter[str]:
    """Return how many letters under each of these keys still hold what they say."""
    return tally(Mail.key_ref, key_refs, Mail.sealed.is_not(None))
