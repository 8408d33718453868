"""Leavers: whom a company reported as having left, one row for each person of each report, and their objections.

A report is a request of kind LEAVER; the row tells how it went on for this one person. Nothing personal stands in
clear: the member by reference, the words of an objection under the member's own key.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    Update,
    case,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from ..database import Identifier, Model, UtcMicros, db
from .requests import Request, RequestEvent
from .tallying import tally

_TO_ORDER = 'approved_at IS NOT NULL AND ordered_at IS NULL AND "end" IS NULL'


class Leaver(Model):
    """One person in one report. `end` is how it came out for the company (portal.rules.leaving.ReportEnd), None while
    it is open; `approved_at` is the decision, and a destruction is ordered once the days to object are over."""

    __tablename__ = "leavers"
    __table_args__ = (
        CheckConstraint("\"end\" IN ('RIGHT', 'WRONG', 'TAKEN_BACK')", name="end"),
        CheckConstraint("telling IN ('HELD', 'WAITING', 'TOLD', 'NO_ADDRESS')", name="telling"),
        UniqueConstraint("request_id", "member_ref"),
        Index("ix_leavers_telling_id", "telling", "id"),
        Index(
            "ix_leavers_to_order", "reported_on", "id", sqlite_where=text(_TO_ORDER), postgresql_where=text(_TO_ORDER)
        ),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), index=True)
    member_ref: Mapped[str] = mapped_column(index=True)
    company_ref: Mapped[str | None] = mapped_column(index=True)
    reporter: Mapped[str] = mapped_column(index=True)  # the account that reported, "HOST", or "" for the person alone
    left_on: Mapped[date]
    reported_on: Mapped[date]  # the Seoul day from which the days to object count
    telling: Mapped[str] = mapped_column(default="WAITING")  # HELD: the staff must first let the report in
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


class Figures(NamedTuple):
    """How far a report has come, each in people. `objected`: waits for the judgement of an objection; `ordered`: the
    destruction runs or is done."""

    people: int
    told: int
    no_address: int
    objected: int
    approved: int
    ordered: int
    right: int
    wrong: int
    taken_back: int

    @property
    def still_open(self) -> int:
        return self.people - self.right - self.wrong - self.taken_back


class Named(NamedTuple):
    """How many people a report names, for which company, and one of them: the one, where there is no other."""

    people: int
    company_ref: str | None
    member_ref: str


def add_many(rows: Sequence[dict[str, Any]]) -> None:
    """Keep the people of a report, each a dict of columns."""
    if rows:
        db.session.connection().execute(insert(Leaver), rows)


def of_request(request_id: int, *, limit: int | None = None, offset: int = 0) -> Sequence[Leaver]:
    """Return the people of a report, in its order."""
    query = select(Leaver).where(Leaver.request_id == request_id).order_by(Leaver.id).limit(limit).offset(offset)
    return db.session.scalars(query).all()


def refs_of(request_id: int, *, is_open: bool = True) -> list[str]:
    """Return the members of a report whose part of it is open, or of those with `is_open` false who were taken out of
    it, in order."""
    end = Leaver.end.is_(None) if is_open else Leaver.end == "TAKEN_BACK"
    return list(
        db.session.scalars(select(Leaver.member_ref).where(Leaver.request_id == request_id, end).order_by(Leaver.id))
    )


def names(request_id: int, member_ref: str) -> bool:
    """Tell whether a report names this member."""
    query = select(Leaver.id).where(Leaver.request_id == request_id, Leaver.member_ref == member_ref)
    return db.session.scalar(query) is not None


def refs_that_ended(request_id: int, end: str) -> list[str]:
    """Return the members of a report whose part of it ended so, in order."""
    query = select(Leaver.member_ref).where(Leaver.request_id == request_id, Leaver.end == end)
    return list(db.session.scalars(query.order_by(Leaver.id)))


def counts_of(request_ids: Collection[int]) -> dict[int, int]:
    """Return how many people each of these reports names."""
    query = select(Leaver.request_id, func.count()).where(Leaver.request_id.in_(request_ids))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Leaver.request_id))}


def named_in(request_ids: Collection[int]) -> dict[int, Named]:
    """Return whom each of these reports names, by report."""
    columns = (func.count(), func.min(Leaver.company_ref), func.min(Leaver.member_ref))
    query = select(Leaver.request_id, *columns).where(Leaver.request_id.in_(request_ids)).group_by(Leaver.request_id)
    return {row[0]: Named(*row[1:]) for row in db.session.execute(query)}


def reports_of(company_ref: str, *, limit: int, offset: int = 0) -> tuple[Sequence[Request], int]:
    """Return one page of a company's reports, newest first, and how many there are in all."""
    query = select(Request).where(
        Request.channel == "ORG",
        exists().where(Leaver.request_id == Request.id, Leaver.company_ref == company_ref),
    )
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return db.session.scalars(query.order_by(Request.id.desc()).limit(limit).offset(offset)).all(), total


