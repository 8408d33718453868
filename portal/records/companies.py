"""Companies whose employees are members: known by their business registration number, which is sealed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db, inserting
from ..errors import AlreadyKept


class Company(Model):
    """One company; `sealed` holds its name and number under its own key. A sole trader's number is a person's."""

    __tablename__ = "companies"
    __table_args__ = (CheckConstraint("kind IN ('CORPORATE', 'SOLE_TRADER')", name="kind"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    brn_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcMicros)


def keep(ref: str, kind: str, sealed: bytes, brn_index: bytes, at: datetime) -> Company:
    """Return the company with this number, kept under `ref` unless another registration was first."""
    session = db.session()
    statement = inserting(session, Company).values(
        ref=ref, kind=kind, sealed=sealed, brn_index=brn_index, created_at=at
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=[Company.brn_index]))
    return session.scalars(select(Company).where(Company.brn_index == brn_index)).one()


def add_many(rows: Sequence[dict[str, Any]]) -> None:
    """Keep new companies, each a dict of columns. Raises AlreadyKept when one is known."""
    if not rows:
        return
    try:
        db.session.connection().execute(insert(Company), rows)
    except IntegrityError as error:
        raise AlreadyKept from error


def of_number(brn_index: bytes) -> Company | None:
    """Return the company with this blind index of its number."""
    return db.session.scalars(select(Company).where(Company.brn_index == brn_index)).one_or_none()


def of_numbers(brn_indexes: Collection[bytes]) -> dict[bytes, Company]:
    """Return the known ones among these numbers, by blind index; name no more than one query can."""
    found = db.session.scalars(select(Company).where(Company.brn_index.in_(brn_indexes)))
    return {company.brn_index: company for company in found}


def of_ref(ref: str) -> Company | None:
    """Return the company with this reference."""
    return db.session.scalars(select(Company).where(Company.ref == ref)).one_or_none()


def of_refs(refs: Collection[str]) -> dict[str, Company]:
    """Return the companies with these references, by reference; name no more than one query can."""
    return {one.ref: one for one in db.session.scalars(select(Company).where(Company.ref.in_(refs)))}


def held(ref: str) -> Company | None:
    """Return the company with this reference, locked until the transaction ends."""
    return db.session.scalars(select(Company).where(Company.ref == ref).with_for_update()).one_or_none()


def page(*, limit: int, offset: int = 0) -> tuple[Sequence[Company], int]:
    """Return one page of the companies, the newest first, and how many there are in all."""
    total = db.session.scalar(select(func.count()).select_from(Company)) or 0
    return db.session.scalars(select(Company).order_by(Company.id.desc()).limit(limit).offset(offset)).all(), total
