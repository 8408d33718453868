"""Foretelling: what a deletion would destroy and what the policy keeps, told before anything is asked for.

Reads only. It is made from the same list that destruction works through, and by the policy's own periods.
"""

from dataclasses import dataclass
from datetime import date, datetime

from portal.clock import seoul_day
from portal.holdings import Subject, Unreachable, holdings
from portal.policy.model import Event, Text
from portal.records import members
from portal.rules.keeping import Fate, Record, plan_of
from portal.services import publishing


@dataclass(frozen=True)
class Foretold:
    """`gone` names what goes, with the places that hold it; `kept` is what stays, with its grounds; `unreachable` names
    places that could not be asked now."""

    gone: tuple[tuple[Text, tuple[Text, ...]], ...]
    kept: tuple[Fate, ...]
    unreachable: tuple[Text, ...]


def foretell(host_id: str, at: datetime) -> Foretold:
    """Return what a deletion asked for now would come to. Raises NothingInForce, UnknownCategory."""
    policy, today = publishing.in_force(at).policy, seoul_day(at)
    member = members.of_host(host_id)
    subject = Subject(member.ref if member else "", host_id)
    held: dict[str, list[Text]] = {}
    kept_rules: dict[str, int] = {}
    unreachable: list[Text] = []
    for holding in holdings():
        try:
            for piece in holding.find(subject, at):
                if piece.item and holding.name not in held.setdefault(piece.item, []):
                    held[piece.item].append(holding.name)
            if holding.kept:
                kept_rules[holding.kept] = holding.count(subject)
        except Unreachable as fault:
            if fault.where not in unreachable:
                unreachable.append(fault.where)
    days: dict[Event, date] = {"MEMBER_LEFT": today}
    records = [Record(item) for item in held] + [Record(rule, count) for rule, count in kept_rules.items()]
    plan = plan_of(policy, records, days, today)
    gone = tuple((policy.item(fate.category).label, tuple(held[fate.category])) for fate in plan.gone)
    return Foretold(gone, plan.kept, tuple(unreachable))
