"""Consents and their receipts: evidence that outlives the person it was of.

Decisions and receipts are append-only and name the member by an opaque reference alone. Once the member's row is gone
the reference leads to nobody: what stays proves that the company had asked, and identifies no one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import consents, receipts

from . import Piece, Subject


class Consents:
    """The rows of `consent_events` and `receipts`."""

    key = "consents"
    name = Text(ko="동의 내역과 확인서", en="consents and receipts")
    articles = ("2-1", "7")
    kept = ""

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        return []  # shown as a list of its own, with receipts and withdrawal

    def export(self, subject: Subject, at: datetime) -> list[dict[str, Any]]:
        proofs = {receipt.submission: receipt.receipt_ref for receipt in receipts.of_member(subject.member_ref)}
        return [
            {
                "item": event.item,
                "decision": event.decision,
                "at": event.decided_at.isoformat(),
                "policy_version": event.policy_version,
                "text": shown.body if (shown := consents.text_shown(event.text_sha256)) else "",
                "receipt": proofs.get(event.submission),
            }
            for event in consents.of_member(subject.member_ref)
        ]

    def count(self, subject: Subject) -> int:
        return 0  # nothing here is destroyed: it is unlinked by the end of the member's row

    def destroy(self, subject: Subject, at: datetime) -> int:
        return 0

    def verify(self, subject: Subject) -> int:
        """Return 0: that the reference leads to nobody is proved where the member's row is destroyed, perhaps by
        another worker and perhaps a moment later."""
        return 0

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        return [0 for _ in subjects]

    def verify_many(self, subjects: Sequence[Subject]) -> list[int]:
        return [0 for _ in subjects]


HOLDING = Consents()
