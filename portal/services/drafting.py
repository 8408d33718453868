"""Drafting: a new version of the policy, from the one in force or from a file, until it is released or dropped.

Releasing, in one transaction, after the gate's readers were told that something changes:
1. the draft is held, and is still the one that the officer saw,
2. it is whole, nothing here uses data for what it would not tell, and its day is far enough off, or a reason is given,
3. the version is published for its moment, how it was released is kept, its announcement begins, the audit is written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from portal.clock import SEOUL, seoul_day
from portal.database import writing
from portal.policy.faults import Fault, PolicyFaults
from portal.policy.law import notes
from portal.policy.loading import facts_of_file, from_facts, to_facts
from portal.policy.model import Language, Policy
from portal.records import policy_drafts, standings
from portal.records.members import new_ref
from portal.records.policy_drafts import Announcement, PolicyDraft, PolicyRelease
from portal.rules.deed import Deed
from portal.rules.difference import Difference, difference
from portal.rules.law import Finding, lint
from portal.rules.lead_time import earliest_day, is_material, lead_days
from portal.services import accounts, auditing, publishing
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.publishing import Published

OPEN, PUBLISHED, DROPPED = "OPEN", "PUBLISHED", "DROPPED"
LISTS = (
    *("collection_methods", "purposes", "items", "consent_items", "rights", "processors", "retention_rules"),
    *("destruction_methods", "safeguards", "remedy_bodies", "articles"),
)
SINGLE = ("title", "reason", "controller", "officer", "outbound")


class NoSuchDraft(LookupError):
    """No open draft has this reference, or the draft has no such fact."""


class ChangedMeanwhile(Exception):
    """Somebody changed the draft after the page was shown; `name` is who."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__("the draft has changed meanwhile")


class TooSoon(Exception):
    """The version would take effect before `earliest`, and no reason was given."""

    def __init__(self, earliest: date) -> None:
        self.earliest = earliest
        super().__init__(f"before {earliest.isoformat()}, and no reason was given")


@dataclass(frozen=True)
class Draft:
    """A draft, read: its tables as they were written, and what is wrong with them."""

    ref: str
    based_on: str
    facts: dict[str, Any]
    edition: int
    changed_by: str
    changed_at: datetime
    policy: Policy | None
    faults: tuple[Fault, ...]

    @property
    def version(self) -> str:
        return str(self.facts.get("version", ""))


@dataclass(frozen=True)
class Plan:
    """What releasing a draft would do: the difference, how many members are stopped and asked again, from when it may
    take effect without a reason, and what today's law says of it."""

    before: Policy
    difference: Difference
    members: int
    asked_again: int
    material: bool
    lead_days: int
    earliest: date
    findings: tuple[Finding, ...]


def begin(effective_on: date, by: By, at: datetime) -> str:
    """Begin a draft as the version in force, for a new day; return its reference."""
    policy = publishing.in_force(at).policy
    facts = to_facts(policy) | {"version": effective_on.isoformat(), "effective_on": effective_on.isoformat()}
    return _keep(facts, policy.version, by, at)


def begin_from_file(content: bytes, by: By, at: datetime) -> str:
    """Begin a draft as a policy file has it; an article's text is that of the version in force where the file has none.

    Raises PolicyFaults where it is no TOML; other faults are told by the draft.
    """
    policy = publishing.in_force(at).policy
    texts = {article.number: {"ko": article.text.ko, "en": article.text.en} for article in policy.articles}
    facts = json.loads(json.dumps(facts_of_file(content, texts, "policy.toml"), default=str))
    return _keep(facts, policy.version, by, at)


def open_drafts() -> list[Draft]:
    """Return the open drafts, the last changed first."""
    return [_read(row) for row in policy_drafts.open_ones()]


def draft_of(ref: str) -> Draft:
    """Return an open draft. Raises NoSuchDraft."""
    row = policy_drafts.of_ref(ref)
    if row is None or row.state != OPEN:
        raise NoSuchDraft(ref)
    return _read(row)


def fact_of(draft: Draft, section: str, key: str) -> Any:
    """Return one table of a draft, or a section that is a single one (`key` is "" then). Raises NoSuchDraft."""
    if section in (*SINGLE, "effective_on") and not key:
        return draft.facts.get(section)
    if section not in LISTS:
        raise NoSuchDraft(section)
    found = [one for one in draft.facts.get(section, ()) if name_of(one) == key]
    if not found:
        raise NoSuchDraft(f"{section}[{key}]")
    return found[0]


def name_of(fact: Mapping[str, Any]) -> str:
    """Return the key of a table in a list; an article's is its number."""
    return str(fact.get("key") or fact.get("number") or "")


