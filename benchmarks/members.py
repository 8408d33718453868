"""What a hundred thousand members cost: brought in from a list, found again by address, their requests
queued, and their audit chain read."""

import csv
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flask import Flask

from portal import clock, create_app
from portal.database import db, writing
from portal.demo.members import SampleMembers
from portal.holdings import Subject
from portal.rules.chain import Intact
from portal.rules.columns import LABELS
from portal.rules.deed import Deed
from portal.rules.identifier import BUSINESS_WEIGHTS
from portal.services import auditing, exporting, importing, publishing, registering, showing, verifying
from portal.services.auditing import OPERATOR, By
from portal.services.reading import ListFile
from portal.settings import SAMPLE_STORE

from . import desk, stores
from .figures import Figure, Part, say

MEMBERS, QUICK_MEMBERS = 100_000, 5_000
COMPANIES = 5_000
SEARCHES = 2_000
EXPORTS = 200
VIEWS_AT_ONCE = 1_000
IMPORT_GOAL, SEARCH_GOAL_MS = 5_000, 10


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Import, search and verify on SQLite; import and search on PostgreSQL as well."""
    count = QUICK_MEMBERS if quick else MEMBERS
    file = folder / "members.csv"
    write_list(file, count)
    with serving(folder / "sqlite", None) as app:
        figures = _brought_in(app, file, count, "SQLite")
        figures += [desk.measured(app, count, "SQLite"), _verified(app, count)]
    if postgres_url is None:
        return Part(figures, ["members on PostgreSQL: there is none"])
    with serving(folder / "postgres", postgres_url) as app:
        figures += [*_brought_in(app, file, count, "PostgreSQL"), desk.measured(app, count, "PostgreSQL")]
    return Part(figures)


@contextmanager
def serving(folder: Path, postgres_url: Callable[[], str] | None) -> Iterator[Flask]:
    """Give a portal on new stores, in the context of its application."""
    environ = {}
    if postgres_url is not None:
        main, keys, separated = postgres_url(), postgres_url(), postgres_url()
        environ = {**stores.on_postgres(main), "PORTAL_KEYS_STORE": keys, "PORTAL_SEPARATED_STORE": separated}
    settings = stores.made(folder, **environ)
    SampleMembers(settings.instance / SAMPLE_STORE)  # a host to ask, for the export
    app = create_app(settings)
    with app.app_context():
        publishing.publish_shipped(clock.now())
        yield app
        for engine in db.engines.values():
            engine.dispose()


def write_list(path: Path, count: int) -> None:
    """Write a list of sample members, every item filled in, 5,000 companies between them."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(label.ko for label in LABELS.values())
        for number in range(count):
            company = number % COMPANIES
            phone = f"010-{number // 10_000 % 10_000:04}-{number % 10_000:04}"
            row = (stores.member(number), address(number), f"user-{number}", f"예시상사 {company}")
            writer.writerow((*row, business_number(company), phone))


def address(number: int) -> str:
    """Return the e-mail address of a sample member."""
    return f"user{number}@company{number % COMPANIES}.example"


def business_number(company: int) -> str:
    """Return a well-formed business registration number of a sample company."""
    digits = [int(digit) for digit in f"{101 + company % 899:03}81{company:04}"]
    total = sum(digit * weight for digit, weight in zip(digits, BUSINESS_WEIGHTS, strict=True)) + digits[8] * 5 // 10
    text = "".join(map(str, [*digits, (10 - total % 10) % 10]))
    return f"{text[:3]}-{text[3:5]}-{text[5:]}"


def _brought_in(app: Flask, file: Path, count: int, engine: str) -> list[Figure]:
    table = ListFile(file)
    began = time.perf_counter()
    with closing(importing.preview(table.rows())) as found:
        judged = time.perf_counter()
        say(f"members, {engine}: {found.to_write:,} previewed")
        importing.carry_out(found, "HOST", clock.now(), tell=_Teller(f"members, {engine}", 2 * count))
    ended = time.perf_counter()
    note = f"preview {judged - began:.1f} s, sealing and writing {ended - judged:.1f} s"
    goal = IMPORT_GOAL if engine == "SQLite" else None
    rate = Figure(
        f"import of {count:,} members, {engine}, per second",
        count / (ended - began),
        ">=" if goal else None,
        goal,
        note,
        0,
    )
    return [rate, _searched(count, engine), _exported(count, engine)]


def _searched(count: int, engine: str) -> Figure:
    chance = random.Random(3)
    taken = []
    for asked in range(SEARCHES):
        number = chance.randrange(count)
        db.session.remove()
        began = time.perf_counter()
        found = registering.of_email(address(number))
        taken.append((time.perf_counter() - began) * 1000)
        if [member.host_id for member in found] != [stores.member(number)]:
            raise AssertionError(f"search {asked} found another member")
    taken.sort()
    p99 = taken[len(taken) * 99 // 100]
    goal = SEARCH_GOAL_MS if engine == "SQLite" else None
    note = f"median {taken[len(taken) // 2]:.2f} ms of {SEARCHES:,} searches"
    return Figure(f"exact search by e-mail, {engine}, p99 ms", p99, "<=" if goal else None, goal, note)


def _exported(count: int, engine: str) -> Figure:
    chance = random.Random(4)
    taken = []
    for _ in range(EXPORTS):
        host_id = stores.member(chance.randrange(count))
        db.session.remove()
        began = time.perf_counter()
        subject = Subject(showing.ref_of(host_id), host_id)
        made = exporting.export(subject, "json", By("MEMBER", subject.member_ref), clock.now(), "ko")
        written = b"".join(made.pieces)
        taken.append((time.perf_counter() - began) * 1000)
        if subject.member_ref.encode() not in written:
            raise AssertionError("an export without its member")
    taken.sort()
    p99 = taken[len(taken) * 99 // 100]
    note = f"median {taken[len(taken) // 2]:.1f} ms of {EXPORTS}, audited, without access records"
    return Figure(f"everything of one member, {engine}, p99 ms", p99, note=note)


def _verified(app: Flask, count: int) -> Figure:
    at = clock.now()
    for start in range(0, count, VIEWS_AT_ONCE):
        with writing():
            subjects = [stores.ref_of(stores.member(start + number)) for number in range(VIEWS_AT_ONCE)]
            auditing.note_views(Deed.MEMBER_SEARCHED, OPERATOR, at, subjects)
    say(f"members: an audit chain of {count:,} rows")
    began = time.perf_counter()
    checked = verifying.check(tell=_Teller("members, audit chain", count))
    taken = time.perf_counter() - began
    if not isinstance(checked.verdict, Intact):
        raise AssertionError(f"the chain is broken: {checked.verdict}")  # noqa: TRY004 - it is no kind of argument
    rows = checked.verdict.count
    return Figure(
        "audit rows verified per second, SQLite", rows / taken, note=f"{rows:,} rows in {taken:.1f} s", digits=0
    )


class _Teller:
    """Tells at every tenth how far a task has come."""

    def __init__(self, what: str, whole: int) -> None:
        self._what, self._whole, self._done, self._told = what, whole, 0, 0

    def __call__(self, done: int) -> None:
        self._done += done
        tenth = 10 * self._done // self._whole
        if tenth > self._told:
            self._told = tenth
            say(f"{self._what}: {10 * tenth} %")
