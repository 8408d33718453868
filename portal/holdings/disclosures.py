"""Disclosures: what of a member went to whom, evidence that outlives the person it was of.

The ledger is append-only and names fields, never values, and the member by an opaque reference alone (Article 2-2; PIPA
art. 35 asks for it on request). Once the member's row is gone the reference leads to nobody.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal.policy.model import Text
from portal.records import disclosures

from . import Subject
from .staying import Staying

READ_AT_ONCE = 500


class Disclosures(Staying):
    """The rows of `disclosures` that were allowed."""

    key = "disclosures"
    name = Text(ko="맡기거나 제공한 내역", en="disclosures to others")
    articles = ("2-2", "4")
    kept = ""

    def export(self, subject: Subject, at: datetime) -> Iterator[dict[str, Any]]:
        before = None
        while subject.member_ref and (rows := disclosures.of_member(subject.member_ref, READ_AT_ONCE, before)):
            for row in rows:
                yield {
                    "processor": row.processor,
                    "disclosed": [{"item": item} for item in row.items.split(",")],
                    "purpose": row.purpose,
                    "at": row.at.isoformat(),
                    "reference": row.reference,
                }
            before = rows[-1].id


HOLDING = Disclosures()
