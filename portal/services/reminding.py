"""Reminding: the officers hear that a processor is to be checked, a month before and once for each day that is due."""

from datetime import datetime, timedelta

from portal.clock import seoul_day
from portal.database import writing
from portal.records import processors
from portal.rules.role import Role
from portal.services import accounts, entrusted, mailing
from portal.services.auditing import SYSTEM

AHEAD = timedelta(days=30)


def remind(at: datetime) -> int:
    """Write to every officer about each processor whose check is due within a month; return of how many."""
    today = seoul_day(at)
    due = [
        one
        for one in entrusted.standings()
        if one.disclosed_on is not None and one.next_supervision is not None and one.next_supervision <= today + AHEAD
    ]
    return sum(_remind(one.entry.key, at) for one in due)


def _remind(key: str, at: datetime) -> int:
    with writing():
        standing = entrusted.standing_of(key)
        if standing is None or standing.next_supervision is None:
            return 0
        day = standing.next_supervision.isoformat()
        if any(event.deed == "REMINDED" and event.day.isoformat() == day for event in processors.events(key)):
            return 0
        for account_ref, address, language in accounts.addresses_of(Role.OFFICER):
            values = {
                "name": standing.entry.name.in_language(language),
                "due": day,
                "link": mailing.link(f"/desk/registers/{key}"),
            }
            mailing.post("supervision_due", address, values, key_ref=account_ref, language=language, at=at, about=key)
        entrusted.note(key, "REMINDED", standing.next_supervision, SYSTEM, at)
        return 1
