"""`portal staff`, as an operator types it."""

from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal.cli.staff import staff
from portal.rules.role import Role
from portal.services import accounts, signing_in
from tests.fake_clock import FakeClock
from tests.staffing import Colleague, a_colleague

Typed = Callable[..., Result]
YUNA = ("--email", "yuna.han@cloudmate.example")


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def typed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs a command on the app of the test."""
    monkeypatch.setattr("portal.cli.staff.portal_app", lambda: app)

    def run(*words: str) -> Result:
        return CliRunner().invoke(staff, words)

    return run


@pytest.fixture
def officer(app: Flask, clock: FakeClock) -> Colleague:
    with app.app_context():
        return a_colleague(clock(), Role.OFFICER)


def test_the_first_officer_is_invited(app: Flask, typed: Typed) -> None:
    """On an installation that nobody has used an operator invites; `list` tells so, and no command tells a token."""
    before = typed("list")
    invited = typed("invite", *YUNA, "--name", "한유나", "--role", "officer", "--role", "handler")
    after = typed("list")

    letter = Path(invited.output.split()[-1])
    assert "desk/join?token=" in message_from_bytes(letter.read_bytes(), policy=default).get_content()
    assert letter.stat().st_mode & 0o777 == 0o600
    assert before.output == "Nobody yet; begin with `portal staff invite --role officer`.\n"
    assert invited.output.startswith("Invited yuna.han@cloudmate.example as officer, handler.\n")
    assert "token" not in invited.output
    assert after.output == ("yuna.han@cloudmate.example  invited   handler, officer; personal data: not designated\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("disable", *YUNA), "nobody has this address", id="nobody"),
        pytest.param(
            ("invite", "--email", "no address", "--name", "x", "--role", "officer"), "--email", id="no address"
        ),
        pytest.param(("invite", *YUNA, "--name", " ", "--role", "officer"), "--name", id="no name"),
        pytest.param(("invite", *YUNA, "--name", "x", "--role", "king"), "--role", id="no role"),
        pytest.param(("disable", "--email", "dohyeon.lee@cloudmate.example"), "the last active officer", id="last"),
        pytest.param(
            ("invite", "--email", "Dohyeon.Lee@cloudmate.example", "--name", "x", "--role", "officer"),
            "`portal staff reset`",
            id="known",
        ),
    ],
)
def test_what_cannot_be_done_is_told(typed: Typed, officer: Colleague, words: tuple[str, ...], told: str) -> None:
    """The command fails and says what to do instead."""
    result = typed(*words)

    assert result.exit_code != 0
    assert told in result.output


def test_roles_and_sessions_by_command(app: Flask, typed: Typed, clock: FakeClock, officer: Colleague) -> None:
    """Giving, taking away, signing out, resetting and disabling each say what they did, and did it."""
    email = ("--email", officer.email)
    with app.app_context():
        a_colleague(clock(), Role.OFFICER, email="second@cloudmate.example")
        token = signing_in.sign_in(officer.email, officer.password, officer.code(clock()), "192.0.2.7", clock())
    said = [
        typed("grant", *email, "--role", "auditor"),
        typed("revoke", *email, "--role", "officer"),
        typed("revoke-sessions", *email),
        typed("disable", *email, "--dry-run"),
        typed("reset", *email),
        typed("disable", *email),
    ]

    assert [result.exit_code for result in said] == [0] * 6
    assert said[3].output == (
        "Would disable dohyeon.lee@cloudmate.example (active; auditor) and end any session. Did nothing.\n"
    )
    with app.app_context():
        assert signing_in.who_is(token, clock()) == "OVER"
        gone = accounts.of_email(officer.email)
        assert gone is not None
        assert (gone.state, gone.roles) == ("DISABLED", frozenset())


def test_a_letter_that_another_worker_holds_is_not_called_sent(
    app: Flask, typed: Typed, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nobody hands it over in time, the command says that it waits."""
    monkeypatch.setattr("portal.services.delivering.deliver", lambda app: None)
    monkeypatch.setattr("portal.cli.staff.PATIENCE_S", 0.0)

    result = typed("invite", *YUNA, "--name", "한유나", "--role", "officer")

    assert result.exit_code == 0
    assert result.output.endswith("Its letter waits in the outbox; `portal jobs run` tries again.\n")
