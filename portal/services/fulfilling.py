"""Fulfilling: a request that led to a destruction ends when that is proved, and whoever asked gets the proof."""

from datetime import datetime
from typing import Any

from portal.database import db, end_reading, in_parts, writing
from portal.policy.model import Text
from portal.records import companies, destructions, leavers, requests
from portal.records.destructions import Destruction
from portal.records.requests import Request
from portal.rules.progress import Word
from portal.services import issuing, mailing, registering, requesting
from portal.services.auditing import SYSTEM
from portal.services.reported import is_report
from portal.vault import certificates

SPARED = Text(
    ko="이의가 받아들여진 %s명의 정보는 파기하지 않았어요.\n",
    en="Nothing was destroyed of %s whose objection was upheld.\n",
)


def end(destruction: Destruction, facts: dict[str, Any], code: str, at: datetime) -> None:
    """End the request inside the caller's transaction and write to whoever is to know.

    The letter is sealed under a key of its own: the person's is destroyed, and the letter outlives it only until it is
    sent.
    """
    if destruction.request_number:
        request = requests.held(destruction.request_number)
        if request is not None and request.ended_at is None and not is_report(request):
            requesting.take_step(request, Word.FULFILLED, by=SYSTEM, at=at, tasks_open=0)
    _end_others(destruction, at)
    if facts.get("write_to"):
        values = {
            "number": destruction.request_number or "",
            "code": code,
            "link": mailing.link(f"/certificates/{code}"),
        }
        mailing.post(
            "destroyed",
            facts["write_to"],
            values,
            key_ref=None,
            language=facts["language"],
            at=at,
            about=destruction.request_number or "",
        )


def _end_others(destruction: Destruction, at: datetime) -> None:
    """End what else was approved for this person, as by an agent: one destruction is the end of every such request."""
    found = [one for one in requests.of_member(destruction.member_ref) if one.ended_at is None]
    events = requests.events_of([one.id for one in found])
    for one in found:
        if events[one.id][-1].word == Word.HANDED_TO_DESTRUCTION.value:
            request = requests.held(one.number)
            if request is not None and request.ended_at is None:
                requesting.take_step(request, Word.FULFILLED, by=SYSTEM, at=at, tasks_open=0)


def end_reports(at: datetime, limit: int = 200) -> int:
    """End the approved reports in which nobody is open any more, each in its own transaction; return how many."""
    done = leavers.requests_done(limit)
    end_reading()
    ended = 0
    for request_id in done:
        with writing():
            ended += end_report(request_id, at)
    return ended


def end_report(request_id: int, at: datetime) -> bool:
    """End an approved report in which nobody is open any more, inside the caller's transaction; tell whether it did.

    1. Of two workers that finish the last two people at once, the second waits here and finds it ended.
    2. The certificate is issued once, before anything tells of it: that of the one person, or one for the list.
    3. The report ends, in part where an objection was upheld, and the reporter is written to.
    """
    # 1.
    request = requests.held_by_id(request_id)
    figures = leavers.figures_of(request_id)
    if request is None or request.ended_at is not None or figures.still_open:
        return False
    if requests.events_of([request.id])[request.id][-1].word != Word.HANDED_TO_DESTRUCTION.value:
        return False
    # 2.
    code = _certificate_of(request, at)
    # 3.
    word, reason = (Word.PARTIAL, "MEMBER_OBJECTED") if figures.wrong else (Word.FULFILLED, "")
    letter = "leavers_done" if code and request.requester == "EMPLOYER" else "request_result"
    told: dict[str, str | Text] = {
        "people": f"{figures.right:,}",
        "spared": Text(ko=SPARED.ko % figures.wrong, en=SPARED.en % figures.wrong) if figures.wrong else "",
        "code": code,
        "certificate": mailing.link(f"/certificates/{code}"),
    }
    requesting.take_step(request, word, by=SYSTEM, at=at, reason=reason, tasks_open=0, letter=letter, told=told)
    return True


def destructions_of(request: Request) -> list[Destruction]:
    """Return the destructions of everybody who was reported rightly in a report."""
    found: list[Destruction] = []
    for some in in_parts(leavers.refs_that_ended(request.id, "RIGHT")):
        found += destructions.of_members(some).values()
    return found


def _certificate_of(request: Request, at: datetime) -> str:
    """Return the code of what proves a report: of a list its own certificate, of one person that person's."""
    done = destructions_of(request)
    people = leavers.of_request(request.id, limit=2)
    if len(people) == 1:
        issued = certificates.newest_of(db.engines["keys"], done[0].ref) if done else None
        return issued.code if issued else ""
    return issuing.certify_list(request, [one.ref for one in done], company_of(request), at)


def company_of(request: Request) -> str:
    """Return the name of the company that made a report, "" for any other request."""
    people = leavers.of_request(request.id, limit=1) if is_report(request) else []
    company = companies.of_ref(people[0].company_ref) if people and people[0].company_ref else None
    return registering.company_of(company)["company_name"] if company else ""


def dispute_of(request: Request) -> dict[str, Any]:
    """Return what is kept of a complaint: what was written, and how it was answered."""
    events = requests.events_of([request.id])[request.id]
    words = requesting.words_of(request, events)
    return {
        "number": request.number,
        "received_at": request.received_at.isoformat(),
        "details": requesting.details_of(request),
        "steps": [
            {"step": event.word, "at": event.at.isoformat(), "ground": event.reason, "words": words.get(event.id, "")}
            for event in events
        ],
    }
