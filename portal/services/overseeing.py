"""Overseeing: what an admin sees of the own company and its members, masked, and stopping a member's account.

Every look at members is written down, who, when, from where, whose and what, in the transaction that looks; if it
cannot be, nothing is shown. Somebody of another company is answered like somebody whom nobody knows.

Stopping, in the order that is safety, in one transaction: 1. the gate's readers are told, and the member is held;
2. who is not the company's, has been reported or is destroyed is refused; 3. the account closes, or opens again unless
the member keeps it closed; 4. it is audited with its reason, which the member can see.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.records import accounts as kept
from portal.records import audit, destructions, leavers, members, standings
from portal.records.members import Member
from portal.rules.deed import Deed
from portal.rules.identifier import IdentifierFault, index_form
from portal.rules.mask import mask
from portal.rules.suspension import REASONS, Change, Closer, closers
from portal.services import accounts, auditing, certifying, registering, requesting
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.page import PAGE
from portal.services.requesting import Standing

SHOWN = ("email", "login_id")  # under their masks, and nothing else: enough to tell colleagues apart
GATES = (Deed.ACCOUNT_SUSPENDED.value, Deed.ACCOUNT_RESUMED.value)


@dataclass(frozen=True)
class Report:
    """One report of people who have left: how it stands, how many they are, the code of its certificate or ""."""

    standing: Standing
    people: int
    certificate: str


@dataclass(frozen=True)
class Masked:
    """One member with every value masked. `is_closed`: stopped at the gate; `by_company`: by an admin of the company,
    for `reason`; `is_leaving`: reported as having left, or destroyed soon."""

    ref: str
    shown: Mapping[str, str]
    met_at: datetime
    is_closed: bool
    by_company: bool
    reason: str
    is_leaving: bool
    is_own: bool


class Refused(Exception):
    """What was asked cannot be done; `why`: "NOBODY", "OWN", "LEAVING", "STOPPED", "NOT_STOPPED", "REASON", or
    "COMPANY" for what is left to the company itself."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def reports(company_ref: str, page: int, at: datetime) -> tuple[list[Report], int]:
    """Return one page of a company's reports, newest first, and how many there are in all. It names nobody."""
    found, total = leavers.reports_of(company_ref, limit=PAGE, offset=(page - 1) * PAGE)
    counts = leavers.counts_of([request.id for request in found])
    stand = requesting.standings(found, at)
    return [
        Report(
            one,
            counts.get(one.request.id, 0),
            "" if one.state.is_open else certifying.code_of_request(one.request.number),
        )
        for one in stand
    ], total


def members_page(company_ref: str, page: int, by: By, at: datetime) -> tuple[list[Masked], int]:
    """Return one page of a company's members, first met first, and how many there are in all."""
    with writing():
        found, total = members.of_company(company_ref, limit=PAGE, offset=(page - 1) * PAGE)
        shown = _masked(found, by)
        _note_views(company_ref, found, by, at)
        return shown, total


def member(company_ref: str, ref: str, by: By, at: datetime) -> Masked | None:
    """Return one member of a company; None for anybody else."""
    with writing():
        one = members.of_ref(ref)
        if one is None or one.company_ref != company_ref:
            return None
        shown = _masked([one], by)[0]
        _note_views(company_ref, [one], by, at)
        return shown


def found(company_ref: str, text: str) -> str:
    """Return the member of a company with exactly this e-mail address or ID, "" for nobody of this company."""
    index, hits = registering.blind_index(), []
    for item in SHOWN:
        try:
            sought = [index.of(item, index_form(item, text))]
        except IdentifierFault:
            sought = []
        hits += members.of_company_by(item, sought, company_ref)
    return hits[0].ref if hits else ""


