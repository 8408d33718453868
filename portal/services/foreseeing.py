"""Foreseeing: what is kept under each rule, what must be gone when, and whether the nightly sweep does its work.

Counts, days and kinds of fault; nobody's data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import Flask

from portal.clock import SEOUL, seoul_day
from portal.policy.model import RetentionRule
from portal.records import runs
from portal.records.runs import Run
from portal.rules.keeping import Calendar, due_by_month
from portal.services import reckoning, sweeping
from portal.services.reckoning import PAPERS, Terms

NIGHT, GRACE = time(3, 0), timedelta(hours=1)


@dataclass(frozen=True)
class Kept:
    """One rule: how many records it keeps, how many must be gone by the end of this month, how many should have gone
    before today, how many a hold keeps. `rule` is None for papers, and for a category that nobody knows."""

    key: str
    rule: RetentionRule | None
    kept: int
    this_month: int
    overdue: int
    held: int
    is_unknown: bool


@dataclass(frozen=True)
class Foreseen:
    """The whole of it. `failed` is a run that failed after the last one that did not, with its faults by rule."""

    rules: tuple[Kept, ...]
    calendar: Calendar
    last: Run | None
    failed: Run | None
    faults: Mapping[str, str]
    is_late: bool
    next_at: datetime

    @property
    def held(self) -> int:
        return sum(one.held for one in self.rules)


def foresee(app: Flask, at: datetime, months: int) -> Foreseen:
    """Return what is kept and what must be gone, this month and the next ones. Raises NothingInForce."""
    terms, today = Terms(at), seoul_day(at)
    members = reckoning.members_held()
    known, kept, counts = terms.rules(), [], []
    for key in reckoning.rules_found(terms):
        is_unknown = key != PAPERS and key not in known
        days = reckoning.counts_of(app, key, terms, at)
        rooms = reckoning.rooms_of(key)
        late = sum(count for day, count in days if day < today)
        late -= sum(one.subject in members for room in rooms for one in room.due(terms, today - timedelta(days=1)))
        coming = [(key, day, count) for day, count in days if day >= today]
        if not is_unknown:
            counts += [*coming, (key, today - timedelta(days=1), late)]
        kept.append(
            Kept(
                key,
                known.get(key),
                sum(count for _, count in days),
                sum(count for _, day, count in coming if day.replace(day=1) == today.replace(day=1)),
                late,
                sum(room.held(members) for room in rooms) if members else 0,
                is_unknown,
            )
        )
    last, failed = _newest(sweeping.KIND), _newest(sweeping.FAILED)
    if failed and last and failed.started_at <= last.started_at:
        failed = None
    return Foreseen(
        tuple(kept),
        due_by_month(counts, today, months),
        last,
        failed,
        _faults(failed or last),
        _is_late(last, at),
        _next(last, at),
    )


def _newest(kind: str) -> Run | None:
    return next(iter(runs.newest_first(kind, 1)), None)


def _faults(run: Run | None) -> dict[str, str]:
    told: dict[str, Any] = json.loads(run.outcome) if run else {}
    return {rule: one["fault"] for rule, one in told.items() if one.get("fault")}


def _is_late(last: Run | None, at: datetime) -> bool:
    """Late is what has not run for the last night, an hour after its time."""
    night = seoul_day(at - timedelta(hours=NIGHT.hour) - GRACE)
    return last is None or last.as_of < night


def _next(last: Run | None, at: datetime) -> datetime:
    """Return when the next night's sweep is due; a moment that has passed where it should have been already."""
    today = seoul_day(at)
    has_run = last is not None and last.as_of >= today
    return datetime.combine(today + timedelta(days=has_run), NIGHT, SEOUL)
