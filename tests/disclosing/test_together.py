"""A disclosure beside whatever forbids it: once the other has committed nothing leaves; each answer is kept once."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import cycle, islice

import msgspec
import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select

from portal.database import db, writing
from portal.records import consents, disclosures, members, requests
from portal.records.consents import ConsentEvent
from portal.records.disclosures import Disclosure, DisclosureSum
from portal.records.members import Member
from portal.records.standings import Standing
from portal.rules.deadline import Kind
from portal.rules.disclosure import Reason
from portal.rules.progress import Word
from portal.services import carrying_out, disclosing, entrusted, entrusting, exercising, ordering, reported, requesting
from portal.services.auditing import OPERATOR
from portal.services.changing import changing_standing
from portal.services.disclosing import Answer, OtherContent
from portal.services.exercising import Asking
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser

CARD = ("card_number", "card_expiry", "business_registration_number")
ROUNDS = 64  # without the locks one in three rounds lets something go that must not
WAITS_S = 0.1  # nobody who does not have to wait takes that long

Deed = Callable[[str, FakeClock], None]


def withdraw(host_id: str, clock: FakeClock) -> None:
    exercising.withdraw(Asking(host_id, "127.0.0.1", "ko", "n" * 22), "member", clock())


def suspend(host_id: str, clock: FakeClock) -> None:
    exercising.suspend(Asking(host_id, "127.0.0.1", "ko", "n" * 22), clock())


def suspend_at_desk(host_id: str, clock: FakeClock) -> None:
    """Carry out a wish to stop that reached the staff."""
    with carrying_out.transaction(Kind.SUSPENSION, Word.FULFILLED):
        filed = requesting.file_request(
            Kind.SUSPENSION,
            requester="SELF",
            channel="PHONE",
            by=OPERATOR,
            at=clock(),
            language="ko",
            details={},
            member_ref=ref_of(host_id),
        )
        request = requests.held(filed.number)
        assert request is not None
        carrying_out.carry_out(request, Word.FULFILLED, OPERATOR, clock())


def close_for_report(host_id: str, clock: FakeClock) -> None:
    """Do what a company's report of somebody who has left does to the account."""
    with changing_standing():
        reported.close_accounts([ref_of(host_id)], "R-2026-0001", OPERATOR, clock())


def order(host_id: str, clock: FakeClock) -> None:
    with writing():
        ordering.order(ref_of(host_id), "ASKED", event_day=date(2026, 11, 23), by=OPERATOR, at=clock())


def narrow(host_id: str, clock: FakeClock) -> None:
    """Leave one item in the register."""
    entrusting.change(msgspec.structs.replace(entry(), items=("card_number",)), {}, OPERATOR, clock())


def end(host_id: str, clock: FakeClock) -> None:
    entrusting.end("kicc", clock().date(), "DESTROYED", "파기 확인서", OPERATOR, clock())


DEEDS: dict[Deed, Reason] = {
    withdraw: Reason.WITHDRAWN,
    suspend: Reason.SUSPENDED,
    suspend_at_desk: Reason.SUSPENDED,
    close_for_report: Reason.SUSPENDED,
    order: Reason.DESTRUCTION,
    narrow: Reason.ITEMS,
    end: Reason.ENDED,
}
RACED = (*(close_for_report, narrow) * 6, withdraw, suspend, suspend_at_desk, order)  # the slow ones less often


def ref_of(host_id: str) -> str:
    member = members.of_host(host_id)
    assert member is not None
    return member.ref


def entry() -> entrusted.Entry:
    standing = entrusted.standing_of("kicc")
    assert standing is not None
    return standing.entry