def suspend(company_ref: str, ref: str, reason: str, by: By, at: datetime) -> None:
    """Stop a member's account at the gate. Raises Refused."""
    if reason not in REASONS:
        raise Refused("REASON")
    # 1.
    with changing_standing():
        one = held(company_ref, ref)
        # 2.
        if _is_own(one, _own_index(by)):
            raise Refused("OWN")
        if Closer.COMPANY in closers_of([ref])[ref]:
            raise Refused("STOPPED")
        # 3.
        standings.suspend(one.host_id, one.ref, at)
        # 4.
        auditing.note(Deed.ACCOUNT_SUSPENDED, by, at, subject=ref, about=company_ref, reason=reason)


def resume(company_ref: str, ref: str, by: By, at: datetime) -> None:
    """Take back that the company stopped a member's account; where the member keeps it closed it stays so. Raises
    Refused."""
    # 1.
    with changing_standing():
        resume_held(held(company_ref, ref), by, at)


def resume_held(one: Member, by: By, at: datetime, words: str = "") -> None:
    """The same inside the caller's transaction for a member it holds; `words` say why, where somebody else than the
    company does it. Raises Refused."""
    # 2.
    keeping = closers_of([one.ref])[one.ref]
    if Closer.COMPANY not in keeping:
        raise Refused("NOT_STOPPED")
    # 3.
    if set(keeping) == {Closer.COMPANY}:
        standings.suspend(one.host_id, one.ref, at, suspended=False)
    # 4.
    reason, about = keeping[Closer.COMPANY], one.company_ref or ""
    auditing.note(Deed.ACCOUNT_RESUMED, by, at, subject=one.ref, about=about, reason=reason, words=words)


def closers_of(refs: Collection[str]) -> dict[str, dict[Closer, str]]:
    """Return who keeps the accounts of these members closed, and the company's reason for it, by member; name no more
    than one query can."""
    changes: dict[str, list[Change]] = {ref: [] for ref in refs}
    own: dict[str, str] = {}  # the request by which a member closed the account: whoever ends it lifts that closing
    for row in audit.gate_changes(GATES, refs):
        closed, by_member = row.deed == GATES[0], row.actor_kind == "MEMBER"
        if closed and by_member:
            own[row.subject] = row.about
        elif not closed and row.about and row.about == own.get(row.subject):
            by_member = True
        changes[row.subject].append(Change(closed, by_member, row.reason))
    return {ref: closers(some) for ref, some in changes.items()}


def held(company_ref: str, ref: str) -> Member:
    """Hold a member of a company inside the caller's transaction. Raises Refused: "NOBODY" or "LEAVING"."""
    one = members.hold(ref)
    if one is None or one.company_ref != company_ref:
        raise Refused("NOBODY")
    if leavers.refs_open([ref]) or destructions.refs_destroyed([ref]):
        raise Refused("LEAVING")
    return one


def _masked(found: Collection[Member], by: By) -> list[Masked]:
    refs = [one.ref for one in found]
    profiles = registering.profiles_of(found)
    closed = standings.suspended_of([one.host_id for one in found])
    leaving = leavers.refs_open(refs) | destructions.refs_destroyed(refs)
    keeping, own = closers_of(refs), _own_index(by)
    lines = []
    for one in found:
        profile = profiles.get(one.ref, {})
        lines.append(
            Masked(
                ref=one.ref,
                shown={item: mask(item, profile[item]) for item in SHOWN if item in profile},
                met_at=one.created_at,
                is_closed=one.host_id in closed,
                by_company=Closer.COMPANY in keeping[one.ref],
                reason=keeping[one.ref].get(Closer.COMPANY, ""),
                is_leaving=one.ref in leaving,
                is_own=_is_own(one, own),
            )
        )
    return lines


def _note_views(company_ref: str, found: Collection[Member], by: By, at: datetime) -> None:
    auditing.note_views(Deed.COMPANY_MEMBERS_VIEWED, by, at, [one.ref for one in found], about=company_ref)


def _is_own(one: Member, own: bytes | None) -> bool:
    return own is not None and one.email_index == own


def _own_index(by: By) -> bytes | None:
    """Return the blind index under which a member with the admin's own address is kept."""
    account = kept.of_ref(by.ref)
    people = accounts.opened([account]) if account else []
    return registering.blind_index().of("email", index_form("email", people[0].email)) if people else None
