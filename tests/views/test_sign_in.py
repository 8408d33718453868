"""The way in and out of the desk: both factors at once, one answer to whatever is wrong, one session a person."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from portal import create_app
from portal.rules.role import Role
from portal.services import accounts
from portal.services.auditing import OPERATOR
from portal.services.publishing import publish_shipped
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser, fields_of
from tests.staffing import Colleague, a_colleague

PASSWORD = "five slow trains to Busan"
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


@pytest.fixture
def link(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        token = accounts.invite("yuna.han@cloudmate.example", "한유나", [Role.HANDLER], OPERATOR, clock())[1]
    return f"/desk/join?token={token}"


def secret_on(page: str) -> str:
    return re.findall(r'class="mono secret">([A-Z2-7 ]+)<', page)[0].replace(" ", "")


def test_the_token_leaves_the_address_bar(browser: MakeBrowser, link: str) -> None:
    """The mailed address leads on to one without the token; the page shows the same secret as text and as QR."""
    there = browser(None)

    sent_on = there.get(link)
    page = there.get(sent_on.location).text

    assert sent_on.location == "/desk/join"
    assert link.partition("=")[2] not in page
    assert f"secret={secret_on(page)}" in page
    assert "<svg" in page
    assert secret_on(there.get("/desk/join").text) == secret_on(page)


def test_joining_by_the_page(browser: MakeBrowser, link: str, clock: FakeClock) -> None:
    """Password twice and one code, and the person is signed in; faults are told at their fields and waste no link."""
    there = browser(None)
    page = there.get(link, follow_redirects=True).text
    right = {
        "password": PASSWORD,
        "repeated": PASSWORD,
        "code": Colleague("", "", secret=secret_on(page)).code(clock()),
    }

    differs = there.post("/desk/join", {**right, "repeated": "something else", "code": "1"})
    common = there.post("/desk/join", {**right, "password": "qwerty123456", "repeated": "qwerty123456", "code": "1"})
    done = there.post("/desk/join", right)
    again = there.post("/desk/join", right)

    assert "같은 비밀번호를 두 번 적어 주세요." in differs.text
    assert "앱에 지금 나오는 인증번호를 적어 주세요." in differs.text
    assert "쉽게 짐작할 수 없는 비밀번호로 정해 주세요." in common.text
    assert "앱에 지금 나오는 인증번호를 적어 주세요." in common.text
    assert done.location == "/desk/home"
    assert there.get("/desk/home").location == "/desk"
    assert "한유나" in there.get("/desk/account").text
    assert again.status_code == 404


@pytest.mark.parametrize("path", ["/desk/join", "/desk/join?token=x", "/desk/join?token="])
def test_a_link_that_is_none_of_ours(browser: MakeBrowser, path: str) -> None:
    """Used, expired, replaced and made up are told alike."""
    answer = browser(None).get(path, follow_redirects=True)

    assert answer.status_code == 404
    assert "쓸 수 없는 링크입니다" in answer.text


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example/", "/\\evil.example", "/desk/../..//evil.example", "/", ""]
)
def test_nobody_is_sent_elsewhere_after_signing_in(
    browser: MakeBrowser, officer: Colleague, clock: FakeClock, place: str
) -> None:
    """Whatever stood in the address, signing in leads to the desk."""
    assert enter(browser(None), officer, clock, next=place).location == "/desk/home"


def test_too_many_attempts_are_told_to_wait(browser: MakeBrowser, officer: Colleague, clock: FakeClock) -> None:
    """After fifteen attempts in a quarter of an hour the answer is 429 with the seconds to wait."""
    there = browser(None)
    for _ in range(15):
        enter(there, officer, clock, password="wrong")

    answer = enter(there, officer, clock)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 900


def test_a_password_is_changed_at_the_desk(browser: MakeBrowser, officer: Colleague, clock: FakeClock) -> None:
    """The page asks for the old one and a code, and this browser stays signed in."""
    there = browser(None)
    enter(there, officer, clock)
    clock.advance(seconds=30)
    sent = {"old": officer.password, "new": PASSWORD, "repeated": PASSWORD, "code": officer.code(clock())}

    wrong = there.post("/desk/account/password", {**sent, "old": "wrong"})
    short = there.post("/desk/account/password", {**sent, "new": "short", "repeated": "short"})
    done = there.post("/desk/account/password", sent)

    assert "지금 비밀번호와 인증번호를 맞게 적어 주세요." in wrong.text
    assert "12자 이상으로 정해 주세요." in short.text
    assert done.status_code == 303
    assert "비밀번호를 바꾸었습니다." in there.get("/desk/account").text


def test_on_tls_the_cookie_is_bound_to_the_host(settings: Settings, clock: FakeClock) -> None:
    """__Host-, Secure and the whole path, apart from the portal's other cookie."""
    app = create_app(replace(settings, tls=True, public_url="https://cost.example"), clock=clock)
    with app.app_context():
        publish_shipped(clock())
        who = a_colleague(clock(), Role.OFFICER)
    there = Browser(app.test_client(), None)

    form = fields_of(there.get("/desk/sign-in", base_url="https://cost.example").text)
    answer = there.post(
        "/desk/sign-in",
        {**form, "email": who.email, "password": who.password, "code": who.code(clock())},
        base_url="https://cost.example",
    )

    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("__Host-portal-desk="))
    assert cookie.endswith("; Secure; HttpOnly; Path=/; SameSite=Lax")


def test_a_store_that_does_not_answer_opens_nothing(
    browser: MakeBrowser, officer: Colleague, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the session cannot be read the desk stays closed, and the answer is a page with an incident number."""
    there = browser(None)
    enter(there, officer, clock)

    def fail(*anything: object) -> None:
        raise OSError("the store is down")

    monkeypatch.setattr("portal.services.signing_in.who_is", fail)
    answer = there.get("/desk/handlers")

    assert answer.status_code == 500
    assert "시스템 문제입니다" in answer.text
    assert "이도현" not in answer.text
