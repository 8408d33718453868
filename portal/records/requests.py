"""Requests of people and the events that tell how each stands. No status is stored: `portal.rules.request` derives it.

What a person wrote lies sealed under `key_ref`: the member's own key, or a key made for this one case where nobody
knows yet whose it is.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    and_,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db, inserting
from .audit import ACTOR_KIND
from .tallying import tally


class Request(Model):
    """One request. `ended_at` only lets the open ones be found fast; the events tell whether it is open."""

    __tablename__ = "requests"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('ACCESS', 'CORRECTION', 'DELETION', 'SUSPENSION', 'WITHDRAWAL', 'LEAVER', 'COMPLAINT')",
            name="kind",
        ),
        CheckConstraint("channel IN ('WEB', 'LINK', 'CONTACT', 'PHONE', 'EMAIL', 'PAPER', 'ORG')", name="channel"),
        CheckConstraint("requester IN ('SELF', 'AGENT', 'EMPLOYER', 'STRANGER')", name="requester"),
        Index("ix_requests_ended_at_due_day", "ended_at", "due_day", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # "R-2026-0141"
    ref: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # portal.rules.deadline.Kind
    channel: Mapped[str]
    requester: Mapped[str]
    member_ref: Mapped[str | None] = mapped_column(index=True)
    key_ref: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # details, by name; None once they are destroyed
    language: Mapped[str]
    approvals: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcMicros)
    due_day: Mapped[date]
    handler_ref: Mapped[str | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMicros)
    wiped_at: Mapped[datetime | None] = mapped_column(UtcMicros)  # when its time was over and what was written went


class RequestEvent(Model):
    """One step of one request. Append-only, but for its words, which may be wiped."""

    __tablename__ = "request_events"
    __table_args__ = (
        CheckConstraint(
            "word IN ('RECEIVED', 'IDENTITY_CHECK', 'IN_REVIEW', 'MORE_ASKED', 'MORE_GIVEN', 'DEFERRED', 'RESUMED', "
            "'APPROVED', 'HANDED_TO_DESTRUCTION', 'FULFILLED', 'PARTIAL', 'REFUSED', 'OBJECTED', 'RE_REVIEWED', "
            "'CANCELLED', 'CLOSED')",
            name="word",
        ),
        CheckConstraint(ACTOR_KIND, name="actor_kind"),
        Index("ix_request_events_request_id_id", "request_id", "id"),
        Index(
            "ix_request_events_asked",
            "request_id",
            "id",
            sqlite_where=text("word = 'MORE_ASKED'"),
            postgresql_where=text("word = 'MORE_ASKED'"),
        ),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id))
    word: Mapped[str]  # portal.rules.progress.Word
    actor_kind: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]  # a ground's code, or "" where the words are sealed
    until: Mapped[date | None]  # a deferral's new day
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # free words, under the request's key
    at: Mapped[datetime] = mapped_column(UtcMicros)
    wiped_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class RequestNumber(Model):
    """The last number given in a Seoul year."""

    __tablename__ = "request_numbers"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class RequestNotice(Model):
    """A notice about a due day, to staff or to a former company, so that each is sent once."""

    __tablename__ = "request_notices"

    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), primary_key=True, autoincrement=False)
    notice: Mapped[str] = mapped_column(primary_key=True)  # portal.rules.deadline.Notice, or leaving.Letter
    sent_at: Mapped[datetime] = mapped_column(UtcMicros)


class Paper(Model):
    """A document that proves an agent's power; sealed under the request's key, wiped after its use."""

    __tablename__ = "papers"
    __table_args__ = (CheckConstraint("(sealed IS NULL) = (destroyed_at IS NOT NULL)", name="gone_when_destroyed"),)

    ref: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), index=True)
    kind: Mapped[str]  # "POWER_OF_ATTORNEY"
    media_type: Mapped[str]
    size: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcMicros)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcMicros)


def next_number(year: int) -> str:
    """Return the next number of a Seoul year; whoever else wants one waits until this transaction ends."""
    session = db.session()
    statement = inserting(session, RequestNumber).values(year=year, last=1)
    raised = statement.on_conflict_do_update(index_elements=[RequestNumber.year], set_={"last": RequestNumber.last + 1})
    return f"R-{year}-{session.execute(raised.returning(RequestNumber.last)).scalar_one():04}"


def add(request: Request) -> None:
    """Keep a new request."""
    db.session.add(request)
    db.session.flush()


def append(event: RequestEvent) -> None:
    """Keep one more step; the caller holds the request."""
    db.session.add(event)
    db.session.flush()


def held(number: str) -> Request | None:
    """Return the request of this number, held until the transaction ends: of two who decide, one comes second."""
    query = select(Request).where(Request.number == number).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def held_by_id(request_id: int) -> Request | None:
    """Return the request with this id, held until the transaction ends."""
    query = select(Request).where(Request.id == request_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def of_ids(ids: Collection[int]) -> Sequence[Request]:
    """Return the requests with these ids."""
    return db.session.scalars(select(Request).where(Request.id.in_(ids))).all()


def of_number(number: str) -> Request | None:
    """Return the request of this number."""
    return db.session.scalars(select(Request).where(Request.number == number)).one_or_none()


def of_ref(ref: str) -> Request | None:
    """Return the request of this reference."""
    return db.session.scalars(select(Request).where(Request.ref == ref)).one_or_none()


def of_member(member_ref: str) -> Sequence[Request]:
    """Return every request about a member, newest first."""
    query = select(Request).where(Request.member_ref == member_ref).order_by(Request.id.desc())
    return db.session.scalars(query).all()


def open_of(member_ref: str, kind: str, **wanted: Any) -> Request | None:
    """Return the first open request of this kind about a member; `wanted` are more columns and values."""
    facts = {"member_ref": member_ref, "kind": kind, "ended_at": None, **wanted}
    query = select(Request).filter_by(**facts)
    return db.session.scalars(query.order_by(Request.id).limit(1)).one_or_none()


def asked_to_stop(member_refs: Collection[str], since: datetime) -> set[str]:
    """Return those of these members who asked since then that nothing be done with their data: stopped by themselves,
    or with a deletion that is open. Name no more than one query can."""
    query = select(Request.member_ref).where(
        Request.member_ref.in_(member_refs),
        Request.received_at >= since,
        or_(Request.kind == "SUSPENSION", and_(Request.kind == "DELETION", Request.ended_at.is_(None))),
    )
    return {ref for ref in db.session.scalars(query) if ref is not None}


def events_of(request_ids: Collection[int]) -> dict[int, list[RequestEvent]]:
    """Return the steps of these requests, by request, oldest first."""
    found: dict[int, list[RequestEvent]] = {request_id: [] for request_id in request_ids}
    query = select(RequestEvent).where(RequestEvent.request_id.in_(found)).order_by(RequestEvent.id)
    for event in db.session.scalars(query):
        found[event.request_id].append(event)
    return found


def notices_of(request_id: int) -> list[str]:
    """Return the notices about a request that were sent."""
    return list(db.session.scalars(select(RequestNotice.notice).where(RequestNotice.request_id == request_id)))


def notices_sent(request_id: int) -> dict[str, datetime]:
    """Return when each notice about a request was sent, by notice."""
    query = select(RequestNotice).where(RequestNotice.request_id == request_id)
    return {notice.notice: notice.sent_at for notice in db.session.scalars(query)}


def keep_notice(request_id: int, notice: str, at: datetime) -> None:
    """Keep that a notice was sent. Raises IntegrityError when it was before."""
    db.session.add(RequestNotice(request_id=request_id, notice=notice, sent_at=at))
    db.session.flush()


def open_page(
    *, limit: int, offset: int = 0, last_words: Collection[str] = (), due_before: date | None = None, **wanted: Any
) -> tuple[Sequence[Request], int]:
    """Return one page of the open requests, the nearest due day first, and how many there are in all.

    `last_words` are words of which one was the last step, `due_before` is a day; the rest are columns and values.
    """
    query = _open(last_words, due_before, wanted)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(Request.due_day, Request.id).limit(limit).offset(offset)
    return db.session.scalars(page).all(), total


def open_by_day(since: date, until: date) -> dict[date, int]:
    """Return how many open requests are due on each day from `since` to `until`, both within."""
    query = (
        select(Request.due_day, func.count())
        .where(Request.ended_at.is_(None), Request.due_day.between(since, until))
        .group_by(Request.due_day)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _open(last_words: Collection[str], due_before: date | None, wanted: dict[str, Any]) -> Select[tuple[Request]]:
    query = select(Request).where(Request.ended_at.is_(None))
    for column, value in wanted.items():
        query = query.where(getattr(Request, column) == value)
    if due_before is not None:
        query = query.where(Request.due_day < due_before)
    if last_words:
        last = (
            select(RequestEvent.word)
            .where(RequestEvent.request_id == Request.id)
            .order_by(RequestEvent.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = query.where(last.in_(last_words))
    return query


def count_sealed(member_ref: str) -> int:
    """Return how many requests and papers of a member still hold what was written."""
    asked = select(func.count()).select_from(Request).where(Request.member_ref == member_ref)
    papers = select(func.count()).select_from(Paper).join(Request, Request.id == Paper.request_id)
    return (db.session.scalar(asked.where(Request.sealed.is_not(None))) or 0) + (
        db.session.scalar(papers.where(Request.member_ref == member_ref, Paper.sealed.is_not(None))) or 0
    )


def wipe_of(member_ref: str, at: datetime) -> int:
    """Wipe what was written in a member's requests and the papers that came with them; return how many."""
    of = select(Request.id).where(Request.member_ref == member_ref)
    papers = update(Paper).where(Paper.request_id.in_(of), Paper.sealed.is_not(None))
    gone: int = db.session.execute(papers.values(sealed=None, destroyed_at=at)).rowcount
    asked = update(Request).where(Request.member_ref == member_ref, Request.sealed.is_not(None))
    return gone + db.session.execute(asked.values(sealed=None)).rowcount


