"""Disclosing: nothing leaves for a processor or a third party unless this said yes, and every answer is kept.

1. What cannot be a disclosure at all is refused before anything is looked up: names that are no names of the policy may
   be values, and a value must not reach the ledger.
2. The register is held still and the member's row is held, so that a disclosure and what forbids it happen one after
   the other.
3. The verdict and its sum are written in the one transaction; only then is it told.
4. A reference that has been answered is answered again as it was, and a yes only while it would still be one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from portal.clock import seoul_day
from portal.database import in_parts, writing
from portal.policy.model import Policy
from portal.records import disclosures, processors
from portal.records.disclosures import Disclosure, Known
from portal.rules import disclosure
from portal.rules.disclosure import MOST_ITEMS, NAME, REFERENCE, Asked, Person, Reason, Verdict
from portal.rules.forbidden import forbidden
from portal.rules.retention import add_months
from portal.services import entrusted, publishing


class NotAsked(Exception):
    """What was sent cannot be a disclosure; `field` says which part, `places` which of a list's."""

    def __init__(self, field: str, places: Sequence[int] = ()) -> None:
        self.field, self.places = field, tuple(places)
        super().__init__(f"{field}: no name of the policy, or nothing at all")


class OtherContent(Exception):
    """This reference has been answered for something else."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        super().__init__(f"the reference {reference} has been answered for something else")


@dataclass(frozen=True)
class Answer:
    """What the guard says, and since when; `again`: this reference had been answered before."""

    verdict: Verdict
    at: datetime
    again: bool = False


@dataclass(frozen=True)
class Sum:
    """How often the guard said the same about one recipient in one month."""

    month: str
    processor: str
    verdict: str
    reason: str
    count: int


@dataclass(frozen=True)
class NotSent:
    """One refusal, without the member."""

    at: datetime
    processor: str
    items: tuple[str, ...]
    purpose: str
    reference: str
    reason: str


@dataclass(frozen=True)
class Disclosed:
    """One line of what went to whom, by keys of the policy."""

    id: int
    processor: str
    items: tuple[str, ...]
    purpose: str
    at: datetime


def disclose(host_id: str, processor: str, items: Sequence[str], purpose: str, reference: str, at: datetime) -> Answer:
    """Judge whether these items of the member whom the host calls `host_id` may go to `processor`, and keep the answer.

    `items` and `purpose` are keys of the policy; `reference` is the caller's own name for this one sending, and no
    personal data. Raises NotAsked, and OtherContent for a reference that was answered for something else.
    """
    asked = Asked(processor, tuple(dict.fromkeys(items)), purpose)
    # The person is no part of the digest: whoever knows an id could tell by it, after the end, that it had been here.
    digest = sha256("\0".join((processor, purpose, *sorted(asked.items))).encode()).hexdigest()
    with writing():
        # 1.
        policy = publishing.in_force(at).policy
        _check(asked, items, reference, policy)
        # 2.
        processors.hold_still()
        member = disclosures.held(host_id)
        verdict = disclosure.judge(asked, entrusted.standing_of(processor), policy, _person(member))
        # 3.
        new = {
            "reference": reference,
            "member_ref": member.ref if member else None,
            "processor": processor,
            "items": ",".join(asked.items),
            "purpose": purpose,
            "verdict": "ALLOWED" if verdict.allowed else "REFUSED",
            "reason": verdict.reason.value if verdict.reason else "",
            "digest": digest,
            "at": at,
        }
        if disclosures.keep(f"{seoul_day(at):%Y-%m}", new):
            return Answer(verdict, at)
        # 4.
        row = disclosures.of_reference(reference)
    if row is None or row.digest != digest or not _is_of(row, member):
        raise OtherContent(reference)
    return Answer(verdict if row.verdict == "ALLOWED" else Verdict(Reason(row.reason)), row.at, again=True)


def of_member(member_ref: str, limit: int | None = None, before: int | None = None) -> list[Disclosed]:
    """Return what was disclosed of a member, newest first."""
    return [
        Disclosed(row.id, row.processor, tuple(row.items.split(",")), row.purpose, row.at)
        for row in disclosures.of_member(member_ref, limit, before)
    ]


def sums(today: date, months: int | None) -> list[Sum]:
    """Return the sums of the last months up to `today`, or of all, the newest month first."""
    since = f"{add_months(today.replace(day=1), 1 - months):%Y-%m}" if months else ""
    return [Sum(row.month, row.processor, row.verdict, row.reason, row.count) for row in disclosures.sums(since)]


def refused(limit: int) -> list[NotSent]:
    """Return the last refusals, newest first."""
    return [
        NotSent(row.at, row.processor, tuple(row.items.split(",")), row.purpose, row.reference, row.reason)
        for row in disclosures.refused(limit)
    ]


def processors_that_received(member_ref: str) -> list[str]:
    """Return the keys of the processors that a destruction must ask: those that received something of this member and
    have not ended. Who has ended has returned or destroyed everything, and the register holds the record of it."""
    received = disclosures.receivers_of(member_ref)
    if not received:
        return []
    ended = _ended()
    return [key for key in received if key not in ended]


def refs_sent(member_refs: Sequence[str]) -> set[str]:
    """Return those of these members for whom a destruction must ask a processor."""
    ended = _ended()
    return {ref for some in in_parts(member_refs) for ref in disclosures.refs_sent(some, ended)}


def _ended() -> set[str]:
    return {standing.entry.key for standing in entrusted.standings() if standing.ended_on is not None}


def _is_of(row: Disclosure, member: Known | None) -> bool:
    """Tell whether an answer may be told again of this member. One about nobody was a no, and so is nobody's now."""
    return row.member_ref is None or member is None or row.member_ref == member.ref


def _check(asked: Asked, items: Sequence[str], reference: str, policy: Policy) -> None:
    if not re.fullmatch(REFERENCE, reference) or forbidden(reference):
        raise NotAsked("reference")
    if not re.fullmatch(NAME, asked.processor):
        raise NotAsked("processor")
    if not 0 < len(items) <= MOST_ITEMS:
        raise NotAsked("items")
    known = {item.key for item in policy.items}
    unknown = [place for place, item in enumerate(items) if item not in known]
    if unknown:
        raise NotAsked("items", unknown)
    if asked.purpose not in {purpose.key for purpose in policy.purposes}:
        raise NotAsked("purpose")


def _person(member: Known | None) -> Person:
    if member is None:
        return Person(known=False)
    return Person(
        suspended=member.suspended,
        to_be_destroyed=member.gone,
        has_standing=member.has_standing,
        decisions=member.decisions,
    )
