"""Revealing: masked values of one request are shown to one handler for five minutes, for a reason that is written down.

That it was revealed is the audit row itself: no other state says so, and a row that cannot be written reveals nothing.
The words of the reason are sealed under the key of the person they speak of, who sees the row on their own page.
"""

from datetime import datetime

from portal.database import writing
from portal.records import audit, requests
from portal.records.requests import Request
from portal.rules.deed import Deed
from portal.rules.reveal import LASTS, faults
from portal.services import auditing
from portal.services.auditing import By
from portal.services.requesting import NoSuchRequest


def reveal(number: str, reason: str, words: str, by: By, at: datetime) -> None:
    """Reveal the values of a request to `by` from now on. `reason` and `words` have been judged by `rules.reveal`.

    Raises NoSuchRequest, ValueError for a reason that is none, NoKey or KeyDestroyed: what is gone is not revealed.
    """
    if faults(reason, words):
        raise ValueError("a value is revealed for a reason only")
    with writing():
        request = requests.of_number(number)
        if request is None:
            raise NoSuchRequest(number)
        auditing.note(
            Deed.VALUE_REVEALED,
            by,
            at,
            subject=request.key_ref,
            about=number,
            reason=reason,
            words=" ".join(words.split()),
        )


def revealed_until(request: Request, by: By, at: datetime, session_began: datetime) -> datetime | None:
    """Return until when the values of a request are open to `by`; None when they are not. A new sign-in closes them."""
    since = max(at - LASTS, session_began)
    rows = audit.found(
        limit=1,
        subject=request.key_ref,
        deed=Deed.VALUE_REVEALED.value,
        actor=by.ref,
        about=request.number,
        since=since,
    )
    until = rows[0].at + LASTS if rows else None
    return until if until is not None and at < until else None
