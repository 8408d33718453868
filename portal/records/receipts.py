"""Consent receipts as they were issued and signed. Append-only: a trigger refuses UPDATE and DELETE."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Receipt(Model):
    """One signed document for one submission."""

    __tablename__ = "receipts"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    receipt_ref: Mapped[str] = mapped_column(unique=True)
    submission: Mapped[str] = mapped_column(unique=True)
    member_ref: Mapped[str] = mapped_column(index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcMicros)
    body: Mapped[str]  # the signed JSON document, byte for byte


def add(receipt: Receipt) -> None:
    """Keep a newly issued receipt."""
    db.session.add(receipt)
    db.session.flush()


def named(receipt_ref: str) -> Receipt | None:
    """Return the receipt with this reference."""
    return db.session.scalars(select(Receipt).where(Receipt.receipt_ref == receipt_ref)).one_or_none()


def of_submission(submission: str) -> Receipt | None:
    """Return the receipt that was issued for a submission."""
    return db.session.scalars(select(Receipt).where(Receipt.submission == submission)).one_or_none()


def of_member(ref: str) -> Sequence[Receipt]:
    """Return every receipt of a member, newest first."""
    return db.session.scalars(select(Receipt).where(Receipt.member_ref == ref).order_by(Receipt.id.desc())).all()
