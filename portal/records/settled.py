"""What people wrote in requests that are settled, and in the steps by which it was established who they are: found by
the days from which it is kept, and wiped when its time is over. The person of a living member's request lives; what
was written to somebody whose key was destroyed opens no more and is not looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from ..database import db, in_parts
from .members import Member
from .requests import Request, RequestEvent

CHECK = "IDENTITY_CHECK"


@dataclass(frozen=True)
class Words:
    """Sealed words: of a request, or of one step (`id`), with the moment from which they are kept. `checked_at` is the
    last identity check that has words among the request's steps."""

    id: int
    member_ref: str
    key_ref: str
    since: datetime
    checked_at: datetime | None = None

    @property
    def has_own_key(self) -> bool:
        return self.key_ref != self.member_ref


def disputes() -> list[Words]:
    """Return the settled complaints, and the requests of people whom nobody knew, that still hold what was written."""
    checked = (
        select(func.max(RequestEvent.at))
        .where(RequestEvent.request_id == Request.id, RequestEvent.word == CHECK, RequestEvent.sealed.is_not(None))
        .scalar_subquery()
    )
    query = (
        select(Request.id, Request.member_ref, Request.key_ref, Request.ended_at, checked.label("checked_at"))
        .where(_is_dispute(), Request.ended_at.is_not(None), Request.sealed.is_not(None), _lives())
        .order_by(Request.ended_at, Request.id)
    )
    return [
        Words(row.id, row.member_ref or "", row.key_ref, row.ended_at, row.checked_at)
        for row in db.session.execute(query)
    ]


def identity_checks() -> list[Words]:
    """Return the steps that established who asked and hold words, but for those that are part of a dispute."""
    query = (
        select(RequestEvent.id, Request.member_ref, Request.key_ref, RequestEvent.at)
        .join(Request, Request.id == RequestEvent.request_id)
        .where(RequestEvent.word == CHECK, RequestEvent.sealed.is_not(None), ~_is_dispute(), _lives())
        .order_by(RequestEvent.at, RequestEvent.id)
    )
    return [Words(row.id, row.member_ref or "", row.key_ref, row.at) for row in db.session.execute(query)]


def wipe_disputes(ids: Sequence[int], at: datetime) -> None:
    """Wipe what was written in these requests and in all their steps."""
    for some in in_parts(ids):
        steps = update(RequestEvent).where(RequestEvent.request_id.in_(some), RequestEvent.sealed.is_not(None))
        db.session.execute(steps.values(sealed=None))
        asked = update(Request).where(Request.id.in_(some), Request.sealed.is_not(None))
        db.session.execute(asked.values(sealed=None, wiped_at=at))


def wipe_steps(ids: Sequence[int], at: datetime) -> None:
    """Wipe the words of these steps."""
    for some in in_parts(ids):
        steps = update(RequestEvent).where(RequestEvent.id.in_(some), RequestEvent.sealed.is_not(None))
        db.session.execute(steps.values(sealed=None, wiped_at=at))


def disputes_wiped(at: datetime) -> int:
    """Return how many requests were wiped at exactly this moment."""
    return db.session.scalar(select(func.count()).select_from(Request).where(Request.wiped_at == at)) or 0


def steps_wiped(at: datetime) -> int:
    """Return how many steps were wiped at exactly this moment, apart from those that went with their request."""
    return db.session.scalar(select(func.count()).select_from(RequestEvent).where(RequestEvent.wiped_at == at)) or 0


def _is_dispute() -> ColumnElement[bool]:
    """A list of leavers names nobody either, and is no dispute."""
    return or_(Request.kind == "COMPLAINT", and_(Request.member_ref.is_(None), Request.kind != "LEAVER"))


def _lives() -> ColumnElement[bool]:
    return or_(Request.member_ref.is_(None), exists().where(Member.ref == Request.member_ref))
