"""Versioning: how each published version of the policy stands: made known, in force, or past."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from portal.records import policy_drafts
from portal.records.policy_drafts import Announcement
from portal.services import publishing
from portal.services.publishing import Published

State = Literal["ANNOUNCED", "EFFECTIVE", "SUPERSEDED"]


@dataclass(frozen=True)
class Version:
    """One version. `asks_again`: members who agreed to the one before it are asked again; `asked_again` how many were
    counted at its release, None for one that was not released from the desk."""

    published: Published
    state: State
    asks_again: bool
    asked_again: int | None
    announced: Announcement | None
    early_because: str


def versions(at: datetime) -> list[Version]:
    """Return every published version, the last to take effect first."""
    known = publishing.versions()
    current = publishing.in_force(at).policy.version
    older = {new.policy.version: old for new, old in pairwise(known)}
    releases, announcements = policy_drafts.releases(), policy_drafts.announcements()
    found = []
    for one in known:
        name = one.policy.version
        before, release = older.get(name), releases.get(name)
        state: State = "EFFECTIVE" if name == current else "ANNOUNCED" if one.effective_at > at else "SUPERSEDED"
        found.append(
            Version(
                published=one,
                state=state,
                asks_again=before is not None and before.requirement_hash != one.requirement_hash,
                asked_again=release.asked_again if release else None,
                announced=announcements.get(name),
                early_because=release.early_because if release else "",
            )
        )
    return found
