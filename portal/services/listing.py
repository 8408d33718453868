"""Listing: a company's list of leavers is read, judged row by row, shown, and sent; until then nothing happens to
anybody.

1. The file is read in memory and refused whole, or its rows are sealed, page by page, under a key of this list alone.
2. The rows are judged in chunks, short lists at once, long ones by a job; a chunk that was committed is not done again,
   whatever is killed.
3. What was judged is shown; rows that ask for it are confirmed one by one.
4. Sent, the list becomes one report, in the transaction that ends it; a second send finds the first one's request.
5. The key is destroyed: of people whom nobody asked about nothing is left.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from flask import Flask

from portal.database import writing
from portal.policy.model import Language
from portal.records import uploads
from portal.records.members import new_ref
from portal.records.uploads import Upload
from portal.rules.deed import Deed
from portal.rules.leaver import Verdict, requested
from portal.services import auditing, leaving
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.judging_rows import Judging
from portal.services.leaving import Leaving
from portal.services.list_file import Line, lines_of
from portal.services.list_pages import (
    PAGE,
    Counts,
    Judged,
    open_name,
    open_rows,
    read_counts,
    seal_name,
    seal_rows,
    written,
)
from portal.services.requesting import Filed
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed

LISTS_AT_ONCE = 500
AT_ONCE = 2000  # rows that are judged while somebody waits
LASTS = timedelta(hours=2)
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Listed:
    """One list as its own admin sees it. `state` is READING, READY, SENT or GONE."""

    ref: str
    state: str
    name: str
    counts: Counts
    made_at: datetime
    expires_at: datetime
    request_number: str


class NoSuchList(LookupError):
    """There is no list of this reference for this account, or its time is over."""


class NothingToSend(Exception):
    """No row of the list is to be requested."""


def upload(name: str, content: bytes, *, company_ref: str, account_ref: str, at: datetime) -> str:
    """Read a file and return the reference of its list; a short one is judged already. Raises ListRefused."""
    return keep(name, lines_of(content), company_ref=company_ref, account_ref=account_ref, at=at)


def keep(name: str, lines: Sequence[Line], *, company_ref: str, account_ref: str, at: datetime) -> str:
    """Keep rows as a list, as `upload` does with those of a file: one person is a list of one."""
    # 1.
    ref = new_ref()
    seal = person_keys.make(ref, at)
    pages = {0: seal_name(seal, name)}
    for start in range(0, len(lines), PAGE):
        page = start // PAGE + 1
        pages[page] = seal_rows(seal, page, [Judged(line) for line in lines[start : start + PAGE]])
    with writing():
        made = Upload(
            ref=ref,
            company_ref=company_ref,
            account_ref=account_ref,
            state="READING",
            counts=written(Counts(len(lines))),
            made_at=at,
            expires_at=at + LASTS,
        )
        uploads.add(made, pages)
    # 2.
    if len(lines) <= AT_ONCE:
        Judging(ref).run(at)
    return ref


def listed(ref: str, account_ref: str, at: datetime) -> Listed:
    """Return a list of this account. Raises NoSuchList, also for one whose time is over."""
    return _listed(_own(uploads.of_ref(ref), account_ref, at))


def rows_of(
    found: Listed, *, page: int, size: int, verdicts: Collection[Verdict], by: By, at: datetime
) -> tuple[list[Judged], int]:
    """Return one page of the judged rows with these verdicts, the first being 1, and how many there are in all; whose
    data it shows is audited with it."""
    total = sum(found.counts.by_verdict.get(verdict, 0) for verdict in verdicts)
    start = (page - 1) * size
    wanted = list(islice((row for row in _all_rows(found) if row.verdict in verdicts), start, start + size))
    with writing():
        auditing.note_views(Deed.LIST_VIEWED, by, at, [row.member_ref for row in wanted if row.member_ref])
    return wanted, total


def to_fix(found: Listed) -> Iterator[Judged]:
    """Yield the rows that must be put right, in order."""
    return (row for row in _all_rows(found) if row.verdict is Verdict.FIX)


def confirm(ref: str, account_ref: str, shown: Collection[int], ticked: Collection[int], at: datetime) -> None:
    """Keep which of the rows that were shown are confirmed; what is no row to confirm changes nothing."""
    with writing():
        held = _own(uploads.held(ref), account_ref, at)
        if held.state == "READY":
            held.counts = written(_confirmed(_listed(held), shown, ticked))


def send(ref: str, *, by: By, at: datetime, language: Language, reply_to: str) -> Filed:
    """Send a list: everybody in it who may be is reported, in one transaction. Sent twice it is one request.

    Raises NoSuchList, NothingToSend, or NobodyToReport.
    """
    # 4.
    with changing_standing():
        held = _own(uploads.held(ref), by.ref, at)
        if held.state not in ("READY", "SENT"):
            raise NoSuchList
        found = _listed(held)
        people = []
        if held.state == "READY":
            rows = {row.line.number: row for row in _all_rows(found)}
            judged = {number: row.verdict for number, row in rows.items() if row.verdict}
            people = [_leaving(rows[number]) for number in requested(judged, set(found.counts.confirmed))]
            if not people:
                raise NothingToSend
        filed = leaving.file_report(
            held.company_ref,
            people,
            reporter=by.ref,
            by=by,
            at=at,
            language=language,
            reply_to=reply_to,
            nonce=f"list:{ref}",
        )
        uploads.end(held.id, "SENT", filed.number)
    # 5.
    person_keys.destroy(ref, at)
    return filed


def discard(ref: str, account_ref: str, at: datetime) -> None:
    """Throw a list away. Raises NoSuchList."""
    with writing():
        held = _own(uploads.held(ref), account_ref, at)
        if held.state in ("READING", "READY"):
            uploads.end(held.id, "GONE")
    person_keys.destroy(ref, at)


def carry_on(app: Flask, at: datetime, tell: Callable[[str], None] = lambda line: None) -> dict[str, int]:
    """Judge the lists that wait, and end those that were not sent in time."""
    with app.app_context():
        ended = _end_expired(at)
        judged = 0
        for ref in [upload.ref for upload in uploads.reading(LISTS_AT_ONCE)]:
            with suppress(KeyDestroyed):  # thrown away at this very moment
                judged += Judging(ref).run(at, tell)
    return {"judged": judged, "ended": ended}


def _leaving(row: Judged) -> Leaving:
    if row.left_on is None or not row.member_ref:
        raise ValueError(f"row {row.line.number} has a verdict to request and nobody or no day")
    return Leaving(row.member_ref, row.left_on)


def _confirmed(found: Listed, shown: Collection[int], ticked: Collection[int]) -> Counts:
    asking = {row.line.number for row in _all_rows(found) if row.verdict is Verdict.CONFIRM}
    before = set(found.counts.confirmed)
    found.counts.confirmed = sorted(((before - set(shown)) | set(ticked)) & asking)
    return found.counts


def _all_rows(found: Listed) -> Iterator[Judged]:
    if found.state != "READY":
        return
    upload = uploads.of_ref(found.ref)
    if upload is None:
        return
    seal = person_keys.seal_of(found.ref)
    for page in range(1, found.counts.pages + 1):
        for sealed in uploads.pages_of(upload.id, page, page).values():
            yield from open_rows(seal, page, sealed)


def _own(upload: Upload | None, account_ref: str, at: datetime) -> Upload:
    if upload is None or upload.account_ref != account_ref or (upload.expires_at <= at and upload.state != "SENT"):
        raise NoSuchList
    return upload


def _listed(upload: Upload) -> Listed:
    name = ""
    if upload.state in ("READING", "READY"):
        seal = person_keys.seal_of(upload.ref)
        name = open_name(seal, uploads.pages_of(upload.id, 0, 0)[0])
    return Listed(
        ref=upload.ref,
        state=upload.state,
        name=name,
        counts=read_counts(upload.counts),
        made_at=upload.made_at,
        expires_at=upload.expires_at,
        request_number=upload.request_number or "",
    )


def _end_expired(at: datetime) -> int:
    """End lists that were not sent in time; drop what has ended a day ago. A key that a killed process has left is
    destroyed now."""
    total = 0
    while True:
        with writing():
            over = uploads.expired(at, PAGE)
            refs = [upload.ref for upload in over]
            fresh = [upload.id for upload in over if upload.state in ("READING", "READY")]
            for upload_id in fresh:
                uploads.end(upload_id, "GONE")
            old = [upload.id for upload in uploads.expired(at - FORGOTTEN_AFTER, PAGE)]
            if old:
                uploads.forget(old)
        person_keys.opened().destroy_many(refs, at)
        total += len(fresh)
        if not fresh and not old:
            return total
