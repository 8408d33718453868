"""Signing in on both engines: no factor is good twice, five failures close the door for a while, and no longer."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask

from portal.records import accounts, audit
from portal.rules.role import Role
from portal.services import accounts as staff
from portal.services import signing_in
from portal.services.auditing import OPERATOR
from portal.services.limiting import TooMany
from portal.services.signing_in import NotSignedIn, SignedIn
from tests.fake_clock import FakeClock
from tests.staffing import Colleague, a_colleague

FROM = "192.0.2.7"


@pytest.fixture
def officer(app: Flask, clock: FakeClock) -> Colleague:
    with app.app_context():
        return a_colleague(clock(), Role.OFFICER)


def enter(who: Colleague, clock: FakeClock, **other: str) -> str:
    given = {"email": who.email, "password": who.password, "code": who.code(clock()), **other}
    return signing_in.sign_in(**given, origin=FROM, at=clock())


def fail(who: Colleague, clock: FakeClock, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            enter(who, clock, password="not the password")


def deeds(about: str) -> list[str]:
    return [row.deed for row in reversed(audit.found(limit=50, about=about))]


def test_a_sign_in_is_audited(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Who signed in, when and from where stands in the chain with the session."""
    with app.app_context():
        token = enter(officer, clock)
        who = signing_in.who_is(token, clock())
        row = audit.found(limit=1)[0]

    assert isinstance(who, SignedIn)
    assert (who.account_ref, who.name, who.roles) == (officer.ref, "이도현", {Role.OFFICER})
    assert (row.deed, row.actor, row.origin) == ("signed.in", officer.ref, FROM)


