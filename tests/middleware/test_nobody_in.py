"""Nobody in without recorded consent: paths, methods, headers and identities that have opened other gates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from middleware import ConsentGate

from .gatehouse import REQUIRED, Host, Store, ask, browser, environ_of, records_in, ref_of

NOT_EXEMPT = {
    "dot segment": "/static/../orders",
    "dot segment at the end": "/static/..",
    "single dot": "/static/./orders",
    "single dot at the end": "/static/.",
    "dot segment encoded": "/static/%2e%2e/orders",
    "dot segment encoded, upper case": "/static/%2E%2E/orders",
    "dot segment half encoded": "/static/.%2e/orders",
    "dot segment encoded twice": "/static/%252e%252e/orders",
    "slash encoded": "/static/..%2forders",
    "slash encoded, upper case": "/static/..%2Forders",
    "backslash": "/static/..\\orders",
    "backslash encoded": "/static/..%5corders",
    "backslash encoded, upper case": "/static/..%5Corders",
    "two slashes first": "//static/a.css",
    "two slashes later": "/static//orders",
    "two slashes, dot segment": "/static//../orders",
    "a host in front": "//login/orders",
    "matrix parameter": "/static/;x=1/orders",
    "matrix parameter on dots": "/static/..;/orders",
    "matrix parameter on an exact path": "/login;x=1",
    "fragment": "/login#/orders",
    "fragment below a prefix": "/static/#/../orders",
    "question mark": "/login?/orders",
    "question mark below a prefix": "/static/?/../orders",
    "NUL": "/login\x00",
    "NUL below a prefix": "/static/\x00/orders",
    "NUL encoded": "/static/%00/orders",
    "newline at the end": "/login\n",
    "newline below a prefix": "/static/a.css\n",
    "carriage return": "/static/\r/orders",
    "tab": "/static/\t/orders",
    "escape": "/static/\x1b",
    "delete": "/static/\x7f",
    "space at the end": "/login ",
    "space below a prefix": "/static/ orders",
    "Latin-1 bytes of Korean": "/static/\xed\x95\x9c",
    "replacement character": "/static/�",
    "no-break space": "/login\xa0",
    "no-break space below a prefix": "/static/\xa0",
    "full-width dots": "/static/．．/orders",
    "full-width slash": "/static／..／orders",
    "line separator": "/static/\u2028orders",
    "lone surrogate": "/static/\udc80",
    "absolute form": "http://matecost.example/login",
    "absolute form of an exempt prefix": "http://matecost.example/static/a.css",
    "no slash": "login",
    "empty": "",
    "star": "*",
    "root": "/",
    "prefix without its slash": "/static",
    "prefix without a border": "/staticorders",
    "exact path with a slash": "/login/",
    "below an exact path": "/login/orders",
    "exact path with a tail": "/loginx",
    "exact path in another case": "/LOGIN",
    "prefix in another case": "/Static/a.css",
    "mixed up": "/healthz/../static/..//login/../orders",
}
NOT_THE_PORTAL = {
    "dot segment": "/privacy/../orders",
    "dot segment encoded": "/privacy/%2e%2e/orders",
    "slash encoded": "/privacy%2forders",
    "no border": "/privacyx",
    "upper case": "/PRIVACY",
    "two slashes": "//privacy/",
    "two slashes later": "/privacy//orders",
    "matrix parameter": "/privacy;x/orders",
    "matrix parameter on dots": "/privacy/..;/orders",
    "newline": "/privacy\n",
    "NUL": "/privacy/\x00",
    "backslash": "/privacy\\..\\orders",
    "relative": "privacy/",
    "absolute form": "http://matecost.example/privacy/",
}
EXEMPT = {
    "an exact path": "/login",
    "another exact path": "/healthz",
    "a prefix": "/static/",
    "a file below a prefix": "/static/css/app.min.css",
    "three dots are a name": "/static/.../a",
    "a name that begins with two dots": "/static/..a",
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW"]
ODD_METHODS = ["get", "Post", "", "G E T", "GET\t", "X" * 5000]
PATH_HEADERS = {
    "X-Forwarded-Uri": {"HTTP_X_FORWARDED_URI": "/login"},
    "X-Original-URL": {"HTTP_X_ORIGINAL_URL": "/login"},
    "X-Rewrite-URL": {"HTTP_X_REWRITE_URL": "/static/a.css"},
    "X-HTTP-Method-Override": {"HTTP_X_HTTP_METHOD_OVERRIDE": "OPTIONS"},
    "X-Forwarded-Prefix": {"HTTP_X_FORWARDED_PREFIX": "/login"},
    "X-Forwarded-Host": {"HTTP_X_FORWARDED_HOST": "login"},
    "health checker's agent": {"HTTP_USER_AGENT": "kube-probe/1.31"},
    "empty agent": {"HTTP_USER_AGENT": ""},
    "REQUEST_URI": {"REQUEST_URI": "/login"},
    "RAW_URI": {"RAW_URI": "/login"},
    "PATH_TRANSLATED": {"PATH_TRANSLATED": "/login"},
    "SCRIPT_NAME of a prefix": {"SCRIPT_NAME": "/static"},
    "SCRIPT_NAME of an exact path": {"SCRIPT_NAME": "/login"},
    "SCRIPT_NAME of the portal": {"SCRIPT_NAME": "/privacy"},
    "query": {"QUERY_STRING": "/login"},
    "member from a header": {"HTTP_CONSENT_GATE_MEMBER": "kim", "HTTP_REMOTE_USER": "kim"},
    "decision from a header": {"HTTP_CONSENT_GATE_DECISION": "passed"},
    "decision from the outside": {"consent_gate.decision": "passed", "consent_gate.member": "kim"},
}
ODD_IDENTITIES = {
    "empty": "",
    "a newline": "kim\n",
    "a NUL": "kim\x00",
    "a tab": "ki\tm",
    "ten thousand characters": "k" * 10_000,
    "a lone surrogate": "kim\udc80",
    "a direction mark": "kim\u202e",
    "a soft hyphen": "kim\xad",
    "unknown": "nobody",
    "another case": "KIM",
    "a space behind": "kim ",
    "SQL": "' OR '1'='1",
    "a pattern": "%",
    "full-width letters": "ｋｉｍ",
}
WRONG_TYPES = {"int": 7, "bytes": b"kim", "True": True, "list": ["kim"], "0": 0, "False": False}


def named(table: dict[str, Any]) -> Callable[..., pytest.MarkDecorator]:
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())  # type: ignore[return-value]


@named(NOT_EXEMPT)
def test_a_path_that_is_not_canonical_is_not_exempt(gate: ConsentGate, host: Host, case: str) -> None:
    """A stranger with a trick in the path gets nothing of the application."""
    answer = ask(gate, environ_of(case))

    assert answer.code == 403
    assert host.calls == []


@named(NOT_EXEMPT)
def test_a_trick_in_the_path_does_not_help_a_member_without_consent(
    gate: ConsentGate, host: Host, journal: Path, case: str
) -> None:
    """A member who has not consented gets nothing of the application either, and it is recorded as blocked."""
    answer = ask(gate, environ_of(case, "GET", "lee"))

    assert answer.code == 403
    assert host.calls == []
    assert [record.decision for record in records_in(journal)] == ["blocked"]


@named(NOT_EXEMPT)
def test_an_odd_path_of_a_consented_member_is_passed_on_unchanged(gate: ConsentGate, host: Host, case: str) -> None:
    """The gate never rewrites a path: what a consented member asked for is what the application sees."""
    answer = ask(gate, environ_of(case, "GET", "kim"))

    assert answer.code == 200
    assert [call["PATH_INFO"] for call in host.calls] == [case]


@named(EXEMPT)
def test_an_exempt_path_needs_nobody(gate: ConsentGate, host: Host, case: str) -> None:
    """A canonical path that is listed, or lies below a listed prefix, is open to everybody."""
    answer = ask(gate, environ_of(case))

    assert answer.code == 200
    assert [call["consent_gate.decision"] for call in host.calls] == ["exempt"]


@named(NOT_THE_PORTAL)
def test_a_path_that_only_looks_like_the_portal_is_not_let_through(gate: ConsentGate, host: Host, case: str) -> None:
    """What is not canonically the portal or below it needs consent like any other path."""
    assert ask(gate, environ_of(case)).code == 403
    assert ask(gate, environ_of(case, "GET", "lee")).code == 403
    assert host.calls == []


@pytest.mark.parametrize("path", ["/privacy", "/privacy/", "/privacy/consent", "/privacy/me/receipts/1"])
@pytest.mark.parametrize("member", [None, "kim", "lee", "park", "nobody"])
def test_the_portal_is_always_open(gate: ConsentGate, host: Host, path: str, member: str | None) -> None:
    """Everybody reaches the portal, consented or not: it guards itself, and rights outlive consent."""
    answer = ask(gate, environ_of(path, "GET", member))

    assert answer.code == 200
    assert [(call["consent_gate.decision"], call["consent_gate.host_id"]) for call in host.calls] == [
        ("portal", member)
    ]


@pytest.mark.parametrize("method", METHODS + ODD_METHODS, ids=lambda method: repr(method[:12]))
@pytest.mark.parametrize("member", [None, "lee", "park", "nobody"])
def test_no_method_passes_without_consent(gate: ConsentGate, host: Host, method: str, member: str | None) -> None:
    """Whatever the method is called, an unconsented, suspended or unknown person gets nothing."""
    answer = ask(gate, environ_of("/orders", method, member))

    assert answer.code == 403
    assert host.calls == []


@pytest.mark.parametrize("method", METHODS + ODD_METHODS, ids=lambda method: repr(method[:12]))
def test_every_method_of_a_consented_member_passes(gate: ConsentGate, host: Host, method: str) -> None:
    """The gate does not judge methods: that is the application's trade."""
    answer = ask(gate, environ_of("/orders", method, "kim"))

    assert answer.code == 200
    assert [call["REQUEST_METHOD"] for call in host.calls] == [method]


