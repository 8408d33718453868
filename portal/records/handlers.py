"""Who may handle personal data, and who was trained when (Article 8). Append-only: a change is a new row."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros


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
