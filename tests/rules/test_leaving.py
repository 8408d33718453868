from datetime import date

import pytest

from portal.rules.deadline import Kind, due_on
from portal.rules.leaving import (
    Answer,
    Asked,
    Letter,
    ReportEnd,
    approvals_for,
    asked_next,
    company_answers_by,
    letter_to_send,
    may_destroy,
    objection_ends_on,
    reports_blocked,
)

REPORTED = date(2026, 11, 28)
OPEN, RIGHT, WRONG, TAKEN_BACK = ReportEnd

APPROVALS: dict[str, tuple[int, bool, int, int]] = {
    "one person": (1, False, 10, 1),
    "as many as the set size": (10, False, 10, 1),
    "one above it": (11, False, 10, 2),
    "another size": (4, False, 3, 2),
    "one admin": (1, True, 10, 2),
    "many with an admin": (50, True, 10, 2),
}


@pytest.mark.parametrize(("people", "with_admin", "two_above", "needed"), APPROVALS.values(), ids=APPROVALS.keys())
def test_many_leavers_or_an_admin_need_two_approvals(
    people: int, with_admin: bool, two_above: int, needed: int
) -> None:
    """One person approves a small report; two a large one, or one with an admin in it."""
    assert approvals_for(people, with_admin=with_admin, two_above=two_above) == needed


WINDOWS: dict[str, tuple[int, date]] = {
    "one day": (1, date(2026, 11, 29)),
    "three days": (3, date(2026, 12, 1)),
    "four days": (4, date(2026, 12, 2)),
}


@pytest.mark.parametrize(("days", "last"), WINDOWS.values(), ids=WINDOWS.keys())
def test_the_days_to_object_leave_a_day_to_destroy_in(days: int, last: date) -> None:
    """The last day to object comes before the fifth day, by whose end the data is gone."""
    assert objection_ends_on(REPORTED, days) == last
    assert last < due_on(REPORTED, Kind.LEAVER, by_employer=True) == date(2026, 12, 3)


@pytest.mark.parametrize("days", [-1, 0, 5, 6])
def test_other_windows_are_refused(days: int) -> None:
    """No window, and one that takes the last day to destroy in, are a fault of the configuration."""
    with pytest.raises(ValueError, match=f"got {days}, expected 1 to 4"):
        objection_ends_on(REPORTED, days)


MAY: dict[str, tuple[date, bool]] = {
    "the day of the report": (date(2026, 11, 28), False),
    "the last day to object": (date(2026, 12, 1), False),
    "the day after": (date(2026, 12, 2), True),
    "a clock set back": (date(2026, 11, 1), False),
}


@pytest.mark.parametrize(("today", "may"), MAY.values(), ids=MAY.keys())
def test_nothing_is_destroyed_while_a_member_may_object(today: date, may: bool) -> None:
    """The whole last day belongs to the member."""
    assert may_destroy(REPORTED, today) is may


HISTORIES: dict[str, tuple[list[ReportEnd], bool]] = {
    "no report": ([], False),
    "one wrong": ([WRONG], False),
    "two wrong": ([WRONG, WRONG], True),
    "two wrong after a right one": ([RIGHT, WRONG, WRONG], True),
    "a right one between": ([WRONG, RIGHT, WRONG], False),
    "a right one after": ([WRONG, WRONG, RIGHT], False),
    "an open one between": ([WRONG, OPEN, WRONG], True),
    "one taken back after": ([WRONG, WRONG, TAKEN_BACK], True),
    "only open ones": ([OPEN, OPEN], False),
}


@pytest.mark.parametrize(("history", "blocked"), HISTORIES.values(), ids=HISTORIES.keys())
def test_two_wrong_reports_in_a_row_send_the_next_to_staff(history: list[ReportEnd], blocked: bool) -> None:
    """Two upheld objections in a row block an admin's reports; what is open or taken back changes nothing."""
    assert reports_blocked(history) is blocked


NEXT: dict[str, tuple[date, int, Answer | None, Asked]] = {
    "the day it comes": (date(2026, 11, 28), 1, None, Asked.COMPANY),
    "the company's last day": (date(2026, 12, 2), 1, None, Asked.COMPANY),
    "the fifth day": (date(2026, 12, 3), 1, None, Asked.STAFF),
    "much later": (date(2027, 1, 1), 1, None, Asked.STAFF),
    "a company without an admin": (date(2026, 11, 28), 0, None, Asked.STAFF),
    "the company says yes": (date(2026, 11, 29), 1, Answer.CONFIRMED, Asked.STAFF),
    "the company says no": (date(2026, 11, 29), 1, Answer.DENIED, Asked.STAFF),
}


@pytest.mark.parametrize(("today", "admins", "answer", "asked"), NEXT.values(), ids=NEXT.keys())
def test_the_company_is_asked_first_and_the_staff_in_time(
    today: date, admins: int, answer: Answer | None, asked: Asked
) -> None:
    """A company has until the fourth day; then, and whatever it answers, the staff act, with days left of the ten."""
    assert asked_next(REPORTED, today, admins=admins, answer=answer) is asked
    assert company_answers_by(REPORTED) == date(2026, 12, 2)


ASK, FIRST, LAST, STAFF = Letter
LETTERS: dict[str, tuple[date, tuple[Letter, ...], int, Answer | None, Letter | None]] = {
    "the question at once": (date(2026, 11, 28), (), 1, None, ASK),
    "not twice": (date(2026, 11, 28), (ASK,), 1, None, None),
    "a reminder on the next day": (date(2026, 11, 29), (ASK,), 1, None, FIRST),
    "nothing on the second": (date(2026, 11, 30), (ASK, FIRST), 1, None, None),
    "the last on the third": (date(2026, 12, 1), (ASK, FIRST), 1, None, LAST),
    "the first is left out when late": (date(2026, 12, 1), (ASK,), 1, None, LAST),
    "nothing on the fourth": (date(2026, 12, 2), (ASK, FIRST, LAST), 1, None, None),
    "the staff on the fifth": (date(2026, 12, 3), (ASK, FIRST, LAST), 1, None, STAFF),
    "the staff once": (date(2026, 12, 4), (ASK, FIRST, LAST, STAFF), 1, None, None),
    "the staff at once without an admin": (date(2026, 11, 28), (), 0, None, STAFF),
    "the staff when it is answered": (date(2026, 11, 29), (ASK,), 1, Answer.DENIED, STAFF),
    "a clock set back": (date(2026, 11, 27), (), 1, None, ASK),
    "a clock set back after a reminder": (date(2026, 11, 29), (ASK, LAST), 1, None, None),
}


@pytest.mark.parametrize(("today", "sent", "admins", "answer", "letter"), LETTERS.values(), ids=LETTERS.keys())
def test_one_letter_goes_out_at_a_time(
    today: date, sent: tuple[Letter, ...], admins: int, answer: Answer | None, letter: Letter | None
) -> None:
    """The admins are asked at once, reminded on the first and third day; on the fifth the staff are told."""
    assert letter_to_send(REPORTED, today, sent, admins=admins, answer=answer) is letter
