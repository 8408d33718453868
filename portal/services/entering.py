"""Entering: a member who can no longer sign in to the host comes to the same page through their mailbox.

1. What was typed is kept as a draft, whatever it is: the answer, its words and its time are the same for everybody.
2. A job looks the draft up. Whoever is known is written to at the address on record, or at a personal contact that they
   have proved to be theirs (`reaching`); the draft and its key are gone.
3. The link opens a page with one button, for mail programs follow links; the button uses it up and opens a session.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from portal.database import writing
from portal.policy.model import Language
from portal.records import drafts, members, sessions
from portal.records.drafts import Draft
from portal.records.members import new_ref
from portal.rules.deed import Deed
from portal.rules.mask import mask_email
from portal.services import auditing, mailing, proving, reaching, registering
from portal.services.auditing import SYSTEM, By
from portal.services.limiting import limit
from portal.services.reaching import Way
from portal.services.signing_in import digest_of
from portal.vault import person_keys

LASTS = timedelta(minutes=30)
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=2)
SEEN_EVERY = timedelta(seconds=20)
WINDOW, TIMES = timedelta(minutes=10), 5
LONGEST = 320
AT_ONCE = 50
Towards = Literal["", "left"]  # where a link leads: one's own page, or saying that one has left


def ask(typed: str, language: Language, origin: str, at: datetime, *, company: str = "", towards: Towards = "") -> None:
    """Keep what was typed until somebody looks it up; `company` tells people of one address apart.

    Raises limiting.TooMany, for an address or for what was typed.
    """
    typed = typed.strip()[:LONGEST]
    limit("enter from", origin, at, times=TIMES, within=WINDOW)
    limit("enter as", typed.casefold(), at, times=TIMES, within=WINDOW)
    ref = new_ref()
    with writing():
        content = {
            "typed": typed,
            "language": language,
            "origin": origin,
            "company": company.strip()[:LONGEST],
            "towards": towards,
        }
        sealed = person_keys.make(ref, at).seal("drafts", "sealed", content)
        drafts.add(Draft(ref=ref, kind="ENTER", sealed=sealed, made_at=at))


def write_links(at: datetime) -> int:
    """Look up who asked, and write to those who are known; return how many links were written."""
    refs = drafts.waiting("ENTER", AT_ONCE)
    return sum(_write_link(ref, at) for ref in refs)


def is_open(token: str, at: datetime) -> bool:
    """Tell whether a link can still be used; looking uses nothing up."""
    with writing():
        return proving.stands_for(token, "ENTER", at) is not None


def enter(token: str, origin: str, at: datetime) -> str | None:
    """Use a link up and return the token of the session that it opens, or None for a link worth nothing."""
    opened = secrets.token_urlsafe(32)
    with writing():
        ref = proving.redeem_link(token, "ENTER", at)
        if ref is None or members.of_ref(ref) is None:
            return None
        sessions.begin("MEMBER", ref, digest_of(opened), at)
        auditing.note(Deed.LINK_USED, By("MEMBER", ref, origin), at, subject=ref)
    return opened


def host_id_of(token: str, at: datetime) -> str | None:
    """Return whose session a token opens, by the host's id, and keep that it was used; None once it has ended."""
    if not token:
        return None
    digest = digest_of(token)
    session = sessions.of_token("MEMBER", digest)
    if session is None or not hmac.compare_digest(session.token_sha256, digest):
        return None
    if at - session.seen_at >= IDLE or at - session.began_at >= ABSOLUTE:
        return None
    member = members.of_ref(session.holder_ref)
    if member is None:
        return None
    host_id = member.host_id
    if at - session.seen_at >= SEEN_EVERY:
        with writing():
            sessions.seen(digest, at)
    return host_id


def leave(token: str) -> None:
    """End a session."""
    with writing():
        sessions.end(digest_of(token))


def _write_link(ref: str, at: datetime) -> int:
    with writing():
        draft = drafts.held(ref)
        if draft is None:  # another runner was here
            return 0
        asked = person_keys.seal_of(ref).open("drafts", "sealed", draft.sealed)
        found = reaching.ways_in(asked["typed"])
        if len(found) > 1 and asked.get("company"):
            found = _at_company(found, asked["company"])
        found = found if len(found) <= reaching.MOST else []
        letter, to = ("left_link", "&to=left") if asked.get("towards") == "left" else ("enter_link", "")
        for way in found:
            token = proving.issue_link("ENTER", way.member.ref, at, LASTS)
            by = "&by=contact" if way.by_contact else ""
            values = {
                "link": mailing.link(f"/enter/open?token={token}{to}{by}"),
                "minutes": str(LASTS.seconds // 60),
                "account": _account(way.profile),
            }
            mailing.post(letter, way.address, values, key_ref=way.member.ref, language=asked["language"], at=at)
            auditing.note(Deed.LINK_SENT, SYSTEM, at, subject=way.member.ref, facts={"origin": asked["origin"]})
        drafts.drop(ref)
    person_keys.destroy(ref, at)
    return len(found)


def _account(profile: Mapping[str, str]) -> str:
    """Return what names an account to whoever reads its letter: several may come to one mailbox."""
    return " ".join(word for word in (profile.get("company_name"), mask_email(profile.get("email", ""))) if word)


def _at_company(found: Sequence[Way], company: str) -> list[Way]:
    """Return those of these ways that lead to accounts of the company with this number or name."""
    numbered = registering.company_numbered(company)
    if numbered is not None:
        return [way for way in found if way.member.company_ref == numbered.ref]
    return [way for way in found if way.profile.get("company_name", "").casefold() == company.casefold()]
