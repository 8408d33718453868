"""Reopening: staff open the accounts that a company keeps closed, once nobody can act for the company any more.

While it has an active admin and is verified, that admin opens them, and the staff neither sees nor does anything here.
Where the member keeps the account closed as well it stays closed. The reason is the member's to read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.records import audit, destructions, leavers, members
from portal.rules.deed import Deed
from portal.rules.mask import mask
from portal.rules.suspension import Closer
from portal.services import auditing, company_admins, overseeing, registering
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.overseeing import SHOWN, Refused
from portal.services.page import PAGE

AT_ONCE = 500  # fewer than one query can name


@dataclass(frozen=True)
class KeptClosed:
    """One member whose account the company keeps closed: the values under their masks, and the company's reason."""

    ref: str
    shown: Mapping[str, str]
    reason: str


def kept_closed(company_ref: str, by: By, at: datetime) -> list[KeptClosed]:
    """Return the first members whom a company keeps closed and cannot open, each look written down; nobody while the
    company can."""
    with writing():
        if company_admins.admins_of(company_ref):
            return []
        reasons: dict[str, str] = {}
        stopped = audit.subjects_of(Deed.ACCOUNT_SUSPENDED.value, company_ref)
        for refs in (stopped[first : first + AT_ONCE] for first in range(0, len(stopped), AT_ONCE)):
            ending = leavers.refs_open(refs) | destructions.refs_destroyed(refs)
            for ref, keeping in overseeing.closers_of(refs).items():
                if Closer.COMPANY in keeping and ref not in ending:
                    reasons[ref] = keeping[Closer.COMPANY]
        known = {one.ref: one for one in members.of_refs(list(reasons)[:AT_ONCE]) if one.company_ref == company_ref}
        found = [known[ref] for ref in reasons if ref in known][:PAGE]
        profiles = registering.profiles_of(found)
        auditing.note_views(Deed.KEPT_CLOSED_VIEWED, by, at, [one.ref for one in found], about=company_ref)
        return [KeptClosed(one.ref, _masked(profiles.get(one.ref, {})), reasons[one.ref]) for one in found]


def reopen(company_ref: str, ref: str, words: str, by: By, at: datetime) -> None:
    """Take back, in the company's place, that it stopped a member's account. Raises overseeing.Refused; "COMPANY"
    while the company can do so itself."""
    with changing_standing():
        one = overseeing.held(company_ref, ref)
        if company_admins.admins_of(company_ref):
            raise Refused("COMPANY")
        overseeing.resume_held(one, by, at, words)


def _masked(profile: Mapping[str, str]) -> dict[str, str]:
    return {item: mask(item, profile[item]) for item in SHOWN if item in profile}
