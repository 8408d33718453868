"""Reviewing: who saw and handled whose data, and that somebody looked it over each month (safety standard art. 8).

Reading these records is a deed of its own and stands among them. So that one page does not write one row for each of
ten thousand people, an entry about many shows their number only; whose it was stands on the entry's own page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.clock import SEOUL, seoul_day
from portal.database import writing
from portal.records import audit_search, members, request_queue
from portal.records.audit import AuditEvent
from portal.records.audit_search import Entry, Narrowed
from portal.rules.deed import VIEWS, Deed
from portal.services import accounts, auditing, reaching, registering
from portal.services.auditing import By
from portal.services.page import PAGE

KEPT_REVIEWS = 12
SEEN_AT_ONCE = 200
WATCHED = (
    Deed.VALUE_REVEALED,
    Deed.PAPER_VIEWED,
    Deed.DATA_EXPORTED,
    Deed.DENIED,
    Deed.SIGN_IN_FAILED,
    Deed.LOCKED_OUT,
)


@dataclass(frozen=True)
class Found:
    """One page of entries, newest first. `whose` names the subject of those about one person, unmasked: by subject, an
    e-mail address or the number of a case. `older` is where the next page begins."""

    entries: list[Entry]
    whose: dict[str, str]
    names: dict[str, str]  # of staff, by account
    words: dict[int, str]  # free words, by row
    older: int | None


@dataclass(frozen=True)
class Review:
    """A month that was looked over: by whom, when, with which note."""

    month: str
    by: str
    at: datetime
    note: str


class AlreadySigned(Exception):
    """This month was signed before."""


def found(narrowed: Narrowed, by: By, at: datetime, before: int | None = None) -> Found:
    """Return one page of what staff did; audited."""
    with writing() as session:
        entries = audit_search.entries(narrowed, limit=PAGE + 1, before=before)
        older = entries[PAGE - 1].event.id if len(entries) > PAGE else None
        entries = entries[:PAGE]
        alone = [entry.event for entry in entries if entry.count == 1]
        page = _page(entries, alone, older)
        _note(by, at, [event.subject for event in alone])
        session.expunge_all()  # what was read and written down is what is shown, and is not read again
    return page


def rows_of(event_id: int, by: By, at: datetime) -> Found:
    """Return every row of one entry; audited. Nothing where there is none."""
    with writing() as session:
        events = audit_search.rows_of(event_id, limit=SEEN_AT_ONCE)
        page = _page([Entry(event, 1) for event in events], events, None)
        _note(by, at, [event.subject for event in events])
        session.expunge_all()
    return page


def subject_of(text: str, by: By, at: datetime) -> str:
    """Return the reference of the member with exactly this e-mail address, ID or personal contact, "-" where there is
    none; audited."""
    with writing():
        item, members_found = reaching.named(text)
        ref = members_found[0].ref if members_found else ""
        auditing.note(Deed.MEMBER_SEARCHED, by, at, subject=ref, facts={"by": item, "found": bool(ref)})
    return ref or "-"


def month_figures(month: str) -> dict[Deed, int]:
    """Return what there is to look over in a Seoul month, by deed; every view of data together under QUEUE_VIEWED."""
    since = datetime.fromisoformat(f"{month}-01").replace(tzinfo=SEOUL)
    until = (since + timedelta(days=32)).replace(day=1)
    counts = audit_search.counts(Narrowed(since, until))
    figures = {Deed.QUEUE_VIEWED: sum(counts.get(deed.value, 0) for deed in VIEWS)}
    return figures | {deed: counts.get(deed.value, 0) for deed in WATCHED}


def reviews() -> list[Review]:
    """Return the last months that were signed, newest first."""
    signed = audit_search.reviews(KEPT_REVIEWS)
    names = accounts.names_of({event.actor for event in signed})
    words = auditing.words_of(signed)
    return [Review(event.about, names.get(event.actor, ""), event.at, words.get(event.id, "")) for event in signed]


def sign(month: str, note: str, by: By, at: datetime) -> None:
    """Keep that `by` looked over a Seoul month, with a note.

    Raises AlreadySigned, or ValueError for a month to come.
    """
    if month > f"{seoul_day(at):%Y-%m}":
        raise ValueError(f"{month} is still to come")
    figures = {deed.value: count for deed, count in month_figures(month).items()}
    with writing():
        if any(event.about == month for event in audit_search.reviews(KEPT_REVIEWS)):
            raise AlreadySigned(month)
        auditing.note(Deed.REVIEW_SIGNED, by, at, about=month, facts=figures, words=note, key_ref=by.ref)


def _page(entries: list[Entry], alone: Iterable[AuditEvent], older: int | None) -> Found:
    events = [entry.event for entry in entries]
    return Found(
        entries=entries,
        whose=_whose({event.subject for event in alone if event.subject}),
        names=accounts.names_of({event.actor for event in events}),
        words=auditing.words_of(events),
        older=older,
    )


def _whose(subjects: set[str]) -> dict[str, str]:
    known = members.of_refs(subjects)
    profiles = registering.profiles_of(known)
    whose = {ref: profile.get("email") or profile.get("login_id", "") for ref, profile in profiles.items()}
    return {**whose, **request_queue.numbers_of(subjects - {member.ref for member in known})}


def _note(by: By, at: datetime, subjects: Iterable[str]) -> None:
    auditing.note_views(Deed.AUDIT_VIEWED, by, at, [subject for subject in subjects if subject] or [""])