@named(PATH_HEADERS)
def test_no_header_replaces_the_path(gate: ConsentGate, host: Host, case: dict[str, str]) -> None:
    """Only PATH_INFO says what is asked for, and only the adapter says by whom."""
    assert ask(gate, environ_of("/orders", "GET", None, **case)).code == 403
    assert ask(gate, environ_of("/orders", "GET", "lee", **case)).code == 403
    assert host.calls == []


@pytest.mark.parametrize("script", ["/static", "/login", "/privacy", "/static/"])
def test_an_empty_path_below_an_exempt_mount_is_not_exempt(gate: ConsentGate, host: Host, script: str) -> None:
    """SCRIPT_NAME and an empty PATH_INFO are never put together into an exempt path."""
    assert ask(gate, environ_of("", "GET", "lee", SCRIPT_NAME=script)).code == 403
    assert host.calls == []


def test_an_environ_without_a_path_is_blocked(gate: ConsentGate, host: Host) -> None:
    """A server that tells no path at all opens nothing."""
    environ = environ_of()
    del environ["PATH_INFO"]

    assert ask(gate, environ).code == 403
    assert host.calls == []


@named(ODD_IDENTITIES)
def test_an_odd_identity_is_not_a_consented_member(gate: ConsentGate, host: Host, case: str) -> None:
    """An id that is empty, unprintable, endless or merely similar stands for nobody who has consented."""
    answer = ask(gate, environ_of("/orders", "GET", case))

    assert answer.code == 403
    assert host.calls == []


