"""Working the queue: what staff see of requests, and what they do to them.

Whatever shows a person's data, masked or not, is read and audited in one transaction: who, when, from where, whose and
what (safety standard art. 8). If the row cannot be written, nothing is shown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, cast

from portal.clock import seoul_day
from portal.database import writing
from portal.policy.model import Language
from portal.records import audit, companies, leavers, members, request_queue, requests
from portal.records.audit import AuditEvent
from portal.records.members import Member
from portal.records.request_queue import Figures, Wanted
from portal.records.requests import Paper, Request
from portal.rules.deadline import SOON_DAYS, Kind
from portal.rules.deed import Deed
from portal.rules.progress import DESTROYING, Word
from portal.rules.request import NOT_NEXT, OWN_REQUEST, StepRefused
from portal.rules.role import Role
from portal.services import accounts, auditing, carrying_out, ordering, reaching, registering, requesting, revealing
from portal.services.auditing import By
from portal.services.ordering import Preview
from portal.services.page import PAGE
from portal.services.reported import is_report
from portal.services.requesting import Channel, Details, Filed, NoSuchRequest, Requester, Standing
from portal.vault import person_keys
from portal.vault.person_keys import SubjectSeal

FORECAST_DAYS = 10
AVERAGE_OVER = timedelta(days=30)
Searched = Literal["number", "email", "login_id"]


@dataclass(frozen=True)
class Line:
    """One request in a list. `known` is what is known of whom it is about, by item: mask it before it leaves. A report
    of one person is about that person; of several it tells how many."""

    standing: Standing
    known: dict[str, str]
    is_gone: bool  # the key was destroyed
    handler: str
    people: int  # in a report
    company: str
    subject: str  # whose data is shown
    reply_to: str  # of whoever made it, where that is not who it is about


@dataclass(frozen=True)
class Overview:
    """The numbers above the queue. `days` counts what is due, by Seoul day; `average` is in days, None without any."""

    figures: Figures
    days: dict[date, int]
    average: float | None


@dataclass(frozen=True)
class Done:
    """What staff did besides a step: took it over, or revealed values."""

    event: AuditEvent
    words: str


@dataclass(frozen=True)
class Case:
    """One request, opened. All values are plain: mask them before they leave, unless `revealed_until` is set."""

    standing: Standing
    member: Member | None
    known: dict[str, str]
    details: Details
    words: dict[int, str]  # of the steps, by step
    deeds: tuple[Done, ...]
    names: dict[str, str]  # of staff, by account
    papers: Sequence[Paper]
    next: tuple[Word, ...]
    is_own: bool
    is_gone: bool
    revealed_until: datetime | None
    people: int = 0  # in a report, whom `company` reported
    company: str = ""

    @property
    def seen(self) -> int:
        """What a form sends back, so that a step taken meanwhile is noticed."""
        return len(self.standing.events)


class ChangedMeanwhile(Exception):
    """Somebody took a step after the page was shown; `name` is who, "" where it was no colleague."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__("the request has changed meanwhile")


def overview(account_ref: str, at: datetime) -> Overview:
    """Return the numbers above the queue; they tell of nobody."""
    today = seoul_day(at)
    last = today + timedelta(days=FORECAST_DAYS)
    return Overview(
        figures=request_queue.figures(today, today + timedelta(days=SOON_DAYS), account_ref),
        days=requests.open_by_day(today, last),
        average=request_queue.average_days(at - AVERAGE_OVER),
    )


def open_count() -> int:
    """Return how many requests are open."""
    return request_queue.open_count()


def queue(wanted: Wanted, page: int, by: By, at: datetime) -> tuple[list[Line], int]:
    """Return one page of the queue, the first being 1, and how many requests there are in all; audited."""
    with writing() as session:
        rows, total = request_queue.page(wanted, limit=PAGE, offset=(page - 1) * PAGE)
        lines = _lines(rows, at)
        auditing.note_views(Deed.QUEUE_VIEWED, by, at, [line.subject for line in lines])
        session.expunge_all()  # what was read and written down is what is shown, and is not read again
    return lines, total


def search(text: str, by: By, at: datetime) -> tuple[Searched, str | None]:
    """Return what was searched and what was found: a request's number, or a member's reference; audited.

    A member without a request is not found, and neither is anybody else.
    """
    plain = " ".join(text.split())
    if requests_number := _number(plain):
        found = requests.of_number(requests_number)
        return "number", found.number if found else None
    with writing():
        item, people = reaching.named(plain)
        member = next((one for one in people if requests.of_member(one.ref)), None)
        ref = member.ref if member else None
        auditing.note(Deed.MEMBER_SEARCHED, by, at, subject=ref or "", facts={"by": item, "found": bool(ref)})
    return "email" if "@" in plain else "login_id", ref


