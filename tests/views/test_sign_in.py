"""The way in and out of the desk: both factors at once, one answer to whatever is wrong, one session a person."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.rules.role import Role
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.staffing import Colleague, a_colleague

MakeBrowser = Callable[..., Browser]


@pytest.fixture
def officer(app: Flask, clock: FakeClock) -> Colleague:
    with app.app_context():
        return a_colleague(clock(), Role.OFFICER)


def enter(browser: Browser, who: Colleague, clock: FakeClock, **other: str):  # type: ignore[no-untyped-def]
    form = browser.form("/desk/sign-in")
    fields = {"email": who.email, "password": who.password, "code": who.code(clock()), **other}
    return browser.post("/desk/sign-in", {**form, **fields})


def test_both_factors_open_the_desk(browser: MakeBrowser, officer: Colleague, clock: FakeClock) -> None:
    """Password and code lead to the page that was asked for; the cookie is for the portal alone and no script."""
    there = browser(None)

    asked = there.get("/desk/account")
    form = there.form(asked.location)
    answer = there.post(
        "/desk/sign-in",
        {**form, "email": officer.email.upper(), "password": officer.password, "code": officer.code(clock())},
    )

    assert asked.status_code == 303
    assert answer.location == "/desk/account"
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("portal-desk="))
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=Lax")
    assert "이도현" in there.get("/desk/account").text


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"password": "another password"}, id="password"),
        pytest.param({"code": "000000"}, id="code"),
        pytest.param({"email": "nobody@cloudmate.example"}, id="nobody"),
        pytest.param({"email": "no address"}, id="no address"),
    ],
)
def test_what_was_wrong_is_not_told(
    browser: MakeBrowser, officer: Colleague, clock: FakeClock, other: dict[str, str]
) -> None:
    """The same words for a wrong password, a wrong code and an unknown person; the address typed is kept."""
    there = browser(None)

    answer = enter(there, officer, clock, **other)

    assert answer.status_code == 403
    assert "메일 주소, 비밀번호, 인증번호 가운데 맞지 않는 것이 있습니다." in answer.text
    assert f'value="{other.get("email", officer.email)}"' in answer.text
    assert there.get("/desk/account").status_code == 303


def test_signing_out_is_final(browser: MakeBrowser, officer: Colleague, clock: FakeClock) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    there = browser(None)
    enter(there, officer, clock)
    kept = there.client.get_cookie("portal-desk")
    assert kept is not None

    there.post("/desk/sign-out")
    there.client.set_cookie("portal-desk", kept.value)

    assert there.get("/desk/account").status_code == 303


def test_the_second_sign_in_ends_the_first(browser: MakeBrowser, officer: Colleague, clock: FakeClock) -> None:
    """One session a person; the browser that lost it is told why."""
    first, second = browser(None), browser(None)
    enter(first, officer, clock)
    clock.advance(seconds=30)

    enter(second, officer, clock)

    assert second.get("/desk/account").status_code == 200
    assert first.get("/desk/account").status_code == 303
    assert "다른 곳에서 같은 계정으로 로그인해" in first.get("/desk/sign-in").text


@pytest.mark.parametrize(
    ("minutes", "told"),
    [pytest.param(9, "", id="nine minutes"), pytest.param(10, "10분 동안 쓰지 않아", id="ten minutes")],
)
def test_an_idle_session_ends(
    browser: MakeBrowser, officer: Colleague, clock: FakeClock, minutes: int, told: str
) -> None:
    """After ten minutes without use the desk closes and says why; what was sent then is not done."""
    there = browser(None)
    enter(there, officer, clock)
    clock.advance(minutes=minutes)

    page = there.get("/desk/account")

    assert page.status_code == (303 if told else 200)
    if told:
        assert told in there.get("/desk/sign-in").text
        refused = there.post("/desk/sign-out")
        assert refused.status_code == 403
        assert "보낸 내용은 저장하지 않았습니다." in refused.text


def test_no_session_outlasts_its_day(browser: MakeBrowser, officer: Colleague, clock: FakeClock) -> None:
    """Eight hours after signing in the session ends, however busy."""
    there = browser(None)
    enter(there, officer, clock)
    for _ in range(59):
        clock.advance(minutes=8)
        assert there.get("/desk/account").status_code == 200

    clock.advance(minutes=8)

    assert there.get("/desk/account").status_code == 303
    assert "8시간이 지나" in there.get("/desk/sign-in").text
