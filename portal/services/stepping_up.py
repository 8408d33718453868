"""Stepping up: before data leaves or is deleted, members show once more who they are, by a code sent to their mailbox:
the account's address, or the personal contact that they have proved to be theirs, whichever they can read.

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
from portal.services import mailing, proving, reaching, showing
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


def ask(
    subject: Subject, bound_to: str, at: datetime, language: Language, *, at_contact: bool = False, address: str = ""
) -> Asked:
    """Send a code to the member's own address, or at the proved contact where that is wished; to `address` where it is
    that address which is to be proved. Raises NoAddress, TooMany, or KeyDestroyed."""
    contact = proved_contact(subject)
    if not address:
        address = contact if at_contact and contact else _email_of(subject, at) or contact
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


def proved_contact(subject: Subject) -> str:
    """Return the personal contact that a code may be sent to, "" for none."""
    contact = reaching.contact_of(subject.member_ref)
    return contact.address if contact and contact.is_proved else ""


def is_proved(subject: Subject, ref: str, code: str, bound_to: str, at: datetime) -> bool:
    """Tell whether this code was sent to this member for this, and use it up; a wrong one costs a try."""
    with writing():
        proved = proving.redeem(ref, "".join(code.split()), "STEP_UP", at, bound_to)
    return bool(proved) and proved == showing.ref_of(subject.host_id)


def _email_of(subject: Subject, at: datetime) -> str:
    return next(iter(showing.held_of(subject, at).values.get("email", ())), "")
