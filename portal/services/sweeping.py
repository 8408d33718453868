"""Sweeping: every night what Article 5 keeps no longer is destroyed, rule by rule, and the ledger says so.

1. A line that was begun and not done is gone on with: what is left of it goes, marked with its moment.
2. What must be gone is listed, without what a hold keeps.
3. The ledger's first line, with how many.
4. They go, the keys first, a chunk in a transaction.
5. The ledger's second line, with how many were counted by its moment.
6. The run is recorded, with what was refused.

Killed anywhere it goes on the next time, and a second sweep of the same day finds nothing. A rule that nobody knows is
refused and the others are swept; so is one that fails, and then the run counts as failed.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from flask import Flask

from portal.clock import Clock, seoul_day
from portal.database import db, end_reading, writing
from portal.records import runs, scanning
from portal.records.runs import Run
from portal.rules.keeping import UnknownCategory
from portal.services import expiring, ledger_lines, reckoning
from portal.services.access_room import RULE as ACCESS
from portal.services.draining import kind_of
from portal.services.expiring import TooEarly
from portal.services.ledger_lines import Begun
from portal.services.reckoning import Due, Room, Terms

log = logging.getLogger(__name__)

KIND, FAILED = "retention", "retention failed"
UNKNOWN = "UNKNOWN_CATEGORY"
AT_ONCE = 500
TOLD_AGAIN_AFTER = timedelta(hours=1)  # a failure is recorded once an hour, however often the job is tried
Tell = Callable[[str], None]


class SweepFailed(Exception):
    """Some rules could not be swept; the others were."""

    def __init__(self, faults: dict[str, str]) -> None:
        self.faults = faults
        told = ", ".join(f"{rule}: {fault}" for rule, fault in faults.items())
        super().__init__(f"not swept: {told}; the log has the place of each, everything else was swept")


@dataclass(frozen=True)
class Swept:
    """One rule: how many records went or would go, how many of them should have gone on an earlier day, and how many
    must be gone but a hold keeps; the numbers of its lines in the ledger; how many fell under a shorter rule as well;
    why nothing was done."""

    rule: str
    gone: int = 0
    overdue: int = 0
    held: int = 0
    numbers: tuple[str, ...] = ()
    also: tuple[tuple[str, int], ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a sweep did, or would do."""

    as_of: date
    dry_run: bool
    rules: tuple[Swept, ...]

    @property
    def gone(self) -> int:
        return sum(one.gone for one in self.rules)

    @property
    def faults(self) -> dict[str, str]:
        return {one.rule: one.fault for one in self.rules if one.fault}


@dataclass
class _Tally:
    gone: int = 0
    overdue: int = 0
    held: int = 0
    numbers: list[str] = field(default_factory=list)
    also: Counter[str] = field(default_factory=Counter)

    def of(self, rule: str) -> Swept:
        also = tuple(sorted(self.also.items()))
        return Swept(rule, self.gone, self.overdue, self.held, tuple(self.numbers), also)


def sweep(app: Flask, as_of: date | None = None, *, dry_run: bool = False, tell: Tell = lambda line: None) -> Outcome:
    """Destroy what must be gone on `as_of`, a Seoul day; today where it is not given. A dry run only tells.

    Raises TooEarly for a day to come, NothingInForce without a policy, and SweepFailed after all rules when some of
    them failed for another reason than that nobody knows them.
    """
    clock: Clock = app.extensions["portal.clock"]
    at = clock()
    today = seoul_day(at)
    as_of = as_of or today
    if as_of > today and not dry_run:
        raise TooEarly(as_of, today)
    with app.app_context():
        terms = Terms(at)
        swept = []
        for rule in reckoning.rules_found(terms):
            end_reading()
            swept.append(_guarded(app, rule, terms, as_of, at, dry_run=dry_run, tell=tell))
        end_reading()
        outcome = Outcome(as_of, dry_run, tuple(swept))
        if not dry_run:
            if outcome.gone:
                _settle()
            failed = {rule: fault for rule, fault in outcome.faults.items() if fault != UNKNOWN}
            _record(outcome, at, clock(), failed=bool(failed))  # 6.
            if failed:
                raise SweepFailed(failed)
    return outcome


