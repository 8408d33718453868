"""Listing: a company's list of leavers is read, judged row by row, shown, and sent; until then nothing happens to
anybody.

1. The file is read in memory and refused whole, or its rows are sealed, page by page, under a key of this list alone.
2. The rows are judged in chunks, short lists at once, long ones by a job; a chunk that was committed is not done again,
   whatever is killed.
3. What was judged is shown; rows that ask for it are confirmed one by one.
4. Sent, the list becomes one report, in the transaction that ends it; a second send finds the first one's request.
5. The key is destroyed: of people whom nobody asked about nothing is left.

Somebody unknown and a member of another company are never told apart: neither is found by the one query that is asked.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from flask import Flask, current_app

from portal.clock import seoul_day
from portal.database import end_reading, writing
from portal.policy.model import Language, Text
from portal.records import accounts, destructions, leavers, members, uploads
from portal.records.members import new_ref
from portal.records.uploads import Upload
from portal.rules.deed import Deed
from portal.rules.identifier import index_form
from portal.rules.leaver import Found, Row, Verdict, judge, leave_date, read_row, requested
from portal.rules.leaver_list import Totals
from portal.services import accounts as people_here
from portal.services import auditing, disclosing, leaving, registering
from portal.services.access_room import last_seen
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.leaving import Leaving
from portal.services.list_file import Line, lines_of
from portal.services.requesting import Filed
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed
from portal.vault.profiles import SubjectSeal

PAGE = 500
PAGES_AT_ONCE = 10  # a chunk: five thousand rows
ASKED_AT_ONCE = 500
AT_ONCE = 2000  # rows that are judged while somebody waits
LASTS = timedelta(hours=2)
FORGOTTEN_AFTER = timedelta(days=1)


class Judged(msgspec.Struct, array_like=True):
    """One row with its verdict. `member_ref` is whom it means, "" for nobody; `key` tells rows of one person."""

    line: Line
    verdict: Verdict | None = None
    reason: Text = Text(ko="", en="")
    next_step: Text = Text(ko="", en="")
    left_on: date | None = None
    member_ref: str = ""


class Counts(msgspec.Struct):
    """How far a list has come: rows in all, pages judged, rows by verdict, and the numbers that were confirmed."""

    rows: int
    judged: int = 0
    by_verdict: dict[Verdict, int] = msgspec.field(default_factory=dict)
    confirmed: list[int] = msgspec.field(default_factory=list)

    @property
    def pages(self) -> int:
        return -(-self.rows // PAGE)

    @property
    def rows_judged(self) -> int:
        return min(self.judged * PAGE, self.rows)

    @property
    def totals(self) -> Totals:
        return Totals(self.rows, {verdict: self.by_verdict.get(verdict, 0) for verdict in Verdict})

    @property
    def to_request(self) -> int:
        """How many people would be requested now."""
        return self.by_verdict.get(Verdict.REQUEST, 0) + len(self.confirmed)


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


_PAGE = msgspec.json.Decoder(list[Judged])


def upload(name: str, content: bytes, *, company_ref: str, account_ref: str, at: datetime) -> str:
    """Read a file and return the reference of its list; a short one is judged already. Raises ListRefused."""
    return keep(name, lines_of(content), company_ref=company_ref, account_ref=account_ref, at=at)


def keep(name: str, lines: Sequence[Line], *, company_ref: str, account_ref: str, at: datetime) -> str:
    """Keep rows as a list, as `upload` does with those of a file: one person is a list of one."""
    # 1.
    ref = new_ref()
    seal = person_keys.make(ref, at)
    pages = {0: _seal(seal, 0, name.encode())}
    for start in range(0, len(lines), PAGE):
        page = start // PAGE + 1
        rows = [Judged(line) for line in lines[start : start + PAGE]]
        pages[page] = _seal(seal, page, msgspec.json.encode(rows))
    with writing():
        made = Upload(
            ref=ref,
            company_ref=company_ref,
            account_ref=account_ref,
            state="READING",
            counts=_written(Counts(len(lines))),
            made_at=at,
            expires_at=at + LASTS,
        )
        uploads.add(made, pages)
    # 2.
    if len(lines) <= AT_ONCE:
        _Judging(ref).run(at)
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
            held.counts = _written(_confirmed(_listed(held), shown, ticked))


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
        for ref in [upload.ref for upload in uploads.reading(ASKED_AT_ONCE)]:
            with suppress(KeyDestroyed):  # thrown away at this very moment
                judged += _Judging(ref).run(at, tell)
    return {"judged": judged, "ended": ended}


class _Judging:
    """Judges one list, chunk by chunk; remembers which person stood in which row."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        self.seal = person_keys.seal_of(ref)
        self.rows_of_people: dict[str, int] = {}
        self.done = 0  # pages whose people are remembered

    def run(self, at: datetime, tell: Callable[[str], None] = lambda line: None) -> int:
        """Judge to the end and return how many rows; what another has judged is not judged again."""
        total = 0
        while (rows := self.step(at)) is not None:
            total += rows
            tell(f"{total} rows judged")
        return total

    def step(self, at: datetime) -> int | None:
        """Judge one chunk in a transaction of its own; return how many rows, None when there is nothing to do."""
        end_reading()
        upload = uploads.of_ref(self.ref)
        if upload is None or upload.state != "READING":
            return None
        counts = msgspec.json.decode(upload.counts, type=Counts)
        first, last = counts.judged + 1, min(counts.judged + PAGES_AT_ONCE, counts.pages)
        self._catch_up(upload.id, counts.judged)
        pages = self._opened(uploads.pages_of(upload.id, first, last))
        context = _Context(upload.company_ref, upload.account_ref, at)
        rows = [row for page in pages.values() for row in page]
        judged = iter(context.judged([row.line for row in rows], self.rows_of_people))
        pages = {page: [next(judged) for _ in some] for page, some in pages.items()}
        sealed = {page: _seal(self.seal, page, msgspec.json.encode(some)) for page, some in pages.items()}
        end_reading()
        with writing():
            held = uploads.held(self.ref)
            if held is None or held.state != "READING" or held.counts != _written(counts):
                return 0  # another was faster, or it was thrown away: look again
            for page in pages.values():
                for row in page:
                    verdict = row.verdict or Verdict.EXCLUDE
                    counts.by_verdict[verdict] = counts.by_verdict.get(verdict, 0) + 1
            counts.judged = self.done = last
            uploads.replace_pages(held.id, sealed)
            held.counts = _written(counts)
            held.state = "READY" if last == counts.pages else "READING"
        return len(rows)

    def _catch_up(self, upload_id: int, judged: int) -> None:
        """Remember the people of the pages that another run has judged."""
        if self.done == judged:
            return
        self.rows_of_people.clear()
        for page in self._opened(uploads.pages_of(upload_id, 1, judged)).values():
            for row in page:
                self.rows_of_people.setdefault(row.member_ref or _key_of(_read(row.line)), row.line.number)
        self.done = judged

    def _opened(self, pages: dict[int, bytes]) -> dict[int, list[Judged]]:
        return {page: _open(self.seal, self.ref, page, sealed) for page, sealed in pages.items()}


