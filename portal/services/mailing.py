"""Mailing: a letter is written in the transaction that gives cause for it, and sent by whoever delivers later.

What it says is sealed from the first moment: address, subject and text lie in the outbox under the key of the person or
case that they speak of, and are wiped when the letter is gone.
"""

from collections.abc import Mapping
from datetime import datetime

from flask import current_app

from portal import letters
from portal.policy.model import Language
from portal.records import mails
from portal.records.mails import Mail
from portal.records.members import new_ref
from portal.rules.identifier import email_address
from portal.vault import person_keys

MOUNT = "/privacy"  # where wsgi.py mounts the portal


def post(
    kind: str,
    to: str,
    values: Mapping[str, str],
    *,
    key_ref: str | None,
    language: Language,
    at: datetime,
    about: str = "",
) -> str:
    """Put a letter into the outbox, inside the caller's transaction, and return its reference.

    `key_ref` is the member, account or case whose key seals it, made when there is none; without one the letter has a
    key of its own, which ends with it. Raises IdentifierFault for what is no address, NoSuchLetter, KeyError for a
    missing value, or KeyDestroyed.
    """
    address = email_address(to)
    subject, text = letters.written(kind, language, values)
    ref = new_ref()
    key_ref = key_ref or ref
    content = {"to": address, "subject": subject, "text": text}
    sealed = person_keys.make(key_ref, at).seal("mails", "sealed", content, ref)
    mails.add(
        Mail(ref=ref, kind=kind, about=about, key_ref=key_ref, sealed=sealed, state="WAITING", made_at=at, due_at=at)
    )
    return ref


def link(path: str) -> str:
    """Return the address of a page of the portal as it stands in a letter; `path` begins with "/"."""
    return f"{current_app.extensions['portal.settings'].public_url}{MOUNT}{path}"
