"""`portal retention sweep`, as an operator types it."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal.cli.retention import retention
from portal.rules.progress import Word
from tests.fake_clock import FakeClock
from tests.retention.conftest import Moved, asked, kept_apart, taken

Typed = Callable[..., Result]


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def typed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs a command on the app of the test."""
    monkeypatch.setattr("portal.cli.retention.portal_app", lambda **_: app)
    return lambda *words: CliRunner().invoke(retention, ["sweep", *words])


def test_it_tells_rule_by_rule(app: Flask, clock: FakeClock, moved: Moved, typed: Typed) -> None:
    """Ground, flag and period, how many go, how many were overdue; the real run names its line in the ledger."""
    kept_apart(app, clock, "fraud", "2027-11-23", "a")
    kept_apart(app, clock, "fraud", "2027-11-20", "b")
    moved("2027-11-23")
    dry, real, again = typed("--dry-run"), typed(), typed()

    assert dry.stdout.splitlines() == [
        "fraud (internal policy, our own policy; 1 year): 2 would be destroyed, 0 held, 1 of them overdue",
        "identity_check (Network Act, ground repealed; 6 months): 0 would be destroyed, 0 held",
        "access_record (Protection of Communications Secrets Act; 6 months): 0 would be destroyed, 0 held",
        "dispute (E-Commerce Act; 3 years): 0 would be destroyed, 0 held",
        "papers (papers that prove an agent's power; 30 days after the decision): 0 would be destroyed, 0 held",
        "As of 2027-11-23: 2 records would be destroyed.",
    ]
    assert real.stdout.splitlines()[0] == (
        "fraud (internal policy, our own policy; 1 year): 2 destroyed, 0 held, 1 of them overdue, ledger D-2027-0001"
    )
    assert real.stderr == "fraud: 2 of 2 destroyed\n"
    assert again.stdout.splitlines()[-1] == "As of 2027-11-23: 0 records destroyed."


def test_it_refuses_what_it_must_not_do(app: Flask, clock: FakeClock, typed: Typed) -> None:
    """A day to come without a dry run, and a category that nobody knows: status 1 and the reason."""
    kept_apart(app, clock, "horoscope", "2026-11-01")
    early, unknown = typed("--as-of", "2027-01-01"), typed()

    assert (early.exit_code, unknown.exit_code) == (1, 1)
    assert "got a day after today (2026-11-23)" in early.output
    assert "horoscope: REFUSED, no version of the policy names this category" in unknown.output


def test_both_grounds_of_a_record_are_told(app: Flask, clock: FakeClock, moved: Moved, typed: Typed) -> None:
    """A complaint in which somebody was checked goes under the longer rule, and the shorter one is named."""
    with app.app_context():
        number = asked(clock, None)
        taken(clock, number, Word.IDENTITY_CHECK, told="전화로 확인")
        taken(clock, number, Word.IN_REVIEW, Word.FULFILLED)
    moved("2029-11-23")

    assert "dispute (E-Commerce Act; 3 years): 1 would be destroyed, 0 held, 1 of them also under identity_check" in (
        typed("--dry-run").stdout.splitlines()
    )
