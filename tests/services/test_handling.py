"""Designations and trainings on both engines: what holds on a day, and a history that only grows."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.database import db, writing
from portal.rules.role import Role
from portal.services import accounts, handling
from portal.services.auditing import OPERATOR
from portal.services.handling import Refused
from tests.fake_clock import FakeClock

TODAY = date(2026, 11, 23)


@pytest.fixture
def ref(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return accounts.invite("yuna.han@cloudmate.example", "한유나", [Role.HANDLER], OPERATOR, clock())[0]


def code(ref: str, day: date = TODAY) -> str:
    return handling.verdict_of(ref, day).code


def test_designated_and_trained_opens_personal_data(app: Flask, clock: FakeClock, ref: str) -> None:
    """Neither alone does; from a later day on it is open from that day."""
    with app.app_context():
        assert code(ref) == "NOT_DESIGNATED"
        handling.designate(ref, date(2026, 11, 24), None, "고객지원 담당", OPERATOR, clock())
        assert code(ref) == "NOT_YET_DESIGNATED"
        assert code(ref, date(2026, 11, 24)) == "NOT_TRAINED"
        handling.note_training(ref, "개인정보 보호 기본", TODAY, 60, OPERATOR, clock())

        assert code(ref, date(2026, 11, 24)) == "OPEN"
        assert code(ref, date(2027, 11, 22)) == "OPEN"
        assert code(ref, date(2027, 11, 23)) == "TRAINING_LAPSED"


def test_a_designation_ends_at_once_or_as_set(app: Flask, clock: FakeClock, ref: str) -> None:
    """Ended today, it is closed today; with a last day set beforehand, from that day on."""
    with app.app_context():
        handling.note_training(ref, "개인정보 보호 기본", TODAY, 60, OPERATOR, clock())
        handling.designate(ref, date(2026, 11, 1), date(2026, 12, 1), "고객지원 담당", OPERATOR, clock())
        assert (code(ref, date(2026, 11, 30)), code(ref, date(2026, 12, 1))) == ("OPEN", "DESIGNATION_ENDED")

        handling.end(ref, "업무 변경", OPERATOR, clock())

        assert code(ref) == "DESIGNATION_ENDED"
        with pytest.raises(Refused, match="NOT_DESIGNATED"):
            handling.end(ref, "업무 변경", OPERATOR, clock())
        handling.designate(ref, TODAY, None, "돌아옴", OPERATOR, clock())
        assert code(ref) == "OPEN"


def test_the_latest_course_counts(app: Flask, clock: FakeClock, ref: str) -> None:
    """An older course recorded later changes nothing, and one of tomorrow cannot be recorded."""
    with app.app_context():
        handling.note_training(ref, "심화", date(2026, 10, 1), 90, OPERATOR, clock())
        handling.note_training(ref, "기본", date(2025, 12, 1), 60, OPERATOR, clock())
        with pytest.raises(Refused, match="TO_COME"):
            handling.note_training(ref, "내일", date(2026, 11, 24), 60, OPERATOR, clock())

        handler = handling.handler_of(ref, TODAY)

    assert (handler.course, handler.trained_on, handler.next_due) == ("심화", date(2026, 10, 1), date(2027, 10, 1))


@pytest.mark.parametrize(
    ("since", "until"),
    [
        pytest.param(date(2026, 12, 1), date(2026, 12, 1), id="the same day"),
        pytest.param(date(2026, 12, 1), date(2026, 11, 30), id="before it begins"),
        pytest.param(date(2026, 1, 1), TODAY, id="over already"),
    ],
)
def test_a_designation_that_never_holds_is_refused(
    app: Flask, clock: FakeClock, ref: str, since: date, until: date
) -> None:
    """Its last day must come after its first and after today."""
    with app.app_context(), pytest.raises(Refused, match="ENDS_BEFORE"):
        handling.designate(ref, since, until, "고객지원 담당", OPERATOR, clock())


def test_nobody_is_designated_twice_or_unknown(app: Flask, clock: FakeClock, ref: str) -> None:
    """A designation that holds is ended first; a reference that nobody has is refused."""
    with app.app_context():
        handling.designate(ref, TODAY, None, "고객지원 담당", OPERATOR, clock())
        with pytest.raises(Refused, match="DESIGNATED"):
            handling.designate(ref, TODAY, None, "또", OPERATOR, clock())
        with pytest.raises(Refused, match="NOBODY"):
            handling.designate("x" * 26, TODAY, None, "누구", OPERATOR, clock())
        with pytest.raises(Refused, match="NOBODY"):
            handling.note_training("x" * 26, "기본", TODAY, 60, OPERATOR, clock())


@pytest.mark.parametrize("statement", ["UPDATE trainings SET minutes = 600", "DELETE FROM designations"])
def test_history_only_grows(app: Flask, clock: FakeClock, ref: str, statement: str) -> None:
    """The store itself refuses to change or delete what was written."""
    with app.app_context():
        handling.designate(ref, TODAY, None, "고객지원 담당", OPERATOR, clock())
        handling.note_training(ref, "기본", TODAY, 60, OPERATOR, clock())
        with pytest.raises(DatabaseError), writing():
            db.session.execute(text(statement))

        assert [entry.words for entry in handling.history_of(ref)] == ["고객지원 담당", "기본"]
