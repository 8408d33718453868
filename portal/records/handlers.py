"""Who may handle personal data, and who was trained when (Article 8). Append-only: a change is a new row."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Designation(Model):
    """A designation as handler, or its end, from a Seoul day on; the last row holds."""

    __tablename__ = "designations"
    __table_args__ = (CheckConstraint("deed IN ('DESIGNATED', 'ENDED')", name="deed"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_ref: Mapped[str] = mapped_column(index=True)
    deed: Mapped[str]
    day: Mapped[date]  # since when, or the first day on which it no longer holds
    until: Mapped[date | None]  # an end that was set beforehand
    reason: Mapped[str]
    given_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


class Training(Model):
    """A course that a handler completed."""

    __tablename__ = "trainings"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_ref: Mapped[str] = mapped_column(index=True)
    course: Mapped[str]
    trained_on: Mapped[date]
    minutes: Mapped[int]
    noted_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


def add(row: Designation | Training) -> None:
    """Keep one more row."""
    db.session.add(row)
    db.session.flush()


def designations(account_ref: str | None = None) -> Sequence[Designation]:
    """Return what was designated and ended, oldest first; of everybody without an account."""
    query = select(Designation).order_by(Designation.id)
    return db.session.scalars(
        query if account_ref is None else query.where(Designation.account_ref == account_ref)
    ).all()


def trainings(account_ref: str | None = None) -> Sequence[Training]:
    """Return the courses completed, by day; of everybody without an account."""
    query = select(Training).order_by(Training.trained_on, Training.id)
    return db.session.scalars(query if account_ref is None else query.where(Training.account_ref == account_ref)).all()
