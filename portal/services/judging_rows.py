"""Judging the rows of an uploaded list, in chunks: each is a transaction of its own, and one that was committed is not
done again, whatever is killed.

Somebody unknown and a member of another company are never told apart: neither is found by the one query that is asked.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from flask import Flask, current_app

from portal.clock import seoul_day
from portal.database import end_reading, in_parts, writing
from portal.records import accounts, destructions, leavers, members, uploads
from portal.rules.identifier import index_form
from portal.rules.leaver import Found, Row, Verdict, judge, leave_date, read_row
from portal.services import accounts as people_here
from portal.services import disclosing, registering
from portal.services.access_room import last_seen
from portal.services.list_file import Line
from portal.services.list_pages import Judged, open_rows, read_counts, seal_rows, written
from portal.vault import person_keys

PAGES_AT_ONCE = 10  # a chunk: five thousand rows


class Judging:
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
        counts = read_counts(upload.counts)
        first, last = counts.judged + 1, min(counts.judged + PAGES_AT_ONCE, counts.pages)
        self._catch_up(upload.id, counts.judged)
        pages = self._opened(uploads.pages_of(upload.id, first, last))
        context = _Context(upload.company_ref, upload.account_ref, at)
        rows = [row for page in pages.values() for row in page]
        judged = iter(context.judged([row.line for row in rows], self.rows_of_people))
        pages = {page: [next(judged) for _ in some] for page, some in pages.items()}
        sealed = {page: seal_rows(self.seal, page, some) for page, some in pages.items()}
        end_reading()
        with writing():
            held = uploads.held(self.ref)
            if held is None or held.state != "READING" or held.counts != written(counts):
                return 0  # another was faster, or it was thrown away: look again
            for page in pages.values():
                for row in page:
                    verdict = row.verdict or Verdict.EXCLUDE
                    counts.by_verdict[verdict] = counts.by_verdict.get(verdict, 0) + 1
            counts.judged = self.done = last
            uploads.replace_pages(held.id, sealed)
            held.counts = written(counts)
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
        return {page: open_rows(self.seal, page, sealed) for page, sealed in pages.items()}


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
            for some in in_parts(keys):
                for found in members.of_company_by(field, some, self.company_ref):
                    people.setdefault((field, keys[found.index]), found)
        return people

    def _facts(self, read: Sequence[Row], people: dict[tuple[str, str], members.Found]) -> dict[str, Found]:
        refs = list({person.ref for person in people.values()})
        reported: set[str] = set()
        for some in in_parts(refs):
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
