from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.rules.role import (
    PERMISSIONS,
    SHOWS_PERSONAL_DATA,
    WORDS,
    Designation,
    Role,
    Verdict,
    allowed,
    may_see_personal_data,
    needs_designation,
    training_ends_on,
)

DAYS = st.dates(date(1990, 1, 1), date(2200, 12, 31))
TABLE = {
    "policy.read": "HANDLER OFFICER AUDITOR COMPANY_ADMIN MEMBER HOST ANYONE",
    "contact.write": "HANDLER OFFICER AUDITOR COMPANY_ADMIN MEMBER HOST ANYONE",
    "me.read": "MEMBER",
    "me.exercise": "MEMBER",
    "org.read": "COMPANY_ADMIN",
    "org.request": "COMPANY_ADMIN",
    "desk.queue": "HANDLER OFFICER AUDITOR",
    "desk.request.read": "HANDLER OFFICER AUDITOR",
    "desk.request.decide": "HANDLER OFFICER",
    "desk.request.log": "HANDLER OFFICER",
    "desk.reveal": "HANDLER OFFICER",
    "members.search": "HANDLER OFFICER",
    "destructions.read": "HANDLER OFFICER AUDITOR",
    "destructions.write": "HANDLER OFFICER",
    "holds.read": "HANDLER OFFICER AUDITOR",
    "policies.read": "HANDLER OFFICER AUDITOR",
    "policies.write": "OFFICER",
    "holds.write": "OFFICER",
    "retention.read": "HANDLER OFFICER AUDITOR",
    "ledger.read": "HANDLER OFFICER AUDITOR",
    "ledger.enter": "HANDLER OFFICER",
    "ledger.confirm": "OFFICER",
    "handlers.read": "OFFICER AUDITOR",
    "handlers.write": "OFFICER",
    "inquiries.read": "OFFICER AUDITOR",
    "inquiries.write": "OFFICER",
    "registers.read": "OFFICER AUDITOR",
    "registers.write": "OFFICER",
    "access.read": "OFFICER AUDITOR",
    "audit.read": "OFFICER AUDITOR",
    "audit.sign": "OFFICER",
    "staff.invite": "OFFICER",
    "companies.read": "OFFICER AUDITOR",
    "companies.write": "OFFICER",
    "staff.own": "HANDLER OFFICER AUDITOR COMPANY_ADMIN",
    "api.members": "HOST",
    "api.disclosures": "HOST",
}


@pytest.mark.parametrize("permission", TABLE)
def test_each_role_may_do_what_the_table_says(permission: str) -> None:
    """Role by role the table allows what is written here, and nothing else."""
    may = [role.value for role in Role if allowed({role}, permission)]

    assert may == TABLE[permission].split()


def test_every_permission_stands_in_this_table() -> None:
    """No permission is given that nobody has looked at here."""
    assert set(PERMISSIONS) == set(TABLE)


def test_an_auditor_changes_nothing() -> None:
    """An auditor reads: no decision, no reveal, no designation, no invitation."""
    for permission in ("desk.request.decide", "desk.reveal", "desk.request.log", "handlers.write", "staff.invite"):
        assert not allowed({Role.AUDITOR}, permission)


def test_a_person_may_hold_several_roles() -> None:
    """Whoever is a member and a handler may do what either may."""
    both = {Role.MEMBER, Role.HANDLER}

    assert allowed(both, "me.read")
    assert allowed(both, "desk.queue")
    assert not allowed(both, "staff.invite")


def test_nobody_in_particular_may_do_only_what_anyone_may() -> None:
    """Somebody without a role reads the policy and writes to the officer."""
    assert [permission for permission in PERMISSIONS if allowed((), permission)] == ["policy.read", "contact.write"]


def test_an_unknown_permission_is_a_mistake() -> None:
    """A misspelt permission is told at once and opens nothing."""
    with pytest.raises(KeyError):
        allowed(set(Role), "desk.reveall")
    with pytest.raises(KeyError):
        needs_designation("desk.reveall")


