"""Work that the portal did by itself or by order, and how it ended. Append-only: triggers refuse UPDATE and DELETE."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Run(Model):
    """One finished run."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[str] = mapped_column(index=True)  # "access sweep"
    as_of: Mapped[date]  # the Seoul day that the run was for
    started_at: Mapped[datetime] = mapped_column(UtcMicros)
    finished_at: Mapped[datetime] = mapped_column(UtcMicros)
    outcome: Mapped[str]  # JSON, in the shape of its kind


def add(run: Run) -> None:
    """Keep a finished run."""
    db.session.add(run)
    db.session.flush()


def newest_first(kind: str, limit: int) -> Sequence[Run]:
    """Return the last `limit` runs of a kind, newest first."""
    return db.session.scalars(select(Run).where(Run.kind == kind).order_by(Run.id.desc()).limit(limit)).all()
