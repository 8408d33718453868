"""The consent receipt: what a person takes away as proof, as a plain JSON-able dict.

Every field that ISO/IEC TS 27560:2023 makes mandatory in a consent *record* is given, not only the two it asks of a
receipt; the field names follow the mapping in the W3C Data Privacy Vocabulary guide, with its context link, and need
no RDF reader. A receipt never changes and has no status: a withdrawal is a new receipt that names the old one in
`replaces`. Signing is the service's, over the exact bytes it stores.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from portal.policy.model import ConsentItem, Language, Policy, Term, Text
from portal.rules.wording import ground_text, period_iso, period_text, start_text, term_text

SCHEMA_VERSION = "ISO-IEC-TS-27560:2023"
CONTEXT = "https://w3id.org/dpv"
JURISDICTION = "KR"

State = Literal["GRANTED", "REFUSED", "WITHDRAWN"]


class Event(msgspec.Struct, frozen=True):
    """One recorded decision on one item, as the receipt tells it. `decided_at` is aware."""

    event_ref: str
    item: str
    decision: State
    content_hash: str
    text_sha256: str
    decided_at: datetime


def build(
    policy: Policy,
    *,
    receipt_ref: str,
    submission: str,
    member_ref: str,
    events: Sequence[Event],
    language: Language,
    issued_at: datetime,
    notice_url: str,
    withdrawal_url: str,
    method: str = "WEB",
    replaces: str | None = None,
) -> dict[str, Any]:
    """Return the receipt of one submission; times are UTC ISO 8601 with microseconds, texts in both languages.

    Raises ValueError without events or for a time without a zone, KeyError for an item that the policy does not have.
    """
    if not events:
        raise ValueError("a receipt needs at least one event; got none")
    return {
        "@context": CONTEXT,
        "schema_version": SCHEMA_VERSION,
        "record_id": receipt_ref,
        "submission": submission,
        "replaces": replaces,
        "issued_at": _utc(issued_at),
        "pii_principal_id": member_ref,
        "jurisdiction": JURISDICTION,
        "language": language,
        "collection_method": method,
        "privacy_notice": {
            "version": policy.version,
            "title": _both(policy.title),
            "effective_on": policy.effective_on.isoformat(),
            "url": notice_url,
        },
        "parties": _parties(policy),
        "withdrawal": {
            "method": "WEB",
            "url": withdrawal_url,
            "contact": policy.officer.contact_mail,
        },
        "processing": [_processing(policy, policy.consent_item(event.item)) for event in events],
        "events": [
            {
                "event_id": event.event_ref,
                "consent_item": event.item,
                "event_type": "explicit consent" if event.decision == "GRANTED" else event.decision.lower(),
                "event_state": event.decision,
                "event_time": _utc(event.decided_at),
                "entity_id": member_ref,
                "validity_duration": _validity(policy, policy.consent_item(event.item).term),
                "content_hash": event.content_hash,
                "text_sha256": event.text_sha256,
            }
            for event in events
        ],
    }


def _parties(policy: Policy) -> list[dict[str, Any]]:
    controller, officer = policy.controller, policy.officer
    return [
        {
            "party_id": controller.business_registration_number,
            "party_type": "controller",
            "name": _both(controller.name),
            "address": _both(controller.address),
            "phone": controller.phone,
            "contact": controller.mail,
        },
        {
            "party_id": "privacy-officer",
            "party_type": "privacy officer",
            "name": _both(officer.name),
            "address": _both(controller.address),
            "phone": officer.phone,
            "contact": officer.contact_mail,
        },
    ]


def _processing(policy: Policy, item: ConsentItem) -> dict[str, Any]:
    recipients = [one for one in policy.processors if set(one.items) & set(item.items)]
    return {
        "consent_item": item.key,
        "kind": item.kind,
        "revision": item.revision,
        "title": _both(item.title),
        "lawful_basis": "consent",
        "purposes": [{"id": key, "name": _both(policy.purpose(key).label)} for key in item.purposes],
        "pii_information": [
            {
                "id": key,
                "name": _both(policy.item(key).label),
                "pii_type": policy.item(key).group,
                "sensitive": False,
                "collection_methods": list(policy.item(key).methods),
            }
            for key in item.items
        ],
        "pii_controllers": [policy.controller.business_registration_number],
        "storage_locations": list(policy.controller.storage_countries),
        "retention": _retention(policy, item),
        "termination": _termination(policy, item.term),
        "recipients": [
            {
                "id": one.key,
                "name": _both(one.name),
                "role": one.relationship,
                "task": _both(one.task),
                "pii_information": [key for key in one.items if key in item.items],
            }
            for one in recipients
        ],
        "refusal": {
            "right": _both(item.refusal.right),
            "consequence": _both(item.refusal.consequence),
            "closes_service": item.refusal.closes_service,
        },
    }


def _retention(policy: Policy, item: ConsentItem) -> dict[str, Any]:
    return {
        "period": {"ko": term_text(policy, item.term, "ko"), "en": term_text(policy, item.term, "en")},
        "until": list(item.term.until),
        "duration": _validity(policy, item.term),
        "kept_afterwards": [_kept(policy, key) for key in item.kept],
    }


def _kept(policy: Policy, key: str) -> dict[str, Any]:
    rule = policy.retention_rule(key)
    return {
        "id": key,
        "name": _both(rule.label),
        "ground": {"ko": ground_text(rule.ground, "ko"), "en": ground_text(rule.ground, "en")},
        "ground_kind": rule.ground.kind,
        "starts": rule.start_event,
        "starts_text": {"ko": start_text(rule.start_event, "ko"), "en": start_text(rule.start_event, "en")},
        "duration": period_iso(rule.period),
        "duration_text": {"ko": period_text(rule.period, "ko"), "en": period_text(rule.period, "en")},
    }


def _termination(policy: Policy, term: Term) -> list[str]:
    return [policy.retention_rule(term.rule).start_event] if term.rule else list(term.until)


def _validity(policy: Policy, term: Term) -> str | None:
    """Return the ISO 8601 duration of a rule's period; None where an event ends it and no number does."""
    return period_iso(policy.retention_rule(term.rule).period) if term.rule else None


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}


def _utc(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at!r}; expected an aware one")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
