"""Consents and their receipts: evidence that outlives the person it was of.

Decisions and receipts are append-only and name the member by an opaque reference alone. Once the member's row is gone
the reference leads to nobody: what stays proves that the company had asked, and identifies no one.
"""

from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import consents, receipts

from . import Subject
from .staying import Staying


class Consents(Staying):
    """The rows of `consent_events` and `receipts`."""

    key = "consents"
    name = Text(ko="동의 내역과 확인서", en="consents and receipts")
    articles = ("2-1", "7")
    kept = ""

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


HOLDING = Consents()
