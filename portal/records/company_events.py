"""What was checked of a company, and what that came to. Append-only: the last check of a company holds.

Mail domains and the words of whoever checked lie sealed under the company's own key: a sole trader's are a person's.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db

CHECKS = ("VERIFIED", "REVOKED")


class CompanyEvent(Model):
    """A company verified, its verification revoked, or the wrong reports of one of its admins forgiven."""

    __tablename__ = "company_events"
    __table_args__ = (
        CheckConstraint("deed IN ('VERIFIED', 'REVOKED', 'REPORTS_CLEARED')", name="deed"),
        CheckConstraint("how IN ('', 'LOOKUP', 'DOCUMENT')", name="how"),
        CheckConstraint("(deed = 'REPORTS_CLEARED') = (account_ref IS NOT NULL)", name="cleared_whose"),
        Index("ix_company_events_company_ref_id", "company_ref", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    company_ref: Mapped[str]
    deed: Mapped[str]
    how: Mapped[str]  # by what the number was checked
    day: Mapped[date]  # the Seoul day of the check
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # {"domains": [...], "words": "..."}
    account_ref: Mapped[str | None] = mapped_column(index=True)  # whose reports are taken again
    noted_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


def add(event: CompanyEvent) -> None:
    """Keep one more event."""
    db.session.add(event)
    db.session.flush()


def last_check(company_ref: str) -> CompanyEvent | None:
    """Return the check of a company that holds."""
    return last_checks([company_ref]).get(company_ref)


def last_checks(company_refs: Collection[str]) -> dict[str, CompanyEvent]:
    """Return the check that holds of each of these companies, by company; name no more than one query can."""
    newest = (
        select(func.max(CompanyEvent.id))
        .where(CompanyEvent.company_ref.in_(company_refs), CompanyEvent.deed.in_(CHECKS))
        .group_by(CompanyEvent.company_ref)
    )
    found = db.session.scalars(select(CompanyEvent).where(CompanyEvent.id.in_(newest)))
    return {event.company_ref: event for event in found}


def of_company(company_ref: str) -> Sequence[CompanyEvent]:
    """Return what was done about a company, newest first."""
    query = select(CompanyEvent).where(CompanyEvent.company_ref == company_ref).order_by(CompanyEvent.id.desc())
    return db.session.scalars(query).all()


def cleared_at(account_ref: str) -> datetime | None:
    """Return when the wrong reports of an account were last forgiven."""
    query = select(func.max(CompanyEvent.at)).where(CompanyEvent.account_ref == account_ref)
    return db.session.scalar(query)