def test_a_code_is_good_once(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Whoever looks over a shoulder cannot use what was seen, neither now nor in the next half minute."""
    with app.app_context():
        code = officer.code(clock())
        enter(officer, clock)
        with pytest.raises(NotSignedIn):
            enter(officer, clock, code=code)
        clock.advance(seconds=30)
        with pytest.raises(NotSignedIn):
            enter(officer, clock, code=code)

        assert enter(officer, clock)


@pytest.mark.parametrize(("late_s", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_differ_by_a_step(
    app: Flask, clock: FakeClock, officer: Colleague, late_s: int, is_taken: bool
) -> None:
    """The code of the step before and of the step after are taken, no other."""
    code = officer.code(clock() + timedelta(seconds=late_s))
    with app.app_context():
        if is_taken:
            assert enter(officer, clock, code=code)
        else:
            with pytest.raises(NotSignedIn):
                enter(officer, clock, code=code)


def test_two_at_once_with_one_code(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Of eight browsers that send the same code at the same moment one is signed in."""
    signed_in: list[str] = []
    at = threading.Barrier(8)

    def one() -> None:
        with app.app_context():
            at.wait()
            with suppress(NotSignedIn):
                signed_in.append(enter(officer, clock))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(signed_in) == 1


def test_five_failures_close_the_door_for_a_quarter_of_an_hour(
    app: Flask, clock: FakeClock, officer: Colleague
) -> None:
    """Then the right password does not help either, until the time is over; more attempts do not make it longer."""
    with app.app_context():
        fail(officer, clock, 5)
        clock.advance(minutes=14)
        with pytest.raises(NotSignedIn):
            enter(officer, clock)
        clock.advance(minutes=1)

        assert enter(officer, clock)
        assert deeds(officer.ref)[-8:] == [*["sign_in.failed"] * 5, "locked.out", "sign_in.failed", "signed.in"]


def test_a_good_sign_in_forgets_the_failures(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Four failures, a success and four failures lock nobody out."""
    with app.app_context():
        fail(officer, clock, 4)
        enter(officer, clock)
        fail(officer, clock, 4)
        clock.advance(seconds=30)

        assert enter(officer, clock)


def test_a_session_outlives_the_lock(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """A stranger who guesses can neither throw out who is working, nor keep them from proving who they are again."""
    with app.app_context():
        token = enter(officer, clock)
        fail(officer, clock, 5)
        clock.advance(seconds=30)

        assert isinstance(signing_in.who_is(token, clock()), SignedIn)
        assert signing_in.prove_again(token, officer.ref, officer.code(clock()), FROM, clock())


def test_guessing_is_limited_by_account_and_by_address(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Fifteen attempts at one account, known or not, in a quarter of an hour, sixty from one address."""
    with app.app_context():
        for email in (officer.email, "nobody@cloudmate.example"):
            for _ in range(15):
                with pytest.raises(NotSignedIn):
                    enter(officer, clock, email=email, password="wrong")
            with pytest.raises(TooMany) as told:
                enter(officer, clock, email=email.upper(), password="wrong")
            assert 0 < told.value.wait_s <= 900
        for number in range(28):
            with pytest.raises(NotSignedIn):
                enter(officer, clock, email=f"nobody-{number}@cloudmate.example")
        with pytest.raises(TooMany):
            enter(officer, clock, email="one-more@cloudmate.example")


@pytest.mark.parametrize("deed", ["disable", "reset", "grant", "revoke", "end_session"])
def test_whatever_takes_something_away_ends_the_session(
    app: Flask, clock: FakeClock, officer: Colleague, deed: str
) -> None:
    """Disabling, resetting, a change of roles and signing out act on the very next page."""
    with app.app_context():
        other = a_colleague(clock(), Role.HANDLER, email="other@cloudmate.example")
        token = enter(other, clock)
        more = {"grant": [Role.AUDITOR], "revoke": [Role.HANDLER]}.get(deed, [])

        getattr(staff, deed)(other.ref, *more, OPERATOR, clock())

        assert signing_in.who_is(token, clock()) == "OVER"


def test_a_reset_account_cannot_sign_in(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """From the reset on the old password and the old app are worthless."""
    with app.app_context():
        staff.reset(officer.ref, OPERATOR, clock())

        with pytest.raises(NotSignedIn):
            enter(officer, clock)


def test_a_code_again_renews_the_session(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Giving the code again proves it afresh under a new token; the old token is over, and a used code is no proof."""
    with app.app_context():
        old = enter(officer, clock)
        clock.advance(minutes=6)
        code = officer.code(clock())

        new = signing_in.prove_again(old, officer.ref, code, FROM, clock())

        assert new is not None
        who = signing_in.who_is(new, clock())
        assert isinstance(who, SignedIn)
        assert who.proved_at == clock()
        assert signing_in.who_is(old, clock()) == "OVER"
        assert signing_in.prove_again(new, officer.ref, code, FROM, clock()) is None


def test_five_wrong_codes_again_end_the_session(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """A session left open is no place to guess codes."""
    with app.app_context():
        token = enter(officer, clock)
        for _ in range(5):
            assert isinstance(signing_in.who_is(token, clock()), SignedIn)
            assert signing_in.prove_again(token, officer.ref, "000000", FROM, clock()) is None

        assert signing_in.who_is(token, clock()) == "OVER"


def test_a_hash_of_other_parameters_is_made_anew(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """The next sign-in keeps the password under today's parameters, and it goes on working."""
    with app.app_context():
        enter(officer, clock)
        kept = accounts.of_ref(officer.ref)
        clock.advance(minutes=1)

        assert kept is not None
        assert (kept.password_hash or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert enter(officer, clock)


def test_nothing_of_a_person_is_in_the_clear(app: Flask, clock: FakeClock, officer: Colleague) -> None:
    """Name, address, secret and password stand in no column."""
    with app.app_context():
        account = accounts.of_ref(officer.ref)
        assert account is not None
        held = repr({column.name: getattr(account, column.name) for column in account.__table__.columns})

    for text in ("이도현", "dohyeon", officer.secret, officer.password):
        assert text not in held
