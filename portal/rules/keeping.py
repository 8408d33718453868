"""Keeping: what of a person's data goes, what stays, on which grounds and until which day.

The policy's own numbers run, whatever the law says of a ground today: a rule that is REPEALED or INTERNAL is carried
out and shows its flag. Where grounds overlap the longest wins and all are shown. What has no day yet is never gone, and
a clock that was set back only makes things stay: no day is earlier than the event it counts from.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from portal.policy.model import Event, Policy, RetentionRule, Text
from portal.rules.retention import add_months, expires_on

STATUSES: Mapping[str, Text] = {
    "VALID": Text(ko="유효한 근거", en="Ground in force"),
    "REPEALED": Text(ko="근거 조항 삭제됨", en="Ground repealed"),
    "INTERNAL": Text(ko="내부 방침", en="Our own policy"),
}


class UnknownCategory(LookupError):
    """The policy knows neither an item nor a retention rule of this name: its fate is not guessed."""

    def __init__(self, category: str) -> None:
        super().__init__(f"{category!r} is neither an item nor a retention rule of the policy")
        self.category = category


class Record(msgspec.Struct, frozen=True):
    """Some of a person's data: its category (an item or a retention rule of the policy), how many, and its own days,
    which go before the person's. `also` names further rules that it falls under, as a log that is part of a dispute."""

    category: str
    count: int = 1
    days: Mapping[Event, date] = {}
    also: tuple[str, ...] = ()


class Ground(msgspec.Struct, frozen=True):
    """One rule under which something is kept. Both days are None while what its clock starts from has not happened;
    `until` is the first day on which it must be gone."""

    rule: RetentionRule
    began_on: date | None
    until: date | None

    @property
    def flag(self) -> Text | None:
        """What must be said beside the ground: that it is repealed, or no law."""
        return None if self.rule.status == "VALID" else STATUSES[self.rule.status]


class Fate(msgspec.Struct, frozen=True):
    """What becomes of one record. `gone_on` is the first day on which it must be gone, None while nobody knows;
    `grounds` are those that keep it, the one that wins first."""

    category: str
    count: int
    gone_on: date | None
    grounds: tuple[Ground, ...] = ()

    def is_gone(self, today: date) -> bool:
        return self.gone_on is not None and self.gone_on <= today


class Plan(msgspec.Struct, frozen=True):
    """What is destroyed by `today`, and what stays, the first to go first."""

    today: date
    gone: tuple[Fate, ...]
    kept: tuple[Fate, ...]


class Month(msgspec.Struct, frozen=True):
    """What must be gone in one month: how many, by rule."""

    first_day: date
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Calendar(msgspec.Struct, frozen=True):
    """What must be gone when: before today, which is a fault; month by month; and after the months shown."""

    overdue: int
    months: tuple[Month, ...]
    later: int


def fate_of(policy: Policy, record: Record, events: Mapping[Event, date]) -> Fate:
    """Return what becomes of one record; `events` are the Seoul days on which things happened to the person.

    An item kept "until" goes at the first of its events, one under rules when the last period is over. Raises
    UnknownCategory.
    """
    days = {**completed(events), **record.days}
    keys, until = _terms_of(policy, record)
    grounds = [_ground(_rule(policy, key), days) for key in dict.fromkeys(keys)]
    grounds.sort(key=lambda ground: ground.until or date.max, reverse=True)
    ends = [ground.until for ground in grounds]
    if until:
        ends.append(min((days[event] for event in until if event in days), default=None))
    known = [end for end in ends if end is not None]
    return Fate(record.category, record.count, max(known) if len(known) == len(ends) else None, tuple(grounds))


def completed(events: Mapping[Event, date]) -> dict[Event, date]:
    """Return the events with those that follow from them: who leaves the company is no member any more, and of who is
    no member the purpose is met. Without this a record that counts from the membership's end would never go."""
    days = dict(events)
    if "LEFT_COMPANY" in days:
        days.setdefault("MEMBER_LEFT", days["LEFT_COMPANY"])
    if "MEMBER_LEFT" in days:
        days.setdefault("PURPOSE_MET", days["MEMBER_LEFT"])
    return days


def plan_of(policy: Policy, records: Iterable[Record], events: Mapping[Event, date], today: date) -> Plan:
    """Return what of a person is gone by `today` and what stays. Raises UnknownCategory before anything is planned."""
    fates = [fate_of(policy, record, events) for record in records]
    kept = [fate for fate in fates if not fate.is_gone(today)]
    return Plan(
        today,
        tuple(fate for fate in fates if fate.is_gone(today)),
        tuple(sorted(kept, key=lambda fate: fate.gone_on or date.max)),
    )


def due_by_month(counts: Iterable[tuple[str, date, int]], today: date, months: int = 12) -> Calendar:
    """Return what must be gone when, from triples of (rule, first day gone, how many), for this month and the next.

    What must be gone today is in this month, not overdue: the night's sweep is still to come.
    """
    this_month = today.replace(day=1)
    firsts = [add_months(this_month, ahead) for ahead in range(months)]
    by_month: dict[date, Counter[str]] = defaultdict(Counter)
    overdue = later = 0
    for rule, gone_on, count in counts:
        if gone_on < today:
            overdue += count
        elif gone_on.replace(day=1) > firsts[-1]:
            later += count
        else:
            by_month[gone_on.replace(day=1)][rule] += count
    return Calendar(overdue, tuple(Month(first, dict(by_month[first])) for first in firsts), later)


def _terms_of(policy: Policy, record: Record) -> tuple[list[str], tuple[Event, ...]]:
    """Return the keys of the rules that keep a record, and the events that end it otherwise."""
    if any(rule.key == record.category for rule in policy.retention_rules):
        return [record.category, *record.also], ()
    try:
        term = policy.item(record.category).term
    except KeyError:
        raise UnknownCategory(record.category) from None
    return [*([term.rule] if term.rule else []), *record.also], term.until


def _rule(policy: Policy, key: str) -> RetentionRule:
    try:
        return policy.retention_rule(key)
    except KeyError:
        raise UnknownCategory(key) from None


def _ground(rule: RetentionRule, days: Mapping[Event, date]) -> Ground:
    began_on = days.get(rule.start_event)
    return Ground(rule, began_on, expires_on(began_on, rule) if began_on else None)
