"""Letters: what waits in the outbox to be written to a member. What was sent is wiped already."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import mails

from . import Piece, Subject


class Letters:
    """The sealed columns of `mails`."""

    key = "letters"
    name = Text(ko="보낼 메일", en="mail to be sent")
    articles = ("3",)
    kept = ""

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        return []

    def export(self, subject: Subject, at: datetime) -> list[dict[str, Any]]:
        return [
            {
                "kind": mail.kind,
                "about": mail.about,
                "made_at": mail.made_at.isoformat(),
                "state": mail.state,
                "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
            }
            for mail in mails.under_key(subject.member_ref)
        ]

    def count(self, subject: Subject) -> int:
        return mails.count_sealed(subject.member_ref)

    def destroy(self, subject: Subject, at: datetime) -> int:
        return mails.wipe_under(subject.member_ref)

    def verify(self, subject: Subject) -> int:
        return self.count(subject)

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        refs = [subject.member_ref for subject in subjects]
        counts = mails.counts_sealed(refs)
        return [counts[ref] for ref in refs]


HOLDING = Letters()
