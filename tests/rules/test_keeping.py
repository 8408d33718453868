from datetime import date, timedelta

import pytest

from portal.policy.model import Event
from portal.rules.keeping import (
    Calendar,
    Fate,
    Month,
    Record,
    UnknownCategory,
    completed,
    due_by_month,
    fate_of,
    plan_of,
)
from tests.policy.samples import POLICY

LEFT: dict[Event, date] = {"LEFT_COMPANY": date(2026, 11, 20)}
ENDED: dict[Event, date] = {"MEMBER_LEFT": date(2026, 11, 20)}

FATES: dict[str, tuple[Record, dict[Event, date], date | None, list[tuple[str, date | None]]]] = {
    "a profile of somebody still here": (Record("email"), {}, None, []),
    "a profile after leaving": (Record("email"), LEFT, date(2026, 11, 20), []),
    "a profile when the purpose was met first": (
        Record("email"),
        {**LEFT, "PURPOSE_MET": date(2026, 11, 1)},
        date(2026, 11, 1),
        [],
    ),
    "a profile after the membership": (Record("login_id"), ENDED, date(2026, 11, 20), []),
    "a card once paid": (Record("card_number", days={"PURPOSE_MET": date(2026, 3, 1)}), {}, date(2026, 3, 1), []),
    "a fraud record": (Record("fraud"), ENDED, date(2027, 11, 20), [("fraud", date(2027, 11, 20))]),
    "a fraud record of a leaver": (Record("fraud"), LEFT, date(2027, 11, 20), [("fraud", date(2027, 11, 20))]),
    "a fraud record of a member": (Record("fraud"), {}, None, [("fraud", None)]),
    "an identity check": (
        Record("identity_check", days={"COLLECTED": date(2026, 8, 31)}),
        LEFT,
        date(2027, 2, 28),
        [("identity_check", date(2027, 2, 28))],
    ),
    "an access log": (
        Record("access_log", days={"COLLECTED": date(2026, 8, 31)}),
        LEFT,
        date(2027, 2, 28),
        [("access_record", date(2027, 2, 28))],
    ),
    "a settled dispute": (
        Record("dispute", days={"SETTLED": date(2025, 2, 28)}),
        LEFT,
        date(2028, 2, 28),
        [("dispute", date(2028, 2, 28))],
    ),
    "a dispute that goes on": (Record("dispute"), LEFT, None, [("dispute", None)]),
    "a log in a settled dispute": (
        Record("access_log", days={"COLLECTED": date(2026, 1, 1), "SETTLED": date(2026, 2, 1)}, also=("dispute",)),
        LEFT,
        date(2029, 2, 1),
        [("dispute", date(2029, 2, 1)), ("access_record", date(2026, 7, 1))],
    ),
    "a log in a dispute that goes on": (
        Record("access_log", days={"COLLECTED": date(2026, 1, 1)}, also=("dispute",)),
        LEFT,
        None,
        [("dispute", None), ("access_record", date(2026, 7, 1))],
    ),
    "an address in a settled dispute": (
        Record("email", days={"SETTLED": date(2024, 2, 29)}, also=("dispute",)),
        LEFT,
        date(2027, 2, 28),
        [("dispute", date(2027, 2, 28))],
    ),
    "an address in a dispute settled long ago": (
        Record("email", days={"SETTLED": date(2020, 1, 1)}, also=("dispute",)),
        LEFT,
        date(2026, 11, 20),
        [("dispute", date(2023, 1, 1))],
    ),
    "an address of a member in a settled dispute": (
        Record("email", days={"SETTLED": date(2020, 1, 1)}, also=("dispute",)),
        {},
        None,
        [("dispute", date(2023, 1, 1))],
    ),
    "one ground named twice": (
        Record("dispute", days={"SETTLED": date(2026, 1, 1)}, also=("dispute",)),
        {},
        date(2029, 1, 1),
        [("dispute", date(2029, 1, 1))],
    ),
    "the record's own day goes first": (
        Record("fraud", days={"MEMBER_LEFT": date(2024, 2, 29)}),
        LEFT,
        date(2025, 2, 28),
        [("fraud", date(2025, 2, 28))],
    ),
}


