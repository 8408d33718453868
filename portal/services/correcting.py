"""Correcting: what is wrong about a member is put right everywhere it is held, and asked again.

1. What is to be written is judged as at sign-up; a fault anywhere changes nothing anywhere.
2. The portal's own profile is changed and audited in one transaction.
3. Each of the host's tables that the map names for an item is changed, in a transaction of its own.
4. Every place is asked again. Where one does not hold the new value, that is told, and a repeat makes it good: nothing
   here is done twice by doing it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.holdings import Subject, Unreachable, holdings
from portal.holdings.host import HostRows
from portal.holdings.profile import PORTAL
from portal.policy.model import Text
from portal.records import members
from portal.records.members import Member
from portal.rules.deed import Deed
from portal.rules.identifier import shown_form
from portal.rules.profile import judged
from portal.services import auditing, registering
from portal.services.auditing import By


@dataclass(frozen=True)
class Change:
    """One item in one place, before and after."""

    where: Text
    item: str
    before: str
    after: str


class NotEverywhere(Exception):
    """Some places could not be corrected; `where` names them, `changes` what was done. A repeat tries them again."""

    def __init__(self, where: list[Text], changes: tuple[Change, ...]) -> None:
        self.where, self.changes = where, changes
        super().__init__(", ".join(place.en for place in where))


def correct(member_ref: str, changes: Mapping[str, str], by: By, at: datetime) -> tuple[Change, ...]:
    """Correct items of a member's data, by item key; an empty text takes one out. Return what differs now, by place.

    Raises LookupError for an unknown member, ProfileFaults, KeyDestroyed, or NotEverywhere.
    """
    # 1. and 2.
    with writing():
        member = members.hold(member_ref)
        if member is None:
            raise LookupError(member_ref)
        subject = Subject(member.ref, member.host_id)
        wanted = judge(_known_of(member, at), changes)
        changed = registering.change_held(member, changes, at)
        touched = sorted(item for item in changes if changed.before.get(item) != changed.after.get(item))
        auditing.note(Deed.PROFILE_CORRECTED, by, at, subject=member_ref, facts={"items": " ".join(sorted(changes))})
    done = [Change(PORTAL, item, changed.before.get(item, ""), changed.after.get(item, "")) for item in touched]
    # 3. and 4.
    missed = []
    for holding in holdings():
        if isinstance(holding, HostRows):
            try:
                done += _corrected(holding, subject, {item: wanted.get(item, "") for item in changes}, at)
            except Unreachable as fault:
                missed.append(fault.where)
    if missed:
        raise NotEverywhere(missed, tuple(done))
    return tuple(done)


def known_of(member_ref: str, at: datetime) -> dict[str, str]:
    """Return what is held of a member by item, the portal's own before the host's. Raises KeyDestroyed."""
    member = members.of_ref(member_ref)
    return _known_of(member, at) if member else {}


def judge(known: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return these changes in the form in which they are kept. Raises ProfileFaults."""
    needed = ("email",) if "email" in changes and "email" in known else ()
    return judged({**_beside(known), **changes}, needed)


def _known_of(member: Member, at: datetime) -> dict[str, str]:
    return {**_held_by_host(Subject(member.ref, member.host_id), at), **registering.profile_of(member)}


def _beside(known: Mapping[str, str]) -> dict[str, str]:
    """Return what a change is judged beside: a business number belongs to a company with a name."""
    return {"company_name": known["company_name"]} if "company_name" in known else {}


def _corrected(holding: HostRows, subject: Subject, values: Mapping[str, str], at: datetime) -> list[Change]:
    before = {piece.item: piece.value for piece in holding.find(subject, at)}
    differing = {
        item: shown_form(item, value)  # the host keeps its values as people write them
        for item, value in values.items()
        if item in holding.mapped.columns.values() and shown_form(item, before.get(item, "")) != shown_form(item, value)
    }
    if not differing or not holding.corrected(subject, differing):
        return []
    after = {piece.item: piece.value for piece in holding.find(subject, at)}
    if any(after.get(item, "") != value for item, value in differing.items()):
        raise Unreachable(holding.name, "does not hold what was written")
    return [Change(holding.name, item, before.get(item, ""), value) for item, value in differing.items()]


def _held_by_host(subject: Subject, at: datetime) -> dict[str, str]:
    """Return what the host holds, for judging items that belong together; what cannot be reached is left out."""
    held: dict[str, str] = {}
    for holding in holdings():
        if isinstance(holding, HostRows):
            try:
                held |= {piece.item: piece.value for piece in holding.find(subject, at)}
            except Unreachable:
                continue
    return held
