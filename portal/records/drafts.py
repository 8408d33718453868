"""Drafts: what somebody sent whose mailbox is not proved yet, or who is not looked up yet. Each lies under a key of its
own and goes with it: no draft is seen by anybody, and none outlives its week."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros, db


class Draft(Model):
    """One draft; `ref` is also the reference of its key."""

    __tablename__ = "drafts"
    __table_args__ = (CheckConstraint("kind IN ('CONTACT', 'ENTER')", name="kind"),)

    ref: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcMicros, index=True)


def add(draft: Draft) -> None:
    """Keep a draft."""
    db.session.add(draft)
    db.session.flush()


def held(ref: str) -> Draft | None:
    """Return a draft, held until the transaction ends."""
    return db.session.scalars(select(Draft).where(Draft.ref == ref).with_for_update()).one_or_none()


def waiting(kind: str, limit: int) -> Sequence[str]:
    """Return the references of drafts of a kind, oldest first."""
    query = select(Draft.ref).where(Draft.kind == kind).order_by(Draft.made_at).limit(limit)
    return db.session.scalars(query).all()


def made_before(moment: datetime) -> Sequence[str]:
    """Return the references of drafts made before `moment`."""
    return db.session.scalars(select(Draft.ref).where(Draft.made_at < moment)).all()


def drop(ref: str) -> None:
    """Delete a draft."""
    db.session.execute(delete(Draft).where(Draft.ref == ref))
