"""What stands before every page: headers, tokens, origins, and errors in a person's words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from portal import create_app
from portal.errors import ConfigurationError
from portal.services.publishing import publish_shipped
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, PAGE, Browser

MakeBrowser = Callable[..., Browser]
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/consent", "/me", "/nothing-here", "/static/ui.css", "/receipt-key.pem"])
def test_every_answer_carries_the_headers(browser: MakeBrowser, path: str) -> None:
    """A page, an error and a file alike: the policy for content, no sniffing, no framing, no foreign opener."""
    with browser().get(path) as answer:
        assert answer.headers["Content-Security-Policy"] == CSP
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/consent", "/me", "/me/records", "/declined", "/nothing-here"])
def test_no_page_is_kept_by_a_cache(browser: MakeBrowser, path: str) -> None:
    """Pages hold a person's data or a form's token."""
    assert browser().get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/consent", "/consent/carry-on", "/me/withdraw/access", "/theme"])
def test_a_post_without_its_token_changes_nothing(browser: MakeBrowser, path: str) -> None:
    """Every POST needs the token of this browser's session; the answer says what to do, in the person's words."""
    jiwon = browser()
    jiwon.agree()

    answer = jiwon.post(path, {"csrf_token": "", "decision": "decline", "theme": "dark"})

    assert answer.status_code == 400
    assert "화면을 연 지 오래되었어요" in answer.text
    assert "아무것도 저장하지 않았어요" in answer.text
    assert "CSRF" not in answer.text
    assert jiwon.get("/me").text.count("동의함") == 2


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="an opaque origin"),
        pytest.param({"Origin": "http://localhost.evil.example"}, id="an origin that begins like ours"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbouring host"),
    ],
)
def test_a_post_from_elsewhere_is_refused(browser: MakeBrowser, headers: dict[str, str]) -> None:
    """A browser that says the request came from another site is not heard, token or not."""
    jiwon = browser()
    jiwon.agree()

    assert jiwon.post("/me/withdraw/access", headers=headers).status_code == 403
    assert jiwon.get("/me").text.count("동의함") == 2


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {}])
def test_a_post_from_our_own_pages_is_heard(browser: MakeBrowser, headers: dict[str, str]) -> None:
    """Our own origin, or a client that names none, is heard."""
    jiwon = browser()
    jiwon.agree()

    assert jiwon.post("/me/withdraw/access", headers=headers).status_code == 303


def test_errors_speak_the_askers_language(browser: MakeBrowser) -> None:
    """A page for who asks for HTML; problem+json for everybody else, and never a word of the framework's."""
    jiwon = browser()

    page = jiwon.get("/nothing-here")
    other = jiwon.client.get("/nothing-here", headers={"Accept": "application/json"})

    assert "찾는 화면이 없거나 볼 권한이 없어요." in page.text
    assert other.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert other.json == {"type": "about:blank", "title": "찾는 화면이 없어요", "status": 404}


def test_an_unforeseen_fault_is_told_by_its_number_only(
    browser: MakeBrowser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page holds an incident number, which the log holds with the reason; the reason stays in the log."""
    from portal.services import showing

    def fail(host_id: str) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(showing, "decided_by", fail)

    answer = browser().get("/me")

    assert answer.status_code == 500
    assert "우리 쪽 문제예요" in answer.text
    assert "secret detail" not in answer.text
    number = answer.text.split('<b class="mono">')[1][:12]
    assert f"incident {number}" in caplog.text
    assert "secret detail" in caplog.text


def test_a_method_that_a_page_does_not_take_is_told(browser: MakeBrowser) -> None:
    """405 with the methods that are taken."""
    answer = browser().post("/versions")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_too_much_is_refused(browser: MakeBrowser) -> None:
    """A body above the limit is not read."""
    assert browser().post("/consent", {"answer-member": "x" * 70_000}).status_code == 413


def test_a_host_that_cannot_name_its_member_is_no_stranger(browser: MakeBrowser) -> None:
    """When the host's sign-in could not be read, the answer is "not now", not "sign in"."""
    answer = browser(None).get("/me", environ_overrides={"consent_gate.identity_failed": True})

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_no_client_can_name_itself(browser: MakeBrowser) -> None:
    """A header that looks like the gate's key names nobody."""
    headers = {**PAGE, "consent_gate.host_id": JIWON, "Consent-Gate-Host-Id": JIWON, "X-Forwarded-User": JIWON}

    assert browser(None).client.get("/me", headers=headers).status_code == 403


def test_the_portal_works_wherever_it_is_mounted(browser: MakeBrowser) -> None:
    """Below /privacy every link and the cookie's path stay below it."""
    answer = browser().client.get("/", headers=PAGE, environ_overrides={"SCRIPT_NAME": "/privacy"})

    assert 'href="/privacy/me"' in answer.text
    assert 'href="/me"' not in answer.text
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("portal=")
    assert "Path=/privacy;" in cookie + ";"
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.fixture
def on_tls(settings: Settings, clock: FakeClock) -> Flask:
    secure = replace(settings, tls=True, public_url="https://cost.example")
    app = create_app(secure, clock=clock)
    with app.app_context():
        publish_shipped(clock())
    return app


def test_on_tls_the_cookie_is_bound_to_the_host(on_tls: Flask) -> None:
    """__Host-, Secure, the whole path; and browsers are told to keep to TLS."""
    answer = on_tls.test_client().get("/", headers=PAGE, environ_overrides={"SCRIPT_NAME": "/privacy"})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie + ";"
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_it_does_not_start_with_debug_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A debugger in production runs code for anybody."""
    monkeypatch.setenv("FLASK_DEBUG", "1")

    with pytest.raises(ConfigurationError, match="FLASK_DEBUG"):
        create_app(settings)


def test_it_does_not_start_on_stores_that_are_not_there(tmp_path: Any) -> None:
    """Every store that is missing is named, with the command that makes it."""
    settings = Settings.from_environ({"PORTAL_INSTANCE": str(tmp_path / "new")})

    with pytest.raises(ConfigurationError, match="portal store upgrade") as told:
        create_app(settings)

    assert len(told.value.faults) == 3
