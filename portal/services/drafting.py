"""Drafting: a new version of the policy, from the one in force or from a file, until it is released or dropped.

Its release, in one transaction, after the gate's readers were told that something changes:
1. the draft is held, and is still the one that the officer saw,
2. it is whole and of a new name, and is released as `releasing` tells,
3. it ends.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.database import writing
from portal.policy.faults import Fault, PolicyFaults
from portal.policy.loading import facts_of_file, from_facts, to_facts
from portal.policy.model import Policy
from portal.records import policy_drafts
from portal.records.members import new_ref
from portal.records.policy_drafts import PolicyDraft
from portal.rules.deed import Deed
from portal.services import accounts, auditing, publishing, releasing
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.publishing import Published, VersionTaken

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


def facts_of(draft: Draft) -> dict[tuple[str, str], Any]:
    """Return the tables of a draft by section and key, the key "" where a section is a single one."""
    return _by_place(to_facts(draft.policy) if draft.policy else draft.facts)


def facts_of_base(draft: Draft) -> dict[tuple[str, str], Any]:
    """Return the same of the version that a draft began as."""
    base = publishing.version_named(draft.based_on)
    return _by_place(to_facts(base.policy)) if base else {}


def _by_place(facts: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    single = {(section, ""): facts.get(section) for section in SINGLE}
    return single | {(section, name_of(one)): one for section in LISTS for one in facts.get(section, ())}


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


def release(ref: str, effective_at: datetime, early_because: str, *, seen: int, by: By, at: datetime) -> Published:
    """Publish a draft for a moment to come.

    Raises NoSuchDraft, ChangedMeanwhile, PolicyFaults, TooSoon, StillUsed, VersionTaken or TooLate.
    """
    with changing_standing():
        # 1.
        row, facts = _held(ref, seen)
        # 2.
        policy = from_facts(facts, row.based_on)
        if publishing.version_named(policy.version) is not None:
            raise VersionTaken(policy.version)
        published = releasing.release_held(policy, effective_at, early_because, draft_ref=ref, by=by, at=at)
        # 3.
        row.state, row.changed_by, row.changed_at = PUBLISHED, by.ref, at
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
