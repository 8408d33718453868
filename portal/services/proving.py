"""Proving: a link or a code goes to a mailbox, and whoever brings it back reads that mailbox.

A link's token is its reference and its secret; a code is six digits, worth a few tries in the browser that asked for
it. Either works once. An unknown, used, expired or foreign one is refused alike. Each function runs inside the
caller's transaction; a failed try counts, so the caller commits it before telling.
"""

import hmac
import re
import secrets
from base64 import b32encode
from datetime import datetime, timedelta
from typing import Literal

from flask import current_app

from portal.records import proofs
from portal.records.members import new_ref
from portal.records.proofs import Proof

Purpose = Literal["INVITE", "RESET", "ENTER", "STEP_UP", "REPLY", "OBJECTION"]
SECRET_BYTES = 20
CODE_DIGITS = 6
CODE_TRIES = 5
_TOKEN = re.compile(r"([a-z2-7]{26})\.([a-z2-7]{32})\Z")


def issue_link(purpose: Purpose, subject: str, at: datetime, lasts: timedelta, bound_to: str = "") -> str:
    """Return the token of a new link that speaks for `subject`; earlier ones for the same purpose end."""
    secret = b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii").lower()
    return f"{_issue(purpose, subject, at, lasts, bound_to, secret, tries=1)}.{secret}"


def issue_code(purpose: Purpose, subject: str, at: datetime, lasts: timedelta, bound_to: str) -> tuple[str, str]:
    """Return the reference and the digits of a new code; earlier ones for the same purpose end."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    return _issue(purpose, subject, at, lasts, bound_to, code, tries=CODE_TRIES), code


def redeem_link(token: str, purpose: Purpose, at: datetime) -> str | None:
    """Return whom a link speaks for and use it up, or None."""
    parts = _TOKEN.match(token)
    return redeem(parts[1], parts[2], purpose, at) if parts else None


def redeem(ref: str, secret: str, purpose: Purpose, at: datetime, bound_to: str = "") -> str | None:
    """Return whom the proof speaks for and use it up, or None, which costs a try."""
    proof = proofs.held(ref)
    if proof is None or not _is_good(proof, purpose, at) or proof.bound_to != bound_to:
        return None
    if hmac.compare_digest(proof.digest, _digest(ref, secret)):
        proof.used_at = at
        return proof.subject
    proof.tries_left -= 1
    return None


def stands_for(token: str, purpose: Purpose, at: datetime) -> str | None:
    """Return whom a link speaks for, and leave it good: for the page that asks before it is used."""
    parts = _TOKEN.match(token)
    proof = proofs.held(parts[1]) if parts else None
    if parts is None or proof is None or not _is_good(proof, purpose, at):
        return None
    return proof.subject if hmac.compare_digest(proof.digest, _digest(parts[1], parts[2])) else None


def _issue(
    purpose: Purpose, subject: str, at: datetime, lasts: timedelta, bound_to: str, secret: str, tries: int
) -> str:
    proofs.end_all(purpose, subject, at)
    ref = new_ref()
    proofs.add(
        Proof(
            ref=ref,
            purpose=purpose,
            subject=subject,
            bound_to=bound_to,
            digest=_digest(ref, secret),
            made_at=at,
            expires_at=at + lasts,
            tries_left=tries,
        )
    )
    return ref


def _is_good(proof: Proof, purpose: Purpose, at: datetime) -> bool:
    return (
        proof.purpose == purpose
        and proof.used_at is None
        and proof.tries_left > 0
        and proof.made_at <= at < proof.expires_at
    )


def _digest(ref: str, secret: str) -> bytes:
    key: bytes = current_app.extensions["portal.secrets"].session_key
    return hmac.digest(key, b"proof\0" + ref.encode() + b"\0" + secret.encode(), "sha256")
