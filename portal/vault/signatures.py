"""Signatures under lines of the destruction ledger: who entered what was done by hand, who stood by, and that the
privacy officer confirmed it. Append-only; the first of each kind stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Model, UtcMicros, inserting_on

Step = Literal["ENTERED", "SECONDED", "CONFIRMED"]


class Signature(Model):
    """One account's word about one destruction."""

    __bind_key__ = "keys"
    __tablename__ = "ledger_signatures"
    __table_args__ = (CheckConstraint("step IN ('ENTERED', 'SECONDED', 'CONFIRMED')", name="step"),)

    destruction_ref: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    signed_by: Mapped[str]  # an account's reference
    at: Mapped[datetime] = mapped_column(UtcMicros)


def put(connection: Connection, refs: Sequence[str], step: Step, by: str, at: datetime) -> int:
    """Sign these destructions; return how many were not signed before."""
    if not refs:
        return 0
    rows = [{"destruction_ref": ref, "step": step, "signed_by": by, "at": at} for ref in refs]
    return connection.execute(inserting_on(connection, Signature).values(rows).on_conflict_do_nothing()).rowcount
