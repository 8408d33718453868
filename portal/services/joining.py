"""Joining: whoever brings a mailed link back sets a password and a second factor, and is signed in.

The order that is safety:
1. the link must stand for somebody; it stays good until everything else is right,
2. the password is judged, and the code shows that the app holds the secret,
3. one transaction uses the link up, keeps both factors, opens the session and is audited.

The secret is made from the link and the browser that opened it: nothing is kept before it is proved, and somebody else
who read the same mail has been shown another one.
"""

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

import pyotp
from flask import current_app

from portal.database import writing
from portal.policy.model import Text
from portal.records import accounts, sessions
from portal.rules.deed import Deed
from portal.rules.password import password_fault
from portal.services import auditing, proving
from portal.services.accounts import Person, of_ref, seal_of
from portal.services.auditing import By
from portal.services.proving import Purpose
from portal.services.signing_in import TOKEN_BYTES, NotSignedIn, digest_of, proved, step_of
from portal.vault import passwords

ISSUER = "MateCost Privacy"
SECRET_BYTES = 20  # RFC 4226 §4 recommends 160 bits
PURPOSES: tuple[Purpose, ...] = ("INVITE", "RESET")


@dataclass(frozen=True)
class Invitation:
    """What a link offers: to whom, which secret, and the address that an authenticator app reads."""

    person: Person
    purpose: Purpose
    secret: str
    uri: str


class Gone(Exception):
    """The link was used, has expired, was followed by another one, or never was one of ours."""


class Faulty(Exception):
    """Something that was given cannot be taken; each of the two says why, or nothing."""

    def __init__(self, password: Text | None, code: bool) -> None:
        self.password, self.code = password, code
        super().__init__("a password or code cannot be taken")


def invitation(token: str, nonce: str, at: datetime) -> Invitation:
    """Return what a link offers in the browser that holds `nonce`. Raises Gone."""
    for purpose in PURPOSES:
        ref = proving.stands_for(token, purpose, at)
        person = of_ref(ref) if ref else None
        if person is not None and person.state == "INVITED":
            secret = _secret(token, nonce)
            uri = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER)
            return Invitation(person, purpose, secret, uri)
    raise Gone


def join(
    token: str, nonce: str, password: str, code: str, origin: str, at: datetime, *, is_repeated: bool = True
) -> str:
    """Keep both factors of who was invited and return the token of a session. Raises Gone, Faulty; Faulty also where
    the password was not typed twice alike, so that every fault is told at once."""
    # 1.
    offered = invitation(token, nonce, at)
    person = offered.person
    # 2.
    fault = password_fault(password, passwords.common_passwords(), (person.name, person.email))
    step = step_of(offered.secret, code, at)
    if fault is not None or step is None or not is_repeated:
        raise Faulty(fault, code=step is None)
    kept, session = passwords.hash_password(password), secrets.token_urlsafe(TOKEN_BYTES)
    # 3.
    with writing():
        account = accounts.held(person.ref)
        if account is None or proving.redeem_link(token, offered.purpose, at) != person.ref:
            raise Gone
        accounts.change(
            person.ref,
            at,
            state="ACTIVE",
            password_hash=kept,
            totp=seal_of(account).seal("accounts", "totp", offered.secret),
            totp_step=step,
            failures=0,
            locked_until=None,
        )
        sessions.begin("STAFF", person.ref, digest_of(session), at)
        by = By("STAFF", person.ref, origin)
        auditing.note(Deed.STAFF_JOINED, by, at, about=person.ref)
        auditing.note(Deed.SIGNED_IN, by, at, about=person.ref)
    return session


def change_password(account_ref: str, old: str, new: str, code: str, origin: str, at: datetime) -> str:
    """Keep another password of somebody signed in and return the token of the session that follows; the old session
    ends. Raises signing_in.NotSignedIn when the old password or the code is not right, which counts as a failed
    sign-in, or Faulty."""
    person = of_ref(account_ref)
    if person is None:
        raise NotSignedIn
    fault = password_fault(new, passwords.common_passwords(), (person.name, person.email))
    if fault is not None:
        raise Faulty(fault, code=False)
    step = proved(account_ref, old, code, origin, at)
    kept, session = passwords.hash_password(new), secrets.token_urlsafe(TOKEN_BYTES)
    with writing():
        taken = accounts.use_step(account_ref, step, at, though_locked=True)
        if taken:
            accounts.change(account_ref, at, password_hash=kept)
            sessions.begin("STAFF", account_ref, digest_of(session), at)
            auditing.note(Deed.PASSWORD_CHANGED, By("STAFF", account_ref, origin), at, about=account_ref)
    if not taken:
        raise NotSignedIn
    return session


def _secret(token: str, nonce: str) -> str:
    key: bytes = current_app.extensions["portal.secrets"].session_key
    digest = hmac.digest(key, f"second factor\0{token}\0{nonce}".encode(), "sha256")
    return b32encode(digest[:SECRET_BYTES]).decode("ascii")
