"""Expiring: access records of days whose time is over are destroyed, the key first.

From the moment its key is destroyed nobody can read a day's addresses, agents and cookies again: not in the file, not
in a log, not in any backup of either. What follows removes the rest of the records.
"""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime

from flask import Flask

from portal.clock import Clock, seoul_day
from portal.database import writing
from portal.policy.model import RetentionRule
from portal.records.access.emptying import Lock
from portal.records.runs import Run, add
from portal.rules.ledger import Method, Reason
from portal.rules.retention import expires_on, is_expired
from portal.services import ledger_lines
from portal.services.access_room import RULE, AccessRoom, access_room, rule_in_force
from portal.services.draining import drain_once
from portal.services.ledger_lines import Begun

KIND = "access sweep"
PLACE = "access_records"


class TooEarly(Exception):
    """A sweep for a day to come would destroy what must still be kept. A dry run may look ahead."""

    def __init__(self, as_of: date, today: date) -> None:
        self.as_of, self.today = as_of, today
        super().__init__(
            f"as of {as_of}: got a day after today ({today}), whose sweep would destroy records that must still be"
            " kept; look ahead with --dry-run"
        )


@dataclass(frozen=True)
class ExpiredDay:
    """One Seoul day that is over: how many records it held, and whether its key was still there."""

    day: date
    records: int
    had_key: bool
    until: date  # the first day on which they must be gone


@dataclass(frozen=True)
class Outcome:
    """What a sweep destroyed, or would have, oldest day first."""

    as_of: date
    dry_run: bool
    days: tuple[ExpiredDay, ...]
    numbers: tuple[str, ...] = ()  # of its lines in the ledger

    @property
    def records(self) -> int:
        return sum(day.records for day in self.days)

    @property
    def keys(self) -> int:
        return sum(day.had_key for day in self.days)


def sweep(app: Flask, as_of: date | None = None, *, dry_run: bool = False) -> Outcome:
    """Destroy the access records that are expired on `as_of`, a Seoul day; today where it is not given.

    1. Drain the journal, so that nothing older than the limit is left in it; then keep other drainers out.
    2. List the expired days, by their records and by their keys.
    3. Write in the ledger what is about to go, but for what an unfinished line tells already; then destroy the keys,
       each in a committed transaction.
    4. Destroy their records: overwrite and unlink the file, or drop the partition.
    5. Scrub the keys store of what the destroyed keys left behind; write in the ledger that all of it is gone.
    6. Record the run.

    A crash after any step is made good by the next sweep: each step does what is left of it, and a second sweep finds
    nothing. A dry run does step 2 alone. Raises TooEarly for a day to come, NothingInForce without a policy.
    """
    clock: Clock = app.extensions["portal.clock"]
    at = clock()
    today = seoul_day(at)
    as_of = as_of or today
    room = access_room(app)
    rule = rule_in_force(app, at)
    if dry_run:
        return Outcome(as_of, True, _expired(room, rule, as_of))
    if as_of > today:
        raise TooEarly(as_of, today)
    drain_once(app)  # 1.
    with Lock(room.journal, wait=True) if room.journal.is_dir() else nullcontext():
        days = _expired(room, rule, as_of)  # 2.
        with app.app_context():
            lines = _begin(days, as_of, at)  # 3.
        for expired in days:
            room.keys.destroy(expired.day, at)
        for expired in days:  # 4.
            room.store.destroy(expired.day)
        room.keys.scrub()  # 5.
        with app.app_context():
            for line in lines:
                ledger_lines.finish(line, line.counts, at)
    outcome = Outcome(as_of, False, days, tuple(line.number for line in lines))
    _record(app, outcome, at, clock())  # 6.
    return outcome


def _begin(days: Sequence[ExpiredDay], as_of: date, at: datetime) -> list[Begun]:
    """Return the line under which a sweep was stopped, and one for what has expired since."""
    stopped = ledger_lines.unfinished(RULE, as_of, PLACE)
    lines = [stopped] if stopped else []
    count = sum(one.records for one in days if stopped is None or one.until > stopped.as_of)
    if count:
        methods = (Method.CRYPTO_SHRED, Method.OVERWRITE)
        lines.append(ledger_lines.begin(RULE, Reason.PERIOD_ENDED, {PLACE: count}, methods, as_of, at, PLACE))
    return lines


def _expired(room: AccessRoom, rule: RetentionRule, as_of: date) -> tuple[ExpiredDay, ...]:
    keyed = set(room.keys.held())
    kept = set(room.store.days())
    return tuple(
        ExpiredDay(day, room.store.count(day) if day in kept else 0, day in keyed, expires_on(day, rule))
        for day in sorted(keyed | kept)
        if is_expired(day, rule, as_of)
    )


def _record(app: Flask, outcome: Outcome, started_at: datetime, finished_at: datetime) -> None:
    told = {
        "days": [expired.day.isoformat() for expired in outcome.days],
        "records": outcome.records,
        "keys": outcome.keys,
    }
    with app.app_context(), writing():
        add(
            Run(
                kind=KIND,
                as_of=outcome.as_of,
                started_at=started_at,
                finished_at=finished_at,
                outcome=json.dumps(told, separators=(",", ":")),
            )
        )