@pytest.mark.parametrize(("record", "events", "gone_on", "grounds"), FATES.values(), ids=FATES.keys())
def test_each_record_goes_on_the_day_the_policy_says(
    record: Record, events: dict[Event, date], gone_on: date | None, grounds: list[tuple[str, date | None]]
) -> None:
    """The longest ground wins, every ground is shown, and what has no day yet stays."""
    fate = fate_of(POLICY, record, events)

    assert fate.gone_on == gone_on
    assert [(ground.rule.key, ground.until) for ground in fate.grounds] == grounds


UNKNOWN = {"no such category": Record("shoe_size"), "no such rule": Record("email", also=("tax",))}


@pytest.mark.parametrize("record", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_the_fate_of_the_unknown_is_not_guessed(record: Record) -> None:
    """A category or a ground that the policy does not know stops the plan."""
    with pytest.raises(UnknownCategory, match="neither an item nor a retention rule"):
        plan_of(POLICY, [Record("email"), record], LEFT, date(2026, 11, 28))


FLAGS = {
    "fraud": ("MEMBER_LEFT", "내부 방침"),
    "identity_check": ("COLLECTED", "근거 조항 삭제됨"),
    "access_record": ("COLLECTED", None),
    "dispute": ("SETTLED", None),
}


@pytest.mark.parametrize(("key", "event", "flag"), [(key, *rest) for key, rest in FLAGS.items()], ids=FLAGS.keys())
def test_a_rule_without_a_law_runs_and_says_so(key: str, event: Event, flag: str | None) -> None:
    """A repealed or internal ground keeps its record as the policy says, with the flag beside it."""
    [ground] = fate_of(POLICY, Record(key, days={event: date(2026, 1, 1)}), {}).grounds

    assert ground.began_on == date(2026, 1, 1)
    assert ground.until is not None
    assert (ground.flag.ko if ground.flag else None) == flag


COMPLETED: dict[str, tuple[dict[Event, date], dict[Event, date]]] = {
    "nothing": ({}, {}),
    "left the company": (
        {"LEFT_COMPANY": date(2026, 1, 1)},
        {"LEFT_COMPANY": date(2026, 1, 1), "MEMBER_LEFT": date(2026, 1, 1), "PURPOSE_MET": date(2026, 1, 1)},
    ),
    "ended the membership": (
        {"MEMBER_LEFT": date(2026, 1, 1)},
        {"MEMBER_LEFT": date(2026, 1, 1), "PURPOSE_MET": date(2026, 1, 1)},
    ),
    "ended it before leaving": (
        {"LEFT_COMPANY": date(2026, 3, 1), "MEMBER_LEFT": date(2026, 1, 1)},
        {"LEFT_COMPANY": date(2026, 3, 1), "MEMBER_LEFT": date(2026, 1, 1), "PURPOSE_MET": date(2026, 1, 1)},
    ),
}


@pytest.mark.parametrize(("events", "whole"), COMPLETED.values(), ids=COMPLETED.keys())
def test_one_end_brings_the_others_with_it(events: dict[Event, date], whole: dict[Event, date]) -> None:
    """Who leaves the company is no member, and the purpose of their data is met, unless an earlier day is known."""
    assert completed(events) == whole


def test_a_plan_tells_what_goes_and_what_stays() -> None:
    """A leaver's profile goes, the rest is listed with the first to go first and what is open last."""
    records = [
        Record("email"),
        Record("dispute", 2),
        Record("fraud"),
        Record("access_log", 1284, {"COLLECTED": date(2026, 11, 13)}),
        Record("access_log", 7, {"COLLECTED": date(2026, 5, 28)}),
    ]

    plan = plan_of(POLICY, records, LEFT, date(2026, 11, 28))

    assert [(fate.category, fate.count) for fate in plan.gone] == [("email", 1), ("access_log", 7)]
    assert [(fate.category, fate.count, fate.gone_on) for fate in plan.kept] == [
        ("access_log", 1284, date(2027, 5, 13)),
        ("fraud", 1, date(2027, 11, 20)),
        ("dispute", 2, None),
    ]


TRAVELLERS = {
    "profile": Record("email"),
    "fraud": Record("fraud"),
    "check": Record("identity_check", days={"COLLECTED": date(2027, 8, 31)}),
    "log": Record("access_log", days={"COLLECTED": date(2027, 8, 29)}),
    "dispute": Record("dispute", days={"SETTLED": date(2028, 2, 29)}),
}
LEAP_LEAVER: dict[Event, date] = {"LEFT_COMPANY": date(2028, 2, 29)}
STAGES: dict[str, tuple[date, set[str]]] = {
    "before leaving": (date(2028, 2, 28), set()),
    "on the leap day": (date(2028, 2, 29), {"profile", "check", "log"}),
    "a month later": (date(2028, 3, 31), {"profile", "check", "log"}),
    "the day before the year is over": (date(2029, 2, 27), {"profile", "check", "log"}),
    "a year after a leap day": (date(2029, 2, 28), {"profile", "check", "log", "fraud"}),
    "the day before three years are over": (date(2031, 2, 27), {"profile", "check", "log", "fraud"}),
    "three years after a leap day": (date(2031, 2, 28), {"profile", "check", "log", "fraud", "dispute"}),
    "four years later": (date(2032, 2, 29), {"profile", "check", "log", "fraud", "dispute"}),
    "the clock set back": (date(2027, 1, 1), set()),
}


@pytest.mark.parametrize(("today", "gone"), STAGES.values(), ids=STAGES.keys())
def test_over_four_years_everything_goes_on_its_day(today: date, gone: set[str]) -> None:
    """Through a leap day and month ends each record is gone on its day and not on the one before."""
    fates = {name: fate_of(POLICY, record, LEAP_LEAVER) for name, record in TRAVELLERS.items()}

    assert {name for name, fate in fates.items() if fate.is_gone(today)} == gone


@pytest.mark.parametrize(("name", "record"), TRAVELLERS.items(), ids=TRAVELLERS.keys())
def test_a_clock_set_back_destroys_nothing_early(name: str, record: Record) -> None:
    """Day by day over four years a record goes once, and on every earlier day it is still there."""
    start = date(2027, 6, 1)
    days = [start + timedelta(days=number) for number in range(4 * 366)]
    gone = [fate_of(POLICY, record, LEAP_LEAVER).is_gone(day) for day in days]

    first = days[gone.index(True)]

    assert gone == sorted(gone)
    assert (
        first
        == {
            "profile": date(2028, 2, 29),
            "fraud": date(2029, 2, 28),
            "check": date(2028, 2, 29),
            "log": date(2028, 2, 29),
            "dispute": date(2031, 2, 28),
        }[name]
    )


def test_what_is_due_is_told_month_by_month() -> None:
    """Overdue is what should be gone before today; today's is still to come; what lies beyond is one number."""
    counts = [
        ("access_record", date(2026, 11, 27), 3),
        ("access_record", date(2026, 11, 28), 2),
        ("fraud", date(2026, 11, 30), 1),
        ("access_record", date(2026, 11, 30), 4),
        ("dispute", date(2027, 1, 31), 5),
        ("dispute", date(2027, 2, 1), 6),
    ]

    calendar = due_by_month(counts, date(2026, 11, 28), months=3)

    assert calendar == Calendar(
        overdue=3,
        months=(
            Month(date(2026, 11, 1), {"access_record": 6, "fraud": 1}),
            Month(date(2026, 12, 1), {}),
            Month(date(2027, 1, 1), {"dispute": 5}),
        ),
        later=6,
    )
    assert [month.total for month in calendar.months] == [7, 0, 5]


def test_what_has_no_day_is_not_gone() -> None:
    """A record whose clock has not started is there on every day."""
    assert not Fate("dispute", 1, None).is_gone(date.max)
