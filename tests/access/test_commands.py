"""`portal access`, as an operator types it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal.cli.access import access
from portal.records.access.emptying import Lock
from portal.services.access_room import access_records
from portal.settings import STORES, Settings, env_name
from tests.access.builders import LiveSegment, a_dead_segment, a_record, micros, text_of

Typed = Callable[..., Result]


@pytest.fixture
def typed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs a command on the app of the test."""
    monkeypatch.setattr("portal.cli.access.portal_app", lambda: app)

    def run(*words: str) -> Result:
        return CliRunner().invoke(access, words)

    return run


def test_drain_tells_what_it_did(typed: Typed, settings: Settings) -> None:
    """Records, finished segments, late and torn lines are told."""
    late, torn = text_of([a_record(micros(2026, 1, 1))]), b"torn\n"
    a_dead_segment(settings.journal, text_of([a_record(), a_record()]) + late + torn)

    result = typed("drain")

    assert result.exit_code == 0
    assert result.output.splitlines()[-3:] == [
        "2 records kept, 1 segments finished.",
        "1 records of expired days were dropped.",
        "1 torn lines were passed over; the log names their places.",
    ]


def test_drain_says_when_another_is_at_work(typed: Typed, settings: Settings) -> None:
    """It fails instead of waiting, for nothing was done."""
    a_dead_segment(settings.journal, text_of([a_record()]))

    with Lock(settings.journal):
        result = typed("drain", "--once")

    assert result.exit_code == 1
    assert "another drainer is at work on this journal; nothing was done" in result.output


def test_sweep_lists_days_and_counts(typed: Typed, app: Flask, settings: Settings) -> None:
    """A dry run and the sweep itself name the same day; the second sweep has nothing left."""
    app.extensions["portal.clock"].set(datetime(2026, 5, 23, 3, tzinfo=UTC))
    a_dead_segment(settings.journal, text_of([a_record(micros(2026, 5, 23, 3)) for _ in range(3)]))
    typed("drain")
    app.extensions["portal.clock"].set(datetime(2026, 11, 23, 3, tzinfo=UTC))

    dry, real, again = typed("sweep", "--dry-run"), typed("sweep"), typed("sweep")

    assert dry.output.splitlines() == [
        "2026-05-23: 3 records, with its key",
        "As of 2026-11-23: 1 days, 3 records would be destroyed.",
    ]
    assert real.output.splitlines() == [
        "2026-05-23: 3 records, with its key",
        "As of 2026-11-23: 1 days, 3 records destroyed.",
    ]
    assert again.output == "As of 2026-11-23: 0 days, 0 records destroyed.\n"


def test_sweep_refuses_a_day_to_come(typed: Typed) -> None:
    """It says what it got, why not, and what to do instead."""
    result = typed("sweep", "--as-of", "2027-01-01")

    assert result.exit_code == 1
    assert "got a day after today (2026-11-23)" in result.output
    assert "--dry-run" in result.output


def test_follow_drains_until_it_is_stopped(app: Flask, settings: Settings) -> None:
    """As a process of its own it drains what is written meanwhile, and SIGTERM ends it after a last pass."""
    live = LiveSegment(settings.journal)
    stores = {env_name(name): getattr(settings, name) for name in STORES}
    environ = {**os.environ, **stores, "PORTAL_INSTANCE": str(settings.instance), "PORTAL_DRAIN_INTERVAL_S": "3600"}
    command = [sys.executable, "-c", "from portal.cli import main; main()", "access", "drain", "--follow"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        live.write(text_of([a_record(ref="anna", request_id="meanwhile")]))
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert said == f"Draining {settings.journal} every 3600 s; stop with Ctrl-C.\n"
    assert rest == "Stopped after a last pass.\n"
    assert process.returncode == 0
    now = app.extensions["portal.clock"]()
    assert [record.request_id for record in access_records(app, now, ref="anna")] == ["meanwhile"]
    live.die()