def figures_of(request_id: int) -> Figures:
    """Return how far a report has come, in people."""
    objected = exists().where(Objection.leaver_id == Leaver.id, Objection.decided_at.is_(None))

    def people(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row = db.session.execute(
        select(
            func.count(),
            people(Leaver.telling == "TOLD"),
            people(Leaver.telling == "NO_ADDRESS"),
            people(objected),
            people(Leaver.approved_at.is_not(None)),
            people(Leaver.ordered_at.is_not(None)),
            people(Leaver.end == "RIGHT"),
            people(Leaver.end == "WRONG"),
            people(Leaver.end == "TAKEN_BACK"),
        ).where(Leaver.request_id == request_id)
    ).one()
    return Figures(*row)


def reported_last(request_id: int) -> date | None:
    """Return the last day from which somebody's days to object count, of those in a report who were written to."""
    query = select(func.max(Leaver.reported_on)).where(Leaver.request_id == request_id)
    return db.session.scalar(query.where(Leaver.telling.in_(("TOLD", "NO_ADDRESS")), Leaver.end.is_(None)))


def held(leaver_id: int) -> Leaver | None:
    """Return one leaver, held until the transaction ends."""
    query = select(Leaver).where(Leaver.id == leaver_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def open_of(member_refs: Collection[str]) -> dict[str, Leaver]:
    """Return the report of each of these members that has not ended, by member; name no more than one query can."""
    query = select(Leaver).where(Leaver.member_ref.in_(member_refs), Leaver.end.is_(None)).order_by(Leaver.id)
    return {leaver.member_ref: leaver for leaver in db.session.scalars(query)}


def refs_open(member_refs: Collection[str]) -> set[str]:
    """Return those of these members of whom a report is open; name no more than one query can."""
    query = select(Leaver.member_ref).where(Leaver.member_ref.in_(member_refs), Leaver.end.is_(None))
    return set(db.session.scalars(query))


def to_tell(limit: int) -> Sequence[Leaver]:
    """Return people who were reported and have not been told yet, held until the transaction ends."""
    query = select(Leaver).where(Leaver.telling == "WAITING", Leaver.end.is_(None)).order_by(Leaver.id).limit(limit)
    return db.session.scalars(query.with_for_update(skip_locked=True)).all()


def to_order(reported_before: date, limit: int) -> Sequence[Leaver]:
    """Return people who were approved, told, and reported before this day, and whose destruction is not ordered; held
    until the transaction ends. Who objected and was not judged yet is not among them."""
    objected = exists().where(Objection.leaver_id == Leaver.id, Objection.decided_at.is_(None))
    query = (
        select(Leaver)
        .where(
            Leaver.approved_at.is_not(None),
            Leaver.ordered_at.is_(None),
            Leaver.end.is_(None),
            Leaver.telling.in_(("TOLD", "NO_ADDRESS")),
            Leaver.reported_on < reported_before,
            ~objected,
        )
        .order_by(Leaver.reported_on, Leaver.id)
        .limit(limit)
    )
    return db.session.scalars(query.with_for_update(of=Leaver, skip_locked=True)).all()


def approve(request_id: int, at: datetime, *, leaver_id: int | None = None) -> int:
    """Note the decision on the people of a report, or on one of them; return on how many. Who objected waits for the
    judgement of it."""
    objected = exists().where(Objection.leaver_id == Leaver.id, Objection.decided_at.is_(None))
    waiting = update(Leaver).where(
        Leaver.request_id == request_id, Leaver.end.is_(None), Leaver.approved_at.is_(None), ~objected
    )
    if leaver_id is not None:
        waiting = waiting.where(Leaver.id == leaver_id)
    return _changed(waiting.values(approved_at=at))


def let_in(request_id: int, reported_on: date) -> None:
    """Let the people of a report that was held for the staff be told; their days to object begin."""
    _changed(
        update(Leaver)
        .where(Leaver.request_id == request_id, Leaver.telling == "HELD", Leaver.end.is_(None))
        .values(telling="WAITING", reported_on=reported_on)
    )


def take_up(request_id: int, member_refs: Collection[str], reported_on: date) -> None:
    """Open the part of these people again after a refusal fell: they are told anew, with new days to object."""
    again = update(Leaver).where(Leaver.request_id == request_id, Leaver.member_ref.in_(member_refs))
    _changed(again.values(end=None, ended_at=None, telling="WAITING", told_at=None, reported_on=reported_on))


def end_of(request_id: int, end: str, at: datetime, *, member_refs: Collection[str] | None = None) -> int:
    """Close a report, or of it only these people; return how many it closed."""
    ended = update(Leaver).where(Leaver.request_id == request_id, Leaver.end.is_(None))
    if member_refs is not None:
        ended = ended.where(Leaver.member_ref.in_(member_refs))
    return _changed(ended.values(end=end, ended_at=at))


def end_everywhere(member_refs: Collection[str], end: str, at: datetime) -> None:
    """Close whatever reports of these people are open; name no more than one query can."""
    _changed(
        update(Leaver).where(Leaver.member_ref.in_(member_refs), Leaver.end.is_(None)).values(end=end, ended_at=at)
    )


def requests_done(limit: int) -> list[int]:
    """Return approved reports that are open though everybody in them has ended, oldest first."""
    anybody, somebody = exists().where(Leaver.request_id == Request.id), aliased(Leaver)
    left = exists().where(somebody.request_id == Request.id, somebody.end.is_(None))
    last = (
        select(RequestEvent.word)
        .where(RequestEvent.request_id == Request.id)
        .order_by(RequestEvent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(Request.id).where(Request.kind == "LEAVER", Request.ended_at.is_(None), anybody, ~left)
    return list(db.session.scalars(query.where(last == "HANDED_TO_DESTRUCTION").order_by(Request.id).limit(limit)))


def forget_reporter(reporter: str) -> None:
    """Wipe the address at which whoever made these reports was told of them."""
    made = select(Leaver.request_id).where(Leaver.reporter == reporter)
    _changed(update(Request).where(Request.id.in_(made)).values(sealed=None))


def ends_of(reporter: str, limit: int, *, since: datetime | None = None) -> Sequence[str]:
    """Return how the last reports of this account that have ended came out, oldest first; with `since` only of those
    that ended later."""
    query = select(Leaver.end).where(Leaver.reporter == reporter, Leaver.end.in_(("RIGHT", "WRONG")))
    query = query if since is None else query.where(Leaver.ended_at > since)
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


def alone_of(company_ref: str, limit: int) -> Sequence[Leaver]:
    """Return the people of a company who said themselves that they have left, newest first."""
    query = select(Leaver).where(Leaver.company_ref == company_ref, Leaver.reporter == "")
    return db.session.scalars(query.order_by(Leaver.id.desc()).limit(limit)).all()


def objected_to(request_id: int) -> list[tuple[Leaver, Objection]]:
    """Return who objected to a report, those first whose objection is not judged."""
    query = select(Leaver, Objection).join(Objection, Objection.leaver_id == Leaver.id)
    query = query.where(Leaver.request_id == request_id)
    return [
        (row[0], row[1]) for row in db.session.execute(query.order_by(Objection.decided_at.is_not(None), Leaver.id))
    ]


def of_member(member_ref: str) -> list[tuple[Leaver, Objection]]:
    """Return what a member objected to, oldest first."""
    query = select(Leaver, Objection).join(Objection, Objection.leaver_id == Leaver.id)
    query = query.where(Leaver.member_ref == member_ref).order_by(Leaver.id)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def count_words(member_ref: str) -> int:
    """Return how many objections of a member still hold what was written."""
    query = select(func.count()).select_from(Objection).join(Leaver, Leaver.id == Objection.leaver_id)
    return db.session.scalar(query.where(Leaver.member_ref == member_ref, Objection.sealed.is_not(None))) or 0


def wipe_words(member_ref: str) -> int:
    """Wipe what was written in a member's objections; return how many there were."""
    of = select(Leaver.id).where(Leaver.member_ref == member_ref)
    kept = update(Objection).where(Objection.leaver_id.in_(of), Objection.sealed.is_not(None))
    return _changed(kept.values(sealed=None))


def has_open_objection(request_id: int) -> bool:
    """Tell whether an objection to a report waits to be judged."""
    query = select(Objection.id).join(Leaver, Leaver.id == Objection.leaver_id)
    query = query.where(Leaver.request_id == request_id, Objection.decided_at.is_(None))
    return db.session.scalar(query.limit(1)) is not None


def decide(leaver_id: int, *, upheld: bool, by: str, at: datetime) -> bool:
    """Decide the open objection of a leaver; tell whether there was one."""
    is_open = update(Objection).where(Objection.leaver_id == leaver_id, Objection.decided_at.is_(None))
    return bool(db.session.execute(is_open.values(upheld=upheld, decided_by=by, decided_at=at)).rowcount)


def _changed(statement: Update) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.expire_all()
    return int(result.rowcount)  # type: ignore[attr-defined]


def counts_of_words(member_refs: Collection[str]) -> Counter[str]:
    """Return how many objections of each member still hold what was written."""
    said = (Leaver, Objection, Objection.leaver_id == Leaver.id)
    return tally(Leaver.member_ref, member_refs, Objection.sealed.is_not(None), joined=said)
