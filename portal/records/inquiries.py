"""Requests of investigating authorities: logged as their own kind, decided by a person, never answered by a program.

Everything they say is sealed under a key of the inquiry's own: that somebody is investigated is nobody else's business.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, LargeBinary, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Inquiry(Model):
    """One request of an authority. `sealed` holds the agency, the document, the legal ground, what is asked and about
    which members; `sealed_decision` why it was decided so. Decided once; the row is never deleted."""

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("decision IN ('ANSWERED', 'REFUSED')", name="decision"),
        CheckConstraint("notice IN ('NONE', 'DUE', 'GIVEN')", name="notice"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_has_its_moment"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)  # names the key, too
    received_on: Mapped[date]
    people: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    logged_by: Mapped[str]
    logged_at: Mapped[datetime] = mapped_column(UtcMicros)
    decision: Mapped[str | None]
    sealed_decision: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcMicros)
    notice: Mapped[str] = mapped_column(default="NONE")  # whether the law has the members told
    notice_on: Mapped[date | None]  # by when, or when it was done


def add(inquiry: Inquiry) -> None:
    """Keep a new inquiry."""
    db.session.add(inquiry)
    db.session.flush()


def newest_first(limit: int, before: int | None = None) -> Sequence[Inquiry]:
    """Return inquiries, the last logged first."""
    query = select(Inquiry).order_by(Inquiry.id.desc()).limit(limit)
    return db.session.scalars(query if before is None else query.where(Inquiry.id < before)).all()


def of_ref(ref: str) -> Inquiry | None:
    """Return one inquiry."""
    return db.session.scalars(select(Inquiry).where(Inquiry.ref == ref)).one_or_none()


def decide(ref: str, decision: str, sealed: bytes, by: str, at: datetime, notice: str, notice_on: date | None) -> bool:
    """Decide an inquiry that is open; tell whether it was."""
    is_open = update(Inquiry).where(Inquiry.ref == ref, Inquiry.decided_at.is_(None))
    values = {"decision": decision, "sealed_decision": sealed, "decided_by": by, "decided_at": at}
    return bool(db.session.execute(is_open.values(notice=notice, notice_on=notice_on, **values)).rowcount)


def note_notice(ref: str, day: date) -> bool:
    """Keep that the members were told; tell whether that was still due."""
    due = update(Inquiry).where(Inquiry.ref == ref, Inquiry.notice == "DUE")
    return bool(db.session.execute(due.values(notice="GIVEN", notice_on=day)).rowcount)
