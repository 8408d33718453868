from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.retention import add_months, expires_on, is_expired, last_kept_until
from tests.policy.samples import POLICY

ACCESS = POLICY.retention_rule("access_record")
DAYS = st.dates(date(1990, 1, 1), date(2200, 12, 31))

EXPIRIES = {
    "31 August to 28 February": ("access_record", date(2026, 8, 31), date(2027, 2, 28)),
    "31 August to 29 February": ("access_record", date(2027, 8, 31), date(2028, 2, 29)),
    "30 August to 28 February": ("access_record", date(2026, 8, 30), date(2027, 2, 28)),
    "28 August to 28 February": ("access_record", date(2026, 8, 28), date(2027, 2, 28)),
    "31 March to 30 September": ("access_record", date(2026, 3, 31), date(2026, 9, 30)),
    "over the year's end": ("access_record", date(2026, 11, 23), date(2027, 5, 23)),
    "within a year": ("access_record", date(2026, 1, 1), date(2026, 7, 1)),
    "six months of identity check": ("identity_check", date(2026, 11, 23), date(2027, 5, 23)),
    "a year from a leap day": ("fraud", date(2028, 2, 29), date(2029, 2, 28)),
    "a year after leaving": ("fraud", date(2026, 11, 23), date(2027, 11, 23)),
    "three years to a leap year": ("dispute", date(2025, 2, 28), date(2028, 2, 28)),
}


@pytest.mark.parametrize(("key", "day", "gone"), EXPIRIES.values(), ids=EXPIRIES.keys())
def test_a_record_is_gone_after_its_period(key: str, day: date, gone: date) -> None:
    """A period ends on the day of the same number, or on the last day of a month that is too short."""
    assert expires_on(day, POLICY.retention_rule(key)) == gone


def test_a_record_may_be_shown_until_the_day_before_it_expires() -> None:
    """On 22 May 2027 a record of 23 November 2026 is still there, on the 23rd it is not."""
    assert not is_expired(date(2026, 11, 23), ACCESS, date(2027, 5, 22))
    assert is_expired(date(2026, 11, 23), ACCESS, date(2027, 5, 23))


def test_the_longest_of_overlapping_grounds_wins() -> None:
    """A record kept on two grounds stays until the later of the two days."""
    rules = [POLICY.retention_rule("fraud"), POLICY.retention_rule("dispute")]

    assert last_kept_until(date(2026, 11, 23), rules) == date(2029, 11, 23)


@given(DAYS, st.integers(-240, 240))
def test_months_are_counted_on_the_calendar(day: date, months: int) -> None:
    """The result lies in the month so many months away, on the same day or on that month's last."""
    later = add_months(day, months)

    assert (later.year - day.year) * 12 + later.month - day.month == months
    last = monthrange(later.year, later.month)[1]
    assert later.day == day.day or (later.day == last and day.day > last)


@given(DAYS, DAYS, st.integers(0, 240))
def test_an_older_record_never_outlives_a_newer_one(one: date, other: date, months: int) -> None:
    """Adding months keeps the order of days, so that a sweep may go from the oldest on."""
    first, second = sorted((one, other))

    assert add_months(first, months) <= add_months(second, months)


@given(DAYS)
def test_six_months_are_never_more_than_184_days(day: date) -> None:
    """Six calendar months are 181 to 184 days, wherever they start."""
    assert timedelta(181) <= expires_on(day, ACCESS) - day <= timedelta(184)