def opened(number: str, by: By, roles: Collection[Role], at: datetime, session_began: datetime) -> Case:
    """Return everything about one request, audited. Raises NoSuchRequest."""
    with writing() as session:
        found = request_queue.of_number(number)
        if found is None:
            raise NoSuchRequest(number)
        request, member = found
        standing = requesting.stand_of(number, at)
        [line] = _lines([(request, member)], at)
        details = requesting.details_of(request)
        own = _is_own(line, by)
        deeds = audit.found(
            limit=100,
            subject=request.key_ref,
            about=number,
            deeds=[Deed.REQUEST_ASSIGNED.value, Deed.VALUE_REVEALED.value, Deed.PAPER_VIEWED.value],
        )
        words = auditing.words_of(deeds)
        until = revealing.revealed_until(request, by, at, session_began)
        actors = {event.actor for event in standing.events} | {deed.actor for deed in deeds}
        case = Case(
            standing=standing,
            member=member,
            known=line.known,
            details=details,
            words=requesting.words_of(request, standing.events),
            deeds=tuple(Done(deed, words.get(deed.id, "")) for deed in deeds),
            names=accounts.names_of(actors | {request.handler_ref or ""}),
            papers=request_queue.papers_of(request.id),
            next=() if own else requesting.steps_for(standing, by, roles),
            is_own=own,
            is_gone=line.is_gone,
            revealed_until=until,
            people=line.people,
            company=line.company if line.people else "",
        )
        reason = "REVEALED" if until else ""
        subjects = [request.key_ref, line.subject]
        auditing.note_views(Deed.REQUEST_VIEWED, by, at, subjects, about=number, reason=reason)
        session.expunge_all()
    return case


def preview_of(case: Case, at: datetime) -> Preview | None:
    """Return what approving a request would destroy and what it would leave; None where it destroys nothing."""
    if case.standing.kind not in DESTROYING or not case.standing.state.is_open or case.member is None:
        return None
    leaves = case.standing.kind is Kind.LEAVER
    day = date.fromisoformat(case.details.get("left_on") or seoul_day(at).isoformat())
    return ordering.preview(case.member.ref, "LEFT_COMPANY" if leaves else "ASKED", day, at)


def take(number: str, by: By, at: datetime, seen: str | None = None) -> None:
    """Make `by` the one who handles a request; `seen` is whom the page showed as such.

    Raises NoSuchRequest, StepRefused for one's own or one that has ended, or ChangedMeanwhile.
    """
    with writing():
        request = _held(number, by)
        if seen is not None and (request.handler_ref or "") not in (seen, by.ref):
            raise ChangedMeanwhile(_name_of(request.handler_ref or ""))
        if request.ended_at is not None:
            raise StepRefused(NOT_NEXT)
        if request.handler_ref != by.ref:
            request_queue.assign(request, by.ref)
            auditing.note(Deed.REQUEST_ASSIGNED, by, at, subject=request.key_ref, about=number)


def step(
    number: str,
    word: Word,
    *,
    seen: int,
    by: By,
    roles: Collection[Role],
    at: datetime,
    reason: str = "",
    words: str = "",
    until: date | None = None,
    changes: Mapping[str, str] | None = None,
) -> None:
    """Take one step of a request that stands as the page showed it, with `seen` steps, and do what it says is done.

    `changes` are what a correction is to write where the request itself does not say. Raises NoSuchRequest,
    ChangedMeanwhile, StepRefused, DeferralRefused, CannotCarryOut, ProfileFaults, NotEverywhere, or KeyDestroyed.
    """
    standing = requesting.stand_of(number, at)
    if standing.kind is Kind.CORRECTION and word is Word.FULFILLED:
        _refuse_own(_lines([request_queue.of_number(number) or (standing.request, None)], at)[0], by)
        if len(standing.events) == seen and word in requesting.steps_for(standing, by, roles):
            carrying_out.correct(standing.request, changes or {}, by, at)
    with carrying_out.transaction(standing.kind, word):
        request = _held(number, by)
        events = requests.events_of([request.id])[request.id]
        if len(events) != seen:
            raise ChangedMeanwhile(_name_of(events[-1].actor))
        if word in requesting.steps_for(requesting.stand_of(number, at), by, roles):
            carrying_out.carry_out(request, word, by, at)
        requesting.take_step(request, word, by=by, at=at, roles=roles, reason=reason, words=words, until=until)
        if request.handler_ref is None:
            request_queue.assign(request, by.ref)


