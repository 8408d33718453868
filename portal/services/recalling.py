"""Recalling: an announced version is withdrawn before its moment, and whoever was told of it is told once that it does
not come.

The order that is safety, in one transaction, after the gate's readers were told that something changes:
1. the version is held, so that of two who withdraw it one is first,
2. only then the clock is asked, for waiting may have taken longer than the time that was left,
3. the withdrawal is kept, by which the gate and every reader pass the version over from the commit on,
4. its announcement ends: letters that nobody has begun to send are called off, the rest will be answered, audited.
"""

from datetime import datetime, timedelta
from typing import cast

from flask import current_app

from portal.clock import SEOUL, Clock
from portal.database import writing
from portal.records import mails, members, policies, policy_drafts
from portal.records.policies import PolicyWithdrawal
from portal.records.policy_drafts import Recall
from portal.rules.deed import Deed
from portal.services import announcing, auditing, mailing, publishing, registering
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.publishing import Published
from portal.settings import Settings

AT_ONCE = 200
NO_LATER = timedelta(minutes=1)  # clocks of several machines differ a little, and a commit takes its time
LETTER = "policy_withdrawn"


class NoSuchVersion(LookupError):
    """No version of this name is published."""


class NotAhead(Exception):
    """The version is in force, was, will be within `NO_LATER`, or is withdrawn already."""

    def __init__(self, version: str) -> None:
        super().__init__(f"version {version} does not lie ahead any more")


def withdraw(version: str, because: str, by: By, now: Clock) -> None:
    """Withdraw an announced version, so that it is never in force. Raises NoSuchVersion or NotAhead."""
    with changing_standing():
        # 1.
        row = policies.held(version)
        if row is None:
            raise NoSuchVersion(version)
        # 2.
        at = now()
        if version in policies.withdrawals() or row.effective_at - at < NO_LATER:
            raise NotAhead(version)
        # 3.
        policies.add(PolicyWithdrawal(version=version, because=because, withdrawn_by=by.ref, withdrawn_at=at))
        # 4.
        announced = policy_drafts.announcement_held(version)
        if announced is not None:
            announced.done_at = announced.done_at or at
            called_off = mails.call_off_untried(announcing.LETTER, version)
            policy_drafts.add(Recall(version=version, last_mail=0, told=0, called_off=called_off, done_at=None))
        auditing.note(Deed.POLICY_WITHDRAWN, by, at, about=version)


def tell_some(at: datetime, limit: int = AT_ONCE) -> int:
    """Write to the next members who were told of a version that was withdrawn, in one transaction; return how many of
    their letters were looked at, 0 when none is left."""
    with writing():
        recall = policy_drafts.unfinished_recall()
        version = publishing.version_named(recall.version) if recall else None
        if recall is None or version is None:
            return 0
        letters = mails.sent_after(announcing.LETTER, recall.version, recall.last_mail, limit)
        profiles = registering.profiles_of(members.of_refs([key_ref for _, key_ref in letters]))
        for _, member_ref in letters:
            address = profiles.get(member_ref, {}).get("email", "")
            if address:
                _write(address, member_ref, version, at)
                recall.told += 1
        if letters:
            recall.last_mail = letters[-1][0]
        if len(letters) < limit:
            recall.done_at = at
        return len(letters)


def _write(address: str, member_ref: str, version: Published, at: datetime) -> None:
    settings = cast(Settings, current_app.extensions["portal.settings"])
    name = version.policy.version
    values = {
        "version": name,
        "day": f"{version.effective_at.astimezone(SEOUL):%Y-%m-%d %H:%M}",
        "link": mailing.link("/"),
        "withdrawn": mailing.link(f"/versions/{name}"),
    }
    mailing.post(LETTER, address, values, key_ref=member_ref, language=settings.language, at=at, about=name)
