"""What the portal does by itself: when its turn comes, once, whatever became of the job before it."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.records import requests
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import jobs, requesting
from portal.services.auditing import By
from portal.services.jobs import Job, run_due
from tests.fake_clock import FakeClock
from tests.staffing import a_colleague


def names(app: Flask) -> list[str]:
    return [ran.job for ran in run_due(app)]


def test_the_nightly_ones_run_once_from_three_in_seoul(app: Flask, clock: FakeClock) -> None:
    """At two they wait, at three they run, at four they have run; the next night they run again."""
    always = ["entry links", "lists", "leaving", "announcements", "companies", "letters", "destruction", "reminders"]
    nightly = [*always, "retention", "supervision", "forget"]
    clock.set(datetime(2026, 11, 23, 17, 59, tzinfo=UTC))
    assert names(app) == always
    clock.advance(minutes=1)
    assert names(app) == nightly
    clock.advance(hours=1)
    assert names(app) == always
    clock.advance(hours=23)
    assert names(app) == nightly


def test_a_job_that_fails_stops_no_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others run, the fault is told by its kind alone, and the daily one is tried again at the next turn."""

    def fail(*_: object) -> dict[str, int]:
        raise ValueError("jiwon.seo@gaon.example")

    monkeypatch.setattr(jobs, "JOBS", [Job("broken", "", fail, daily=True), *jobs.JOBS])

    ran = {one.job: one.fault for one in run_due(app)}
    again = {one.job: one.fault for one in run_due(app)}

    assert {job: fault for job, fault in ran.items() if fault} == {"broken": "ValueError"}
    assert list(ran) == [
        "broken",
        "entry links",
        "lists",
        "leaving",
        "announcements",
        "companies",
        "letters",
        "destruction",
        "reminders",
        "retention",
        "supervision",
        "forget",
    ]
    assert again["broken"] == "ValueError"
    assert "gaon.example" not in caplog.text


def test_staff_are_reminded_once_each_time(app: Flask, clock: FakeClock) -> None:
    """Three days before, one day before and once overdue a letter goes to handlers; the officer hears of the last."""
    with app.app_context():
        a_colleague(clock(), Role.HANDLER)
        a_colleague(clock(), Role.OFFICER, email="seoyun.park@cloudmate.example", name="박서윤")
        number = requesting.receive(
            Kind.COMPLAINT,
            requester="STRANGER",
            channel="CONTACT",
            by=By("STRANGER", ""),
            at=clock(),
            language="ko",
            details={"text": "문의"},
        ).number
    told = {}
    for day in range(14):
        told[day] = next(ran.outcome["told"] for ran in run_due(app) if ran.job == "reminders")
        clock.advance(days=1)

    assert {day: count for day, count in told.items() if count} == {7: 1, 9: 1, 11: 1}
    with app.app_context():
        request = requests.of_number(number)
        assert request is not None
        assert sorted(requests.notices_of(request.id)) == ["ONE_DAY_LEFT", "OVERDUE", "THREE_DAYS_LEFT"]


def test_nobody_is_reminded_of_what_has_ended(app: Flask, clock: FakeClock) -> None:
    """A request that was answered is due no more."""
    with app.app_context():
        a_colleague(clock(), Role.HANDLER)
        number = requesting.receive(
            Kind.COMPLAINT,
            requester="STRANGER",
            channel="CONTACT",
            by=By("STRANGER", "stranger"),
            at=clock(),
            language="ko",
            details={"text": "문의"},
        ).number
        requesting.step(number, Word.CANCELLED, by=By("STRANGER", "stranger"), at=clock())
    clock.set(clock() + timedelta(days=12))

    assert next(ran.outcome["told"] for ran in run_due(app) if ran.job == "reminders") == 0
