"""Announcing: members are told of a new version before it takes effect, some at a time, each exactly once.

Letters and how far the announcement has come are written in one transaction, so that one that is killed goes on where
it was. Who becomes a member meanwhile is told as well; who is destroyed meanwhile is not there any more.
"""

from datetime import datetime
from typing import cast

from flask import current_app

from portal.clock import SEOUL
from portal.database import writing
from portal.records import policy_drafts
from portal.services import mailing, publishing, registering
from portal.services.publishing import Published
from portal.settings import Settings

AT_ONCE = 200
LETTER = "policy_announced"


def tell_some(at: datetime, limit: int = AT_ONCE) -> int:
    """Write to the next members of an announcement, in one transaction; return how many were looked at, 0 when none is
    under way any more."""
    with writing():
        announced = policy_drafts.unfinished_announcement()
        if announced is None:
            return 0
        version = publishing.version_named(announced.version)
        some = policy_drafts.members_after(announced.last_member, limit) if version else []
        profiles = registering.profiles_of(some)
        told = 0
        for member in some:
            address = profiles.get(member.ref, {}).get("email", "")
            if address and version is not None:
                _write(address, member.ref, version, at)
                told += 1
        policy_drafts.advance(
            announced.version,
            last_member=some[-1].id if some else announced.last_member,
            told=told,
            without_address=len(some) - told,
            done_at=at if len(some) < limit else None,
        )
        return len(some)


def _write(address: str, member_ref: str, version: Published, at: datetime) -> None:
    settings = cast(Settings, current_app.extensions["portal.settings"])
    values = {
        "version": version.policy.version,
        "day": f"{version.effective_at.astimezone(SEOUL):%Y-%m-%d %H:%M}",
        "reason": version.policy.reason.in_language(settings.language),
        "link": mailing.link(f"/versions/{version.policy.version}"),
        "changes": mailing.link("/versions"),
    }
    mailing.post(
        LETTER,
        address,
        values,
        key_ref=member_ref,
        language=settings.language,
        at=at,
        about=version.policy.version,
    )
