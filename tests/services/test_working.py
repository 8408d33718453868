"""Working the queue, on both engines: figures, filters, one decision of two, and the records that it leaves."""

from datetime import date, timedelta

import pytest
from flask import Flask

from portal.records.request_queue import Figures, Wanted
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.role import Role
from portal.services import requesting, revealing, reviewing, working
from portal.services.auditing import By
from portal.services.working import ChangedMeanwhile
from portal.vault import person_keys
from tests.desk.samples import a_member, a_request
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO
from tests.staffing import a_colleague

ROLES = frozenset({Role.HANDLER})


@pytest.fixture
def handler(app: Flask, clock: FakeClock) -> By:
    with app.app_context():
        return By("STAFF", a_colleague(clock(), Role.HANDLER).ref, "192.0.2.1")


def test_the_figures_count_what_is_open(app: Flask, clock: FakeClock, handler: By) -> None:
    """Late, soon, nobody's, one's own, waiting; what has ended counts in the average alone."""
    with app.app_context():
        jiwon = a_member(clock())
        late, soon, later, ended = (
            a_request(clock() - timedelta(days=days), jiwon, Kind.ACCESS) for days in (11, 7, 0, 5)
        )
        requesting.step(ended, Word.CANCELLED, by=By("MEMBER", jiwon), at=clock())
        for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.MORE_ASKED):
            requesting.step(soon, word, by=handler, roles=ROLES, at=clock(), words="확인")
        seen = working.overview(handler.ref, clock())
        waiting, count = working.queue(Wanted(waiting=True), 1, handler, clock())
        by_due, _ = working.queue(Wanted(), 1, handler, clock())

    assert seen.figures == Figures(open=3, late=1, soon=1, unassigned=2, mine=1, waiting=1, attention=0)
    assert seen.days == {date(2026, 11, 26): 1, date(2026, 12, 3): 1}
    assert seen.average == 5.0
    assert ([line.standing.request.number for line in waiting], count) == ([soon], 1)
    assert [line.standing.request.number for line in by_due] == [late, soon, later]


def test_of_two_steps_from_one_page_one_is_taken(app: Flask, clock: FakeClock, handler: By) -> None:
    """The second finds more steps than it saw, and changes nothing."""
    with app.app_context():
        number = a_request(clock(), a_member(clock()))
        told = {"by": handler, "roles": ROLES, "at": clock(), "words": "확인"}
        working.step(number, Word.IDENTITY_CHECK, seen=1, **told)  # type: ignore[arg-type]
        with pytest.raises(ChangedMeanwhile) as changed:
            working.step(number, Word.MORE_ASKED, seen=1, **told)  # type: ignore[arg-type]
        standing = requesting.stand_of(number, clock())

    assert changed.value.name == "이도현"
    assert [event.word for event in standing.events] == ["RECEIVED", "IDENTITY_CHECK"]
    assert standing.request.handler_ref == handler.ref


def test_nobody_takes_or_logs_their_own(app: Flask, clock: FakeClock) -> None:
    """The address of the account is the member's, however it is written."""
    with app.app_context():
        own = By("STAFF", a_colleague(clock(), Role.HANDLER, email=JIWON.upper()).ref)
        number = a_request(clock(), a_member(clock()))
        for deed in (
            lambda: working.take(number, own, clock()),
            lambda: working.step(number, Word.IDENTITY_CHECK, seen=1, by=own, roles=ROLES, at=clock(), words="확인"),
        ):
            with pytest.raises(StepRefused):
                deed()


def test_what_was_done_can_be_looked_over(app: Flask, clock: FakeClock, handler: By) -> None:
    """A page that showed two people is one entry with their number; a reveal has its words; a month has its figures."""
    with app.app_context():
        number = a_request(clock(), a_member(clock()))
        a_request(clock(), a_member(clock(), MINHO))
        working.queue(Wanted(), 1, handler, clock())
        clock.advance(seconds=1)
        revealing.reveal(number, "TARGET", "대상을 확인하려고 합니다", handler, clock())
        since, until = clock() - timedelta(days=1), clock() + timedelta(days=1)
        found = reviewing.found(reviewing.Narrowed(since, until), handler, clock())
        figures = reviewing.month_figures("2026-11")

    assert [(entry.event.deed, entry.count) for entry in found.entries] == [("value.revealed", 1), ("queue.viewed", 2)]
    assert list(found.words.values()) == ["대상을 확인하려고 합니다"]
    assert list(found.whose.values()) == [JIWON]
    assert figures["queue.viewed"] == 3  # type: ignore[index]


def test_a_key_that_is_gone_shows_nothing(app: Flask, clock: FakeClock, handler: By) -> None:
    """After a destruction the request is still listed; what it said and whose it was is not."""
    with app.app_context():
        jiwon = a_member(clock())
        number = a_request(clock(), jiwon)
        person_keys.destroy(jiwon, clock())
        [line], _ = working.queue(Wanted(), 1, handler, clock())
        case = working.opened(number, handler, ROLES, clock(), clock())

    assert (line.known, line.is_gone) == ({}, True)
    assert (case.known, case.details, case.is_gone) == ({}, {}, True)
