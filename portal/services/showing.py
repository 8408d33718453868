"""Showing members their own: what is held of them, what they decided, what proves it, which visits of theirs are still
on record, and who has looked.

Reads only. What a source cannot give is told by an exception of its own, so that a page can show the rest.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from flask import current_app

from portal import holdings
from portal.clock import seoul_day
from portal.holdings import Subject
from portal.policy.model import ConsentItem, RetentionRule, Text
from portal.records import audit, consents, members, receipts
from portal.records.access import AccessRecord, Cursor
from portal.records.audit import AuditEvent
from portal.records.consents import ConsentEvent
from portal.records.receipts import Receipt
from portal.rules import suspension
from portal.rules.deed import VIEWS, WORDS, Deed
from portal.rules.identifier import shown_form
from portal.rules.reveal import REASONS
from portal.services import auditing, publishing
from portal.services.access_room import access_records, oldest_shown, rule_in_force


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


@dataclass
class Held:
    """What is held of a member: by item of the policy, each value with the sources that hold it; `missing` names the
    sources that cannot be asked now."""

    values: dict[str, dict[str, list[Text]]] = field(default_factory=dict)
    missing: list[Text] = field(default_factory=list)


@dataclass(frozen=True)
class Look:
    """Somebody of the staff looked, or an admin of the member's company looked or stopped the account: when, at what,
    why, for which request, and in which words they said so."""

    at: datetime
    by_company: bool
    deed: Text
    reason: Text | None
    about: str
    words: str


def ref_of(host_id: str) -> str:
    """Return the portal's own reference of the member whom the host calls `host_id`; "" for one it has not met."""
    member = members.of_host(host_id)
    return member.ref if member else ""


def held_of(subject: Subject, at: datetime) -> Held:
    """Return what every holding tells of a member. Items come in the order of the holdings."""
    held = Held()
    for holding in holdings.holdings():
        try:
            pieces = holding.find(subject, at)
        except holdings.Unreachable as fault:
            if fault.where not in held.missing:
                held.missing.append(fault.where)
            continue
        for piece in pieces:
            sources = held.values.setdefault(piece.item, {}).setdefault(shown_form(piece.item, piece.value), [])
            if piece.label not in sources:
                sources.append(piece.label)
    return held


def looks_at(member_ref: str, limit: int) -> list[Look]:
    """Return when staff looked at a member's data, the newest first."""
    if not member_ref:
        return []
    deeds = [deed.value for deed in (*VIEWS, Deed.ACCOUNT_SUSPENDED, Deed.ACCOUNT_RESUMED)]
    rows = [row for row in audit.found(limit=limit * 2, subject=member_ref, deeds=deeds) if _is_look(row)][:limit]
    words = auditing.words_of(rows)
    return [
        Look(
            at=row.at,
            by_company=_is_by_company(row),
            deed=WORDS[Deed(row.deed)],
            reason=REASONS.get(row.reason) or suspension.REASONS.get(row.reason),
            about=row.about if row.about.startswith("R-") else "",
            words=words.get(row.id, ""),
        )
        for row in rows
    ]


def _is_look(row: AuditEvent) -> bool:
    """Tell whether a row is about a look, or about an account that the company stopped or opened again."""
    return row.deed in VIEWS or row.reason in suspension.REASONS


def _is_by_company(row: AuditEvent) -> bool:
    """Tell whether the company did it: who opens an account in its place says why in words, as it never does."""
    if row.deed in VIEWS:
        return row.deed == Deed.COMPANY_MEMBERS_VIEWED
    return row.commitment is None


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
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    rule = rule_in_force(app, at)
    oldest = oldest_shown(rule, seoul_day(at))
    member = members.of_host(host_id)
    if member is None:
        return Visits((), None, oldest, rule)
    try:
        found = access_records(app, at, ref=member.ref, limit=limit + 1, before=before)
    except Exception as error:
        app.logger.warning("a member's access records cannot be read", exc_info=error)
        raise Unreachable from error
    rows = tuple(found[:limit])
    return Visits(rows, rows[-1].cursor if len(found) > limit else None, oldest, rule)


def _item(event: ConsentEvent) -> ConsentItem | None:
    published = publishing.version_named(event.policy_version)
    items = published.policy.consent_items if published else ()
    return next((item for item in items if item.key == event.item), None)