class _Context:
    """What a chunk is judged against: the company, who is asking, the day."""

    def __init__(self, company_ref: str, account_ref: str, at: datetime) -> None:
        self.company_ref, self.at, self.today = company_ref, at, seoul_day(at)
        self.index = registering.blind_index()
        admins = people_here.opened(accounts.of_company(company_ref))
        addresses = {self._address(person.email) for person in admins if person.state == "ACTIVE"}
        who = people_here.of_ref(account_ref)
        self.own = self._address(who.email) if who else b""
        self.last_admin = next(iter(addresses)) if len(addresses) == 1 else b""

    def judged(self, lines: Sequence[Line], seen: dict[str, int]) -> Iterator[Judged]:
        """Yield the verdicts on these rows, in order; `seen` gives each person's first row, and learns."""
        read = [_read(line) for line in lines]
        people = self._people(read)
        facts = self._facts(read, people)
        for line, row in zip(lines, read, strict=True):
            person = people.get((row.field, row.key))
            found = facts[person.ref] if person else None
            first = line.number if row.fault else seen.setdefault(person.ref if person else _key_of(row), line.number)
            verdict = judge(row, found, self.today, first if first != line.number else None)
            yield Judged(
                line,
                verdict.verdict,
                verdict.reason,
                verdict.next_step,
                verdict.left_on,
                person.ref if person else "",
            )

    def _people(self, read: Sequence[Row]) -> dict[tuple[str, str], members.Found]:
        """Return whom these rows mean, by field and key: members of this company only."""
        people: dict[tuple[str, str], members.Found] = {}
        for field in ("email", "login_id"):
            keys = {self.index.of(field, row.key): row.key for row in read if row.field == field}
            for some in _parts(list(keys)):
                for found in members.of_company_by(field, some, self.company_ref):
                    people.setdefault((field, keys[found.index]), found)
        return people

    def _facts(self, read: Sequence[Row], people: dict[tuple[str, str], members.Found]) -> dict[str, Found]:
        refs = list({person.ref for person in people.values()})
        reported: set[str] = set()
        for some in _parts(refs):
            reported |= leavers.refs_open(some) | destructions.refs_destroyed(some)
        left = {}
        for row in read:
            person = people.get((row.field, row.key))
            day = leave_date(row.left_on) if person else None
            if person and day and day < self.today:
                left[person.ref] = min(day, left.get(person.ref, day))
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        seen = last_seen(app, left, self.at)
        sent = disclosing.refs_sent(refs)
        return {
            person.ref: Found(
                last_seen=seen.get(person.ref),
                was_sent=person.ref in sent,
                is_own=person.email_index == self.own,
                is_last_admin=person.email_index == self.last_admin,
                is_reported=person.ref in reported,
            )
            for person in people.values()
        }

    def _address(self, email: str) -> bytes:
        return self.index.of("email", index_form("email", email))


