"""Traces: sign-in sessions and mailed proofs of a member, and the free words that staff wrote when they looked.

Who looked, when and at what stays in the audit chain, under the opaque reference; the words and the salt of their
commitment go, and the chain stays whole.
"""

from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import audit, proofs, sessions
from portal.rules.deed import VIEWS

from . import Piece, Subject


class Traces:
    """The rows of `sessions`, `proofs` and `audit_words`."""

    key = "traces"
    name = Text(ko="로그인 흔적과 조회 사유", en="sign-in traces and reasons for viewing")
    articles = ("8",)
    kept = ""

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        return []  # who looked is shown as a list of its own

    def export(self, subject: Subject, at: datetime) -> list[dict[str, Any]]:
        return [
            {"at": event.at.isoformat(), "deed": event.deed, "reason": event.reason, "request": event.about}
            for event in audit.found(limit=10_000, subject=subject.member_ref, deeds=[deed.value for deed in VIEWS])
        ]

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


HOLDING = Traces()