def test_what_shows_a_person_asks_for_designation() -> None:
    """The desk and the access records do; the list of handlers, where a lapse is mended, does not."""
    assert set(PERMISSIONS) >= SHOWS_PERSONAL_DATA
    assert needs_designation("desk.reveal")
    assert needs_designation("desk.queue")
    assert needs_designation("access.read")
    assert not needs_designation("handlers.write")
    assert not needs_designation("me.read")


SINCE = Designation(date(2026, 1, 1))
ENDED = Designation(date(2026, 1, 1), date(2026, 11, 23))
TODAY = date(2026, 11, 23)
VERDICTS = {
    "in date": (SINCE, date(2026, 3, 2), TODAY, True, "OPEN", date(2027, 3, 2)),
    "designated today": (Designation(TODAY), TODAY, TODAY, True, "OPEN", date(2027, 11, 23)),
    "last day of designation": (ENDED, date(2026, 3, 2), date(2026, 11, 22), True, "OPEN", date(2026, 11, 23)),
    "never designated": (None, date(2026, 3, 2), TODAY, False, "NOT_DESIGNATED", None),
    "designated from tomorrow": (
        Designation(date(2026, 11, 24)),
        date(2026, 3, 2),
        TODAY,
        False,
        "NOT_YET_DESIGNATED",
        date(2026, 11, 24),
    ),
    "designation ends today": (ENDED, date(2026, 3, 2), TODAY, False, "DESIGNATION_ENDED", date(2026, 11, 23)),
    "never trained": (SINCE, None, TODAY, False, "NOT_TRAINED", None),
    "training planned": (SINCE, date(2026, 11, 24), TODAY, False, "NOT_TRAINED", None),
    "trained a year ago less a day": (SINCE, date(2025, 11, 24), TODAY, True, "OPEN", date(2026, 11, 24)),
    "trained a year ago": (SINCE, date(2025, 11, 23), TODAY, False, "TRAINING_LAPSED", date(2026, 11, 23)),
    "trained on a leap day": (SINCE, date(2024, 2, 29), TODAY, False, "TRAINING_LAPSED", date(2025, 2, 28)),
    "both out of date": (ENDED, date(2020, 1, 1), TODAY, False, "DESIGNATION_ENDED", date(2026, 11, 23)),
}


@pytest.mark.parametrize(
    ("designation", "trained_on", "today", "is_open", "code", "day"), VERDICTS.values(), ids=VERDICTS.keys()
)
def test_personal_data_is_open_to_the_designated_and_trained(
    designation: Designation | None, trained_on: date | None, today: date, is_open: bool, code: str, day: date | None
) -> None:
    """Personal data closes on the very day on which designation or training is out of date, and says why."""
    verdict = may_see_personal_data(designation, trained_on, today)

    assert verdict == Verdict(open=is_open, code=code, day=day)  # type: ignore[arg-type]
    assert verdict.why == WORDS[verdict.code]


def test_a_shorter_cycle_closes_earlier() -> None:
    """With a cycle of six months a training of May no longer counts in November."""
    assert may_see_personal_data(SINCE, date(2026, 5, 23), TODAY, 12).open
    assert not may_see_personal_data(SINCE, date(2026, 5, 23), TODAY, 6).open


@pytest.mark.parametrize("months", [0, 13, -1])
def test_a_cycle_is_never_longer_than_a_year(months: int) -> None:
    """The yearly training cannot be put off by a setting."""
    with pytest.raises(ValueError, match="expected 1 to 12"):
        training_ends_on(TODAY, months)


@settings(deadline=None)
@given(st.builds(Designation, DAYS, st.none() | DAYS), DAYS, DAYS, st.integers(1, 12))
def test_an_open_verdict_closes_on_its_day(designation: Designation, trained_on: date, today: date, cycle: int) -> None:
    """On the day that an open verdict names, personal data is closed, and it names a day to come."""
    verdict = may_see_personal_data(designation, trained_on, today, cycle)
    if not verdict.open:
        return

    assert verdict.day is not None
    assert verdict.day > today
    assert not may_see_personal_data(designation, trained_on, verdict.day, cycle).open
