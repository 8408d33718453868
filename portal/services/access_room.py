"""The access store, its keys and its journal, as one app has them; and the rule that ends them.

Opened once per app and shared by the drain, the search and the sweep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from flask import Flask

from portal.clock import seoul_day
from portal.database import db
from portal.policy.model import RetentionRule
from portal.records.access import AccessRecord, AccessStore, Cursor, SealOf, Search, open_access_store
from portal.rules.retention import add_months, is_expired
from portal.services.publishing import in_force
from portal.settings import Settings
from portal.vault.day_keys import DayKeys
from portal.vault.sealing import DaySeal

RULE = "access_record"  # Article 5: the key of its rule in the policy


@dataclass(frozen=True)
class AccessRoom:
    """Where access records come in, lie and are opened."""

    journal: Path
    store: AccessStore
    keys: DayKeys


def access_room(app: Flask) -> AccessRoom:
    """Return the app's access room, opened on the first call."""
    if "portal.access" not in app.extensions:
        settings: Settings = app.extensions["portal.settings"]
        with app.app_context():
            keys = DayKeys(db.engines["keys"], app.extensions["portal.secrets"].wrapping_keys)
            store = open_access_store(settings.access_store, db.engines.get("access"))
        app.extensions.setdefault("portal.access", AccessRoom(settings.journal, store, keys))  # the thread may be first
    room: AccessRoom = app.extensions["portal.access"]
    return room


def rule_in_force(app: Flask, at: datetime) -> RetentionRule:
    """Return the retention rule of access records in the policy in force. Raises NothingInForce."""
    with app.app_context():  # of its own: the session's read ends here, and not after an hour's drain
        return in_force(at).policy.retention_rule(RULE)


def sealing(room: AccessRoom, rule: RetentionRule | None, at: datetime) -> SealOf:
    """Return what gives the seal of a day to drain into; None for a day that is expired or whose key was destroyed.

    Keep it for one pass: a key destroyed meanwhile would live on in it. Without a rule nothing has expired yet.
    """
    seals: dict[date, DaySeal | None] = {}
    today = seoul_day(at)

    def seal_of(day: date) -> DaySeal | None:
        if day not in seals:
            gone = rule is not None and is_expired(day, rule, today)
            seals[day] = None if gone else room.keys.obtain(day, at)
        return seals[day]

    return seal_of


def access_records(
    app: Flask,
    at: datetime,
    *,
    ref: str | None = None,
    ip: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    before: Cursor | None = None,
) -> list[AccessRecord]:
    """Return the access records found, newest first; the last one's `cursor` is the next page's `before`.

    Expired records are not among them, whether or not a sweep has come by. Raises NothingInForce.
    """
    room = access_room(app)
    rule = rule_in_force(app, at)
    today = seoul_day(at)
    opening = room.keys.reading()
    wanted = Search(oldest_shown(rule, today), ref, ip, since, until, limit, before)
    return room.store.search(wanted, lambda day: None if is_expired(day, rule, today) else opening(day))


def last_seen(app: Flask, after: Mapping[str, date], at: datetime) -> dict[str, date]:
    """Return the newest Seoul day, later than the one given, on which the gate recorded each of these members; whoever
    it has not recorded since is left out. Raises NothingInForce."""
    rule = rule_in_force(app, at)
    return access_room(app).store.last_seen(after, oldest_shown(rule, seoul_day(at))) if after else {}


def oldest_shown(rule: RetentionRule, today: date) -> date:
    """Return the first day that is not expired. Clamped months make several days expire at once, so it is asked for
    day by day from a guess that is never too late."""
    day = add_months(today, -rule.period.in_months)
    while is_expired(day, rule, today):
        day += timedelta(days=1)
    return day
