"""Lines of the destruction ledger for what goes by itself: one per rule and run, begun before anything is lost.

The reference of a line names the rule and the Seoul day that was swept; its moment marks everything that goes under
it, so that whoever goes on with a line that was begun can count what it came to.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from portal.database import db
from portal.records.members import new_ref
from portal.rules.ledger import Method, Reason
from portal.vault import ledger
from portal.vault.ledger import LedgerEntry, Line

HANDLER = "SYSTEM"  # nobody's hand: the ledger calls it automatic


@dataclass(frozen=True)
class Begun:
    """A line that is not done: what was to go, as of which day, marked with which moment."""

    line: Line
    number: str
    as_of: date
    at: datetime

    @property
    def counts(self) -> Mapping[str, int]:
        return self.line.counts


def unfinished(rule: str, as_of: date, place: str = "") -> Begun | None:
    """Return the line under which a sweep for this rule was stopped, unless it was for a day that is still to come: a
    clock that had run ahead destroys nothing early."""
    entry = ledger.begun(db.engines["keys"], f"{_prefix(rule, place)}:")
    if entry is None:
        return None
    begun = Begun(_line(entry), entry.number, date.fromisoformat(entry.destruction_ref.split(":")[2]), entry.at)
    return None if begun.as_of > as_of else begun


def begin(
    rule: str,
    reason: Reason,
    counts: Mapping[str, int],
    methods: Sequence[Method],
    as_of: date,
    at: datetime,
    place: str = "",
) -> Begun:
    """Write that so many records under a rule are about to go. `place` sets a line apart whose records are counted in
    another way."""
    line = Line(
        destruction_ref=f"{_prefix(rule, place)}:{as_of}:{new_ref()}",
        reason=reason.value,
        files=[rule],
        methods=[method.value for method in methods],
        counts=dict(counts),
        handler=HANDLER,
        approver=rule,
    )
    numbers = ledger.begin(db.engines["keys"], [(line, None)], at)
    return Begun(line, numbers[line.destruction_ref], as_of, at)


def finish(begun: Begun, counts: Mapping[str, int], at: datetime) -> None:
    """Write that they are gone, and how many they came to."""
    line = replace(begun.line, counts=dict(counts))
    ledger.finish(db.engines["keys"], [line], at)


def _prefix(rule: str, place: str) -> str:
    return f"sweep:{rule}.{place}" if place else f"sweep:{rule}"


def _line(entry: LedgerEntry) -> Line:
    return Line(
        destruction_ref=entry.destruction_ref,
        reason=entry.reason,
        files=json.loads(entry.files),
        methods=json.loads(entry.methods),
        counts=json.loads(entry.counts),
        handler=entry.handler,
        approver=entry.approver,
    )