def _read(line: Line) -> Row:
    return read_row(email=line.email, login_id=line.login_id, left_on=line.left_on)


def _key_of(row: Row) -> str:
    return f"{row.field}\0{row.key}"


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
            yield from _open(seal, found.ref, page, sealed)


def _own(upload: Upload | None, account_ref: str, at: datetime) -> Upload:
    if upload is None or upload.account_ref != account_ref or (upload.expires_at <= at and upload.state != "SENT"):
        raise NoSuchList
    return upload


def _listed(upload: Upload) -> Listed:
    name = ""
    if upload.state in ("READING", "READY"):
        seal = person_keys.seal_of(upload.ref)
        name = seal.open("upload_pages", "sealed", uploads.pages_of(upload.id, 0, 0)[0], _row(upload.ref, 0)).decode()
    return Listed(
        ref=upload.ref,
        state=upload.state,
        name=name,
        counts=msgspec.json.decode(upload.counts, type=Counts),
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


def _seal(seal: SubjectSeal, page: int, content: bytes) -> bytes:
    return seal.seal("upload_pages", "sealed", content, _row(seal.ref, page))


def _open(seal: SubjectSeal, ref: str, page: int, sealed: bytes) -> list[Judged]:
    content: bytes = seal.open("upload_pages", "sealed", sealed, _row(ref, page))
    return _PAGE.decode(content)


def _row(ref: str, page: int) -> str:
    return f"{ref}:{page}"


def _written(counts: Counts) -> str:
    return msgspec.json.encode(counts).decode()


def _parts(some: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(some), ASKED_AT_ONCE):
        yield some[start : start + ASKED_AT_ONCE]
