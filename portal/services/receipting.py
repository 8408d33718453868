"""Receipting: the signed proof of what a person answered, made in the transaction that records the answer."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app

from portal.policy.model import Policy
from portal.records import members, receipts
from portal.records.consents import ConsentEvent
from portal.records.members import Member
from portal.records.receipts import Receipt
from portal.rules.receipt import Event, build
from portal.vault.documents import sign_document
from portal.vault.signing import Signer

MOUNT = "/privacy"


def issue(
    member: Member,
    submission: str,
    events: Sequence[ConsentEvent],
    policy: Policy,
    *,
    replaces: Receipt | None,
    at: datetime,
) -> Receipt:
    """Sign and keep the receipt of one submission. `policy` is the version that its events speak of.

    Opens no transaction: it is part of the deed that it proves.
    """
    home = current_app.extensions["portal.settings"].public_url.rstrip("/") + MOUNT
    receipt_ref = members.new_ref()
    record = build(
        policy,
        receipt_ref=receipt_ref,
        submission=submission,
        member_ref=member.ref,
        events=[
            Event(
                event_ref=event.event_ref,
                item=event.item,
                decision=event.decision,
                content_hash=event.content_hash,
                text_sha256=event.text_sha256,
                decided_at=event.decided_at,
            )
            for event in events
        ],
        language=events[0].language,
        issued_at=at,
        notice_url=f"{home}/versions/{policy.version}",
        withdrawal_url=f"{home}/me",
        method=events[0].method,
        replaces=replaces.receipt_ref if replaces else None,
    )
    receipt = Receipt(
        receipt_ref=receipt_ref,
        submission=submission,
        member_ref=member.ref,
        issued_at=at,
        body=sign_document(record, signer()),
    )
    receipts.add(receipt)
    return receipt


def receipt_of(host_id: str, receipt_ref: str) -> Receipt | None:
    """Return the member's own receipt; None for a missing one and for somebody else's alike."""
    member = members.of_host(host_id)
    receipt = receipts.named(receipt_ref)
    if member is None or receipt is None or receipt.member_ref != member.ref:
        return None
    return receipt


def parts(receipt: Receipt) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the record and the proof of a receipt as they were issued."""
    document = json.loads(receipt.body)
    return document["record"], document["proof"]


def signer() -> Signer:
    """Return the instance's signer of receipts."""
    return Signer(current_app.extensions["portal.secrets"].receipt_key)
