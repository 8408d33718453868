"""Releasing a version of the policy: what it would do, whether its day is far enough off, and its release.

In one transaction, after the gate's readers were told that something changes:
1. nothing here uses data for what the version would not tell, its name is new, and its day is far enough off or a
   reason is given,
2. it is published for its moment, how it was released is kept, its announcement begins, the audit is written.
The very first version changes nothing that anybody was told, so it has neither a lead time nor an announcement.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from portal.clock import SEOUL, seoul_day
from portal.policy.law import notes
from portal.policy.model import Language, Policy
from portal.records import policy_drafts, standings
from portal.records.policy_drafts import Announcement, PolicyRelease
from portal.rules.deed import Deed
from portal.rules.difference import Difference, difference
from portal.rules.law import Finding, lint
from portal.rules.lead_time import earliest_day, is_material, lead_days
from portal.services import auditing, publishing
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.publishing import NothingInForce, Published

BY_HAND = ""  # the draft of a version that was released from a file


class TooSoon(Exception):
    """The version would take effect on the day `got`, before `earliest`, and no reason was given."""

    def __init__(self, got: date, earliest: date, days: int) -> None:
        self.got, self.earliest, self.days = got, earliest, days
        super().__init__(
            f"it would take effect on {got.isoformat()}, and no reason was given; expected {earliest.isoformat()} or "
            f"later, {days} days from today"
        )


@dataclass(frozen=True)
class Plan:
    """What releasing a version would do: the difference, how many members are stopped and asked again, from when it
    may take effect without a reason, and what today's law says of it."""

    before: Policy
    difference: Difference
    members: int
    asked_again: int
    material: bool
    lead_days: int
    earliest: date
    findings: tuple[Finding, ...]


def plan_of(policy: Policy, at: datetime, language: Language, effective_at: datetime | None = None) -> Plan:
    """Return what releasing this policy would do, against the version that will be in force when it takes effect, by
    itself at the first moment of its day: one that is announced already may lie between, and a policy that does not
    have its changes would take them back. Raises NothingInForce."""
    starts = effective_at or datetime.combine(policy.effective_on, time.min, SEOUL)
    before = publishing.in_force(max(at, starts)).policy
    changed = difference(before, policy, language)
    material = is_material(changed)
    satisfied = standings.count_satisfying(publishing.in_force(at).requirement_hash)
    return Plan(
        before=before,
        difference=changed,
        members=satisfied,
        asked_again=satisfied if changed.asks_again else 0,
        material=material,
        lead_days=lead_days(material=material),
        earliest=earliest_day(seoul_day(at), material=material),
        findings=lint(policy, notes()),
    )


def judge(policy: Policy, effective_at: datetime, early_because: str, at: datetime) -> Published | Plan | None:
    """Return the version that is published with this very text, else what releasing it would do, None for the first.

    Raises StillUsed, VersionTaken, TooLate or TooSoon.
    """
    known = publishing.judge(policy, effective_at, at)
    if known is not None:
        return known
    try:
        plan = plan_of(policy, at, "ko", effective_at)
    except NothingInForce:
        return None
    day = seoul_day(effective_at)
    if day < plan.earliest and not early_because:
        raise TooSoon(day, plan.earliest, plan.lead_days)
    return plan


def release(policy: Policy, effective_at: datetime, early_because: str, by: By, at: datetime) -> Published:
    """Release a policy that was written elsewhere; releasing the same text again changes nothing. Raises as `judge`."""
    with changing_standing():
        return release_held(policy, effective_at, early_because, draft_ref=BY_HAND, by=by, at=at)


def release_held(
    policy: Policy, effective_at: datetime, early_because: str, *, draft_ref: str, by: By, at: datetime
) -> Published:
    """Do what `release` does inside the caller's transaction, which `changing_standing` opened."""
    # 1.
    plan = judge(policy, effective_at, early_because, at)
    if isinstance(plan, Published):
        return plan
    # 2.
    published = publishing.keep(policy, effective_at, at)
    told = {"version": policy.version, "effective_at": effective_at.isoformat()}
    if plan is not None:
        is_early = seoul_day(effective_at) < plan.earliest
        policy_drafts.add(
            PolicyRelease(
                version=policy.version,
                draft_ref=draft_ref,
                material=plan.material,
                asked_again=plan.asked_again,
                early_because=early_because if is_early else "",
                released_by=by.ref,
                released_at=at,
            )
        )
        policy_drafts.add(Announcement(version=policy.version, last_member=0, told=0, without_address=0, done_at=None))
        told["material"] = plan.material
    auditing.note(Deed.POLICY_RELEASED, by, at, about=policy.version, facts=told)
    return published
