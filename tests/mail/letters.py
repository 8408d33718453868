"""Reading what waits in the outbox, as whoever it is written to would."""

import re

from portal.database import db
from portal.records.mails import Mail
from portal.vault import person_keys


def letters(kind: str) -> list[dict[str, str]]:
    """Return the waiting letters of a kind, oldest first: to, subject, text; those that can still be read."""
    found = db.session.scalars(db.select(Mail).where(Mail.kind == kind, Mail.sealed.is_not(None)).order_by(Mail.id))
    waiting = list(found)
    seals = person_keys.seals_of(mail.key_ref for mail in waiting)
    return [
        seals[mail.key_ref].open("mails", "sealed", mail.sealed or b"", mail.ref)
        for mail in waiting
        if mail.key_ref in seals
    ]


def path_in(letter: dict[str, str]) -> str:
    """Return the path and query of the link in a letter, below the portal's mount."""
    found = re.search(r"http://127\.0\.0\.1:8000/privacy(/\S+)", letter["text"])
    assert found is not None
    return found[1]
