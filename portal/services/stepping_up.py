"""Stepping up: before data leaves or is deleted, members show once more who they are, by a code sent to their mailbox.

The code is worth something in the browser and for the action that asked for it alone, and works once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.database import writing
from portal.holdings import Subject
from portal.policy.model import Language
from portal.records import members
from portal.rules.identifier import IdentifierFault
from portal.rules.mask import mask_email
from portal.services import mailing, proving, showing
from portal.services.limiting import limit

LASTS = timedelta(minutes=10)
CODES, WITHIN = 5, timedelta(minutes=30)


@dataclass(frozen=True)
class Asked:
    """A code is on its way to `address`, shown under its mask; `ref` is brought back with it."""

    ref: str
    address: str


class NoAddress(Exception):
    """Nothing is known of the member that a code could be sent to."""


def ask(subject: Subject, bound_to: str, at: datetime, language: Language) -> Asked:
    """Send a code to the member's own address. Raises NoAddress, TooMany, or KeyDestroyed."""
    held = showing.held_of(subject, at)
    address = next(iter(held.values.get("email", ())), "")
    if not address:
        raise NoAddress
    limit("code for", subject.host_id, at, times=CODES, within=WITHIN)
    with writing():
        member_ref = members.meet(subject.host_id, members.new_ref(), at).ref
        ref, code = proving.issue_code("STEP_UP", member_ref, at, LASTS, bound_to)
        values = {"code": code, "minutes": str(int(LASTS.total_seconds() // 60))}
        try:
            mailing.post("step_up_code", address, values, key_ref=member_ref, language=language, at=at)
        except IdentifierFault as fault:
            raise NoAddress from fault
    return Asked(ref, mask_email(address))


def is_proved(subject: Subject, ref: str, code: str, bound_to: str, at: datetime) -> bool:
    """Tell whether this code was sent to this member for this, and use it up; a wrong one costs a try."""
    with writing():
        proved = proving.redeem(ref, "".join(code.split()), "STEP_UP", at, bound_to)
    return bool(proved) and proved == showing.ref_of(subject.host_id)
