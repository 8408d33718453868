"""Verifying the audit chain: is every row as it was written, and does it reach the head that was exported earlier?

The head leaves the installation as a signed document. Kept elsewhere, it finds what no look at the store alone can
find: a tail that was cut off together with the store's own head.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from portal.database import writing
from portal.records import audit
from portal.records.audit import AuditEvent
from portal.rules.chain import Broken, Head, Intact, Row, Why, verify
from portal.rules.deed import Deed
from portal.services import auditing
from portal.services.auditing import OPERATOR, By
from portal.vault.documents import NotGenuine, open_document, sign_document
from portal.vault.signing import Signer

KIND = "audit head"
TOLD_EVERY = 1000

WORDS: Mapping[Why, str] = {
    Why.MISSING: "the row before it is not the one that was written there: a row was removed, added or moved",
    Why.EDITED: "what it says is not what was written",
    Why.OUT_OF_ORDER: "its number does not rise",
    Why.CUT: "the rows end before it: the tail of the chain was cut off",
    Why.REPLACED: "another chain stands where this row was",
}


@dataclass(frozen=True)
class Checked:
    """How the chain stands; `event` is the row that does not fit, as far as it is there."""

    verdict: Intact | Broken
    event: AuditEvent | None = None


def check(expected: Head | None = None, tell: Callable[[int], None] = lambda rows: None) -> Checked:
    """Read the whole chain once; it must meet `expected`, and the head that the store itself tells. `tell` hears of
    rows read. Rows that are written meanwhile do no harm."""
    key: bytes = current_app.extensions["portal.secrets"].audit_key
    before = audit.head()
    verdict = verify(_counted(audit.rows(), tell), key, expected)
    if isinstance(verdict, Intact):
        last = verdict.head
        if last.count < before.count:
            verdict = Broken(before.seq, Why.CUT)
        elif audit.head().count < last.count or (last.count == before.count and last != before):
            verdict = Broken(last.seq, Why.REPLACED)
    return Checked(verdict, audit.of_number(verdict.seq) if isinstance(verdict, Broken) else None)


def row_count() -> int:
    """Return how many rows the store tells of."""
    return audit.head().count


def exported(at: datetime) -> str:
    """Return the head of the chain as a signed document, to be kept elsewhere."""
    head = audit.head()
    record = {
        "kind": KIND,
        "seq": head.seq,
        "segment": head.segment,
        "mac": head.mac.hex(),
        "count": head.count,
        "exported_at": at.isoformat(),
    }
    return sign_document(record, Signer(current_app.extensions["portal.secrets"].receipt_key))


def imported(text: str) -> Head:
    """Return the head that a document exported from here tells. Raises NotGenuine."""
    record: dict[str, Any] = open_document(
        text, Signer(current_app.extensions["portal.secrets"].receipt_key).public_pem
    )
    try:
        if record["kind"] != KIND:
            raise NotGenuine("it is another kind of document")
        return Head(int(record["seq"]), str(record["segment"]), bytes.fromhex(record["mac"]), int(record["count"]))
    except (KeyError, TypeError, ValueError) as error:
        raise NotGenuine("it is another kind of document") from error


def shown(
    at: datetime, *, limit: int, subject: str = "", since: datetime | None = None, by: By = OPERATOR
) -> Sequence[AuditEvent]:
    """Return rows of the chain, newest first; the look itself is the next row."""
    wanted: dict[str, Any] = {"subject": subject} if subject else {}
    if since is not None:
        wanted["since"] = since
    with writing() as session:
        rows = audit.found(limit=limit, **wanted)
        for row in rows:
            session.expunge(row)
        auditing.note(Deed.AUDIT_VIEWED, by, at, subject=subject, facts={"rows": len(rows)})
        return rows


def _counted(rows: Iterator[Row], tell: Callable[[int], None]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % TOLD_EVERY == 0:
            tell(TOLD_EVERY)
