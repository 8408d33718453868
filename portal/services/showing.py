"""Showing members their own: what they decided, what proves it, and which visits of theirs are still on record.

Reads only. What a source cannot give is told by an exception of its own, so that a page can show the rest.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import current_app

from portal.clock import seoul_day
from portal.database import db
from portal.policy.model import ConsentItem, RetentionRule
from portal.records import consents, members, receipts
from portal.records.access import AccessRecord, AccessStore, Cursor, Search, open_access_store
from portal.records.consents import ConsentEvent
from portal.records.receipts import Receipt
from portal.rules.retention import add_months, is_expired
from portal.services import publishing
from portal.vault.day_keys import DayKeys

ACCESS_RULE = "access_record"


class Unreachable(Exception):
    """A source cannot be read now; what it holds is neither shown nor denied."""


@dataclass(frozen=True)
class Decided:
    """The decision that holds on one item; `item` as its policy version worded it, None where that has no such item."""

    event: ConsentEvent
    item: ConsentItem | None
    receipt: Receipt | None


@dataclass(frozen=True)
class Visits:
    """One page of a member's access records, newest first; `older` is where the next page begins. `oldest` is the
    first day that may still be shown."""

    rows: tuple[AccessRecord, ...]
    older: Cursor | None
    oldest: date
    rule: RetentionRule


def decided_by(host_id: str) -> list[Decided]:
    """Return the decisions that hold for a member, in the order in which the items were last decided on."""
    member = members.of_host(host_id)
    if member is None:
        return []
    proofs = {receipt.submission: receipt for receipt in receipts.of_member(member.ref)}
    held = sorted(consents.holding(member.ref).values(), key=lambda event: event.id)
    return [Decided(event, _item(event), proofs.get(event.submission)) for event in held]


def decided_on(host_id: str, key: str) -> Decided | None:
    """Return the decision of a member that holds on one item."""
    return next((decided for decided in decided_by(host_id) if decided.event.item == key), None)


def visits_of(host_id: str, at: datetime, *, limit: int, before: Cursor | None = None) -> Visits:
    """Return a member's own access records. Raises Unreachable when the access store or its keys cannot be read."""
    rule = publishing.in_force(at).policy.retention_rule(ACCESS_RULE)
    oldest = oldest_shown(seoul_day(at), rule)
    member = members.of_host(host_id)
    if member is None:
        return Visits((), None, oldest, rule)
    wanted = Search(oldest=oldest, ref=member.ref, limit=limit + 1, before=before)
    try:
        found = _access_store().search(wanted, _day_keys().reading())
    except Exception as error:
        current_app.logger.warning("a member's access records cannot be read", exc_info=error)
        raise Unreachable from error
    rows = tuple(found[:limit])
    return Visits(rows, rows[-1].cursor if len(found) > limit else None, oldest, rule)


def oldest_shown(today: date, rule: RetentionRule) -> date:
    """Return the first day whose records are not expired `today`."""
    day = add_months(today, -rule.period.in_months) - timedelta(days=4)  # months differ by up to 3 days
    while is_expired(day, rule, today):
        day += timedelta(days=1)
    return day


def _item(event: ConsentEvent) -> ConsentItem | None:
    published = publishing.version_named(event.policy_version)
    items = published.policy.consent_items if published else ()
    return next((item for item in items if item.key == event.item), None)


def _access_store() -> AccessStore:
    known = current_app.extensions
    if "portal.access" not in known:
        known["portal.access"] = open_access_store(known["portal.settings"].access_store)
    store: AccessStore = known["portal.access"]
    return store


def _day_keys() -> DayKeys:
    return DayKeys(db.engines["keys"], current_app.extensions["portal.secrets"].wrapping_key)