def log(
    kind: Kind,
    *,
    requester: Requester,
    channel: Channel,
    received_at: datetime,
    subject: Member | None,
    details: Details,
    language: Language,
    nonce: str,
    by: By,
    at: datetime,
) -> Filed:
    """Receive a request that came by telephone, mail or paper; the clock starts when it came. Raises StepRefused for
    one's own."""
    if subject is not None and _is_of(registering.profile_of(subject).get("email", ""), by):
        raise StepRefused(OWN_REQUEST)
    return requesting.receive(
        kind,
        requester=requester,
        channel=channel,
        by=by,
        at=at,
        language=language,
        details=details,
        member_ref=subject.ref if subject else None,
        received_at=received_at,
        nonce=nonce,
    )


def subject_of(text: str, by: By, at: datetime) -> Member | None:
    """Return the one member with exactly this e-mail address, ID or personal contact; audited. Two of one address are
    nobody."""
    with writing():
        item, found = reaching.named(text, as_asking=True)
        member = found[0] if len(found) == 1 else None
        ref = member.ref if member else ""
        auditing.note(Deed.MEMBER_SEARCHED, by, at, subject=ref, facts={"by": item, "found": bool(ref)})
    return member


def paper(number: str, ref: str, by: By, at: datetime, session_began: datetime) -> tuple[Paper, bytes]:
    """Return a document of a request while its values are revealed to `by`; audited. Raises NoSuchRequest."""
    with writing():
        request = requests.of_number(number)
        found = next((one for one in request_queue.papers_of(request.id) if one.ref == ref), None) if request else None
        if request is None or found is None or found.sealed is None:
            raise NoSuchRequest(number)
        if revealing.revealed_until(request, by, at, session_began) is None:
            raise NoSuchRequest(number)
        content: bytes = person_keys.seal_of(request.key_ref).open("papers", "sealed", found.sealed, found.ref)
        auditing.note_views(Deed.PAPER_VIEWED, by, at, [request.key_ref], about=number)
    return found, content


def _held(number: str, by: By) -> Request:
    request = requests.held(number)
    if request is None:
        raise NoSuchRequest(number)
    found = request_queue.of_number(number)
    if found:
        _refuse_own(_lines([found], request.received_at)[0], by)
    return request


def _refuse_own(line: Line, by: By) -> None:
    if _is_own(line, by):
        raise StepRefused(OWN_REQUEST)


def _is_own(line: Line, by: By) -> bool:
    return _is_of(line.known.get("email", ""), by) or _is_of(line.reply_to, by)


def _is_of(email: str, by: By) -> bool:
    """Tell whether an address is of the very person who works here."""
    who = accounts.of_ref(by.ref) if email else None
    return who is not None and who.email.casefold() == email.casefold()


def _name_of(account_ref: str) -> str:
    return accounts.names_of([account_ref]).get(account_ref, "")


def _number(text: str) -> str | None:
    plain = text.upper()
    return plain if plain.startswith("R-") and plain[2:].replace("-", "").isdecimal() else None


def _lines(rows: Sequence[tuple[Request, Member | None]], at: datetime) -> list[Line]:
    """Return the lines of some requests, with few queries however many there are."""
    named = leavers.named_in([request.id for request, _ in rows if is_report(request)])
    alone = {one.ref: one for one in members.of_refs([some.member_ref for some in named.values() if some.people == 1])}
    firms = companies.of_refs({some.company_ref for some in named.values() if some.company_ref})
    seals = person_keys.seals_of({request.key_ref for request, _ in rows} | alone.keys() | firms.keys())
    handlers = accounts.names_of({request.handler_ref for request, _ in rows if request.handler_ref})
    lines = []
    for standing, (request, member) in zip(requesting.standings([one for one, _ in rows], at), rows, strict=True):
        report = named.get(request.id)
        about = alone.get(report.member_ref) if report else member
        subject = about.ref if about else request.key_ref
        seal, known = seals.get(subject), dict[str, str]()
        reply_to = "" if member else _reply_to(request, seals.get(request.key_ref))
        if seal is not None and about is not None:  # without a profile: known from a consent only
            known = seal.open("members", "sealed", about.sealed) if about.sealed else {"host_id": about.host_id}
        elif reply_to and not report:
            known = {"email": reply_to}
        firm = firms.get(report.company_ref or "") if report else None
        firm_seal = seals.get(firm.ref) if firm else None
        company = firm_seal.open("companies", "sealed", firm.sealed) if firm and firm_seal else known
        lines.append(
            Line(
                standing=standing,
                known=known,
                is_gone=seal is None or (report is not None and report.people == 1 and about is None),
                handler=handlers.get(request.handler_ref or "", ""),
                people=report.people if report else 0,
                company=company.get("company_name", ""),
                subject=subject,
                reply_to=reply_to,
            )
        )
    return lines


def _reply_to(request: Request, seal: SubjectSeal | None) -> str:
    if seal is None or request.sealed is None:
        return ""
    return cast(str, seal.open("requests", "sealed", request.sealed, request.ref).get("reply_to", ""))
