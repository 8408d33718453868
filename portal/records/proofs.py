"""Proofs: a link or a code sent to a mailbox, which shows once that somebody reads it. The secret is never kept."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros, db
from .tallying import tally


class Proof(Model):
    """One secret that was sent; `digest` is keyed, so that a short code cannot be tried on the table."""

    __tablename__ = "proofs"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('INVITE', 'RESET', 'ENTER', 'STEP_UP', 'REPLY', 'OBJECTION')",
            name="purpose",
        ),
    )

    ref: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)  # the account, member or case that it speaks for
    bound_to: Mapped[str]  # the deed or browser that alone may use it, "" for any
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    expires_at: Mapped[datetime] = mapped_column(UtcMicros)
    tries_left: Mapped[int]
    used_at: Mapped[datetime | None] = mapped_column(UtcMicros)


def add(proof: Proof) -> None:
    """Keep a new proof."""
    db.session.add(proof)
    db.session.flush()


def held(ref: str) -> Proof | None:
    """Return the proof of this reference, held until the transaction ends."""
    return db.session.scalars(select(Proof).where(Proof.ref == ref).with_for_update()).one_or_none()


def end_all(purpose: str, subject: str, at: datetime) -> None:
    """Make every unused proof of this purpose for `subject` worthless."""
    db.session.execute(
        update(Proof)
        .where(Proof.purpose == purpose, Proof.subject == subject, Proof.used_at.is_(None))
        .values(used_at=at)
    )


def forget_before(moment: datetime) -> int:
    """Drop the proofs that expired before `moment`; return how many."""
    return db.session.execute(delete(Proof).where(Proof.expires_at < moment)).rowcount


def count_of(subject: str) -> int:
    """Return how many proofs speak for `subject`."""
    return db.session.scalar(select(func.count()).select_from(Proof).where(Proof.subject == subject)) or 0


def destroy_of(subject: str) -> None:
    """Delete the proofs that speak for `subject`."""
    db.session.execute(delete(Proof).where(Proof.subject == subject))


def counts_of(subjects: Collection[str]) -> Counter[str]:
    """Return how many proofs speak for each of these."""
    return tally(Proof.subject, subjects)