@named(WRONG_TYPES)
def test_an_identity_of_another_type_is_doubt(gate: ConsentGate, host: Host, case: object) -> None:
    """An adapter that gives neither text nor None is broken, so the answer is 503 and the application is not called."""
    answer = ask(gate, environ_of("/orders", "GET", case))

    assert answer.code == 503
    assert host.calls == []


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError, UnicodeDecodeError, RecursionError, OSError])
def test_an_adapter_that_raises_is_doubt(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path, error: type[Exception]
) -> None:
    """Whatever the host's reader raises, the answer is 503 and the application is not called."""

    def identify(environ: object) -> str:
        raise error("utf-8", b"\xff", 0, 1, "kim") if error is UnicodeDecodeError else error("kim")

    answer = ask(gates(host, store, journal, identify=identify), environ_of())

    assert answer.code == 503
    assert host.calls == []
    assert [record.decision for record in records_in(journal)] == ["error"]


def test_a_reader_that_is_stopped_gives_back_its_room(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """A worker's time-out inside the host's reader ends the request with a record and without the application."""

    class Timeout(BaseException):
        """What gevent and gunicorn raise to stop a request."""

    def identify(environ: object) -> str:
        raise Timeout

    gate = gates(host, store, journal, identify=identify)

    with pytest.raises(Timeout):
        ask(gate, environ_of())
    assert host.calls == []
    assert [(record.status, record.decision) for record in records_in(journal)] == [(500, "error")]


@pytest.mark.parametrize("path", ["/orders", "/login", "/privacy/"])
def test_what_the_application_is_told_is_always_the_gates_own(gate: ConsentGate, host: Host, path: str) -> None:
    """Keys of the gate that a client or an outer layer has set are overwritten on every path that passes."""
    forged: dict[str, Any] = {
        "consent_gate.member": "forged",
        "consent_gate.host_id": "forged",
        "consent_gate.decision": "forged",
        "consent_gate.request_id": "forged",
        "consent_gate.identity_failed": "forged",
        "HTTP_CONSENT_GATE_HOST_ID": "forged",
    }

    ask(gate, environ_of(path, "GET", "kim", **forged))

    (call,) = host.calls
    told = {key: value for key, value in call.items() if key.startswith("consent_gate.")}
    assert "forged" not in told.values()
    assert told["consent_gate.identity_failed"] is False
    assert len(told["consent_gate.request_id"]) == 16


def test_a_consented_member_is_named_to_the_application(gate: ConsentGate, host: Host, journal: Path) -> None:
    """The application learns the opaque reference, the host's own id, the decision and the record's request id."""
    ask(gate, environ_of("/orders", "GET", "kim"))

    (call,) = host.calls
    (record,) = records_in(journal)
    assert call["consent_gate.member"] == ref_of("kim")
    assert call["consent_gate.host_id"] == "kim"
    assert call["consent_gate.decision"] == "passed"
    assert call["consent_gate.request_id"] == record.request_id


def test_nobody_is_named_on_an_exempt_path(gate: ConsentGate, host: Host) -> None:
    """On an exempt path nobody asks who comes, not even of a member who is signed in."""
    ask(gate, environ_of("/login", "GET", "kim"))

    assert host.calls[0]["consent_gate.member"] is None
    assert host.calls[0]["consent_gate.host_id"] is None


def test_a_suspended_member_is_blocked(gate: ConsentGate, store: Store) -> None:
    """Consent to everything in force does not open a suspended account."""
    assert ask(gate, environ_of("/orders", "GET", "park")).code == 403

    store.stand("park", REQUIRED)

    assert ask(gate, environ_of("/orders", "GET", "park")).code == 200


@pytest.mark.parametrize("ref", ["r\tef", "r\nef", "회원", "r" * 300, "", "100%"], ids=lambda ref: repr(ref[:9]))
def test_a_reference_that_is_none_of_ours_is_doubt(gate: ConsentGate, host: Host, store: Store, ref: str) -> None:
    """A store whose opaque references could break a line of the journal is not believed."""
    insert = "INSERT INTO standing (host_id, ref, requirement_hash, changed_at) VALUES (?, ?, ?, 0)"
    store.change(insert, "yu", ref, REQUIRED)

    answer = ask(gate, environ_of("/orders", "GET", "yu"))

    assert answer.code == 503
    assert host.calls == []


def test_a_blocked_browser_has_no_cookie_recorded(gate: ConsentGate, journal: Path) -> None:
    """Cookies are recorded of consented members only, as digests; the address of everybody."""
    for member in ("kim", "lee", None):
        ask(gate, browser("/orders", "GET", member, HTTP_COOKIE="session=secret"))

    kim, lee, nobody = records_in(journal)
    assert kim.cookies.startswith("session=")
    assert "secret" not in kim.cookies
    assert (lee.cookies, nobody.cookies) == ("", "")
    assert (kim.ip, lee.ip, nobody.ip) == ("192.0.2.7", "192.0.2.7", "192.0.2.7")
