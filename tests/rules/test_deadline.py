from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy.model import Text
from portal.rules.deadline import (
    NOTHING_DEFERRED,
    ONLY_ACCESS,
    REASON_NEEDED,
    TERMS,
    TOO_LATE,
    Badge,
    Deferral,
    DeferralRefused,
    Kind,
    Notice,
    badge,
    days_left,
    defer,
    due_on,
    notice_to_send,
    notices_due,
    received_day,
    statutory_last_day,
    term,
)

DAYS = st.dates(date(1990, 1, 1), date(2200, 12, 31))
DUE = date(2026, 11, 30)

RECEIPTS = {
    "the last second of a day": (datetime(2026, 11, 23, 14, 59, 59, 999999, UTC), date(2026, 11, 23)),
    "Seoul midnight": (datetime(2026, 11, 23, 15, 0, 0, 0, UTC), date(2026, 11, 24)),
    "UTC midnight": (datetime(2026, 11, 23, 0, 0, 0, 0, UTC), date(2026, 11, 23)),
    "over the year's end": (datetime(2026, 12, 31, 15, 0, 0, 0, UTC), date(2027, 1, 1)),
    "into a leap day": (datetime(2028, 2, 28, 15, 0, 0, 0, UTC), date(2028, 2, 29)),
}


@pytest.mark.parametrize(("at", "day"), RECEIPTS.values(), ids=RECEIPTS.keys())
def test_a_request_is_received_on_its_day_in_seoul(at: datetime, day: date) -> None:
    """The day changes at midnight in Seoul, which is 15:00 UTC."""
    assert received_day(at) == day


def test_a_moment_without_a_zone_has_no_day() -> None:
    """A naive moment is refused, for it may be nine hours off."""
    with pytest.raises(ValueError, match="without a zone"):
        received_day(datetime(2026, 11, 23, 9, 0))  # noqa: DTZ001


DUE_DAYS = {
    "within a month": (date(2026, 11, 13), date(2026, 11, 23)),
    "over a month of 30": (date(2026, 11, 23), date(2026, 12, 3)),
    "over a month of 31": (date(2026, 10, 31), date(2026, 11, 10)),
    "from 31 January": (date(2027, 1, 31), date(2027, 2, 10)),
    "over February": (date(2027, 2, 20), date(2027, 3, 2)),
    "over a leap February": (date(2028, 2, 20), date(2028, 3, 1)),
    "from a leap day": (date(2028, 2, 29), date(2028, 3, 10)),
    "to a leap day": (date(2028, 2, 19), date(2028, 2, 29)),
    "over the year's end": (date(2026, 12, 25), date(2027, 1, 4)),
    "to a Saturday": (date(2026, 11, 18), date(2026, 11, 28)),
    "to a Sunday": (date(2026, 11, 19), date(2026, 11, 29)),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("received", "due"), DUE_DAYS.values(), ids=DUE_DAYS.keys())
def test_an_answer_is_due_on_the_tenth_day(received: date, due: date, kind: Kind) -> None:
    """The day of receipt is not counted, and a weekend at the end gives no day more."""
    assert due_on(received, kind) == due


REPORTED_DAYS = {
    "within a month": (date(2026, 11, 23), date(2026, 11, 28)),
    "over a month's end": (date(2026, 11, 28), date(2026, 12, 3)),
    "over the year's end": (date(2026, 12, 29), date(2027, 1, 3)),
    "to a leap day": (date(2028, 2, 24), date(2028, 2, 29)),
}


@pytest.mark.parametrize(("received", "due"), REPORTED_DAYS.values(), ids=REPORTED_DAYS.keys())
def test_whom_an_employer_reports_is_due_on_the_fifth_day(received: date, due: date) -> None:
    """An employer's report of a leaver has five days; who left and asks alone, and every other request, has ten."""
    assert due_on(received, Kind.LEAVER, by_employer=True) == due
    assert due_on(received, Kind.LEAVER) == due_on(received, Kind.ACCESS, by_employer=True) == due + timedelta(days=5)


def test_a_moment_is_no_day_of_receipt() -> None:
    """Counting from a moment in UTC would be a day early for nine hours of each day, and is refused."""
    with pytest.raises(TypeError, match="received_day"):
        due_on(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), Kind.ACCESS)


HOLIDAYS = frozenset({date(2026, 12, 25), date(2027, 1, 1), date(2027, 2, 8), date(2027, 2, 9)})
LAST_DAYS = {
    "a working day": (date(2026, 11, 13), date(2026, 11, 23)),
    "a Saturday": (date(2026, 11, 18), date(2026, 11, 30)),
    "a Sunday": (date(2026, 11, 19), date(2026, 11, 30)),
    "Christmas before a weekend": (date(2026, 12, 15), date(2026, 12, 28)),
    "New Year's Day before a weekend": (date(2026, 12, 22), date(2027, 1, 4)),
    "a weekend before two holidays": (date(2027, 1, 27), date(2027, 2, 10)),
}


@pytest.mark.parametrize(("received", "last"), LAST_DAYS.values(), ids=LAST_DAYS.keys())
def test_the_law_itself_waits_for_the_next_working_day(received: date, last: date) -> None:
    """When the tenth day is a Saturday, Sunday or holiday, the statutory period ends on the next working day."""
    assert statutory_last_day(received, HOLIDAYS) == last


@settings(deadline=None)
@given(DAYS, st.frozensets(DAYS), st.sampled_from(Kind))
def test_our_day_is_never_later_than_the_laws(received: date, holidays: frozenset[date], kind: Kind) -> None:
    """Whoever keeps to the day shown has kept to the law."""
    assert due_on(received, kind) <= statutory_last_day(received, holidays)


