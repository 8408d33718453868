"""Ordering a destruction: the decision and every task it leads to stand in one transaction, or neither does.

What would go is counted first, so that whoever removes less later cannot call it done. What the tasks will need to know
(the host's id, what to look for in files, where to write at the end) is sealed under a key of the destruction's own.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from portal.holdings import Subject, Unreachable, count_many, holdings
from portal.holdings.host import HostRows
from portal.policy.model import Event, Policy
from portal.records import consents, destructions, members, requests
from portal.records.destructions import Destruction
from portal.records.members import Member, new_ref
from portal.rules.deed import Deed
from portal.rules.destruction import STAGES, Kind
from portal.rules.keeping import Record, fate_of
from portal.rules.ledger import Reason
from portal.services import accounts, auditing, connected, publishing, registering
from portal.services.auditing import By
from portal.vault import person_keys

Why = Literal["LEFT_COMPANY", "ASKED", "PERIOD_ENDED", "REPLAYED"]
SHORTEST_MARK = 6  # a shorter text stands in files by chance
EVENTS: Mapping[Why, Event] = {
    "LEFT_COMPANY": "LEFT_COMPANY",
    "ASKED": "MEMBER_LEFT",
    "PERIOD_ENDED": "PURPOSE_MET",
    "REPLAYED": "MEMBER_LEFT",
}


@dataclass(frozen=True)
class Preview:
    """What would go and what would stay: how many records by holding, None where it could not be asked; and for each
    retention rule that keeps something, the first day on which that must be gone."""

    counts: dict[str, int | None]
    kept: tuple[tuple[str, date], ...]


def preview(member_ref: str, why: Why, event_day: date, at: datetime) -> Preview:
    """Return what a destruction of this member's data would do; it changes nothing. Raises LookupError."""
    member = members.of_ref(member_ref)
    if member is None:
        raise LookupError(member_ref)
    policy = publishing.in_force(at).policy
    return Preview(_counts([Subject(member.ref, member.host_id)])[member.ref], _kept(policy, member, why, event_day))


def order(
    member_ref: str,
    why: Why,
    *,
    event_day: date,
    by: By,
    at: datetime,
    handler: str = "",
    approver: str = "",
    request_number: str | None = None,
    batch_ref: str | None = None,
    write_to: str = "",
    language: str = "ko",
) -> str:
    """Order the destruction of a member's data inside the caller's transaction and return its reference.

    A member who has one keeps it. `write_to` is told when it is proved. Raises LookupError for an unknown member.
    """
    ordered = order_many(
        {member_ref: event_day},
        why,
        by=by,
        at=at,
        handler=handler,
        approver=approver,
        request_number=request_number,
        batch_ref=batch_ref,
        write_to=write_to,
        language=language,
    )
    return ordered[member_ref]


def order_many(
    event_days: Mapping[str, date],
    why: Why,
    *,
    by: By,
    at: datetime,
    handler: str = "",
    approver: str = "",
    request_number: str | None = None,
    batch_ref: str | None = None,
    write_to: str = "",
    language: str = "ko",
) -> dict[str, str]:
    """Order the destruction of the data of several members, each with the day from which kept records count, as `order`
    does; return the references by member, without those of unknown members. Name no more than one query can."""
    held = members.hold_many(event_days)
    known = {ref: one.ref for ref, one in destructions.of_members(event_days).items()}
    found = [member for member in held if member.ref not in known]
    policy = publishing.in_force(at).policy
    counts = _counts([Subject(member.ref, member.host_id) for member in found])
    profiles = registering.profiles_of(found)
    refs = {member.ref: new_ref() for member in found}
    seals = person_keys.opened().make_many(list(refs.values()), at)
    admins = _end_accounts(found, profiles, by, at) if why == "LEFT_COMPANY" else {}
    made: list[tuple[Destruction, list[dict[str, Any]]]] = []
    for member, seal in zip(found, seals, strict=True):
        counted, kept = counts[member.ref], _kept(policy, member, why, event_days[member.ref])
        facts = {
            **_facts(member, profiles.get(member.ref, {}), why),
            "account": admins.get(member.ref, ""),
            "write_to": write_to,
            "language": language,
        }
        plan = {"counts": counted, "kept": [[rule, day.isoformat()] for rule, day in kept]}
        destruction = Destruction(
            ref=seal.ref,
            member_ref=member.ref,
            member_since=member.created_at,
            company_ref=member.company_ref,
            batch_ref=batch_ref,
            request_number=request_number,
            reason=why,
            event_day=event_days[member.ref],
            handler=handler,
            approver=approver,
            decided_at=at,
            plan=json.dumps(plan, sort_keys=True),
            sealed=seal.seal("destructions", "sealed", facts, seal.ref),
        )
        made.append((destruction, _tasks(counted, kept, connected.tasks_for(member.ref), at)))
    destructions.add_many(made)
    reason = Reason(why).value
    if request_number:
        auditing.note_each(Deed.DESTRUCTION_ORDERED, by, at, list(refs), about=request_number, reason=reason)
    else:
        for member_ref, ref in refs.items():
            auditing.note(Deed.DESTRUCTION_ORDERED, by, at, subject=member_ref, about=ref, reason=reason)
    return known | refs