def _guarded(app: Flask, rule: str, terms: Terms, as_of: date, at: datetime, *, dry_run: bool, tell: Tell) -> Swept:
    """Sweep one rule; what is the matter with it stops no other."""
    try:
        if rule != reckoning.PAPERS and rule not in terms.rules():
            raise UnknownCategory(rule)
        tally = _sweep_rule(rule, terms, as_of, at, dry_run=dry_run, tell=tell)
        if rule == ACCESS:
            _sweep_visits(app, tally, as_of, dry_run=dry_run)
    except UnknownCategory as unknown:
        log.error("retention: no version of the policy names the category %r; nothing of it goes", unknown.category)
        return Swept(rule, fault=UNKNOWN)
    except Exception as error:
        if dry_run:
            raise
        log.exception("retention: the rule %s could not be swept", rule)
        return Swept(rule, fault=kind_of(error))
    return tally.of(rule)


def _sweep_rule(rule: str, terms: Terms, as_of: date, at: datetime, *, dry_run: bool, tell: Tell) -> _Tally:
    rooms, tally = reckoning.rooms_of(rule), _Tally()
    if not dry_run:
        begun = ledger_lines.unfinished(rule, as_of)  # 1.
        if begun is not None:
            left = [(room, _free(room.due(terms, begun.as_of))[0]) for room in rooms]
            _carry_out(rule, begun, left, tally, at, tell)
    found = []
    for room in rooms:  # 2.
        free, held = _free(room.due(terms, as_of))
        tally.held += held
        tally.overdue += sum(one.until < as_of for one in free)
        tally.also.update(shorter for one in free for shorter in one.also)
        found.append((room, free))
    counts = {room.name: len(free) for room, free in found if free}
    if dry_run or not counts:
        tally.gone += sum(counts.values())
        return tally
    methods = dict.fromkeys(method for room, free in found if free for method in room.method)
    if any(one.key_ref for _, free in found for one in free):
        methods = dict.fromkeys((reckoning.Method.CRYPTO_SHRED, *methods))
    begun = ledger_lines.begin(rule, reckoning.reason_of(rule), counts, tuple(methods), as_of, at)  # 3.
    _carry_out(rule, begun, found, tally, at, tell)
    return tally


def _carry_out(
    rule: str, begun: Begun, found: Sequence[tuple[Room, list[Due]]], tally: _Tally, at: datetime, tell: Tell
) -> None:
    """4. and 5."""
    total, done = sum(len(free) for _, free in found), 0
    for room, free in found:
        for start in range(0, len(free), AT_ONCE):
            chunk, _ = _free(free[start : start + AT_ONCE])  # a hold may have been placed meanwhile
            room.destroy(chunk, begun.at)
            done += len(chunk)
            tell(f"{rule}: {done} of {total} destroyed")
    counts = {room.name: room.destroyed(begun.at) for room, _ in found}
    end_reading()
    ledger_lines.finish(begun, {name: count for name, count in counts.items() if count}, at)
    tally.gone += sum(counts.values())
    tally.numbers.append(begun.number)


def _free(due: Sequence[Due]) -> tuple[list[Due], int]:
    """Return what may go, and how much a hold keeps."""
    held = reckoning.members_held()
    end_reading()
    free = [one for one in due if one.subject not in held]
    return free, len(due) - len(free)


def _sweep_visits(app: Flask, tally: _Tally, as_of: date, *, dry_run: bool) -> None:
    outcome = expiring.sweep(app, as_of, dry_run=dry_run)
    tally.gone += outcome.records
    tally.overdue += sum(day.records for day in outcome.days if day.until < as_of)
    tally.numbers.extend(outcome.numbers)


def _settle() -> None:
    """Bring what was wiped out of the logs of the stores; while somebody reads, they are cut another time."""
    try:
        scanning.settle([db.engines[bind] for bind in (None, "keys", "separated")])
    except scanning.StoreBusy:
        log.warning("retention: a store is being read, so its log keeps what was wiped until it is next cut")


def _record(outcome: Outcome, started_at: datetime, finished_at: datetime, *, failed: bool) -> None:
    if failed:
        last = runs.newest_first(FAILED, 1)
        end_reading()
        if last and started_at - last[0].started_at < TOLD_AGAIN_AFTER:
            return
    told = {one.rule: {name: value for name, value in asdict(one).items() if value} for one in outcome.rules}
    with writing():
        runs.add(
            Run(
                kind=FAILED if failed else KIND,
                as_of=outcome.as_of,
                started_at=started_at,
                finished_at=finished_at,
                outcome=json.dumps(told, separators=(",", ":")),
            )
        )


def totals(outcome: Outcome) -> Counter[str]:
    """Return the figures of a sweep, as a job tells them."""
    return Counter(
        gone=outcome.gone,
        held=sum(one.held for one in outcome.rules),
        refused=len(outcome.faults),
    )
