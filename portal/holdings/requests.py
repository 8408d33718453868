"""Requests: what a member asked for and was told, and the papers of whoever asked for them.

That there was a request, its number, days and steps stay, under an opaque reference. What was written goes with the
member's key; where a dispute must be kept, it has been copied into the separate store before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import leavers, requests
from portal.records.requests import Request
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed, NoKey

from . import Piece, Subject


class Requests:
    """The sealed columns of `requests`, `request_events`, `papers` and `objections`."""

    key = "requests"
    name = Text(ko="요청과 처리 결과", en="requests and their results")
    articles = ("2-1", "5", "10")
    kept = "dispute"

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        return []  # shown as a list of its own

    def export(self, subject: Subject, at: datetime) -> list[dict[str, Any]]:
        found = requests.of_member(subject.member_ref)
        events = requests.events_of([request.id for request in found])
        return [
            {
                "number": request.number,
                "kind": request.kind,
                "channel": request.channel,
                "received_at": request.received_at.isoformat(),
                "due_day": request.due_day.isoformat(),
                "details": _opened(request, "requests", request.sealed),
                "steps": [
                    {
                        "step": event.word,
                        "at": event.at.isoformat(),
                        "ground": event.reason,
                        "words": _opened(request, "request_events", event.sealed),
                    }
                    for event in events[request.id]
                ],
            }
            for request in found
        ] + [
            {
                "kind": "OBJECTION",
                "received_at": objection.made_at.isoformat(),
                "details": _opened_with(leaver.member_ref, "objections", objection.sealed, str(leaver.id)),
            }
            for leaver, objection in leavers.of_member(subject.member_ref)
        ]

    def count(self, subject: Subject) -> int:
        return requests.count_sealed(subject.member_ref) + leavers.count_words(subject.member_ref)

    def destroy(self, subject: Subject, at: datetime) -> int:
        return requests.wipe_of(subject.member_ref, at) + leavers.wipe_words(subject.member_ref)

    def verify(self, subject: Subject) -> int:
        return self.count(subject)

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        refs = [subject.member_ref for subject in subjects]
        counts = requests.counts_sealed(refs) + leavers.counts_of_words(refs)
        return [counts[ref] for ref in refs]


def _opened(request: Request, table: str, sealed: bytes | None) -> Any:
    return _opened_with(request.key_ref, table, sealed, request.ref)


def _opened_with(key_ref: str, table: str, sealed: bytes | None, row: str) -> Any:
    if sealed is None:
        return None
    try:
        return person_keys.seal_of(key_ref).open(table, "sealed", sealed, row)
    except (NoKey, KeyDestroyed):
        return None


HOLDING = Requests()