def people(count: int) -> list[str]:
    """Return members who have agreed to what Jiwon has agreed to, by host id."""
    names = [f"person-{number}" for number in range(count)]
    given = consents.of_member(ref_of(JIWON))
    standing = db.session.get(Standing, JIWON)
    assert standing is not None
    facts = {"requirement_hash": standing.requirement_hash, "suspended": False, "changed_at": standing.changed_at}
    events = [
        {column.key: getattr(one, column.key) for column in ConsentEvent.__table__.columns if column.key != "id"}
        for one in given
    ]
    with writing():
        execute = db.session.connection().execute
        rows = [{"ref": f"{name:x<26}", "host_id": name, "created_at": standing.changed_at} for name in names]
        execute(insert(Member), rows)
        execute(insert(Standing), [{"host_id": row["host_id"], "ref": row["ref"], **facts} for row in rows])
        copies = [
            {**one, "member_ref": row["ref"], "event_ref": f"{row['host_id']}-{one['item']}", "submission": row["ref"]}
            for row in rows
            for one in events
        ]
        execute(insert(ConsentEvent), copies)
    return names


@pytest.fixture
def agreed(app: Flask, browser: Callable[..., Browser]) -> None:
    browser().agree()


class Side(threading.Thread):
    """One of two who act at once; `value` is what came of it."""

    def __init__(self, app: Flask, deed: Callable[[], object]) -> None:
        super().__init__()
        self._app, self._deed = app, deed
        self.value: object = None
        self.committing, self.free = threading.Event(), threading.Event()

    def run(self) -> None:
        with self._app.app_context():
            try:
                self.value = self._deed()
            except Exception as fault:
                self.value = fault

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Start, and stop right before the commit for as long as the block lasts."""

        def stop(session: object) -> None:
            if threading.current_thread() is self:
                self.committing.set()
                self.free.wait(20)

        event.listen(db.session, "before_commit", stop)
        try:
            self.start()
            assert self.committing.wait(20)
            yield
        finally:
            self.free.set()
            self.join(20)
            event.remove(db.session, "before_commit", stop)


@pytest.mark.crash
def test_whoever_comes_second_waits_and_sees(app: Flask, clock: FakeClock, agreed: None) -> None:
    """Whatever forbids a disclosure: one that began meanwhile waits and is refused; one that is about to be kept is
    waited for, and is in the ledger before the other is done."""
    with app.app_context():
        names = iter(people(2 * len(DEEDS)))
        whole = entry()

    def ask(host_id: str, reference: str) -> Answer:
        return disclosing.disclose(host_id, "kicc", CARD, "payment", reference, clock())

    for deed, reason in DEEDS.items():
        first = next(names)
        sends = Side(app, lambda first=first, deed=deed: ask(first, f"{deed.__name__}-1"))
        forbids = Side(app, lambda first=first, deed=deed: deed(first, clock))
        with sends.stopped():
            forbids.start()
            forbids.join(WAITS_S)
            assert forbids.is_alive(), f"{deed.__name__} did not wait for a disclosure"
        forbids.join(20)
        assert (forbids.value, isinstance(sends.value, Answer) and sends.value.verdict.reason) == (None, None), deed
        with app.app_context():
            assert ask(first, f"{deed.__name__}-2").verdict.reason is reason
            if deed is narrow:
                entrusting.change(whole, {}, OPERATOR, clock())
        if deed is end:  # for good: there is no second time
            break

        second = next(names)
        forbids = Side(app, lambda second=second, deed=deed: deed(second, clock))
        sends = Side(app, lambda second=second, deed=deed: ask(second, f"{deed.__name__}-3"))
        with forbids.stopped():
            sends.start()
            sends.join(WAITS_S)
            assert sends.is_alive(), f"a disclosure did not wait for {deed.__name__}"
        sends.join(20)
        assert isinstance(sends.value, Answer), sends.value
        assert (forbids.value, sends.value.verdict.reason) == (None, reason), deed
        with app.app_context():
            if deed is narrow:
                entrusting.change(whole, {}, OPERATOR, clock())
    with app.app_context():
        count = len(DEEDS)
        kept = Counter(db.session.execute(select(Disclosure.verdict)).scalars())
        assert kept == {"ALLOWED": count, "REFUSED": 2 * count - 1}
        assert {row.verdict: row.count for row in disclosures.sums() if row.verdict == "ALLOWED"} == {"ALLOWED": count}


@pytest.mark.crash
def test_nothing_leaves_after_what_forbids_it(app: Flask, clock: FakeClock, agreed: None) -> None:
    """Both at once, again and again: a yes is about to be committed before the other is done, never later; and every
    reference has one line."""
    with app.app_context():
        names = people(ROUNDS)
        whole = entry()
    deeds = list(islice(cycle(RACED), ROUNDS))
    start, forbidden = threading.Barrier(2), threading.Event()
    committing, done, asked = 0.0, 0.0, 0
    faults: list[Exception] = []
    late: list[str] = []

    def note(session: object) -> None:
        nonlocal committing
        if threading.current_thread() is sender:
            committing = time.perf_counter()

    def send() -> None:
        nonlocal asked
        with app.app_context():
            for number, host_id in enumerate(names):
                start.wait(20)
                for turn in range(2):
                    over = forbidden.is_set()
                    asked += 1
                    answer = disclosing.disclose(host_id, "kicc", CARD, "payment", f"{number}-{turn}", clock())
                    if answer.verdict.allowed and (over or (forbidden.is_set() and committing > done)):
                        late.append(deeds[number].__name__)
                start.wait(20)

    def forbid() -> None:
        nonlocal done
        with app.app_context():
            for number, host_id in enumerate(names):
                forbidden.clear()
                start.wait(20)
                deeds[number](host_id, clock)
                done = time.perf_counter()
                forbidden.set()
                start.wait(20)
                if deeds[number] is narrow:
                    entrusting.change(whole, {}, OPERATOR, clock())

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as fault:
            faults.append(fault)
            start.abort()

    sender, forbidder = (threading.Thread(target=guarded, args=(work,)) for work in (send, forbid))
    event.listen(db.session, "before_commit", note)
    for side in (sender, forbidder):
        side.start()
    for side in (sender, forbidder):
        side.join(60)
    event.remove(db.session, "before_commit", note)

    assert (faults, late) == ([], [])
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Disclosure)) == asked
        assert db.session.scalar(select(func.sum(DisclosureSum.count))) == asked


@pytest.mark.crash
def test_one_reference_at_once_is_one_disclosure(app: Flask, clock: FakeClock, agreed: None) -> None:
    """Asked by eight at the same moment, for one member and for two: one answers for the first time, who asks for the
    same person hears the same, who asks for the other hears that it was used; the ledger has one line."""
    rounds = 24
    with app.app_context():
        first, second = people(2)
    start = threading.Barrier(8)

    def ask(place: int) -> list[tuple[str, Answer | None]]:
        heard: list[tuple[str, Answer | None]] = []
        with app.app_context():
            for number in range(rounds):
                host_id = second if number % 2 and place % 2 else first
                start.wait(20)
                at = clock() + timedelta(microseconds=place)
                try:
                    heard.append((host_id, disclosing.disclose(host_id, "kicc", CARD, "payment", f"c-{number}", at)))
                except OtherContent:
                    heard.append((host_id, None))
        return heard

    with ThreadPoolExecutor(8) as pool:
        heard = list(zip(*pool.map(ask, range(8)), strict=True))

    for of_one in heard:
        answers = [answer for _, answer in of_one if answer is not None]
        (answered,) = {host_id for host_id, answer in of_one if answer is not None}
        assert len(answers) == [host_id for host_id, _ in of_one].count(answered)
        assert Counter(answer.again for answer in answers)[False] == 1
        assert len({(answer.verdict, answer.at) for answer in answers}) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Disclosure)) == rounds
        assert [(row.verdict, row.count) for row in disclosures.sums()] == [("ALLOWED", rounds)]
