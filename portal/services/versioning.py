"""Versioning: how each published version of the policy stands: made known, in force, past, or withdrawn before its
moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portal.records import policies, policy_drafts
from portal.records.policies import PolicyWithdrawal
from portal.records.policy_drafts import Announcement, Recall
from portal.services import publishing
from portal.services.publishing import Published

State = Literal["ANNOUNCED", "EFFECTIVE", "SUPERSEDED", "WITHDRAWN"]


@dataclass(frozen=True)
class Version:
    """One version. `asks_again`: members who agreed to the one before it are asked again; `asked_again` how many were
    counted at its release, None for one that was not released from a draft or a file."""

    published: Published
    state: State
    asks_again: bool
    asked_again: int | None
    announced: Announcement | None
    early_because: str
    withdrawn: PolicyWithdrawal | None
    recalled: Recall | None


def versions(at: datetime) -> list[Version]:
    """Return every published version, the last to take effect first."""
    known = publishing.versions()
    current = publishing.in_force(at).policy.version
    older = publishing.followed(known)
    releases, announcements = policy_drafts.releases(), policy_drafts.announcements()
    withdrawals, recalls = policies.withdrawals(), policy_drafts.recalls()
    found = []
    for one in known:
        name = one.policy.version
        before, release = older.get(name), releases.get(name)
        found.append(
            Version(
                published=one,
                state=_state(one, current, at),
                asks_again=before is not None and before.requirement_hash != one.requirement_hash,
                asked_again=release.asked_again if release else None,
                announced=announcements.get(name),
                early_because=release.early_because if release else "",
                withdrawn=withdrawals.get(name),
                recalled=recalls.get(name),
            )
        )
    return found


def version(name: str, at: datetime) -> Version | None:
    """Return one published version."""
    return next((one for one in versions(at) if one.published.policy.version == name), None)


def _state(one: Published, current: str, at: datetime) -> State:
    if one.withdrawn_at is not None:
        return "WITHDRAWN"
    if one.policy.version == current:
        return "EFFECTIVE"
    return "ANNOUNCED" if one.effective_at > at else "SUPERSEDED"
