"""The gate's own answers: in the asker's form, never kept by a cache, never leading off the site."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from middleware import ConsentGate
from middleware.replies import Replies

from .gatehouse import Host, Store, ask, browser, environ_of

FETCH = {"HTTP_SEC_FETCH_MODE": "cors", "HTTP_SEC_FETCH_DEST": "empty"}


def test_a_browser_is_led_to_the_consent_page(gate: ConsentGate) -> None:
    """A member on the way to a page is sent to the consent page, which is told where the way led."""
    answer = ask(gate, browser("/orders", "GET", "lee", QUERY_STRING="month=11&sort=cost"))

    assert answer.status == "303 See Other"
    assert answer.headers["Location"] == "/privacy/consent?next=/orders%3Fmonth%3D11%26sort%3Dcost"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body == b""


def test_an_anonymous_browser_is_led_to_the_login_page(gate: ConsentGate) -> None:
    """Somebody who is not signed in is sent to sign in first."""
    answer = ask(gate, browser("/orders"))

    assert answer.code == 303
    assert answer.headers["Location"] == "/login?next=/orders"


def test_a_login_page_with_a_query_keeps_it(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """The way back is added to a login address that has a query already."""
    gate = gates(host, store, journal, login_url="/login?from=gate")

    assert ask(gate, browser("/orders")).headers["Location"] == "/login?from=gate&next=/orders"


def test_a_login_page_on_another_site_is_the_operators_choice(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """A configured sign-in site is where an anonymous browser goes, wherever the app is mounted."""
    gate = gates(host, store, journal, login_url="https://sso.example/start")

    answer = ask(gate, browser("/orders", "GET", None, SCRIPT_NAME="/billing"))

    assert answer.headers["Location"] == "https://sso.example/start?next=/billing/orders"


def test_without_a_login_page_an_anonymous_browser_is_refused(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """Where no login page is configured, an anonymous browser gets a page that leads to the policy."""
    answer = ask(gates(host, store, journal, login_url=None), browser("/orders"))

    assert answer.code == 403
    assert b'href="/privacy/"' in answer.body


def test_a_head_request_of_a_browser_is_led_on_too(gate: ConsentGate) -> None:
    """HEAD is answered as GET would be."""
    assert ask(gate, browser("/orders", "HEAD", "lee")).code == 303


@pytest.mark.parametrize(
    ("script", "mount"), [("/billing", "/billing"), ("/\xec\xb2\xad\xea\xb5\xac", "/%EC%B2%AD%EA%B5%AC")]
)
def test_an_app_below_a_mount_leads_to_pages_below_it(gate: ConsentGate, script: str, mount: str) -> None:
    """Below a mount the consent page stands below it as well, and so does the way back."""
    answer = ask(gate, browser("/orders", "GET", "lee", SCRIPT_NAME=script))

    page, _, target = answer.headers["Location"].partition("?next=")
    assert page == f"{mount}/privacy/consent"
    assert unquote(target) == f"{mount}/orders"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "", "text/html,*/*;q=0.8"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_script_is_told_in_problem_json(gate: ConsentGate, accept: str, method: str) -> None:
    """A fetch, whatever it accepts, gets a 403 that a program can read."""
    answer = ask(gate, environ_of("/orders", method, "lee", HTTP_ACCEPT=accept, **FETCH))

    assert answer.status == "403 Forbidden"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.body) == {
        "type": "urn:consent-gate:consent-required",
        "title": "Consent is required",
        "status": 403,
        "consent_url": "/privacy/consent",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PROPFIND"])
def test_a_program_is_told_in_problem_json(gate: ConsentGate, method: str) -> None:
    """A client that does not ask for HTML gets a 403 that a program can read, anonymous or not."""
    answer = ask(gate, environ_of("/orders", method))

    assert answer.code == 403
    assert json.loads(answer.body) == {
        "type": "urn:consent-gate:sign-in-required",
        "title": "Please sign in first",
        "status": 403,
        "consent_url": "/privacy/consent",
        "login_url": "/login",
    }


@pytest.mark.parametrize("member", ["lee", None])
def test_a_form_is_told_that_nothing_was_sent(gate: ConsentGate, host: Host, member: str | None) -> None:
    """A browser that sends a form gets a page which says that nothing was passed on, and no redirect."""
    answer = ask(gate, browser("/orders", "POST", member))

    assert answer.status == "403 Forbidden"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert "Nothing you sent was passed on." in answer.body.decode()
    assert "방금 보낸 내용은 전달하지 않았어요." in answer.body.decode()
    assert (b'href="/privacy/consent"' if member else b'href="/login"') in answer.body
    assert host.calls == []


def test_a_refused_head_has_no_body(gate: ConsentGate) -> None:
    """HEAD gets the length that GET would have, and no body."""
    get = ask(gate, environ_of("/orders", "GET", "lee"))
    head = ask(gate, environ_of("/orders", "HEAD", "lee"))

    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize(
    "environ",
    [
        {"PATH_INFO": "//evil.example/"},
        {"PATH_INFO": "/\\evil.example"},
        {"PATH_INFO": "/\r\nLocation: https://evil.example"},
        {"PATH_INFO": "http://evil.example/"},
        {"PATH_INFO": "/.//evil.example"},
        {"PATH_INFO": "/\xff\xfe"},
        {"PATH_INFO": "/�"},
        {"PATH_INFO": "/" + "a" * 5000},
        {"SCRIPT_NAME": "//evil.example"},
        {"SCRIPT_NAME": "http://evil.example"},
        {"SCRIPT_NAME": "/\\evil.example"},
        {"SCRIPT_NAME": "/%2fevil.example"},
        {"SCRIPT_NAME": "evil.example"},
        {"SCRIPT_NAME": "/한"},
        {"SCRIPT_NAME": "/a\r\nX: y"},
        {"SCRIPT_NAME": "/a?b"},
        {"HTTP_HOST": "evil.example", "SERVER_NAME": "evil.example"},
        {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PREFIX": "//evil.example"},
        {"QUERY_STRING": "a=\r\nX: y"},
        {"QUERY_STRING": "#//evil.example"},
        {"QUERY_STRING": "\udc80"},
        {"QUERY_STRING": "a" * 5000},
    ],
    ids=lambda environ: " ".join(f"{key}={value[:24]!r}" for key, value in environ.items()),
)
@pytest.mark.parametrize("member", ["lee", None])
def test_a_redirect_never_leaves_the_site(gate: ConsentGate, environ: dict[str, str], member: str | None) -> None:
    """Whatever a request says, the redirect leads to a page of this site and breaks no header."""
    location = ask(gate, browser("/orders", "GET", member, **environ)).headers["Location"]

    page = "/privacy/consent" if member else "/login"
    assert location.startswith((page, "/a%3Fb" + page, "/%3F" + page))
    assert location.isascii()
    assert location.isprintable()
    assert "evil.example" not in location.partition("?next=")[0]


@given(st.text(), st.text(), st.text())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_makes_a_redirect_leave(script: str, path: str, query: str) -> None:
    """A redirect begins with one slash and is plain ASCII, whatever stands in the environ."""
    replies = Replies("/privacy", "/login")
    environ = browser(path, "GET", None, SCRIPT_NAME=script, QUERY_STRING=query)

    for reply in (replies.blocked(environ), replies.anonymous(environ)):
        location = dict(reply.headers)["Location"]
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))
        assert location.isascii()
        assert location.isprintable()


def test_a_prepared_answer_cannot_be_spoilt(gate: ConsentGate, journal: Path) -> None:
    """A server that adds headers to the list it is given does not add them to the next answer."""
    lists: list[list[tuple[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        lists.append(headers)
        headers.append(("Set-Cookie", "spoilt=1"))
        return lambda data: None

    for _ in range(2):
        gate(environ_of("/orders", "GET", "lee"), start_response)
    gate.close()
    journal.rename(journal.with_name("gone"))
    for _ in range(2):
        gate(environ_of("/orders", "GET", "lee"), start_response)

    assert [headers.count(("Set-Cookie", "spoilt=1")) for headers in lists] == [1, 1, 1, 1]


def test_a_program_that_would_take_a_page_at_last_is_told_as_a_program(gate: ConsentGate) -> None:
    """pip lists text/html last, and is answered in problem+json."""
    answer = ask(
        gate, environ_of("/simple/", "GET", "lee", HTTP_ACCEPT="application/vnd.pypi.simple.v1+json, text/html; q=0.01")
    )

    assert answer.status.startswith("403")
    assert dict(answer.headers)["Content-Type"] == "application/problem+json"
