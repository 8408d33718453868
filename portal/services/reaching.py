"""Reaching: in which mailboxes a member reads, and which of them open the account.

The e-mail address that was registered opens it. A personal contact that is an address does so from the moment on which
the member, being signed in, has brought back a code that was mailed there; before, it is only told of a leaving
(`services.leaving`). Against whom:

- Whoever reads an address that somebody mistyped, or that the employer gave, has no session of the member's to bring
  the code back to.
- Somebody puts a colleague's address down as their own contact. The code goes to the colleague; without it the contact
  is found by nobody, so the colleague's own way in is neither taken away nor leads into the other's account.
- Whoever has got hold of a session of the host's and wants a way in that lasts: naming an address asks for a code from
  a mailbox that opens the account already, as naming another e-mail address does (`views.exercising`).
- A proof is of one address, kept as its blind index: whoever changes the contact, by whatever way, ends it.
- Several accounts at one mailbox, each proved or registered: each has a letter of its own that names it, with a link
  that opens it alone. Whoever asked is told the same in every case.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portal.database import writing
from portal.policy.model import Language
from portal.records import members
from portal.records.members import Member
from portal.rules.deed import Deed
from portal.rules.identifier import is_address
from portal.services import auditing, mailing, registering
from portal.services.auditing import By

Named = Literal["email", "login_id", "personal_contact"]
MOST = 5  # accounts of one mailbox that are written to: more are a shared mailbox, and told apart by their company


@dataclass(frozen=True)
class Way:
    """A way into one account: the mailbox its link goes to. `account` names it to whoever reads there."""

    member: Member
    address: str
    profile: dict[str, str]
    by_contact: bool


@dataclass(frozen=True)
class Contact:
    """A personal contact that is an address; `mark` is that address and no other, as text that tells nothing of it."""

    address: str
    mark: str
    is_proved: bool


def ways_in(typed: str) -> list[Way]:
    """Return the ways into the accounts that an address, or else an ID, leads to. A link for an address goes there and
    nowhere else; one for an ID goes to the account's e-mail address."""
    by_email = registering.of_email(typed)
    known = {member.ref for member in by_email}
    by_contact = [
        one for one in registering.found_by("personal_contact", typed) if _is_proved(one) and one.ref not in known
    ]
    by_email = by_email or ([] if by_contact else registering.found_by("login_id", typed))
    return [*_ways(by_email, "email"), *_ways(by_contact, "personal_contact")]


def named(text: str, *, as_asking: bool = False) -> tuple[Named, list[Member]]:
    """Return the members whom a text names exactly, and as what: an e-mail address or else an ID goes before a personal
    contact. `as_asking`: by whoever asks for something, whom an address that is not proved does not stand for."""
    plain = " ".join(text.split())
    item: Named = "email" if "@" in plain else "login_id"
    found = registering.found_by(item, plain)
    if found:
        return item, found
    by_contact = registering.found_by("personal_contact", plain)
    if as_asking and is_address(plain):
        by_contact = [one for one in by_contact if _is_proved(one)]
    return ("personal_contact", by_contact) if by_contact else (item, [])


def mailbox_of(member: Member) -> str:
    """Return where a member is written to about their own requests, "" for nowhere: at a contact that is proved to be
    theirs, which no company reads and which outlives the job, else at the account's address. Raises KeyDestroyed."""
    profile = registering.profile_of(member)
    return profile.get("personal_contact" if _is_proved(member) else "email", "")


def contact_of(member_ref: str) -> Contact | None:
    """Return the personal contact of a member if it is an address."""
    member = members.of_ref(member_ref) if member_ref else None
    if member is None or member.contact_index is None:
        return None
    address = registering.profiles_of([member]).get(member.ref, {}).get("personal_contact", "")
    return Contact(address, member.contact_index.hex(), _is_proved(member)) if is_address(address) else None


def prove_contact(member_ref: str, mark: str, by: By, language: Language, at: datetime) -> bool:
    """Keep that a member reads the mailbox of their contact; False where it is another one by now. The account's own
    address hears that there is another way in."""
    with writing():
        member = members.hold(member_ref)
        if member is None or member.contact_index is None or member.contact_index.hex() != mark:
            return False
        if not _is_proved(member):
            member.contact_proved = member.contact_index
            auditing.note(Deed.CONTACT_PROVED, by, at, subject=member.ref)
            address = registering.profile_of(member).get("email", "")
            if address:
                values = {"link": mailing.link("/contact")}
                mailing.post("contact_opens", address, values, key_ref=member.ref, language=language, at=at)
    return True


def _ways(found: Iterable[Member], item: str) -> list[Way]:
    found = list(found)
    profiles = registering.profiles_of(found)
    return [
        Way(one, profiles[one.ref][item], profiles[one.ref], item == "personal_contact")
        for one in found
        if profiles.get(one.ref, {}).get(item)
    ]


def _is_proved(member: Member) -> bool:
    return member.contact_index is not None and member.contact_proved == member.contact_index
