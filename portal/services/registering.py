"""Registering: what the host, a person or an employer tells of a member is sealed and can be found again.

The order that is safety:
1. everything told is judged, and refused with every fault at once,
2. one transaction begins as a writer and holds the member's row: two registrations of one person happen in turn,
3. the keys of the person and of a new company are committed in the keys store,
4. the sealed profile and its blind indexes are written, audited and committed; a failure leaves keys that open nothing.

A repeat with the same data changes nothing; one with other data is refused, for a correction is a request of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from portal.database import writing
from portal.records import companies, members
from portal.records.companies import Company
from portal.records.members import INDEX_COLUMNS, Member, Source
from portal.rules.deed import Deed
from portal.rules.identifier import IdentifierFault, index_form, kind_of
from portal.rules.profile import ProfileFaults, host_id_fault, judged
from portal.services import auditing
from portal.services.auditing import HOST, By
from portal.vault import person_keys
from portal.vault.blind_index import BlindIndex
from portal.vault.profiles import SubjectSeal

NUMBER = "business_registration_number"
Profile = dict[str, str]


@dataclass(frozen=True)
class Registered:
    """What a registration came to. `made`: the profile is new; else it was there, the same."""

    member_ref: str
    company_ref: str | None
    made: bool


@dataclass(frozen=True)
class Changed:
    """A profile before and after a change, by item."""

    before: Profile
    after: Profile


class OtherProfile(Exception):
    """The host's id is registered with other data; `items` names what differs. Nothing was changed."""

    def __init__(self, items: Iterable[str]) -> None:
        self.items = tuple(items)
        super().__init__(f"registered with another {', '.join(self.items)}")


def register(host_id: str, fields: Mapping[str, str], source: Source, at: datetime, *, by: By = HOST) -> Registered:
    """Keep what is known of the member whom the host calls `host_id`, by item key of the policy.

    Raises ProfileFaults, OtherProfile, or KeyDestroyed when this id belonged to somebody whose data was destroyed.
    """
    profile = judged_with(host_id, fields)
    with writing():
        member = members.meet(host_id, members.new_ref(), at)
        if member.sealed is not None:
            different = differing(profile_of(member), profile)
            if different:
                raise OtherProfile(different)
            return Registered(member.ref, member.company_ref, made=False)
        company = company_told(profile, at)
        seal = person_keys.make(member.ref, at)
        facts = sealed_facts(seal, profile, company.ref if company else None)
        members.keep_profile(member.ref, {**facts, "source": source}, at)
        auditing.note(Deed.MEMBER_REGISTERED, by, at, subject=seal.ref, facts={"source": source})
        return Registered(seal.ref, facts["company_ref"], made=True)


def judged_with(host_id: str, fields: Mapping[str, str]) -> Profile:
    """Return a profile in the form in which it is kept. Raises ProfileFaults, a fault of the host's id among them."""
    reason = host_id_fault(host_id)
    faults = [IdentifierFault("host_id", reason)] if reason else []
    try:
        profile = judged(fields)
    except ProfileFaults as told:
        raise ProfileFaults([*faults, *told.faults]) from None
    if faults:
        raise ProfileFaults(faults)
    return profile


def change(member_ref: str, changes: Mapping[str, str], at: datetime) -> Changed:
    """Change some items of a member's profile; an empty text takes an item out.

    Raises LookupError for an unknown member, ProfileFaults, or KeyDestroyed.
    """
    with writing():
        member = members.hold(member_ref)
        if member is None:
            raise LookupError(member_ref)
        return change_held(member, changes, at)


def change_held(member: Member, changes: Mapping[str, str], at: datetime) -> Changed:
    """Do what `change` does inside the caller's transaction; `member` is held by it. Raises as `change`."""
    before = profile_of(member)
    after = judged({**before, **changes}, needed=("email",) if "email" in before else ())
    if after != before:
        seal = person_keys.make(member.ref, at)
        company = company_told(after, at)
        members.keep_profile(member.ref, sealed_facts(seal, after, company.ref if company else None), at)
    return Changed(before, after)


def profile_of(member: Member) -> Profile:
    """Return what is known of a member, by item; nothing for one who is known from a consent only.

    Raises KeyDestroyed, ProfileBroken.
    """
    if member.sealed is None:
        return {}
    profile: Profile = person_keys.seal_of(member.ref).open("members", "sealed", member.sealed)
    return profile


def profiles_of(some: Iterable[Member]) -> dict[str, Profile]:
    """Return what is known of several members, by reference; who has no profile, or no key any more, is left out."""
    sealed = {member.ref: member.sealed for member in some if member.sealed is not None}
    seals = person_keys.seals_of(sealed)
    return {ref: seals[ref].open("members", "sealed", blob) for ref, blob in sealed.items() if ref in seals}


def company_of(company: Company) -> Profile:
    """Return a company's name and number, by item. Raises KeyDestroyed, ProfileBroken."""
    facts: Profile = person_keys.seal_of(company.ref).open("companies", "sealed", company.sealed)
    return facts


def of_email(text: str) -> list[Member]:
    """Return the members with exactly this e-mail address, first met first; nobody for what is no address."""
    return found_by("email", text)


def found_by(item: str, text: str) -> list[Member]:
    """Return the members whose `item` ("email", "login_id", "personal_contact") is exactly this, however written."""
    try:
        return members.found_by(item, blind_index().of(item, index_form(item, text)))
    except IdentifierFault:
        return []


def company_numbered(text: str) -> Company | None:
    """Return the company with this business registration number, however written."""
    try:
        return companies.of_number(blind_index().of(NUMBER, index_form(NUMBER, text)))
    except IdentifierFault:
        return None


def blind_index() -> BlindIndex:
    """Return what makes the blind indexes of this installation."""
    return BlindIndex(current_app.extensions["portal.secrets"].index_key)


def sealed_facts(seal: SubjectSeal, profile: Profile, company_ref: str | None) -> dict[str, Any]:
    """Return the columns of a member that hold a profile: the company, the blob and every blind index."""
    index = blind_index()
    facts: dict[str, Any] = {
        column: index.of(item, profile[item]) if item in profile else None for item, column in INDEX_COLUMNS.items()
    }
    return {**facts, "company_ref": company_ref, "sealed": seal.seal("members", "sealed", profile)}


def company_facts(profile: Profile) -> Profile:
    """Return what a company's own blob holds of a member's profile: its name and its number."""
    return {item: profile[item] for item in ("company_name", NUMBER)}


def differing(held: Mapping[str, str], told: Mapping[str, str]) -> list[str]:
    """Return the items that two profiles do not agree in."""
    return [item for item in sorted({*held, *told}) if held.get(item) != told.get(item)]


def company_told(profile: Profile, at: datetime) -> Company | None:
    """Return the company of a profile, made inside the caller's transaction when its number is new. The first name told
    for a number is kept."""
    number = profile.get(NUMBER)
    if number is None:
        return None
    index = blind_index().of(NUMBER, number)
    known = companies.of_number(index)
    if known is not None:
        return known
    seal = person_keys.make(members.new_ref(), at)
    sealed = seal.seal("companies", "sealed", company_facts(profile))
    return companies.keep(seal.ref, kind_of(number), sealed, index, at)
