"""Entrusted: the register of processors and recipients as it stands, and how a line is added to it.

Nothing in the register is changed: facts are written anew, deeds are added, and where an entry stands follows from both
and from the policy in force (`rules.processor`). Words that people write, and who is reached at a recipient, are sealed
under a key of the entry's own.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from portal.clock import seoul_day
from portal.policy.model import Policy
from portal.records import members, processors
from portal.records.processors import ProcessorEntry, ProcessorEvent
from portal.rules import processor
from portal.rules.deed import Deed
from portal.rules.processor import Contract, Entry, Standing
from portal.services import auditing
from portal.services.auditing import SYSTEM, By
from portal.vault import person_keys

DEEDS: Mapping[str, Deed] = {
    "CONTRACT": Deed.PROCESSOR_CONTRACT,
    "DISCLOSED": Deed.PROCESSOR_DISCLOSED,
    "SUPERVISED": Deed.PROCESSOR_SUPERVISED,
    "ENDED": Deed.PROCESSOR_ENDED,
}


@dataclass(frozen=True)
class Done:
    """One line of an entry's history; `facts` are the deed's own, `words` what somebody wrote about it. Of facts that
    were written anew they are the entry as it was `before` and as it was `after`."""

    deed: str
    day: date
    facts: Mapping[str, Any]
    words: Mapping[str, str]
    by: str
    at: datetime


def standings() -> list[Standing]:
    """Return every entry with where it stands, in the order in which they were entered."""
    done: dict[str, list[ProcessorEvent]] = {}
    for event in processors.events():
        done.setdefault(event.key, []).append(event)
    return [_standing(row.facts, done.get(row.key, ())) for row in processors.entries()]


def standing_of(key: str) -> Standing | None:
    """Return one entry with where it stands."""
    found = processors.standing_of(key)
    return None if found is None else _standing(*found)


def contact_of(key: str) -> dict[str, str]:
    """Return who is reached at a recipient: `department` and `email`, or nothing."""
    row = processors.entry(key)
    if row is None or row.sealed is None:
        return {}
    found: dict[str, str] = person_keys.seal_of(row.contact_ref).open("processor_entries", "sealed", row.sealed)
    return found


def history_of(key: str) -> list[Done]:
    """Return what was done to an entry, newest first; a version of its facts is WRITTEN."""
    rows = processors.versions(key)
    told = [msgspec.json.decode(row.facts, type=Entry) for row in rows]
    found = [
        Done(
            "WRITTEN",
            seoul_day(row.at),
            {"before": before, "after": after} if before else {},
            {},
            row.written_by,
            row.at,
        )
        for row, before, after in zip(rows, [None, *told], told, strict=False)
    ]
    for event in processors.events(key):
        words = {}
        if event.sealed is not None:
            seal = person_keys.seal_of(rows[0].contact_ref)
            words = seal.open("processor_events", "sealed", event.sealed, _row(event.deed, event.at))
        found.append(Done(event.deed, event.day, json.loads(event.facts), words, event.noted_by, event.at))
    return sorted(found, key=lambda one: one.at, reverse=True)


def seed(policy: Policy, at: datetime) -> list[str]:
    """Enter, inside the caller's transaction, what the first policy names and the register does not: disclosed, for
    the published policy names it. Return the keys entered."""
    known = {row.key for row in processors.entries()}
    new = [told for told in policy.processors if told.key not in known]
    for told in new:
        write(processor.entry_of(told), {}, SYSTEM, at)
        note(told.key, "DISCLOSED", seoul_day(at), SYSTEM, at, facts={"policy": policy.version})
    return [told.key for told in new]


def write(entry: Entry, contact: Mapping[str, str], by: By, at: datetime) -> None:
    """Write the facts of an entry inside the caller's transaction; from then on they hold."""
    before = processors.entry(entry.key)
    ref = before.contact_ref if before else members.new_ref()
    reached = {name: value for name, value in contact.items() if value}
    sealed = person_keys.make(ref, at).seal("processor_entries", "sealed", reached) if reached else None
    processors.add(
        ProcessorEntry(
            key=entry.key,
            facts=msgspec.json.encode(entry).decode(),
            contact_ref=ref,
            sealed=sealed,
            written_by=by.ref,
            at=at,
        )
    )
    if by == SYSTEM:  # the seed: what was published stands in the policy's own table
        return
    facts = {"relationship": entry.relationship, "items": ",".join(entry.items), "purposes": ",".join(entry.purposes)}
    auditing.note(Deed.PROCESSOR_WRITTEN, by, at, about=entry.key, facts=facts)


def note(
    key: str,
    deed: str,
    day: date,
    by: By,
    at: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
) -> None:
    """Add what was done to an entry inside the caller's transaction; `words` are sealed."""
    row = processors.entry(key)
    if row is None:
        raise LookupError(key)
    sealed = None
    if words:
        sealed = person_keys.make(row.contact_ref, at).seal("processor_events", "sealed", dict(words), _row(deed, at))
    plain = json.dumps(facts or {}, ensure_ascii=False, separators=(",", ":"))
    processors.add(ProcessorEvent(key=key, deed=deed, day=day, facts=plain, sealed=sealed, noted_by=by.ref, at=at))
    if deed in DEEDS and by != SYSTEM:
        auditing.note(DEEDS[deed], by, at, about=key, facts={"day": day.isoformat()})


def _row(deed: str, at: datetime) -> str:
    return f"{deed} {at.isoformat()}"


def _standing(facts: str, events: Iterable[ProcessorEvent | processors.Done]) -> Standing:
    contract, disclosed, ended, due = None, None, None, None
    for event in events:
        if event.deed == "CONTRACT":
            contract = msgspec.convert(json.loads(event.facts), Contract)
        elif event.deed == "DISCLOSED":
            disclosed = event.day
            due = due or processor.supervision_due_on(event.day)
        elif event.deed == "SUPERVISED":
            due = processor.supervision_due_on(event.day, date.fromisoformat(json.loads(event.facts)["next_due"]))
        elif event.deed == "ENDED":
            ended = event.day
    entry = msgspec.json.decode(facts, type=Entry)
    return Standing(entry, contract, disclosed, ended, None if ended else due)
