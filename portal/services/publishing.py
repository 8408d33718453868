"""Publishing a policy, and reading what is in force.

Whether members are asked again is decided by the requirement hash alone: a version with another hash makes every
older standing stale at the moment it takes effect, without anybody touching a row; a version with the same hash, a
correction of words or contacts, asks nobody. A published version is never changed; one that was withdrawn before its
moment stays readable and is never in force.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from threading import Lock

from flask import current_app

from portal.clock import SEOUL
from portal.policy.loading import from_json, load, shipped, to_json
from portal.policy.model import Policy
from portal.records import policies
from portal.rules import purpose
from portal.rules.consent import requirement_hash
from portal.services import entrusted
from portal.services.changing import changing_standing

KEPT_POLICIES = 16


class NothingInForce(Exception):
    """No policy has taken effect yet, so nothing can be asked and nobody can be let in."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        super().__init__(f"no policy is in force at {at.isoformat()}; publish one with `portal policy publish`")


class VersionTaken(Exception):
    """A version of this name is published with another text; a published version is never changed."""

    def __init__(
        self, version: str, why: str = "is published with another text; give the new text a new version"
    ) -> None:
        self.version = version
        super().__init__(f"version {version} {why}")


class WasWithdrawn(VersionTaken):
    """A version of this name was withdrawn; nobody who was told of it may meet another text under the same name."""

    def __init__(self, version: str) -> None:
        super().__init__(version, "was withdrawn; give the text a new version")


class TooLate(Exception):
    """The version would have taken effect in the past, and what members were told then would be rewritten."""

    def __init__(self, version: str, effective_at: datetime, at: datetime) -> None:
        self.version, self.effective_at, self.at = version, effective_at, at
        super().__init__(
            f"version {version} would take effect at {effective_at.isoformat()}, before now ({at.isoformat()}); "
            "choose a moment to come"
        )


class StillUsed(Exception):
    """Something here uses people's data for what this version would not tell any more; `uses` says what."""

    def __init__(self, uses: Sequence[str]) -> None:
        self.uses = tuple(uses)
        super().__init__("\n".join(uses))


@dataclass(frozen=True)
class Published:
    """One published version with the moment it takes effect (aware UTC), and the one at which it was withdrawn."""

    policy: Policy
    effective_at: datetime
    requirement_hash: str
    withdrawn_at: datetime | None = None


def publish(policy: Policy, effective_at: datetime, at: datetime) -> Published:
    """Publish `policy` so that it takes effect at `effective_at`; publishing the same text again changes nothing.

    Only the very first version may take effect in the past. Raises StillUsed, VersionTaken and TooLate.
    """
    with changing_standing():
        return judge(policy, effective_at, at) or keep(policy, effective_at, at)


def keep(policy: Policy, effective_at: datetime, at: datetime) -> Published:
    """Keep a version that `judge` found new, inside the caller's transaction, which `changing_standing` opened."""
    body = to_json(policy)
    row = policies.PolicyVersion(
        version=policy.version,
        body=body,
        body_sha256=_sha256(body),
        requirement_hash=requirement_hash(policy),
        effective_at=effective_at,
        published_at=at,
    )
    is_first = policies.in_force(at) is None
    policies.add(row)
    if is_first:
        entrusted.seed(policy, at)
    return Published(policy, effective_at, row.requirement_hash)


def judge(policy: Policy, effective_at: datetime, at: datetime) -> Published | None:
    """Return the version that is published with this very text, None where it would be new. Raises as `publish`."""
    unbound = purpose.faults(current_app.extensions["portal.uses"], policy)
    if unbound:
        raise StillUsed(unbound)
    known = policies.named(policy.version)
    if known is not None:
        if known.withdrawn_at is not None:
            raise WasWithdrawn(policy.version)
        if known.body_sha256 != _sha256(to_json(policy)):
            raise VersionTaken(policy.version)
        return _published(known)
    if effective_at < at and policies.in_force(at) is not None:
        raise TooLate(policy.version, effective_at, at)
    return None


def publish_shipped(at: datetime) -> list[str]:
    """Publish each policy that comes with the product and is not published yet; return their names, oldest first.

    Each takes effect at the first moment of its day in Seoul; one whose day has passed while an earlier one was in
    force takes effect now.
    """
    published = []
    for policy in sorted((load(path) for path in shipped()), key=lambda policy: policy.effective_on):
        if _is_published(policy.version):
            continue
        starts = datetime.combine(policy.effective_on, time.min, SEOUL)
        if starts < at and _anything_in_force(at):
            starts = at
        publish(policy, starts, at)
        published.append(policy.version)
    return published


def in_force(at: datetime) -> Published:
    """Return the version in force at `at`. Raises NothingInForce."""
    row = policies.in_force(at)
    if row is None:
        raise NothingInForce(at)
    return _published(row)


def version_named(version: str) -> Published | None:
    """Return the published version of this name."""
    row = policies.named(version)
    return None if row is None else _published(row)


def versions() -> list[Published]:
    """Return every published version, withdrawn ones too, the last to take effect first."""
    return [_published(row) for row in policies.newest_first()]


def followed(known: Sequence[Published]) -> dict[str, Published]:
    """Return the version that each of `known`, newest first, follows: nothing follows one that was withdrawn."""
    found: dict[str, Published] = {}
    before: Published | None = None
    for one in reversed(known):
        if before is not None:
            found[one.policy.version] = before
        if one.withdrawn_at is None:
            before = one
    return found


def _sha256(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


class _Read:
    """Policies read from their JSON, by the hash of it: a published text never changes, so neither does its reading."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[str, Policy] = OrderedDict()
        self._lock = Lock()

    def policy(self, row: policies.PolicyVersion) -> Policy:
        with self._lock:
            if row.body_sha256 in self._known:
                self._known.move_to_end(row.body_sha256)
                return self._known[row.body_sha256]
        policy = from_json(row.body)
        with self._lock:
            self._known[row.body_sha256] = policy
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return policy


_read = _Read(KEPT_POLICIES)


def _published(row: policies.PolicyVersion) -> Published:
    return Published(_read.policy(row), row.effective_at, row.requirement_hash, row.withdrawn_at)


def _is_published(version: str) -> bool:
    return policies.named(version) is not None


def _anything_in_force(at: datetime) -> bool:
    return policies.in_force(at) is not None
