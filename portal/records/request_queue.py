"""The queue of requests as staff work through it: the nearest due day first, filtered, counted. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, exists, func, select, type_coerce
from sqlalchemy.orm import aliased

from ..database import db
from .destructions import Destruction, Task
from .members import Member
from .requests import Paper, Request, RequestEvent

MICROS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to. `handler` is an account, "" for nobody's; None means whatever there is."""

    ended: bool = False
    kind: str | None = None
    handler: str | None = None
    waiting: bool = False  # for the requester's answer
    attention: bool = False  # a destruction could not be proved somewhere
    since: date | None = None  # due no earlier
    until: date | None = None  # due no later
    member_ref: str | None = None  # open or ended


@dataclass(frozen=True)
class Figures:
    """How many open requests there are, and of which kinds; `soon` counts from today to the day given."""

    open: int
    late: int
    soon: int
    unassigned: int
    mine: int
    waiting: int
    attention: int


def page(wanted: Wanted, *, limit: int, offset: int = 0) -> tuple[list[tuple[Request, Member | None]], int]:
    """Return one page of requests, each with its member where there is one, and how many there are in all."""
    conditions = _conditions(wanted)
    total = db.session.scalar(select(func.count()).select_from(Request).where(*conditions)) or 0
    query = select(Request, Member).outerjoin(Member, Member.ref == Request.member_ref).where(*conditions)
    if wanted.ended:
        query = query.order_by(Request.ended_at.desc(), Request.id.desc())
    elif wanted.member_ref is not None:
        query = query.order_by(Request.id.desc())
    else:
        query = query.order_by(Request.due_day, Request.id)
    rows = db.session.execute(query.limit(limit).offset(offset))
    return [(row[0], row[1]) for row in rows], total


def of_number(number: str) -> tuple[Request, Member | None] | None:
    """Return the request of this number with its member."""
    query = select(Request, Member).outerjoin(Member, Member.ref == Request.member_ref)
    row = db.session.execute(query.where(Request.number == number)).one_or_none()
    return (row[0], row[1]) if row else None


def figures(today: date, soon_until: date, account_ref: str) -> Figures:
    """Return the numbers above the queue, in one walk over the open requests."""

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    query = select(
        func.count(),
        number(Request.due_day < today),
        number(Request.due_day.between(today, soon_until)),
        number(Request.handler_ref.is_(None)),
        number(Request.handler_ref == account_ref),
    ).where(Request.ended_at.is_(None))
    total, late, soon, unassigned, mine = (int(value) for value in db.session.execute(query).one())
    waiting = db.session.scalar(
        select(func.count()).select_from(Request).where(Request.ended_at.is_(None), _is_waiting())
    )
    return Figures(total, late, soon, unassigned, mine, waiting or 0, _attention_count())


def open_count() -> int:
    """Return how many requests are open."""
    return db.session.scalar(select(func.count()).select_from(Request).where(Request.ended_at.is_(None))) or 0


def average_days(since: datetime) -> float | None:
    """Return in how many days requests that ended since then were answered, on average; None where none was."""
    lasted = type_coerce(Request.ended_at, BigInteger) - type_coerce(Request.received_at, BigInteger)
    found = db.session.scalar(select(func.avg(lasted)).where(Request.ended_at >= since))
    return None if found is None else float(found) / MICROS_A_DAY


def assign(request: Request, account_ref: str) -> None:
    """Keep who handles a request that the caller's transaction holds."""
    request.handler_ref = account_ref
    db.session.flush()


def papers_of(request_id: int) -> Sequence[Paper]:
    """Return the documents of a request, oldest first."""
    return db.session.scalars(select(Paper).where(Paper.request_id == request_id).order_by(Paper.received_at)).all()


def numbers_of(key_refs: Collection[str]) -> dict[str, str]:
    """Return the number of the request sealed under each of these keys that is a case's own."""
    query = select(Request.key_ref, Request.number).where(Request.key_ref.in_(key_refs), Request.member_ref.is_(None))
    return {row[0]: row[1] for row in db.session.execute(query)}


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.member_ref is not None:
        conditions.append(Request.member_ref == wanted.member_ref)
    elif wanted.ended:
        conditions.append(Request.ended_at.is_not(None))
    else:
        conditions.append(Request.ended_at.is_(None))
    if wanted.kind is not None:
        conditions.append(Request.kind == wanted.kind)
    if wanted.handler is not None:
        conditions.append(Request.handler_ref == wanted.handler if wanted.handler else Request.handler_ref.is_(None))
    if wanted.since is not None:
        conditions.append(Request.due_day >= wanted.since)
    if wanted.until is not None:
        conditions.append(Request.due_day <= wanted.until)
    if wanted.waiting:
        conditions.append(_is_waiting())
    if wanted.attention:
        conditions.append(Request.number.in_(_stuck()))
    return conditions


def _is_waiting() -> ColumnElement[bool]:
    asked, later = aliased(RequestEvent), aliased(RequestEvent)
    answered = exists().where(later.request_id == Request.id, later.id > asked.id).correlate(Request, asked)
    return (
        exists().where(and_(asked.request_id == Request.id, asked.word == "MORE_ASKED", ~answered)).correlate(Request)
    )


def _stuck() -> Select[tuple[str | None]]:
    """Return a query for the numbers of requests whose destruction needs somebody; it begins at the few stuck tasks."""
    query = select(Destruction.request_number).join(Task, Task.destruction_id == Destruction.id)
    return query.where(Task.state == "ATTENTION", Destruction.request_number.is_not(None)).distinct()


def _attention_count() -> int:
    open_ones = select(func.count()).select_from(Request).where(Request.ended_at.is_(None))
    return db.session.scalar(open_ones.where(Request.number.in_(_stuck()))) or 0
