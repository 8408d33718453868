"""Signing in: what staff prove, and the session that follows from it.

The order that is safety, at each sign-in:
1. attempts are limited by address and by account, whether that account exists or not,
2. the password is verified, against nobody's hash where there is none: the same work, the same time,
3. one transaction takes the step of the second factor, which nobody can take twice, ends the account's other session
   and opens a new one; or it counts the failure, and locks the account for a while after the fifth in a row.

Whoever is refused is told the same words, whatever was wrong.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import pyotp

from portal.clock import seoul_day
from portal.database import writing
from portal.records import accounts, sessions
from portal.records.accounts import Account
from portal.rules.deed import Deed
from portal.rules.identifier import IdentifierFault
from portal.rules.role import Role, Verdict
from portal.services import auditing, handling
from portal.services.accounts import account_of_email, email_index, said, seal_of, write
from portal.services.auditing import By
from portal.services.limiting import limit
from portal.vault import passwords, person_keys

TOKEN_BYTES = 32
IDLE = timedelta(minutes=10)  # safety standard art. 6(4)
ABSOLUTE = timedelta(hours=8)
SEEN_EVERY = timedelta(seconds=20)  # a session is noted as used no more often, and may end so much early
STEP_S = 30  # RFC 6238
WINDOW = 1  # steps before and after, for clocks that differ
FAILURES = 5  # safety standard art. 5(6)
LOCKED_FOR = timedelta(minutes=15)
PER_ADDRESS = 60  # attempts in LOCKED_FOR; an office may share one address
PER_ACCOUNT = 15
NOBODYS = pyotp.random_base32()

Ended = Literal["NONE", "IDLE", "TOO_LONG", "ELSEWHERE", "OVER"]


@dataclass(frozen=True)
class SignedIn:
    """A session that holds, and whose it is."""

    account_ref: str
    name: str
    email: str
    language: str
    roles: frozenset[Role]
    verdict: Verdict
    company_ref: str | None
    began_at: datetime
    proved_at: datetime


class NotSignedIn(Exception):
    """No sign-in: something that was given is not right, and what it was is not told."""


def sign_in(email: str, password: str, code: str, origin: str, at: datetime) -> str:
    """Return the token of a new session. Raises NotSignedIn, or limiting.TooMany."""
    # 1.
    limit("sign_in from", origin, at, times=PER_ADDRESS, within=LOCKED_FOR)
    limit("sign_in as", _canonical(email), at, times=PER_ACCOUNT, within=LOCKED_FOR)
    # 2.
    account = account_of_email(email)
    step = _proved(account, password, code, origin, at)
    ref, token = account.ref if account else "", secrets.token_urlsafe(TOKEN_BYTES)
    renewed = passwords.renewed(account.password_hash if account else None, password)
    # 3.
    with writing():
        taken = accounts.use_step(ref, step, at)
        if taken:
            if renewed:
                accounts.change(ref, at, password_hash=renewed)
            sessions.begin("STAFF", ref, digest_of(token), at)
            auditing.note(Deed.SIGNED_IN, By("STAFF", ref, origin), at, about=ref)
    if not taken:
        _fail(ref, origin, at)
        raise NotSignedIn
    return token


def who_is(token: str, at: datetime) -> SignedIn | Ended:
    """Return who has the session of this token, and keep that it was used; or why it has ended."""
    if not token:
        return "NONE"
    digest = digest_of(token)
    session = sessions.of_token("STAFF", digest)
    if session is None:
        return "OVER"
    if not hmac.compare_digest(session.token_sha256, digest):
        return "ELSEWHERE"
    if at - session.seen_at >= IDLE or at < session.began_at:
        return "IDLE"
    if at - session.began_at >= ABSOLUTE:
        return "TOO_LONG"
    account = accounts.of_ref(session.holder_ref)
    if account is None or account.state != "ACTIVE":
        return "OVER"
    facts = seal_of(account).open("accounts", "sealed", account.sealed)
    found = SignedIn(
        account_ref=account.ref,
        name=facts["name"],
        email=facts["email"],
        language=facts["language"],
        roles=frozenset(Role(role) for role in accounts.roles_of(account.ref)),
        verdict=handling.verdict_of(account.ref, seoul_day(at)),
        company_ref=account.company_ref,
        began_at=session.began_at,
        proved_at=session.proved_at,
    )
    if at - session.seen_at >= SEEN_EVERY:
        with writing():
            sessions.seen(digest, at)
    return found


def proved(account_ref: str, password: str, code: str, origin: str, at: datetime) -> int:
    """Return the step of the second factor that the holder of an account proves, for the caller to take.

    Raises NotSignedIn, which counts as a failed sign-in, or limiting.TooMany.
    """
    limit("proof of", account_ref, at, times=PER_ACCOUNT, within=LOCKED_FOR)
    return _proved(accounts.of_ref(account_ref), password, code, origin, at)


def prove_again(token: str, account_ref: str, code: str, origin: str, at: datetime) -> str | None:
    """Return the new token of a session whose holder has just given the second factor again; None for a wrong or used
    code, which counts as a failure. After the fifth the session is over. Raises limiting.TooMany."""
    limit("proof of", account_ref, at, times=PER_ACCOUNT, within=LOCKED_FOR)
    account = accounts.of_ref(account_ref)
    step = _step_of(account, code, at)
    if account is not None and step is not None:
        renewed = secrets.token_urlsafe(TOKEN_BYTES)
        with writing():
            taken = accounts.use_step(account_ref, step, at, though_locked=True)
            if taken and sessions.renew(digest_of(token), digest_of(renewed), at):
                return renewed
    if _fail(account_ref, origin, at):
        with writing():
            sessions.end_all("STAFF", account_ref)
    return None


def sign_out(token: str, by: By, at: datetime) -> None:
    """End the session of this token; a copy of its cookie is worth nothing afterwards."""
    with writing():
        sessions.end(digest_of(token))
        auditing.note(Deed.SIGNED_OUT, by, at, about=by.ref)


def note_denied(by: By, at: datetime, facts: Mapping[str, str]) -> None:
    """Keep that staff asked for something that is closed to them."""
    with writing():
        auditing.note(Deed.DENIED, by, at, facts=facts)


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the step of which this is the code, no more than WINDOW away from now; None for any other."""
    otp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_S
    plain = "".join(code.split())
    near = range(now - WINDOW, now + WINDOW + 1) if plain.isascii() else ()
    return next((step for step in near if hmac.compare_digest(otp.generate_otp(step), plain)), None)


