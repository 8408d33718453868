"""Leaving at the gate, and what becomes of a report when two decide at the same moment."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from middleware import ConsentGate
from portal.records import leavers, requests, standings
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.services import leaving, publishing, requesting
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.leaving.conftest import ADMIN, HANDLER, HANDLERS, SECOND, Join, advance, is_closed, report
from tests.middleware.gatehouse import Host, ask, environ_of


def test_reported_people_are_stopped_by_the_next_request(
    app: Flask, clock: FakeClock, gaon: str, join: Join, settings: Settings
) -> None:
    """Through the real gate: in before the report, stopped after it, in again once it is taken back."""
    host = Host()
    gate = ConsentGate(
        host,
        store=settings.main_store,
        journal=settings.journal,
        identify=lambda environ: environ.get("test.member"),
        digest_key=b"k" * 32,
    )

    def code(member: str) -> int:
        return ask(gate, environ_of("/orders", "GET", member)).code

    minho = join("minho")
    with app.app_context():
        required = publishing.in_force(clock()).requirement_hash
        with changing_standing():
            for name, ref in (("minho", minho), ("jiwon", "j" * 26)):
                standings.satisfy(name, ref, required, clock())
        before = [code("minho"), code("jiwon")]
        number = report(gaon, clock(), minho).number
        during = [code("minho"), code("jiwon")]
        leaving.take_back(number, company_ref=gaon, by=ADMIN, at=clock())
        after = [code("minho"), code("jiwon")]

    assert (before, during, after) == ([200, 200], [403, 200], [200, 200])


@pytest.mark.crash
@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param((Word.APPROVED, HANDLER), (Word.APPROVED, SECOND), id="two approve"),
        pytest.param((Word.APPROVED, HANDLER), (Word.REFUSED, SECOND), id="approve against refuse"),
        pytest.param((Word.CANCELLED, ADMIN), (Word.APPROVED, SECOND), id="take back against approve"),
    ],
)
def test_of_two_at_once_one_decides_on_a_report(
    app: Flask, clock: FakeClock, gaon: str, join: Join, first: tuple[Word, By], second: tuple[Word, By]
) -> None:
    """One decision stands, and the member's account and mark agree with it, 200 times over."""
    minho = join("minho")
    for _ in range(200):
        with app.app_context():
            number = report(gaon, clock(), minho).number
            advance(number, clock(), Word.IN_REVIEW)
        outcomes = at_once(*[deed(app, clock, number, gaon, *one) for one in (first, second)])
        with app.app_context():
            request = requests.of_number(number)
            assert request is not None
            [row] = leavers.of_request(request.id)
            words = [event.word for event in requesting.stand_of(number, clock()).events]
            approved = "APPROVED" in words

            assert sorted(outcomes) == ["done", "refused"]
            assert sum(word in ("APPROVED", "REFUSED", "CANCELLED") for word in words) == 1
            assert (row.approved_at is not None, row.end) == ((True, None) if approved else (False, "TAKEN_BACK"))
            assert is_closed("minho") == approved
            with changing_standing():  # so that the next round begins as this one did
                leavers.end_of(request.id, "TAKEN_BACK", clock())
                standings.suspend("minho", minho, clock(), suspended=False)


def deed(app: Flask, clock: FakeClock, number: str, company: str, word: Word, by: By) -> Callable[[], str]:
    def do() -> str:
        with app.app_context():
            reason = "NOT_A_LEAVER" if word is Word.REFUSED else ""
            try:
                if word is Word.CANCELLED:
                    leaving.take_back(number, company_ref=company, by=by, at=clock())
                else:
                    requesting.step(number, word, by=by, roles=HANDLERS, at=clock(), reason=reason)
            except StepRefused:
                return "refused"
            return "done"

    return do


def at_once(*deeds: Callable[[], str]) -> list[str]:
    start, outcomes = threading.Barrier(len(deeds)), []

    def run(one: Callable[[], str]) -> None:
        start.wait()
        outcomes.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
