"""Fulfilling: a request that led to a destruction ends when that is proved, and whoever asked gets the proof."""

from datetime import datetime
from typing import Any

from portal.records import leavers, requests
from portal.records.destructions import Destruction
from portal.records.members import new_ref
from portal.records.requests import Request
from portal.rules.progress import Word
from portal.services import mailing, requesting
from portal.services.auditing import SYSTEM
from portal.services.reported import is_report


def end(destruction: Destruction, facts: dict[str, Any], code: str, at: datetime) -> None:
    """End the request inside the caller's transaction and write to whoever is to know.

    The letter is sealed under a key of its own: the person's is destroyed, and the letter outlives it only until it is
    sent.
    """
    if destruction.request_number:
        request = requests.held(destruction.request_number)
        if request is not None and request.ended_at is None and not is_report(request):
            requesting.take_step(request, Word.FULFILLED, by=SYSTEM, at=at, tasks_open=0)
    for request_id in leavers.end_everywhere(destruction.member_ref, "RIGHT", at):
        end_report(request_id, at)
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
            key_ref=new_ref(),
            language=facts["language"],
            at=at,
            about=destruction.request_number or "",
        )


def end_report(request_id: int, at: datetime) -> None:
    """End an approved report in which nobody is open any more, inside the caller's transaction: in part where an
    objection was upheld."""
    request = requests.held_by_id(request_id)
    figures = leavers.figures_of(request_id)
    if request is None or request.ended_at is not None or figures.still_open:
        return
    if requests.events_of([request.id])[request.id][-1].word != Word.HANDED_TO_DESTRUCTION.value:
        return
    word, reason = (Word.PARTIAL, "MEMBER_OBJECTED") if figures.wrong else (Word.FULFILLED, "")
    requesting.take_step(request, word, by=SYSTEM, at=at, reason=reason, tasks_open=0)


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