BADGES = {
    "ten days": (date(2026, 11, 20), Badge("neutral", 10), "D-10"),
    "five days": (date(2026, 11, 25), Badge("neutral", 5), "D-5"),
    "four days": (date(2026, 11, 26), Badge("neutral", 4), "D-4"),
    "three days": (date(2026, 11, 27), Badge("soon", 3), "D-3"),
    "one day": (date(2026, 11, 29), Badge("soon", 1), "D-1"),
    "the day": (date(2026, 11, 30), Badge("today", 0), "D-DAY"),
    "a day late": (date(2026, 12, 1), Badge("late", -1), "D+1"),
    "a month late": (date(2026, 12, 30), Badge("late", -30), "D+30"),
}


@pytest.mark.parametrize(("today", "shown", "label"), BADGES.values(), ids=BADGES.keys())
def test_a_badge_tells_how_near_the_day_is(today: date, shown: Badge, label: str) -> None:
    """Plain until four days before, amber from three, red once the day has passed."""
    assert badge(DUE, today) == shown
    assert badge(DUE, today).label == label
    assert days_left(DUE, today) == shown.days


THREE, ONE, LATE = Notice.THREE_DAYS_LEFT, Notice.ONE_DAY_LEFT, Notice.OVERDUE
NOTICES = {
    "four days": (date(2026, 11, 26), (), None),
    "three days": (date(2026, 11, 27), (THREE,), THREE),
    "two days": (date(2026, 11, 28), (THREE,), THREE),
    "one day": (date(2026, 11, 29), (THREE, ONE), ONE),
    "the day": (date(2026, 11, 30), (THREE, ONE), ONE),
    "a day late": (date(2026, 12, 1), (THREE, ONE, LATE), LATE),
    "a year late": (date(2027, 11, 30), (THREE, ONE, LATE), LATE),
}


@pytest.mark.parametrize(("today", "come", "first"), NOTICES.values(), ids=NOTICES.keys())
def test_notices_come_three_days_and_one_day_before_and_when_late(
    today: date, come: tuple[Notice, ...], first: Notice | None
) -> None:
    """A run that comes late sends only the most urgent of the notices whose day has come."""
    assert notices_due(DUE, today) == come
    assert notice_to_send(DUE, today, sent=()) == first


def test_a_report_of_five_days_is_reminded_of_twice_in_time() -> None:
    """Three days are left on the second day, while a member may still object; one on the fourth, when nobody may."""
    due = due_on(date(2026, 11, 23), Kind.LEAVER, by_employer=True)

    told = {day: notice_to_send(due, date(2026, 11, day), sent=()) for day in (24, 25, 27, 29)}

    assert told == {24: None, 25: THREE, 27: ONE, 29: LATE}


def test_a_notice_is_sent_once() -> None:
    """The same notice is not sent again, the next one is."""
    assert notice_to_send(DUE, date(2026, 11, 28), sent={THREE}) is None
    assert notice_to_send(DUE, date(2026, 11, 29), sent={THREE}) == ONE
    assert notice_to_send(DUE, date(2026, 12, 5), sent={THREE, ONE, LATE}) is None


def test_an_access_request_may_be_deferred_with_a_reason() -> None:
    """Access may wait until its cause ends, and the person is told within the ten days."""
    deferral = defer(Kind.ACCESS, DUE, date(2026, 11, 30), date(2026, 12, 10), "기록 복구 중")

    assert deferral == Deferral(until=date(2026, 12, 10), tell_by=date(2026, 11, 30))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.ACCESS])
def test_nothing_but_access_is_deferred(kind: Kind) -> None:
    """A deferred deletion, correction or suspension is refused, for only access may be deferred."""
    with pytest.raises(DeferralRefused) as caught:
        defer(kind, DUE, date(2026, 11, 25), date(2026, 12, 10), "기록 복구 중")

    assert (caught.value.reason, caught.value.source) == (ONLY_ACCESS, "PIPA art. 35(3)")


REFUSED = {
    "no reason": (date(2026, 11, 25), date(2026, 12, 10), "  ", REASON_NEEDED),
    "after the due day": (date(2026, 12, 1), date(2026, 12, 10), "기록 복구 중", TOO_LATE),
    "to the due day": (date(2026, 11, 25), date(2026, 11, 30), "기록 복구 중", NOTHING_DEFERRED),
}


@pytest.mark.parametrize(("today", "until", "reason", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_deferral_keeps_to_its_form(today: date, until: date, reason: str, why: Text) -> None:
    """A deferral has a reason, is told in time, and ends later than the due day."""
    with pytest.raises(DeferralRefused) as caught:
        defer(Kind.ACCESS, DUE, today, until, reason)

    assert caught.value.reason == why


def test_every_kind_says_where_its_days_come_from() -> None:
    """Under each badge stands the source of its number."""
    assert set(TERMS) == set(Kind)
    assert term(Kind.DELETION).basis.ko == "받은 날부터 10일 (시행령 제43조)"
    assert term(Kind.LEAVER).basis.ko == "지체 없이, 늦어도 받은 날부터 10일 (법 제21조)"
    assert term(Kind.LEAVER, by_employer=True).basis.ko == "받은 날부터 5일 (표준지침 제10조)"


@settings(deadline=None)
@given(DAYS, DAYS)
def test_days_left_lead_to_the_due_day(due: date, today: date) -> None:
    """Today and the days left are the due day."""
    assert today + timedelta(days=days_left(due, today)) == due
