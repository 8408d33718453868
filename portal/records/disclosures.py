"""The ledger of disclosures: what went to whom and for what, and what was refused. Append-only.

A row names fields, never values, and the member by an opaque reference: once the member's row is gone it leads to
nobody. Sums by month are kept beside it, written in the same transaction, so that a page never counts a million rows.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, Executable, Index, bindparam, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db
from .consents import ConsentEvent
from .destructions import Destruction
from .members import Member
from .standings import Standing


class Disclosure(Model):
    """One answer of the guard. `reference` is the caller's own and answers once; `digest` tells what it was for."""

    __tablename__ = "disclosures"
    __table_args__ = (
        CheckConstraint("verdict IN ('ALLOWED', 'REFUSED')", name="verdict"),
        CheckConstraint("(reason = '') = (verdict = 'ALLOWED')", name="reason_when_refused"),
        Index("ix_disclosures_member_ref_verdict_id", "member_ref", "verdict", "id"),
        Index("ix_disclosures_verdict_id", "verdict", "id"),
        Index("ix_disclosures_processor_at", "processor", "at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    member_ref: Mapped[str | None]  # None: the portal knows nobody by the id that was told
    processor: Mapped[str]
    items: Mapped[str]  # keys of the policy's items, joined by a comma
    purpose: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    digest: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


class DisclosureSum(Model):
    """How often the guard answered so in one month of Seoul."""

    __tablename__ = "disclosure_sums"

    month: Mapped[str] = mapped_column(primary_key=True)  # "2026-11"
    processor: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


_HOLD = select(Member.ref).where(Member.host_id == bindparam("host_id")).with_for_update()
_STAND = (
    select(
        Member.ref,
        Standing.suspended,
        Standing.requirement_hash,
        exists().where(Destruction.member_ref == Member.ref).label("gone"),
        ConsentEvent.item,
        ConsentEvent.decision,
        ConsentEvent.content_hash,
    )
    .select_from(Member)
    .outerjoin(Standing, Standing.host_id == Member.host_id)
    .outerjoin(ConsentEvent, ConsentEvent.member_ref == Member.ref)
    .where(Member.host_id == bindparam("host_id"))
    .order_by(ConsentEvent.id)
)


class Known(NamedTuple):
    """A member as the guard must know them; `gone`: a destruction was ordered. `decisions`: by consent item the
    decision that holds and its content hash."""

    ref: str
    suspended: bool
    has_standing: bool
    gone: bool
    decisions: dict[str, tuple[str, str]]


def held(host_id: str) -> Known | None:
    """Return the member whom the host calls `host_id`, locked until the transaction ends.

    Read after the lock and by a statement of its own: PostgreSQL would show what was joined as it was before the wait.
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":  # on SQLite one transaction writes at a time
        connection.execute(_HOLD, {"host_id": host_id})
    rows = connection.execute(_STAND, {"host_id": host_id}).all()
    if not rows:
        return None
    ref, suspended, requirement, gone = rows[0][:4]
    decisions = {item: (decision, hashed) for *_, item, decision, hashed in rows if item is not None}
    return Known(ref, bool(suspended), requirement is not None, bool(gone), decisions)


COLUMNS = ("reference", "member_ref", "processor", "items", "purpose", "verdict", "reason", "digest", "at")
COUNTED = ("processor", "verdict", "reason")  # beside the month


def keep(month: str, row: Mapping[str, Any]) -> bool:
    """Keep an answer, a value for each of COLUMNS, and count it in its month; False when its reference has been
    answered, and nothing is kept."""
    connection = db.session.connection()
    new, counted = _keeping(connection.dialect.name)
    if connection.execute(new, row).scalar_one_or_none() is None:
        return False
    connection.execute(counted, {"month": month, "count": 1, **{name: row[name] for name in COUNTED}})
    return True


@cache
def _keeping(dialect: str) -> tuple[Executable, Executable]:
    """Return the two statements of `keep`, made once: making them costs more than running them."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = insert(Disclosure).values({name: bindparam(name) for name in COLUMNS})
    key = ["month", *COUNTED]
    counted = insert(DisclosureSum).values({name: bindparam(name) for name in (*key, "count")})
    return (
        new.on_conflict_do_nothing(index_elements=[Disclosure.reference]).returning(Disclosure.id),
        counted.on_conflict_do_update(index_elements=key, set_={"count": DisclosureSum.count + 1}),
    )


def of_reference(reference: str) -> Disclosure | None:
    """Return the answer to this reference."""
    return db.session.scalars(select(Disclosure).where(Disclosure.reference == reference)).one_or_none()


def of_member(ref: str, limit: int | None = None, before: int | None = None) -> Sequence[Disclosure]:
    """Return what was disclosed of a member, newest first; what was refused left the house with nobody."""
    query = select(Disclosure).where(Disclosure.member_ref == ref, Disclosure.verdict == "ALLOWED")
    if before is not None:
        query = query.where(Disclosure.id < before)
    return db.session.scalars(query.order_by(Disclosure.id.desc()).limit(limit)).all()


def receivers_of(ref: str) -> Sequence[str]:
    """Return the processors that have received something of a member, by key."""
    query = select(Disclosure.processor).where(Disclosure.member_ref == ref, Disclosure.verdict == "ALLOWED")
    return sorted(db.session.scalars(query.distinct()))


def refs_sent(refs: Collection[str], ended: Collection[str]) -> set[str]:
    """Return those of these members of whom somebody else than those that have `ended` received something."""
    sent = exists().where(
        Disclosure.member_ref == Member.ref, Disclosure.verdict == "ALLOWED", Disclosure.processor.not_in(ended)
    )
    return set(db.session.scalars(select(Member.ref).where(Member.ref.in_(refs), sent)))


def refused(limit: int, before: int | None = None) -> Sequence[Disclosure]:
    """Return what was refused, newest first."""
    query = select(Disclosure).where(Disclosure.verdict == "REFUSED")
    if before is not None:
        query = query.where(Disclosure.id < before)
    return db.session.scalars(query.order_by(Disclosure.id.desc()).limit(limit)).all()


def sums(since: str = "") -> Sequence[DisclosureSum]:
    """Return the sums of the months from `since` ("2026-01") on, newest month first."""
    query = select(DisclosureSum).where(DisclosureSum.month >= since)
    return db.session.scalars(
        query.order_by(DisclosureSum.month.desc(), DisclosureSum.processor, DisclosureSum.verdict, DisclosureSum.reason)
    ).all()
