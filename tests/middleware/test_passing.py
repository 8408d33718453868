"""What a consented member gets is what the application gives: WSGI to the letter, on both sides of the gate."""

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest

from middleware import ConsentGate

from .gatehouse import Host, Start, Store, ask, environ_of, make_gate, records_in

App = Callable[[dict[str, Any], Start], Iterable[bytes]]
Wrap = Callable[[App], ConsentGate]


@pytest.fixture
def wrap(gates: Callable[..., ConsentGate], store: Store, journal: Path) -> Wrap:
    """Put the gate round an application."""
    return lambda app: gates(app, store, journal)


def passed(**more: Any) -> dict[str, Any]:
    return environ_of("/orders", "GET", "kim", **more)


def start_nothing(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
    return lambda data: None


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("member", ["kim", "lee", None])
@pytest.mark.parametrize("path", ["/orders", "/login", "/privacy/", ""])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_both_sides_keep_to_the_letter(
    gates: Callable[..., ConsentGate], store: Store, journal: Path, method: str, member: str, path: str, accept: str
) -> None:
    """wsgiref.validate finds nothing to say about the gate as an application, nor about it as a server."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"ok"]

    gate = gates(validator(app), store, journal)
    environ = environ_of(path, method, member, HTTP_ACCEPT=accept)
    environ["SCRIPT_NAME"] = "" if path else "/mount"

    ask(validator(gate), environ)

    assert len(records_in(journal)) == 1


def test_a_refusal_in_an_outage_keeps_to_the_letter(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """The 503 without a record, and the one with, satisfy wsgiref.validate as well."""
    gate = gates(host, store, journal)
    store.path.unlink()
    assert ask(validator(gate), passed()).code == 503
    gate.journal.close()
    journal.rename(journal.with_name("away"))

    assert ask(validator(gate), passed()).code == 503
    assert ask(validator(gate), passed(REQUEST_METHOD="HEAD")).body == b""


class Body:
    """A body that counts how it is used."""

    def __init__(self, parts: Iterable[bytes] = (b"a", b"b")) -> None:
        self.read, self.closed = 0, 0
        self._parts = iter(parts)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.read += 1
        return next(self._parts)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    "body", [[b"a"], (b"a",), Body(), iter([b"a"]), FileWrapper(io.BytesIO(b"a")), [], {b"a": 1}], ids=type
)
def test_what_the_application_returns_is_returned_itself(wrap: Wrap, body: Iterable[bytes]) -> None:
    """The server gets the very object that the application gave: its length, close() and file stay its own."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [])
        return body

    assert wrap(app)(passed(), start_nothing) is body


def test_headers_and_status_go_through_as_they_are(wrap: Wrap) -> None:
    """Status and header list reach the server unchanged, repeated names and order included; the list is the app's."""
    headers = [("Set-Cookie", "a=1"), ("X-Odd", ""), ("Set-Cookie", "b=2")]
    seen: list[Any] = []

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("299 So So", headers)
        return []

    def start_response(status: str, got: list[tuple[str, str]]) -> Callable[[bytes], None]:
        seen.extend((status, got))
        return lambda data: None

    wrap(app)(passed(), start_response)  # a server whose start_response takes no third argument

    assert seen[0] == "299 So So"
    assert seen[1] is headers


def test_a_stream_is_not_read_ahead_and_closed_once(wrap: Wrap) -> None:
    """Nothing of a stream is read before the server asks, and the server alone closes it."""
    body = Body()

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    gate = wrap(app)
    assert (gate(passed(), start_nothing), body.read, body.closed) == (body, 0, 0)
    assert ask(gate, passed()).body == b"ab"
    assert body.closed == 1


def test_write_is_the_servers_own(wrap: Wrap) -> None:
    """The callable that start_response gives is the server's, and what is written through it arrives first."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        return [b"returned"]

    assert ask(wrap(app), passed()).body == b"written returned"


def test_the_environ_is_the_servers_own(wrap: Wrap) -> None:
    """The application is given the same environ object, with the gate's keys added and nothing else touched."""
    environ = passed()
    before = dict(environ)
    seen: list[dict[str, Any]] = []

    def app(given: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        seen.append(given)
        start_response("200 OK", [])
        return []

    wrap(app)(environ, start_nothing)

    assert seen[0] is environ
    assert {key: value for key, value in environ.items() if not key.startswith("consent_gate.")} == before


class Unreadable:
    """A request body that nobody may touch."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"wsgi.input.{name} was touched")


@pytest.mark.parametrize("member", ["kim", "lee", None])
@pytest.mark.parametrize("path", ["/orders", "/login", "/privacy/"])
def test_a_request_body_is_never_touched(wrap: Wrap, path: str, member: str | None) -> None:
    """The gate never reads, seeks or measures what is sent, however large it says to be."""
    body = Unreadable()
    more: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": str(10**12), "HTTP_TRANSFER_ENCODING": "chunked"}
    seen: list[object] = []

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        seen.append(environ["wsgi.input"])
        start_response("200 OK", [])
        return []

    ask(wrap(app), environ_of(path, "POST", member, **more))

    assert seen in ([], [body])


def test_expect_and_upgrade_are_the_servers_business(wrap: Wrap, host: Host) -> None:
    """An Expect header and a WebSocket upgrade reach the application of a consented member, and nobody else's."""
    upgrade = {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade", "wsgi.websocket": object()}
    gate = wrap(host)

    assert ask(gate, passed(HTTP_EXPECT="100-continue", **upgrade)).code == 200
    assert ask(gate, environ_of("/orders", "GET", "lee", HTTP_EXPECT="100-continue", **upgrade)).code == 403
    assert ask(gate, environ_of("/orders", "GET", None, **upgrade)).code == 403
    assert [call["wsgi.websocket"] for call in host.calls] == [upgrade["wsgi.websocket"]]


def test_a_head_request_is_passed_on_as_one(wrap: Wrap, host: Host, journal: Path) -> None:
    """HEAD stays HEAD for the application and for the record."""
    ask(wrap(host), environ_of("/orders", "HEAD", "kim"))

    assert host.calls[0]["REQUEST_METHOD"] == "HEAD"
    assert [record.method for record in records_in(journal)] == ["HEAD"]


def test_the_record_is_there_before_the_answer_begins(wrap: Wrap, host: Host, journal: Path) -> None:
    """When the server is told the status, the access record stands in the file already."""
    counts: list[int] = []

    def start_response(status: str, headers: object, exc_info: object = None) -> Callable[[bytes], None]:
        counts.append(len(records_in(journal)))
        return lambda data: None

    gate = wrap(host)
    for member in ("kim", "lee", None):
        gate(environ_of("/orders", "GET", member), start_response)

    assert counts == [1, 2, 3]


def test_an_error_after_the_start_replaces_the_headers(wrap: Wrap, journal: Path) -> None:
    """A second start_response with exc_info reaches the server with it; the record stays one."""
    seen: list[object] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise LookupError
        except LookupError:
            start_response("500 Internal Server Error", [], sys.exc_info())
            start_response("500 Internal Server Error", [], exc_info=sys.exc_info())
        return [b"sorry"]

    def start_response(status: str, headers: object, exc_info: Any = None) -> Callable[[bytes], None]:
        seen.append((status, exc_info and exc_info[0]))
        return lambda data: None

    wrap(app)(passed(), start_response)

    assert seen == [("200 OK", None), *[("500 Internal Server Error", LookupError)] * 2]
    assert [record.status for record in records_in(journal)] == [200]


def test_an_error_that_comes_too_late_is_raised_by_the_server(wrap: Wrap) -> None:
    """When the server re-raises because the answer is under way, the application gets that exception."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise LookupError
        except LookupError:
            start_response("500 Oh", [], sys.exc_info())
        return []

    def start_response(status: str, headers: object, exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info:
            raise exc_info[1]
        return lambda data: None

    with pytest.raises(LookupError):
        wrap(app)(passed(), start_response)


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_an_application_that_raises_is_recorded_as_500(wrap: Wrap, journal: Path, error: type[BaseException]) -> None:
    """An exception goes on to the server as it came, and the request has its record."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        raise error

    with pytest.raises(error):
        wrap(app)(passed(), start_nothing)
    assert [(record.status, record.decision) for record in records_in(journal)] == [(500, "passed")]


def test_an_application_that_raises_after_its_start_has_the_status_it_told(wrap: Wrap, journal: Path) -> None:
    """What was begun stays recorded as it was begun; there is no second record."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("201 Created", [])
        raise ValueError

    with pytest.raises(ValueError):
        wrap(app)(passed(), start_nothing)
    assert [record.status for record in records_in(journal)] == [201]


def test_a_body_that_raises_is_recorded_once(wrap: Wrap, journal: Path) -> None:
    """A stream that breaks off has the record of its beginning."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [])
        return broken()

    with pytest.raises(ValueError):
        list(wrap(app)(passed(), start_nothing))
    assert [record.status for record in records_in(journal)] == [200]


def broken() -> Iterator[bytes]:
    yield b"a"
    raise ValueError


def late(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    """An application that is one generator: it begins its answer when its first part is read."""
    start_response("202 Accepted", [("Content-Type", "text/plain")])
    yield b"a"
    yield b"b"


def test_an_application_that_begins_late_is_followed(wrap: Wrap, journal: Path) -> None:
    """A generator application works, and has its record when it begins."""
    gate = wrap(late)
    body = gate(passed(), start_nothing)
    assert records_in(journal) == []
    assert next(iter(body)) == b"a"
    assert [record.status for record in records_in(journal)] == [202]
    assert list(body) == [b"b"]
    body.close()  # type: ignore[attr-defined]

    assert ask(gate, passed()) == ("202 Accepted", {"Content-Type": "text/plain"}, b"ab")
    assert [record.status for record in records_in(journal)] == [202, 202]


def test_a_late_application_keeps_to_the_letter(gates: Callable[..., ConsentGate], store: Store, journal: Path) -> None:
    """A generator application behind the gate satisfies wsgiref.validate from the server's side."""
    gate = gates(late, store, journal)

    assert ask(validator(gate), environ_of("/orders", "GET", "kim")).body == b"ab"


def late_and_broken(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    raise ValueError
    yield b""


def never(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    yield from ()


def test_a_late_application_that_raises_is_recorded_as_500(wrap: Wrap, journal: Path) -> None:
    """An exception before the late beginning goes on to the server, and the request has its record."""
    with pytest.raises(ValueError):
        list(wrap(late_and_broken)(passed(), start_nothing))
    assert [record.status for record in records_in(journal)] == [500]


def test_a_late_application_that_never_begins_is_recorded(wrap: Wrap, journal: Path) -> None:
    """An application that ends without an answer has a record with no status."""
    assert list(wrap(never)(passed(), start_nothing)) == []
    assert [record.status for record in records_in(journal)] == [0]


@pytest.mark.parametrize("returned", [Body(), [], None], ids=["a body", "a list", "nothing"])
def test_a_body_that_is_closed_unread_is_recorded(wrap: Wrap, journal: Path, returned: Any) -> None:
    """When the server closes a body without reading it, close() is passed on and the request has its record."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        return returned  # type: ignore[no-any-return]

    wrap(app)(passed(), start_nothing).close()  # type: ignore[attr-defined]

    assert [record.status for record in records_in(journal)] == [0]
    if isinstance(returned, Body):
        assert returned.closed == 1


def test_a_body_whose_close_raises_is_recorded(wrap: Wrap, journal: Path) -> None:
    """An exception from close() goes on, and the request has its record."""

    class Broken(Body):
        def close(self) -> None:
            raise ValueError

    with pytest.raises(ValueError):
        wrap(lambda environ, start_response: Broken())(passed(), start_nothing).close()  # type: ignore[attr-defined]
    assert [record.status for record in records_in(journal)] == [0]


@pytest.mark.parametrize("status", ["", "OK", "²²² Odd", "٣٣٣ Odd", "20 Odd"])
def test_an_odd_status_does_not_break_the_record(wrap: Wrap, journal: Path, status: str) -> None:
    """A status that is no number is passed on and recorded as none."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response(status, [])
        return []

    wrap(app)(passed(), start_nothing)

    assert [record.status for record in records_in(journal)] == [0]


def test_a_record_tells_the_request(wrap: Wrap, host: Host, journal: Path) -> None:
    """One line holds time, request id, reference, address, method, path without its query, status, decision, agent and
    cookies."""
    ask(wrap(host), passed(QUERY_STRING="secret=1", HTTP_USER_AGENT="Test/1.0 (회원)", HTTP_COOKIE="session=abc"))

    (record,) = records_in(journal)
    assert record.at == 1_795_402_800_000_000
    assert record[2:9] == (
        "ref-of-kim",
        "192.0.2.7",
        "GET",
        "/orders",
        200,
        "passed",
        "Test/1.0 (%ED%9A%8C%EC%9B%90)",
    )
    assert record.cookies.startswith("session=")


def test_no_address_in_a_path_is_recorded(wrap: Wrap, host: Host, journal: Path) -> None:
    """Of a segment with an "@" the record tells nothing else; the application gets the path as it came."""
    ask(wrap(host), passed(PATH_INFO="/people/kim@gaon.example/bills"))

    assert [record.path for record in records_in(journal)] == ["/people/@/bills"]
    assert host.calls[0]["PATH_INFO"] == "/people/kim@gaon.example/bills"


def test_an_application_that_writes_into_its_environ_changes_no_record(wrap: Wrap, journal: Path) -> None:
    """A mount or a proxy fix behind the gate may rewrite the environ; the record tells what arrived."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        environ |= {"SCRIPT_NAME": "/orders", "PATH_INFO": "", "REQUEST_METHOD": "BREW", "REMOTE_ADDR": "127.0.0.1"}
        environ |= {"HTTP_USER_AGENT": "other", "HTTP_COOKIE": "", "consent_gate.member": "other"}
        start_response("200 OK", [])
        return []

    ask(wrap(app), passed(HTTP_USER_AGENT="Test/1.0", HTTP_COOKIE="session=abc"))

    (record,) = records_in(journal)
    told = (record.ref, record.ip, record.method, record.path, record.user_agent)
    assert told == ("ref-of-kim", "192.0.2.7", "GET", "/orders", "Test/1.0")
    assert record.cookies.startswith("session=")


def test_a_long_agent_is_cut_and_counted_once(wrap: Wrap, host: Host, journal: Path) -> None:
    """An agent is recorded up to 512 characters, the same way each time."""
    gate = wrap(host)
    for _ in range(3):
        ask(gate, passed(HTTP_USER_AGENT="a" * 5000))

    assert [record.user_agent for record in records_in(journal)] == ["a" * 512] * 3


def test_requests_are_numbered(wrap: Wrap, host: Host, journal: Path) -> None:
    """Every request of one process has an id of its own, which begins with its writer's."""
    gate = wrap(host)
    for member in ("kim", "lee", None) * 10:
        ask(gate, environ_of("/orders", "GET", member))

    ids = [record.request_id for record in records_in(journal)]
    assert len(set(ids)) == 30
    assert all(request_id.startswith(gate.journal.writer) for request_id in ids)


def test_a_gate_without_a_clock_of_its_own_uses_the_time(host: Host, store: Store, journal: Path) -> None:
    """Without a clock of the caller's, records tell the time of day in microseconds UTC."""
    from middleware.gate import microseconds

    gate = make_gate(host, store, journal, clock=microseconds)
    before = time.time_ns() // 1000
    ask(gate, environ_of("/login"))
    after = time.time_ns() // 1000
    gate.close()

    (record,) = records_in(journal)
    assert before <= record.at <= after


def test_the_record_tells_what_arrived(wrap: Wrap, journal: Path) -> None:
    """An application that writes into its environ, as a mount does, changes nothing in the access record."""

    def mounting(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        environ.update(SCRIPT_NAME="/orders", PATH_INFO="/7", REQUEST_METHOD="GET", REMOTE_ADDR="198.51.100.9")
        environ.update(HTTP_USER_AGENT="another", HTTP_COOKIE="")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    ask(
        wrap(mounting),
        environ_of("/orders/7", "POST", "kim", REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="curl/8", HTTP_COOKIE="a=1"),
    )

    (record,) = records_in(journal)
    assert (record.method, record.path, record.ip, record.user_agent) == ("POST", "/orders/7", "192.0.2.7", "curl/8")
    assert record.cookies.startswith("a=")