def facts_of_many(some: Collection[Destruction]) -> dict[int, dict[str, Any]]:
    """Return what the tasks of destructions have to know, by destruction; nothing of one that is finished.

    One that was finished before this store was restored has no key any more: what its tasks need is told by the member
    who has come back, and nobody is written to a second time.
    """
    sealed = [one for one in some if one.sealed is not None]
    seals = person_keys.seals_of(one.ref for one in sealed)
    lost = {one.member_ref: one for one in sealed if one.ref not in seals}
    found: dict[int, dict[str, Any]] = {one.id: {} for one in some}
    for one in sealed:
        if one.ref in seals:
            found[one.id] = seals[one.ref].open("destructions", "sealed", one.sealed or b"", one.ref)
    for member in members.of_refs(lost):
        found[lost[member.ref].id] = _facts(member, {}, lost[member.ref].reason)
    return found


def disputes_of(member_ref: str) -> list[Any]:
    """Return the complaints of a member: what the policy keeps as records of disputes."""
    return [request for request in requests.of_member(member_ref) if request.kind == "COMPLAINT"]


def identity_checks_of(member_ref: str) -> list[Any]:
    """Return the steps by which it was established that a member is who asked."""
    found = requests.of_member(member_ref)
    events = requests.events_of([request.id for request in found])
    return [event for request in found for event in events[request.id] if event.word == "IDENTITY_CHECK"]


def until_of(policy: Policy, rule: str, why: Why, event_day: date, own: Mapping[Event, date] | None = None) -> date:
    """Return the first day on which what is kept under `rule` must be gone."""
    fate = fate_of(policy, Record(rule, days=own or {}), {EVENTS[why]: event_day})
    if fate.gone_on is None:
        raise ValueError(f"{rule}: nothing says when it ends")
    return fate.gone_on


def _end_accounts(
    some: Sequence[Member], profiles: Mapping[str, Mapping[str, str]], by: By, at: datetime
) -> dict[str, str]:
    """End the accounts of those who administered the company that they left, who decide nothing for it from now on;
    return every such account by member, an earlier ended one too, for it goes with the person."""
    emails = {member.ref: profiles.get(member.ref, {}).get("email", "") for member in some if member.company_ref}
    found = accounts.of_emails({email for email in emails.values() if email})
    ended = {}
    for member in some:
        account = found.get(emails.get(member.ref, ""))
        if account is not None and account.company_ref == member.company_ref:
            if account.state != "DISABLED":
                accounts.disable_held(account.ref, by, at)
            ended[member.ref] = account.ref
    return ended


def _tasks(
    counts: Mapping[str, int | None],
    kept: tuple[tuple[str, date], ...],
    elsewhere: Iterable[tuple[Kind, str, timedelta]],
    at: datetime,
) -> list[dict[str, Any]]:
    wanted: list[tuple[Kind, str, int | None]] = [(Kind.LEDGER, "", None)]
    wanted += [(Kind.SEPARATE, rule, None) for rule, _ in kept if rule != "access_record"]
    for holding in holdings():
        kind = Kind.HOST if isinstance(holding, HostRows) else Kind.HOLDING
        wanted.append((kind, holding.key, counts[holding.key]))
    waits = {(kind, target): wait for kind, target, wait in elsewhere}
    wanted += [(kind, target, None) for kind, target in waits]
    wanted += [(kind, "", None) for kind in (Kind.KEY, Kind.SCAN, Kind.CERTIFICATE, Kind.END)]
    return [
        {
            "stage": STAGES[kind].value,
            "kind": kind.value,
            "target": target,
            "expected": expected,
            "state": "WAITING",
            "due_at": at + waits.get((kind, target), timedelta(0)),
        }
        for kind, target, expected in wanted
    ]


def _counts(subjects: Sequence[Subject]) -> dict[str, dict[str, int | None]]:
    """Return how many records of each person each holding has, None where it could not be asked."""
    counts: dict[str, dict[str, int | None]] = {subject.member_ref: {} for subject in subjects}
    for holding in holdings():
        for subject in subjects:
            counts[subject.member_ref][holding.key] = None
        with suppress(Unreachable):
            for subject, count in zip(subjects, count_many(holding, subjects), strict=True):
                counts[subject.member_ref][holding.key] = count
    return counts


def _kept(policy: Policy, member: Member, why: Why, event_day: date) -> tuple[tuple[str, date], ...]:
    """Return the rules under which something of this member stays, with the day on which it ends.

    Who comes back with a restore was kept apart the first time, and nothing of it can be read any more.
    """
    if why == "REPLAYED":
        return ()
    rules = ["fraud"] if member.email_index or member.login_index else []
    rules += ["identity_check"] if identity_checks_of(member.ref) else []
    rules += ["dispute"] if disputes_of(member.ref) else []
    # Visits are kept where they are, each for the policy's months from its own day; today is the latest there can be.
    rules += ["access_record"] if consents.of_member(member.ref) else []
    known = {rule.key for rule in policy.retention_rules}
    day: dict[str, dict[Event, date]] = {
        "identity_check": {"COLLECTED": event_day},
        "access_record": {"COLLECTED": event_day},
        "dispute": {"SETTLED": event_day},
    }
    return tuple((rule, until_of(policy, rule, why, event_day, day.get(rule))) for rule in rules if rule in known)


def _facts(member: Member, profile: Mapping[str, str], why: str) -> dict[str, Any]:
    """Return what the tasks of a destruction have to know of the person."""
    return {
        "host_id": member.host_id,
        "marks": _marks(member, profile),
        "fraud": {"email": _hex(member.email_index), "login_id": _hex(member.login_index), "reason": why},
    }


def _marks(member: Member, profile: Mapping[str, str]) -> list[str]:
    """Return the texts that must be found in no file afterwards."""
    personal = [profile.get(item, "") for item in ("email", "login_id", "personal_contact")]
    return sorted({text for text in (*personal, member.host_id) if len(text.encode()) >= SHORTEST_MARK})


def _hex(index: bytes | None) -> str:
    return index.hex() if index else ""
