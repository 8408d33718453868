"""What is kept goes on its day and not before, once, and the ledger says how many under which rule."""

import json
import logging

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.database import db, writing, writing_on
from portal.records import destructions, requests, runs, settled
from portal.records.destructions import Hold
from portal.records.requests import Request
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.services import ledger_lines, reckoning, registering, requesting, sweeping
from portal.services.auditing import By
from portal.services.sweeping import Outcome
from portal.vault import ledger, person_keys
from portal.vault.person_keys import KeyDestroyed
from tests.fake_clock import FakeClock
from tests.members.samples import profile
from tests.retention.conftest import Moved, asked, kept_apart, lines, store, taken


def told(outcome: Outcome) -> dict[str, tuple[int, int, int]]:
    """Return what was destroyed, overdue and held, by rule, where there was anything."""
    figures = {one.rule: (one.gone, one.overdue, one.held) for one in outcome.rules}
    return {rule: all_of for rule, all_of in figures.items() if any(all_of)}


def request_of(number: str) -> Request:
    db.session.rollback()
    request = requests.of_number(number)
    assert request is not None
    return request


def test_a_record_apart_goes_on_its_day(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """The day before it stays; on its day its key is destroyed, its words are wiped, and the ledger has two lines."""
    ref = kept_apart(app, clock, "fraud", "2027-11-23")
    moved("2027-11-22")
    assert told(sweeping.sweep(app)) == {}
    moved("2027-11-23")

    assert told(sweeping.sweep(app)) == {"fraud": (1, 0, 0)}

    assert lines(app) == [("D-2027-0001", "BEGUN", '{"separated": 1}'), ("D-2027-0001", "DONE", '{"separated": 1}')]
    with app.app_context():
        [row] = store().of_subject("somebody")
        assert (row.sealed, row.destroyed_at) == (None, clock())
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(ref)


def test_a_second_sweep_changes_nothing(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """It finds nothing and writes no line; that it ran is recorded."""
    kept_apart(app, clock, "fraud", "2027-11-23")
    moved("2027-11-23")
    sweeping.sweep(app)
    before = lines(app)
    clock.advance(hours=1)

    assert told(sweeping.sweep(app)) == {}
    assert lines(app) == before
    with app.app_context():
        outcomes = [json.loads(run.outcome) for run in runs.newest_first("retention", 5)]
    assert [outcome["fraud"].get("gone", 0) for outcome in outcomes] == [0, 1]


def test_one_line_per_rule(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """However many records end in one night, each rule has one number."""
    for person in ("a", "b", "c"):
        kept_apart(app, clock, "fraud", "2027-11-23", person)
    kept_apart(app, clock, "dispute", "2027-11-20", "a")
    moved("2027-11-23")

    assert told(sweeping.sweep(app)) == {"fraud": (3, 0, 0), "dispute": (1, 1, 0)}
    assert [line for line in lines(app) if line[1] == "DONE"] == [
        ("D-2027-0001", "DONE", '{"separated": 3}'),
        ("D-2027-0002", "DONE", '{"separated": 1}'),
    ]


def test_a_dry_run_tells_and_changes_nothing(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """It may look ahead; nothing goes, no line is written, no run is recorded."""
    kept_apart(app, clock, "fraud", "2027-11-23")

    assert told(sweeping.sweep(app, clock().date().replace(year=2028), dry_run=True)) == {"fraud": (1, 1, 0)}
    assert lines(app) == []
    with app.app_context():
        assert runs.newest_first("retention", 1) == []
        assert len(store().expired(clock().date().replace(year=2029))) == 1


def test_a_day_to_come_is_refused(app: Flask, clock: FakeClock) -> None:
    """Only a dry run may look ahead."""
    with pytest.raises(sweeping.TooEarly, match="after today"):
        sweeping.sweep(app, clock().date().replace(year=2027))


def test_a_hold_keeps_what_must_be_gone(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """It is shown as held and stays; once the hold is lifted it goes, and is told as overdue."""
    kept_apart(app, clock, "fraud", "2027-11-23", "held")
    with app.app_context(), writing():
        hold = Hold(member_ref="held", kind="LEGAL", reason="CASE-7", placed_by="officer-1", placed_at=clock())
        destructions.place_hold(hold)
    moved("2027-11-23")
    assert told(sweeping.sweep(app)) == {"fraud": (0, 0, 1)}
    assert lines(app) == []

    moved("2027-12-01")
    with app.app_context(), writing():
        destructions.lift_hold(1, "officer-1", clock())
    assert told(sweeping.sweep(app)) == {"fraud": (1, 1, 0)}


def test_a_hold_placed_during_the_sweep_keeps_what_is_left(
    app: Flask, clock: FakeClock, moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holds are asked for again before each chunk: what has not gone yet stays, and the ledger tells what went."""
    for person in ("a", "b", "c"):
        kept_apart(app, clock, "fraud", "2027-11-23", person)
    moved("2027-11-23")
    monkeypatch.setattr(sweeping, "AT_ONCE", 1)

    def hold_all(line: str) -> None:
        if line == "fraud: 1 of 3 destroyed":
            for person in ("a", "b", "c"):
                with writing():
                    destructions.place_hold(
                        Hold(member_ref=person, kind="LEGAL", reason="CASE-7", placed_by="officer-1", placed_at=clock())
                    )

    assert told(sweeping.sweep(app, tell=hold_all)) == {"fraud": (1, 0, 0)}

    assert lines(app) == [("D-2027-0001", "BEGUN", '{"separated": 3}'), ("D-2027-0001", "DONE", '{"separated": 1}')]
    assert told(sweeping.sweep(app)) == {"fraud": (0, 0, 2)}


def test_an_unknown_category_is_refused(
    app: Flask, clock: FakeClock, moved: Moved, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is touched, whatever its day says; the others are swept, and it is told loudly."""
    kept_apart(app, clock, "horoscope", "2026-12-01")
    kept_apart(app, clock, "fraud", "2026-12-01")
    moved("2026-12-01")

    with caplog.at_level(logging.ERROR):
        outcome = sweeping.sweep(app)

    assert outcome.faults == {"horoscope": "UNKNOWN_CATEGORY"}
    assert told(outcome) == {"fraud": (1, 0, 0)}
    assert "'horoscope'" in caplog.text
    with app.app_context():
        assert [row.rule for row in store().expired(clock().date())] == ["horoscope"]


def test_a_members_complaint_goes_three_years_after_it_was_settled(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """What was written and answered is wiped; that there was a complaint, its number and days stay."""
    with app.app_context():
        ref = registering.register("jiwon", profile(), "SELF", clock()).member_ref
        number = asked(clock, ref)
        taken(clock, number, Word.IN_REVIEW)
        taken(clock, number, Word.FULFILLED, told="돌려드렸습니다")
        still_open = asked(clock, ref, text="또 물어요")
    moved("2029-11-22")
    assert told(sweeping.sweep(app)) == {}
    moved("2029-11-23")

    assert told(sweeping.sweep(app)) == {"dispute": (1, 0, 0)}

    with app.app_context():
        request = request_of(number)
        events = requests.events_of([request.id])[request.id]
        assert (request.sealed, request.wiped_at) == (None, clock())
        assert [event.word for event in events] == ["RECEIVED", "IN_REVIEW", "FULFILLED"]
        assert [event.sealed for event in events] == [None, None, None]
        assert requesting.details_of(request_of(still_open)) == {"text": "또 물어요"}
        assert person_keys.seal_of(ref)
    assert lines(app)[-1] == ("D-2029-0001", "DONE", '{"requests": 1}')


def test_a_strangers_request_goes_with_its_own_key(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """Who was no member has a key for the case; it is destroyed first."""
    with app.app_context():
        number = asked(clock, None, Kind.ACCESS)
        requesting.step(number, Word.CANCELLED, by=By("STRANGER", "stranger"), at=clock())
        key_ref = request_of(number).key_ref
    moved("2029-11-23")

    sweeping.sweep(app)

    with app.app_context():
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(key_ref)
        assert request_of(number).sealed is None


def test_words_of_an_identity_check_go_after_six_months(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """The member stays, the request and its other words stay; only what was written about who they are goes."""
    with app.app_context():
        ref = registering.register("jiwon", profile(), "SELF", clock()).member_ref
        number = asked(clock, ref, Kind.ACCESS, "무엇이 있나요?")
        taken(clock, number, Word.IDENTITY_CHECK, told="전화로 확인")
        taken(clock, number, Word.IN_REVIEW, told="살펴보는 중")
    moved("2027-05-22")
    assert told(sweeping.sweep(app)) == {}
    moved("2027-05-23")

    assert told(sweeping.sweep(app)) == {"identity_check": (1, 0, 0)}

    with app.app_context():
        request = request_of(number)
        words = requesting.words_of(request, requests.events_of([request.id])[request.id])
        assert list(words.values()) == ["살펴보는 중"]
        assert requesting.details_of(request) == {"text": "무엇이 있나요?"}


def test_the_longer_of_two_grounds_wins(app: Flask, clock: FakeClock, moved: Moved) -> None:
    """An identity check in the course of a complaint is part of the dispute and stays three years with it."""
    with app.app_context():
        ref = registering.register("jiwon", profile(), "SELF", clock()).member_ref
        number = asked(clock, ref)
        taken(clock, number, Word.IDENTITY_CHECK, told="전화로 확인")
        taken(clock, number, Word.IN_REVIEW, Word.FULFILLED)
    moved("2027-05-23")
    assert told(sweeping.sweep(app)) == {}
    moved("2029-11-23")
    assert told(sweeping.sweep(app)) == {"dispute": (1, 0, 0)}
    with app.app_context():
        request = request_of(number)
        assert [event.sealed for event in requests.events_of([request.id])[request.id]] == [None] * 4


@pytest.mark.parametrize("killed_after", ["begun", "first", "destroyed"])
def test_a_killed_sweep_is_gone_on_with(
    app: Flask, clock: FakeClock, moved: Moved, monkeypatch: pytest.MonkeyPatch, killed_after: str
) -> None:
    """Killed after the ledger's first line, between two chunks or before the second line: the next night ends the same
    line with what it came to, and counts nothing twice."""
    for person in ("a", "b", "c"):
        kept_apart(app, clock, "fraud", "2027-11-23", person)
    moved("2027-11-23")
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    kills = {"begun": (reckoning.Apart, "destroy", 0), "first": (reckoning.Apart, "destroy", 1)}
    place, name, after = kills.get(killed_after, (ledger_lines, "finish", 0))
    with monkeypatch.context() as patch:
        _kill(patch, place, name, after)
        with pytest.raises(KeyboardInterrupt):
            sweeping.sweep(app)
    kept_apart(app, clock, "fraud", "2027-11-24", "d")
    moved("2027-11-24")

    assert told(sweeping.sweep(app)) == {"fraud": (4, 0, 0)}

    assert lines(app) == [
        ("D-2027-0001", "BEGUN", '{"separated": 3}'),
        ("D-2027-0001", "DONE", '{"separated": 3}'),
        ("D-2027-0002", "BEGUN", '{"separated": 1}'),
        ("D-2027-0002", "DONE", '{"separated": 1}'),
    ]


def test_a_clock_set_back_destroys_nothing_early(
    app: Flask, clock: FakeClock, moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that was killed while the clock ran ahead is not gone on with before its day has really come."""
    kept_apart(app, clock, "fraud", "2027-11-23")
    moved("2027-11-23")
    with monkeypatch.context() as patch:
        _kill(patch, reckoning.Apart, "destroy", 0)
        with pytest.raises(KeyboardInterrupt):
            sweeping.sweep(app)
    moved("2026-12-24")

    assert told(sweeping.sweep(app)) == {}
    moved("2027-11-23")
    assert told(sweeping.sweep(app)) == {"fraud": (1, 0, 0)}


def test_a_rule_that_fails_stops_no_other(
    app: Flask, clock: FakeClock, moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are swept, the run counts as failed and says which, once an hour."""

    def fail() -> list[settled.Words]:
        raise OSError("disk")

    kept_apart(app, clock, "fraud", "2027-11-23")
    moved("2027-11-23")
    monkeypatch.setattr(settled, "disputes", fail)
    for _ in range(2):
        with pytest.raises(sweeping.SweepFailed, match="dispute: OSError"):
            sweeping.sweep(app)

    assert lines(app)[-1] == ("D-2027-0001", "DONE", '{"separated": 1}')
    with app.app_context():
        assert len(runs.newest_first("retention failed", 9)) == 1
        assert runs.newest_first("retention", 9) == []


def _kill(patch: pytest.MonkeyPatch, place: object, name: str, after: int) -> None:
    """Let a function be called so often, then stop the sweep as a signal would."""
    whole = getattr(place, name)
    left = [after]

    def killed(*given: object) -> object:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return whole(*given)

    patch.setattr(place, name, killed)


@pytest.mark.parametrize("change", ["word = 'CLOSED'", "sealed = :other", "until = '2027-01-01'", "actor = 'x'"])
def test_of_a_step_nothing_but_its_words_is_wiped(app: Flask, clock: FakeClock, change: str) -> None:
    """Whoever holds the connection may take the words away, as a sweep does, and change nothing else."""
    with app.app_context():
        asked(clock, None)
        with pytest.raises(DatabaseError, match="only its words"), writing_on(db.engine) as connection:
            connection.execute(text(f"UPDATE request_events SET {change}"), {"other": b"other"})
        with writing_on(db.engine) as connection:
            assert connection.execute(text("UPDATE request_events SET sealed = NULL")).rowcount > 0


def test_a_signature_is_never_changed(app: Flask, clock: FakeClock) -> None:
    """Neither taken back nor given to somebody else."""
    with app.app_context():
        ledger.enter_paper(db.engines["keys"], ledger.Line("p", "PURPOSE_MET", media="PAPER"), clock(), "staff-1")
        for deed in ("UPDATE ledger_signatures SET signed_by = 'x'", "DELETE FROM ledger_signatures"):
            with pytest.raises(DatabaseError, match="append-only"), writing_on(db.engines["keys"]) as connection:
                connection.execute(text(deed))