def rewrite(ref: str, section: str, key: str, fact: Any, *, seen: int, by: By, at: datetime) -> None:
    """Put a table in place of the one with this key, or add it where the section has none; `fact` None takes it out.

    `seen` is the edition that the page showed. Raises NoSuchDraft, ChangedMeanwhile.
    """
    with writing():
        row, facts = _held(ref, seen)
        if section == "effective_on":
            facts["effective_on"] = facts["version"] = fact  # a version is named after its day
        elif section in SINGLE:
            facts[section] = fact
        elif section in LISTS:
            known = [name_of(one) for one in facts.get(section, [])]
            if fact is None:
                facts[section] = [one for one in facts[section] if name_of(one) != key]
            elif key in known:
                facts[section][known.index(key)] = fact
            else:
                facts[section] = [*facts.get(section, []), fact]
        else:
            raise NoSuchDraft(section)
        row.facts, row.edition = json.dumps(facts, ensure_ascii=False), row.edition + 1
        row.changed_by, row.changed_at = by.ref, at
        auditing.note(Deed.POLICY_DRAFTED, by, at, about=ref, facts={"section": section, "key": key})


def drop(ref: str, *, seen: int, by: By, at: datetime) -> None:
    """Give a draft up. Raises NoSuchDraft, ChangedMeanwhile."""
    with writing():
        row, _ = _held(ref, seen)
        row.state = DROPPED
        auditing.note(Deed.POLICY_DROPPED, by, at, about=ref)


def plan_of(policy: Policy, at: datetime, language: Language) -> Plan:
    """Return what releasing this policy would do, against the version that will be in force when its day begins: one
    that is announced already may lie between, and a draft that does not have its changes would take them back."""
    starts = datetime.combine(policy.effective_on, time.min, SEOUL)
    before = publishing.in_force(max(at, starts)).policy
    changed = difference(before, policy, language)
    material = is_material(changed)
    satisfied = standings.count_satisfying(publishing.in_force(at).requirement_hash)
    return Plan(
        before=before,
        difference=changed,
        members=satisfied,
        asked_again=satisfied if changed.asks_again else 0,
        material=material,
        lead_days=lead_days(material=material),
        earliest=earliest_day(seoul_day(at), material=material),
        findings=lint(policy, notes()),
    )


def release(ref: str, effective_at: datetime, early_because: str, *, seen: int, by: By, at: datetime) -> Published:
    """Publish a draft for a moment to come.

    Raises NoSuchDraft, ChangedMeanwhile, PolicyFaults, TooSoon, StillUsed, VersionTaken or TooLate.
    """
    with changing_standing():
        # 1.
        row, facts = _held(ref, seen)
        # 2.
        policy = from_facts(facts, row.based_on)
        plan = plan_of(policy, at, "ko")
        if seoul_day(effective_at) < plan.earliest and not early_because:
            raise TooSoon(plan.earliest)
        # 3.
        published = publishing.publish_held(policy, effective_at, at)
        policy_drafts.add(
            PolicyRelease(
                version=policy.version,
                draft_ref=ref,
                material=plan.material,
                asked_again=plan.asked_again,
                early_because=early_because,
                released_by=by.ref,
                released_at=at,
            )
        )
        policy_drafts.add(Announcement(version=policy.version, last_member=0, told=0, without_address=0, done_at=None))
        row.state, row.changed_by, row.changed_at = PUBLISHED, by.ref, at
        told = {"version": policy.version, "effective_at": effective_at.isoformat(), "material": plan.material}
        auditing.note(Deed.POLICY_RELEASED, by, at, about=policy.version, facts=told)
        return published


def _keep(facts: dict[str, Any], based_on: str, by: By, at: datetime) -> str:
    ref = new_ref()
    with writing():
        policy_drafts.add(
            PolicyDraft(
                ref=ref,
                based_on=based_on,
                facts=json.dumps(facts, ensure_ascii=False),
                state=OPEN,
                edition=1,
                made_by=by.ref,
                made_at=at,
                changed_by=by.ref,
                changed_at=at,
            )
        )
        auditing.note(Deed.POLICY_DRAFTED, by, at, about=ref, facts={"based_on": based_on})
    return ref


def _held(ref: str, seen: int) -> tuple[PolicyDraft, dict[str, Any]]:
    row = policy_drafts.held(ref)
    if row is None or row.state != OPEN:
        raise NoSuchDraft(ref)
    if row.edition != seen:
        raise ChangedMeanwhile(accounts.names_of({row.changed_by}).get(row.changed_by, ""))
    return row, json.loads(row.facts)


def _read(row: PolicyDraft) -> Draft:
    facts: dict[str, Any] = json.loads(row.facts)
    policy, faults = None, ()
    try:
        policy = from_facts(facts, row.based_on)
    except PolicyFaults as told:
        faults = tuple(told.details)  # type: ignore[assignment]
    return Draft(row.ref, row.based_on, facts, row.edition, row.changed_by, row.changed_at, policy, faults)
