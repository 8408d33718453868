"""Reckoning: what is kept under which rule of Article 5, where it lies, and on which day it must be gone.

The policy in force at the event counts: who was told three years is not kept for five because the policy changed
later. A record in the separate store was given its day when it was copied, by that same rule; what has not been copied
is counted here. A category that no version ever named has no day, and nothing of it is destroyed.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from flask import Flask

from portal.clock import seoul_day
from portal.database import db, writing
from portal.policy.model import Policy, RetentionRule, Text
from portal.records import destructions, requests, settled
from portal.records.settled import Words
from portal.rules.keeping import STATUSES, UnknownCategory
from portal.rules.ledger import Method, Reason
from portal.rules.paper import NEEDED_FOR
from portal.rules.retention import expires_on
from portal.rules.wording import period_text
from portal.services import publishing, representing
from portal.services.access_room import RULE as ACCESS
from portal.services.access_room import access_room
from portal.services.publishing import NothingInForce
from portal.vault import person_keys
from portal.vault.separated import SeparatedStore

DISPUTE, CHECK = "dispute", "identity_check"
PAPERS = "papers"  # no rule of Article 5: they go when their purpose is met
PAPERS_NAME = Text(ko="대리권을 증명한 서류", en="papers that prove an agent's power")


@dataclass(frozen=True)
class Due:
    """One record that is kept until its day: `until` is the first one on which it must be gone."""

    id: int | str
    subject: str
    until: date
    key_ref: str = ""  # a key of its own, which goes first
    also: tuple[str, ...] = ()  # shorter rules that it falls under as well


class Room(Protocol):
    """One place where records of a rule lie. `destroyed` counts what went at exactly the moment of a ledger line, so
    that who goes on with a line that was begun can tell how many it came to."""

    name: str
    method: tuple[Method, ...]

    def due(self, terms: "Terms", as_of: date) -> list[Due]: ...
    def counts(self, terms: "Terms") -> list[tuple[date, int]]: ...
    def held(self, members: set[str]) -> int: ...
    def destroy(self, due: Sequence[Due], at: datetime) -> None: ...
    def destroyed(self, at: datetime) -> int: ...


class Terms:
    """The rules of every version that has taken effect by `at`. Raises NothingInForce."""

    def __init__(self, at: datetime) -> None:
        self._versions = [
            one for one in reversed(publishing.versions()) if one.effective_at <= at and not one.withdrawn_at
        ]
        if not self._versions:
            raise NothingInForce(at)
        self._moments = [one.effective_at for one in self._versions]

    @property
    def policy(self) -> Policy:
        """The version in force."""
        return self._versions[-1].policy

    def rules(self) -> dict[str, RetentionRule]:
        """Return every rule that was ever in force, as its newest version has it."""
        return {rule.key: rule for one in self._versions for rule in one.policy.retention_rules}

    def rule(self, key: str, moment: datetime) -> RetentionRule:
        """Return a rule as it was in force at `moment`; one that came later, as it is. Raises UnknownCategory."""
        told = max(bisect_right(self._moments, moment) - 1, 0)
        for version in (self._versions[told], *reversed(self._versions)):
            for rule in version.policy.retention_rules:
                if rule.key == key:
                    return rule
        raise UnknownCategory(key)

    def until(self, key: str, moment: datetime) -> date:
        """Return the first day on which what is kept since `moment` must be gone. Raises UnknownCategory."""
        return expires_on(seoul_day(moment), self.rule(key, moment))


class Apart:
    """The records of one rule in the separate store, each with its day and its key."""

    name = "separated"
    method = (Method.CRYPTO_SHRED, Method.DB_ERASE)

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.store = SeparatedStore(db.engines["separated"], person_keys.opened())

    def due(self, terms: Terms, as_of: date) -> list[Due]:
        return [Due(row.ref, row.subject, row.until) for row in self.store.expired(as_of) if row.rule == self.rule]

    def counts(self, terms: Terms) -> list[tuple[date, int]]:
        return [(until, count) for rule, until, count in self.store.counts() if rule == self.rule]

    def held(self, members: set[str]) -> int:
        return self.store.kept_of(members)[self.rule]

    def destroy(self, due: Sequence[Due], at: datetime) -> None:
        self.store.destroy([str(one.id) for one in due], at)

    def destroyed(self, at: datetime) -> int:
        return self.store.destroyed(self.rule, at)


class _Listed:
    """A place whose records are listed one by one, and counted from the list."""

    def all(self, terms: Terms) -> list[Due]:
        raise NotImplementedError

    def due(self, terms: Terms, as_of: date) -> list[Due]:
        return [one for one in self.all(terms) if one.until <= as_of]

    def counts(self, terms: Terms) -> list[tuple[date, int]]:
        return sorted(Counter(one.until for one in self.all(terms)).items())


class Disputes(_Listed):
    """What was written in settled complaints, and how they were answered. Who was checked in the course of one falls
    under both rules: the longer one wins."""

    name = "requests"
    method = (Method.DB_ERASE,)

    def all(self, terms: Terms) -> list[Due]:
        return [
            Due(
                one.id,
                one.member_ref,
                self._until(terms, one),
                one.key_ref if one.has_own_key else "",
                (CHECK,) if one.checked_at else (),
            )
            for one in settled.disputes()
        ]

    def held(self, members: set[str]) -> int:
        return sum(one.member_ref in members for one in settled.disputes())

    def destroy(self, due: Sequence[Due], at: datetime) -> None:
        person_keys.opened().destroy_many([one.key_ref for one in due if one.key_ref], at)
        with writing():
            settled.wipe_disputes([int(one.id) for one in due], at)

    def destroyed(self, at: datetime) -> int:
        return settled.disputes_wiped(at)

    def _until(self, terms: Terms, words: Words) -> date:
        until = terms.until(DISPUTE, words.since)
        return max(until, terms.until(CHECK, words.checked_at)) if words.checked_at else until


class Checks(_Listed):
    """What was written when it was established who asked."""

    name = "request_events"
    method = (Method.DB_ERASE,)

    def all(self, terms: Terms) -> list[Due]:
        return [Due(one.id, one.member_ref, terms.until(CHECK, one.since)) for one in settled.identity_checks()]

    def held(self, members: set[str]) -> int:
        return sum(one.member_ref in members for one in settled.identity_checks())

    def destroy(self, due: Sequence[Due], at: datetime) -> None:
        with writing():
            settled.wipe_steps([int(one.id) for one in due], at)

    def destroyed(self, at: datetime) -> int:
        return settled.steps_wiped(at)


class Papers(_Listed):
    """Papers of agents, which are needed as long as somebody may still object."""

    name = "papers"
    method = (Method.DB_ERASE,)

    def all(self, terms: Terms) -> list[Due]:
        return [
            Due(ref, member or "", seoul_day(ended_at) + NEEDED_FOR) for ref, member, ended_at in requests.papers_held()
        ]

    def held(self, members: set[str]) -> int:
        return sum(member in members for _, member, _ in requests.papers_held())

    def destroy(self, due: Sequence[Due], at: datetime) -> None:
        representing.destroy_papers((str(one.id) for one in due), at)

    def destroyed(self, at: datetime) -> int:
        return requests.papers_destroyed(at)


LIVING: Mapping[str, Callable[[], Room]] = {DISPUTE: Disputes, CHECK: Checks, PAPERS: Papers}


def rooms_of(rule: str) -> list[Room]:
    """Return the places where records of a rule lie, the access store aside, which is destroyed by whole days."""
    living = [LIVING[rule]()] if rule in LIVING else []
    return living if rule == PAPERS else [Apart(rule), *living]


def rules_found(terms: Terms) -> list[str]:
    """Return every rule that something may be kept under: the policy's, then those that only a store names."""
    kept = SeparatedStore(db.engines["separated"], person_keys.opened()).counts()
    return list(dict.fromkeys([*terms.rules(), *(rule for rule, _, _ in kept), PAPERS]))


