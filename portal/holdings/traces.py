"""Traces: sign-in sessions and mailed proofs of a member, and the free words that staff wrote when they looked.

Who looked, when and at what stays in the audit chain, under the opaque reference; the words and the salt of their
commitment go, and the chain stays whole.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import audit, proofs, sessions
from portal.records.audit import READ_AT_ONCE, AuditEvent
from portal.rules.deed import VIEWS
from portal.vault import person_keys

from . import Piece, Subject


def words_of(events: Sequence[AuditEvent]) -> dict[int, str]:
    """Return the free words of these rows, by row; those whose key was destroyed are left out."""
    kept = audit.words_of([event.id for event in events if event.commitment])
    seals = person_keys.seals_of(words.key_ref for words in kept.values())
    return {
        event_id: seals[words.key_ref].open("audit_words", "sealed", words.sealed, str(event_id))["words"]
        for event_id, words in kept.items()
        if words.key_ref in seals
    }


class Traces:
    """The rows of `sessions`, `proofs` and `audit_words`."""

    key = "traces"
    name = Text(ko="로그인 흔적과 조회 사유", en="sign-in traces and reasons for viewing")
    articles = ("8",)
    kept = ""

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        return []  # who looked is shown as a list of its own

    def export(self, subject: Subject, at: datetime) -> Iterator[dict[str, Any]]:
        before = None
        views = [deed.value for deed in VIEWS]
        while subject.member_ref and (
            rows := audit.found(limit=READ_AT_ONCE, before=before, subject=subject.member_ref, deeds=views)
        ):
            words = words_of(rows)
            for event in rows:
                yield {
                    "at": event.at.isoformat(),
                    "deed": event.deed,
                    "reason": event.reason,
                    "words": words.get(event.id, ""),
                    "request": event.about,
                }
            before = rows[-1].id

    def count(self, subject: Subject) -> int:
        return (
            sessions.count_of("MEMBER", subject.member_ref)
            + proofs.count_of(subject.member_ref)
            + audit.count_words(subject.member_ref)
        )

    def destroy(self, subject: Subject, at: datetime) -> int:
        gone = self.count(subject)
        sessions.end_all("MEMBER", subject.member_ref)
        proofs.destroy_of(subject.member_ref)
        audit.destroy_words(subject.member_ref)
        return gone

    def verify(self, subject: Subject) -> int:
        return self.count(subject)

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        refs = [subject.member_ref for subject in subjects]
        counts = sessions.counts_of("MEMBER", refs) + proofs.counts_of(refs) + audit.counts_of_words(refs)
        return [counts[ref] for ref in refs]


HOLDING = Traces()
