"""Entrusting: what the officer does to the register of processors and recipients, from the first draft to the record
of return or destruction."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from portal.clock import seoul_day
from portal.database import writing
from portal.policy.model import Policy
from portal.records import processors
from portal.rules import processor
from portal.rules.processor import Contract, Difference, Entry, Standing, State
from portal.services import entrusted, publishing
from portal.services.auditing import By


class Refused(Exception):
    """The register does not take this; `why` is a word."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def differences(policy: Policy) -> tuple[Difference, ...]:
    """Return where the register and the policy in force tell two stories."""
    return processor.differences(policy, entrusted.standings())


def add(entry: Entry, contact: Mapping[str, str], by: By, at: datetime) -> None:
    """Enter a new recipient. Raises Refused when the key is taken or the facts name what the policy does not know."""
    _check(entry, publishing.in_force(at).policy)
    with writing():
        processors.hold()
        if processors.entry(entry.key) is not None:
            raise Refused("TAKEN")
        entrusted.write(entry, contact, by, at)


def change(entry: Entry, contact: Mapping[str, str], by: By, at: datetime) -> None:
    """Write an entry's facts anew. Raises Refused when it is unknown or ended, or the facts are not to be had."""
    _check(entry, publishing.in_force(at).policy)
    with writing():
        _living(entry.key)
        entrusted.write(entry, contact, by, at)


def note_contract(key: str, contract: Contract, by: By, at: datetime) -> None:
    """Keep what a contract on paper says. Raises Refused."""
    with writing():
        _living(key)
        if contract.signed_on > seoul_day(at):
            raise Refused("TO_COME")
        if contract.expires_on is not None and contract.expires_on <= contract.signed_on:
            raise Refused("EXPIRES_BEFORE")
        entrusted.note(key, "CONTRACT", contract.signed_on, by, at, facts=msgspec.to_builtins(contract))


def disclose(key: str, by: By, at: datetime) -> None:
    """Say that the public is told of this entry, and open the guard to it. Raises Refused while something lacks."""
    policy, today = publishing.in_force(at).policy, seoul_day(at)
    with writing():
        standing = _living(key)
        if processor.state_of(standing, policy, today) is State.DISCLOSED:
            raise Refused("DISCLOSED")
        if not processor.may_disclose(standing, policy, today):
            raise Refused("LACKS")
        entrusted.note(key, "DISCLOSED", today, by, at, facts={"policy": policy.version})


def supervise(key: str, day: date, method: str, findings: str, next_due: date, by: By, at: datetime) -> None:
    """Keep that a recipient was looked at. Raises Refused for a day to come or a next one that is none."""
    with writing():
        _living(key)
        if day > seoul_day(at):
            raise Refused("TO_COME")
        if next_due <= day or next_due > processor.supervision_due_on(day):
            raise Refused("NEXT_DUE")
        words = {"method": method, "findings": findings}
        entrusted.note(key, "SUPERVISED", day, by, at, facts={"next_due": next_due.isoformat()}, words=words)


def end(key: str, day: date, how: str, evidence: str, by: By, at: datetime) -> None:
    """End an entry for good, with the record of how the data came back or was destroyed; the guard is closed at once.

    Raises Refused for a day to come.
    """
    with writing():
        _living(key)
        if day > seoul_day(at):
            raise Refused("TO_COME")
        entrusted.note(key, "ENDED", day, by, at, facts={"how": how}, words={"evidence": evidence})


def _check(entry: Entry, policy: Policy) -> None:
    if not entry.items or not set(entry.items) <= {item.key for item in policy.items}:
        raise Refused("ITEMS")
    if not entry.purposes or not set(entry.purposes) <= {purpose.key for purpose in policy.purposes}:
        raise Refused("PURPOSES")


def _living(key: str) -> Standing:
    """Return an entry that has not ended, the register held: whoever comes second sees what the first one did."""
    processors.hold()
    standing = entrusted.standing_of(key)
    if standing is None:
        raise Refused("UNKNOWN")
    if standing.ended_on is not None:
        raise Refused("ENDED")
    return standing
