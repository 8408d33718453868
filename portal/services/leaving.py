"""Leaving: a company or its HR system reports who has left; their accounts close at once, nothing is destroyed yet.

A report, in the order that is safety, in one transaction:
1. the gate's readers are told; the people are held, so that of two reports of one person the second finds the first,
2. the same form sent twice is one report; who is not the company's, reported already or destroyed is left out,
3. the request is filed, its people are kept one by one,
4. whoever may report is believed and the accounts are closed; the report of an admin whose last ones were wrong waits
   for the staff and closes nothing.

Telling the people and ordering their destruction is work for a job, in small transactions, each of which may be the
last one of a process that is killed: what was done is not done twice, what was not is done by the next.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from flask import Flask, current_app

from portal.clock import seoul_day
from portal.database import in_parts, writing
from portal.policy.model import Language, Text
from portal.records import accounts, companies, destructions, leavers, members, requests
from portal.records.leavers import Leaver
from portal.records.members import Member
from portal.records.requests import Request
from portal.rules.deadline import Kind
from portal.rules.identifier import index_form, is_address
from portal.rules.leaving import ReportEnd, approvals_for, objection_ends_on
from portal.rules.progress import Word
from portal.rules.request import NOT_NEXT, StepRefused
from portal.services import accounts as people_here
from portal.services import company_admins, fulfilling, mailing, ordering, proving, registering, requesting
from portal.services.auditing import HOST, SYSTEM, By
from portal.services.changing import changing_standing
from portal.services.requesting import Filed, NoSuchRequest
from portal.settings import Settings

AT_ONCE = 200
ORDERED_AT_ONCE = 50
LONGEST_S = 2.0  # a transaction of the job that takes longer ends early, so that others may write
LINK_LASTS = timedelta(days=14)  # an objection is heard as long as nothing was destroyed
FROM_HOST = "HOST"
OBJECTED = Text(
    ko="이의를 낸 회원이 있어 담당자가 확인하고 있어요. 지금은 취소할 수 없어요.",
    en="A member has objected and our staff are looking into it. The request cannot be taken back now.",
)


@dataclass(frozen=True)
class Leaving:
    """One person who has left, and their last day."""

    member_ref: str
    left_on: date


class NobodyToReport(Exception):
    """Nobody who was named can be reported: unknown to this company, reported already, or destroyed."""


def report(
    company_ref: str,
    people: Sequence[Leaving],
    *,
    reporter: str,
    by: By,
    at: datetime,
    language: Language,
    reply_to: str = "",
    nonce: str = "",
) -> Filed:
    """Report people who have left this company, by one of its admins (an account's reference) who attested it.

    Raises NobodyToReport.
    """
    with changing_standing():
        return file_report(
            company_ref, people, reporter=reporter, by=by, at=at, language=language, reply_to=reply_to, nonce=nonce
        )


def left(host_id: str, left_on: date, at: datetime) -> Filed | None:
    """Report what an HR system says of one person: not active any more. None for somebody who is not known here, was
    reported or destroyed."""
    with changing_standing():
        member = members.of_host(host_id)
        if member is None:
            return None
        language = _settings().language
        try:
            return file_report(
                member.company_ref,
                [Leaving(member.ref, left_on)],
                reporter=FROM_HOST,
                by=HOST,
                at=at,
                language=language,
            )
        except NobodyToReport:
            return None


def file_report(
    company_ref: str | None,
    people: Sequence[Leaving],
    *,
    reporter: str,
    by: By,
    at: datetime,
    language: Language,
    reply_to: str = "",
    nonce: str = "",
) -> Filed:
    """Do what `report` does inside the caller's transaction, which `changing_standing` opened."""
    days = {person.member_ref: person.left_on for person in people}
    # 1.
    held = [member for some in in_parts(sorted(days)) for member in members.hold_many(some)]
    # 2.
    known = requesting.filed_before(nonce)
    if known is not None:
        return known
    reported = _to_report(company_ref, held)
    if not reported:
        raise NobodyToReport
    # 3.
    filed = requesting.file_request(
        Kind.LEAVER,
        requester="EMPLOYER",
        channel="ORG",
        by=by,
        at=at,
        language=language,
        details={"reply_to": reply_to} if reply_to else {},
        nonce=nonce,
        approvals=approvals_for(
            len(reported),
            with_admin=bool(_admins_among(company_ref, reported)),
            two_above=_settings().two_approvals_above,
        ),
        letter="leavers_received",
        values={"people": f"{len(reported):,}"},
    )
    request = _held(filed.number)
    refs = {member.ref for member in reported}
    leavers.add_many(
        [
            {
                "request_id": request.id,
                "member_ref": ref,
                "company_ref": company_ref,
                "reporter": reporter,
                "left_on": left_on,
                "reported_on": seoul_day(at),
                "telling": "HELD",
            }
            for ref, left_on in days.items()
            if ref in refs
        ]
    )
    # 4.
    if reporter == FROM_HOST or not company_admins.reports_go_to_staff(reporter):
        requesting.take_step(request, Word.IDENTITY_CHECK, by=SYSTEM, at=at)
    return filed


def take_back(number: str, *, company_ref: str, by: By, at: datetime) -> None:
    """Take back a report of one's company: its people come in again. Raises NoSuchRequest, and StepRefused once it was
    decided, or while an objection is judged."""
    with changing_standing():
        request = requests.held(number)
        if request is None or company_of(request) != company_ref:
            raise NoSuchRequest(number)
        if leavers.has_open_objection(request.id):
            raise StepRefused(OBJECTED)
        if request.ended_at is not None:
            raise StepRefused(NOT_NEXT)
        requesting.take_step(request, Word.CANCELLED, by=by, at=at, for_requester=True)


def company_of(request: Request) -> str | None:
    """Return the company that made a report; None for any other request."""
    people = leavers.of_request(request.id, limit=1)
    return people[0].company_ref if people and request.channel == "ORG" else None


def tell_and_order(app: Flask, at: datetime, tell: Callable[[str], None] = lambda line: None) -> dict[str, int]:
    """Tell who was reported, order what was approved once the days to object are over, and end reports that are done;
    chunk by chunk, each in its own transaction."""
    with app.app_context():
        told = _in_chunks(lambda: tell_some(at), "people told", tell)
        ordered = _in_chunks(lambda: order_some(at), "destructions ordered", tell)
        ended = _in_chunks(lambda: fulfilling.end_reports(at), "reports ended", tell)
    return {"told": told, "ordered": ordered, "ended": ended}


def tell_some(at: datetime, limit: int = AT_ONCE) -> int:
    """Write to some of those who were reported, in one transaction; return to how many."""
    with writing():
        waiting = leavers.to_tell(limit)
        found = {member.ref: member for member in members.of_refs([leaver.member_ref for leaver in waiting])}
        profiles = registering.profiles_of(found.values())
        of = {request.id: request for request in requests.of_ids({leaver.request_id for leaver in waiting})}
        until = time.monotonic() + LONGEST_S
        for count, leaver in enumerate(waiting, 1):
            _tell(leaver, profiles.get(leaver.member_ref, {}), of[leaver.request_id], at)
            if time.monotonic() > until:
                return count
        return len(waiting)


def order_some(at: datetime, limit: int = AT_ONCE) -> int:
    """Order the destruction of some of those whose days to object are over, in one transaction; return of how many."""
    before = seoul_day(at) - timedelta(days=_settings().objection_days)
    with writing():
        due = leavers.to_order(before, limit)
        # Asked again once their rows are ours: who objected while we waited for a row was not seen before.
        objections = leavers.objections_of([leaver.id for leaver in due])
        due = [leaver for leaver in due if leaver.id not in objections or objections[leaver.id].upheld is False]
        of = {request.id: request for request in requests.of_ids({leaver.request_id for leaver in due})}
        approvers = _approvers(of)
        until = time.monotonic() + LONGEST_S
        count = 0
        for request_id, request in of.items():
            people = [leaver for leaver in due if leaver.request_id == request_id]
            for start in range(0, len(people), ORDERED_AT_ONCE):
                some = people[start : start + ORDERED_AT_ONCE]
                _order(some, request, approvers[request_id], at)
                count += len(some)
                if time.monotonic() > until:
                    return count
        return count


def _to_report(company_ref: str | None, held: Sequence[Member]) -> list[Member]:
    ours = {member.ref: member for member in held if member.company_ref == company_ref}
    for some in in_parts(list(ours)):
        for ref in leavers.refs_open(some) | destructions.refs_destroyed(some):
            ours.pop(ref, None)
    return list(ours.values())


def _admins_among(company_ref: str | None, people: Sequence[Member]) -> list[str]:
    """Return the accounts of those who administer the company: accounts and members have the address in common."""
    admins = people_here.opened(accounts.of_company(company_ref)) if company_ref else []
    index = registering.blind_index()
    addresses = {member.email_index for member in people}
    return [
        person.ref
        for person in admins
        if person.state != "DISABLED" and index.of("email", index_form("email", person.email)) in addresses
    ]


def _tell(leaver: Leaver, profile: dict[str, str], request: Request, at: datetime) -> None:
    """Write to one person, at every address there is. The days to object begin when we write, however late that is."""
    leaver.reported_on = max(leaver.reported_on, seoul_day(at))
    addresses = addresses_of(profile)
    leaver.telling, leaver.told_at = ("TOLD", at) if addresses else ("NO_ADDRESS", None)
    if not addresses:
        return
    token = proving.issue_link("OBJECTION", str(leaver.id), at, LINK_LASTS)
    company = companies.of_ref(leaver.company_ref) if leaver.company_ref else None
    language = cast(Language, request.language)
    last_day = objection_ends_on(leaver.reported_on, _settings().objection_days)
    values = {
        "company": registering.company_of(company)["company_name"] if company else profile.get("company_name", "-"),
        "number": request.number,
        "left": f"{leaver.left_on:%Y-%m-%d}",
        "until": f"{last_day:%Y-%m-%d}",
        "link": mailing.link(f"/objections?token={token}"),
    }
    for to in addresses:
        mailing.post(
            "leaver_reported", to, values, key_ref=leaver.member_ref, language=language, at=at, about=request.number
        )


def addresses_of(profile: dict[str, str]) -> tuple[str, ...]:
    """Return where a member is told of their leaving, none for nowhere: at the personal contact where that is an
    address, for who has left may not read the company's mailbox any more, and at the account's, for a contact that
    somebody mistyped, or that the company gave, must not be the only place that hears of it.

    Told only: what a contact opens is `entering`'s to judge."""
    contact, email = profile.get("personal_contact", ""), profile.get("email", "")
    is_another = is_address(contact) and contact.casefold() != email.casefold()
    return tuple(address for address in (contact if is_another else "", email) if address)


def _order(people: Sequence[Leaver], request: Request, approver: str, at: datetime) -> None:
    asked_alone = request.requester != "EMPLOYER"
    ordered = ordering.order_many(
        {leaver.member_ref: leaver.left_on for leaver in people},
        "LEFT_COMPANY",
        by=SYSTEM,
        at=at,
        handler=request.handler_ref or "",
        approver=approver,
        request_number=request.number,
        batch_ref=request.ref,
        write_to=requesting.details_of(request).get("reply_to", "") if asked_alone else "",
        language=request.language,
    )
    for leaver in people:
        if leaver.member_ref not in ordered:  # destroyed by another way, the row with it
            leaver.end, leaver.ended_at = ReportEnd.RIGHT.value, at
        leaver.ordered_at = at


def _approvers(of: dict[int, Request]) -> dict[int, str]:
    events = requests.events_of(list(of))
    return {
        request_id: next((event.actor for event in reversed(some) if event.word == Word.APPROVED.value), "")
        for request_id, some in events.items()
    }


def _in_chunks(step: Callable[[], int], words: str, tell: Callable[[str], None]) -> int:
    total = 0
    while done := step():
        total += done
        tell(f"{total} {words}")
    return total


def _held(number: str) -> Request:
    request = requests.held(number)
    if request is None:
        raise NoSuchRequest(number)
    return request


def _settings() -> Settings:
    return cast(Settings, current_app.extensions["portal.settings"])
