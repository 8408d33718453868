"""Looking a member up: what an operator at the shell may see, masked, and written down in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.records import members, standings
from portal.rules.deed import Deed
from portal.rules.mask import mask
from portal.services import auditing, registering
from portal.services.auditing import OPERATOR, By


@dataclass(frozen=True)
class Masked:
    """A member with every value masked."""

    member_ref: str
    source: str
    met_at: datetime
    standing: str
    profile: Mapping[str, str]


def masked(host_id: str, at: datetime, *, by: By = OPERATOR) -> Masked | None:
    """Return the member whom the host calls `host_id`; None when the portal knows nobody of that id."""
    with writing():
        member = members.of_host(host_id)
        if member is None:
            return None
        profile = registering.profiles_of([member]).get(member.ref, {})
        shown = Masked(
            member_ref=member.ref,
            source=member.source,
            met_at=member.created_at,
            standing=_standing(host_id),
            profile={item: mask(item, value) for item, value in profile.items()},
        )
        auditing.note_views(Deed.MEMBER_SEARCHED, by, at, [shown.member_ref])
        return shown


def of_oneself(member_ref: str) -> dict[str, str]:
    """Return what a member reads to make sure that it is them: items masked, their company's name in clear."""
    member = members.of_ref(member_ref) if member_ref else None
    profile = registering.profile_of(member) if member else {}
    return {item: value if item == "company_name" else mask(item, value) for item, value in profile.items()}


def _standing(host_id: str) -> str:
    standing = standings.of_host(host_id)
    if standing is not None and standing.suspended:
        return "suspended"
    if standing is None or standing.requirement_hash is None:
        return "has not agreed to what is required"
    return "has agreed to a version of the policy"
