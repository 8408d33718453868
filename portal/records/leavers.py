"""Leavers: whom a company reported as having left, one row for each person of each report, and their objections.

A report is a request of kind LEAVER; the row tells how it went on for this one person. Nothing personal stands in
clear: the member by reference, the words of an objection under the request's key.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db
from .requests import Request


class Leaver(Model):
    """One person in one report. `end` is how it came out for the company (portal.rules.leaving.ReportEnd), None while
    it is open; `approved_at` is the decision, and a destruction is ordered once the days to object are over."""

    __tablename__ = "leavers"
    __table_args__ = (
        CheckConstraint("\"end\" IN ('RIGHT', 'WRONG', 'TAKEN_BACK')", name="end"),
        CheckConstraint("telling IN ('WAITING', 'TOLD', 'NO_ADDRESS')", name="telling"),
        UniqueConstraint("request_id", "member_ref"),
        Index("ix_leavers_telling_id", "telling", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), index=True)
    member_ref: Mapped[str] = mapped_column(index=True)
    company_ref: Mapped[str | None] = mapped_column(index=True)
    reporter: Mapped[str] = mapped_column(index=True)  # the account that reported, "HOST", or "" for the person alone
    left_on: Mapped[date]
    reported_on: Mapped[date]  # the Seoul day from which the days to object count
    telling: Mapped[str] = mapped_column(default="WAITING")
    told_at: Mapped[datetime | None] = mapped_column(UtcMicros)
    approved_at: Mapped[datetime | None] = mapped_column(UtcMicros)
    ordered_at: Mapped[datetime | None] = mapped_column(UtcMicros)
    end: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class Objection(Model):
    """What a member said against a report, and what the staff found. While it is open, a hold of kind OBJECTION
    stands. Decided once."""

    __tablename__ = "objections"
    __table_args__ = (CheckConstraint("(upheld IS NULL) = (decided_at IS NULL)", name="decided_has_its_moment"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    leaver_id: Mapped[int] = mapped_column(ForeignKey(Leaver.id), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    upheld: Mapped[bool | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcMicros)


def add_many(rows: Sequence[dict[str, Any]]) -> None:
    """Keep the people of a report, each a dict of columns."""
    if rows:
        db.session.connection().execute(insert(Leaver), rows)


def of_request(request_id: int, *, limit: int | None = None, offset: int = 0) -> Sequence[Leaver]:
    """Return the people of a report, in its order."""
    query = select(Leaver).where(Leaver.request_id == request_id).order_by(Leaver.id).limit(limit).offset(offset)
    return db.session.scalars(query).all()


def counts_of(request_ids: Collection[int]) -> dict[int, int]:
    """Return how many people each of these reports names."""
    query = select(Leaver.request_id, func.count()).where(Leaver.request_id.in_(request_ids))
    return dict(db.session.execute(query.group_by(Leaver.request_id)).tuples())


def held(leaver_id: int) -> Leaver | None:
    """Return one leaver, held until the transaction ends."""
    query = select(Leaver).where(Leaver.id == leaver_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def open_of(member_refs: Collection[str]) -> dict[str, Leaver]:
    """Return the report of each of these members that has not ended, by member; name no more than one query can."""
    query = select(Leaver).where(Leaver.member_ref.in_(member_refs), Leaver.end.is_(None)).order_by(Leaver.id)
    return {leaver.member_ref: leaver for leaver in db.session.scalars(query)}


def to_tell(limit: int) -> Sequence[Leaver]:
    """Return people who were reported and have not been told yet, held until the transaction ends."""
    query = select(Leaver).where(Leaver.telling == "WAITING", Leaver.end.is_(None)).order_by(Leaver.id).limit(limit)
    return db.session.scalars(query.with_for_update(skip_locked=True)).all()


def end_of(request_id: int, end: str, at: datetime, *, member_refs: Collection[str] | None = None) -> None:
    """Close a report, or of it only these people."""
    ended = update(Leaver).where(Leaver.request_id == request_id, Leaver.end.is_(None))
    if member_refs is not None:
        ended = ended.where(Leaver.member_ref.in_(member_refs))
    db.session.execute(ended.values(end=end, ended_at=at))
    db.session.expire_all()


def ends_of(reporter: str, limit: int) -> Sequence[str]:
    """Return how the last reports of this account that have ended came out, oldest first."""
    query = select(Leaver.end).where(Leaver.reporter == reporter, Leaver.end.is_not(None))
    newest = db.session.scalars(query.order_by(Leaver.ended_at.desc(), Leaver.id.desc()).limit(limit)).all()
    return [end for end in reversed(newest) if end is not None]


def object_to(objection: Objection) -> None:
    """Keep an objection. Raises IntegrityError when this leaver has one."""
    db.session.add(objection)
    db.session.flush()


def objections_of(leaver_ids: Collection[int]) -> dict[int, Objection]:
    """Return the objections of these leavers, by leaver; name no more than one query can."""
    query = select(Objection).where(Objection.leaver_id.in_(leaver_ids))
    return {objection.leaver_id: objection for objection in db.session.scalars(query)}


def decide(leaver_id: int, *, upheld: bool, by: str, at: datetime) -> bool:
    """Decide the open objection of a leaver; tell whether there was one."""
    is_open = update(Objection).where(Objection.leaver_id == leaver_id, Objection.decided_at.is_(None))
    return bool(db.session.execute(is_open.values(upheld=upheld, decided_by=by, decided_at=at)).rowcount)
