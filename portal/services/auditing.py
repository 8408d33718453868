"""Auditing: what was done stands in the chain, in the transaction that did it; if it cannot, the deed is undone.

Each function here runs inside the caller's transaction. Call it last: the head of the chain is held from then on.

1. The head is held, so that rows follow one another whoever writes.
2. Each row's MAC covers the row and the MAC before it; free words enter as a salted commitment.
3. Rows, head and sealed words are written; they are committed with the deed or not at all.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask import current_app

from portal.clock import seoul_day
from portal.holdings.traces import words_of as words_of  # what was written is also what is held
from portal.records import audit
from portal.records.audit import AuditEvent
from portal.rules import chain
from portal.rules.deed import Deed
from portal.vault import person_keys

Kind = Literal["STAFF", "MEMBER", "STRANGER", "HOST", "OPERATOR", "SYSTEM"]


@dataclass(frozen=True)
class By:
    """Who does something, and from which address: an account's or a member's reference, or a word for a machine."""

    kind: Kind
    ref: str
    origin: str = ""


SYSTEM = By("SYSTEM", "system")
OPERATOR = By("OPERATOR", "shell")
HOST = By("HOST", "host")


def note(
    deed: Deed,
    by: By,
    at: datetime,
    *,
    subject: str = "",
    about: str = "",
    reason: str = "",
    facts: Mapping[str, str | int | bool | None] | None = None,
    words: str = "",
    key_ref: str = "",
) -> None:
    """Write one row: `subject` is the member whose data it concerns, `about` the request or account it was done to,
    `reason` a code, `facts` plain and nothing personal. Free `words` are sealed under `key_ref`, else under the
    subject's key; that key must exist."""
    _append(deed, by, at, (subject,), about, reason, facts or {}, words, key_ref)


def note_each(deed: Deed, by: By, at: datetime, subjects: Sequence[str], *, about: str = "", reason: str = "") -> None:
    """Write one row for each of these members: the same deed was done to all of them."""
    _append(deed, by, at, tuple(dict.fromkeys(subjects)), about, reason, {}, "", "")


def note_views(deed: Deed, by: By, at: datetime, subjects: Sequence[str], *, about: str = "", reason: str = "") -> None:
    """Write that the data of each of these members was shown: who, when, from where, whose, what (safety standard
    art. 8). A view whose rows cannot be written must not be shown."""
    _append(deed, by, at, tuple(dict.fromkeys(subjects)), about, reason, {}, "", "")


def _append(
    deed: Deed,
    by: By,
    at: datetime,
    subjects: Sequence[str],
    about: str,
    reason: str,
    facts: Mapping[str, str | int | bool | None],
    words: str,
    key_ref: str,
) -> None:
    if not subjects:
        return
    key: bytes = current_app.extensions["portal.secrets"].audit_key
    salt = secrets.token_bytes(chain.SALT_BYTES)
    # 1.
    head = audit.head_held()
    # 2. The month never goes back: a clock set back must not reopen a segment.
    segment = max(f"{seoul_day(at):%Y-%m}", head.segment)
    events = []
    for subject in subjects:
        event = AuditEvent(
            id=head.seq + 1,
            segment=segment,
            at=at,
            actor_kind=by.kind,
            actor=by.ref,
            origin=by.origin,
            subject=subject,
            deed=deed.value,
            about=about,
            reason=reason,
            facts=chain.canonical(facts).decode(),
            commitment=chain.commitment(salt, words) if words else None,
            previous=chain.predecessor(key, head, segment),
        )
        event.mac = chain.link(key, event.previous, audit.fields_of(event))
        events.append(event)
        head = chain.Head(event.id, segment, event.mac, head.count + 1)
    # 3.
    audit.append(events, head)
    if words:
        ref = key_ref or subjects[0]
        blob = person_keys.seal_of(ref).seal(
            "audit_words", "sealed", {"words": words, "salt": salt.hex()}, str(events[0].id)
        )
        audit.keep_words(events[0].id, ref, blob)
