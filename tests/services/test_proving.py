"""Links and codes: each works once, for whom and what it was made, and every other one is refused alike."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.database import writing
from portal.services import proving
from tests.fake_clock import FakeClock

HOUR = timedelta(hours=1)


def test_a_link_works_once(app: Flask, clock: FakeClock) -> None:
    """The first use tells whom it speaks for; the second tells nothing."""
    with app.app_context():
        with writing():
            token = proving.issue_link("ENTER", "member-1", clock(), HOUR)
        with writing():
            assert proving.stands_for(token, "ENTER", clock()) == "member-1"
            first = proving.redeem_link(token, "ENTER", clock())
        with writing():
            second = proving.redeem_link(token, "ENTER", clock())

    assert (first, second) == ("member-1", None)


@pytest.mark.parametrize(
    ("purpose", "later"),
    [pytest.param("INVITE", timedelta(0), id="another purpose"), pytest.param("ENTER", HOUR, id="an hour later")],
)
def test_a_link_that_does_not_fit_is_refused(app: Flask, clock: FakeClock, purpose: str, later: timedelta) -> None:
    """A link is good for its purpose and its time alone."""
    with app.app_context():
        with writing():
            token = proving.issue_link("ENTER", "member-1", clock(), HOUR)
        with writing():
            assert proving.redeem_link(token, purpose, clock() + later) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", "x", "a" * 26 + "." + "a" * 32, "a" * 26 + "." + "a" * 33, "가.나"])
def test_junk_is_refused(app: Flask, clock: FakeClock, token: str) -> None:
    """What is no link of ours is refused like a used one."""
    with app.app_context(), writing():
        assert proving.redeem_link(token, "ENTER", clock()) is None


def test_a_new_link_ends_the_old_one(app: Flask, clock: FakeClock) -> None:
    """Of two mails only the later one's link works."""
    with app.app_context():
        with writing():
            old = proving.issue_link("ENTER", "member-1", clock(), HOUR)
            new = proving.issue_link("ENTER", "member-1", clock(), HOUR)
        with writing():
            assert proving.redeem_link(old, "ENTER", clock()) is None
            assert proving.redeem_link(new, "ENTER", clock()) == "member-1"


def test_a_code_is_worth_five_tries(app: Flask, clock: FakeClock) -> None:
    """After five wrong ones the right one is refused too."""
    with app.app_context():
        with writing():
            ref, code = proving.issue_code("STEP_UP", "member-1", clock(), HOUR, bound_to="browser")
        wrong = f"{(int(code) + 1) % 10**6:06}"
        for _ in range(5):
            with writing():
                assert proving.redeem(ref, wrong, "STEP_UP", clock(), "browser") is None
        with writing():
            assert proving.redeem(ref, code, "STEP_UP", clock(), "browser") is None


def test_a_code_works_in_its_own_browser(app: Flask, clock: FakeClock) -> None:
    """A code read over somebody's shoulder is worth nothing elsewhere."""
    with app.app_context():
        with writing():
            ref, code = proving.issue_code("STEP_UP", "member-1", clock(), HOUR, bound_to="browser")
        with writing():
            assert proving.redeem(ref, code, "STEP_UP", clock(), "another") is None
            assert proving.redeem(ref, code, "STEP_UP", clock(), "browser") == "member-1"