def add_paper(paper: Paper) -> None:
    """Keep a paper."""
    db.session.add(paper)
    db.session.flush()


def papers_held() -> list[tuple[str, str | None, datetime]]:
    """Return the papers of requests that have ended which are still there, the first that ended first: (ref, the
    member, when it ended)."""
    query = (
        select(Paper.ref, Request.member_ref, Request.ended_at)
        .join(Request, Request.id == Paper.request_id)
        .where(Paper.sealed.is_not(None), Request.ended_at.is_not(None))
        .order_by(Request.ended_at)
    )
    return [(row.ref, row.member_ref, row.ended_at) for row in db.session.execute(query)]


def papers_destroyed(at: datetime) -> int:
    """Return how many papers were destroyed at exactly this moment."""
    return db.session.scalar(select(func.count()).select_from(Paper).where(Paper.destroyed_at == at)) or 0


def wipe_paper(ref: str, at: datetime) -> Request | None:
    """Wipe a paper and return the request that it came with, or None where it was wiped before."""
    held = update(Paper).where(Paper.ref == ref, Paper.sealed.is_not(None))
    if not db.session.execute(held.values(sealed=None, destroyed_at=at)).rowcount:
        return None
    return db.session.scalars(select(Request).join(Paper, Paper.request_id == Request.id).where(Paper.ref == ref)).one()


def counts_sealed(member_refs: Collection[str]) -> Counter[str]:
    """Return how many requests and papers of each member still hold what was written."""
    papers = (Request, Paper, Paper.request_id == Request.id)
    return tally(Request.member_ref, member_refs, Request.sealed.is_not(None)) + tally(
        Request.member_ref, member_refs, Paper.sealed.is_not(None), joined=papers
    )