def words_of_rules(at: datetime) -> dict[str, str]:
    """Return the ground and the period of each rule as an operator reads them, with a flag where the ground is no law
    in force."""
    words = {PAPERS: f"{PAPERS_NAME.en}; {NEEDED_FOR.days} days after the decision"}
    for key, rule in Terms(at).rules().items():
        flag = "" if rule.status == "VALID" else f", {STATUSES[rule.status].en.lower()}"
        words[key] = f"{rule.ground.short.en}{flag}; {period_text(rule.period, 'en')}"
    return words


def reason_of(rule: str) -> Reason:
    return Reason.PURPOSE_MET if rule == PAPERS else Reason.PERIOD_ENDED


def counts_of(app: Flask, rule: str, terms: Terms, at: datetime) -> list[tuple[date, int]]:
    """Return how many records of a rule must be gone on which day: (the first day gone, how many)."""
    total: Counter[date] = Counter()
    for room in rooms_of(rule):
        total.update(dict(room.counts(terms)))
    if rule == ACCESS:
        total.update(_visits(app, terms.rules()[ACCESS], seoul_day(at)))
    return sorted(total.items())


def members_held() -> set[str]:
    """Return the members on whose data a hold stands."""
    return destructions.members_held()


def _visits(app: Flask, rule: RetentionRule, today: date) -> Counter[date]:
    """A day that is over does not grow any more, so it is counted once."""
    room = access_room(app)
    known: dict[date, int] = app.extensions.setdefault("portal.visits", {})
    total: Counter[date] = Counter()
    days = room.store.days()
    for day in days:
        count = known.get(day)
        if count is None:
            count = room.store.count(day)
            if (today - day).days > 1:
                known[day] = count
        total[expires_on(day, rule)] += count
    for gone in known.keys() - set(days):
        del known[gone]
    return total