def _step_of(account: Account | None, code: str, at: datetime) -> int | None:
    if account is None or account.totp is None:
        person_keys.seals_of(("",))  # the same work for nobody
        step_of(NOBODYS, code, at)
        return None
    return step_of(seal_of(account).open("accounts", "totp", account.totp), code, at)


def _proved(account: Account | None, password: str, code: str, origin: str, at: datetime) -> int:
    ref = account.ref if account else ""
    is_right = passwords.matches(account.password_hash if account else None, password)
    step = _step_of(account, code, at)
    if not is_right or step is None:
        _fail(ref, origin, at)
        raise NotSignedIn
    return step


def _fail(ref: str, origin: str, at: datetime) -> bool:
    """Count a failure; tell whether it locked the account. A locked account is not locked for longer by more."""
    by = By("STRANGER", "", origin)
    with writing():
        held = accounts.held(ref)
        is_open = held is not None and held.state == "ACTIVE" and (held.locked_until is None or held.locked_until <= at)
        is_last = accounts.count_failure(ref if is_open else "") >= FAILURES  # the same work for nobody
        auditing.note(Deed.SIGN_IN_FAILED, by, at, about=ref)
        if not is_last:
            return False
        accounts.change(ref, at, failures=0, locked_until=at + LOCKED_FOR)
        told = {"at": said(at), "until": said(at + LOCKED_FOR), "origin": origin or "?"}
        write(ref, "staff_locked", at, told)
        auditing.note(Deed.LOCKED_OUT, by, at, about=ref)
        return True


def _canonical(email: str) -> str:
    try:
        return email_index(email).hex()
    except IdentifierFault:
        return "no address"


def digest_of(token: str) -> bytes:
    """Return what is kept of a session's token."""
    return sha256(token.encode()).digest()
