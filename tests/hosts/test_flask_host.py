"""A Flask application with Flask-Login behind the gate, on a real server."""

import hashlib
import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from flask import Flask, Response, make_response, request, send_file, session
from flask_login import LoginManager, UserMixin, current_user, login_user

from middleware import identity

from .conftest import GateStore
from .serving import Answer, Asked, Counted, served

MULTIPART = (
    b'--cut\r\nContent-Disposition: form-data; name="file"; filename="costs.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + bytes(range(256)) * 400 + b"\r\n--cut--\r\n"
)
CONVERSATION = [
    Asked("GET", "/"),
    Asked("HEAD", "/"),
    Asked("GET", "/?q=%ED%95%9C%EA%B8%80&next=//elsewhere.example"),
    Asked("OPTIONS", "/"),
    Asked("POST", "/upload", {"Content-Type": "multipart/form-data; boundary=cut"}, MULTIPART),
    Asked("POST", "/raw", {"Content-Type": "application/octet-stream"}, bytes(range(256)) * 4096),
    Asked("POST", "/raw", {"Content-Length": "0"}),
    Asked("GET", "/file"),
    Asked("HEAD", "/file"),
    Asked("GET", "/file", {"Range": "bytes=100-199"}),
    Asked("GET", "/file", {"Range": "bytes=-10"}),
    Asked("GET", "/file", {"Range": "bytes=999999-"}),
    Asked("GET", "/file", {"Accept": "text/html", "Accept-Encoding": "gzip"}),
    Asked("GET", "/stream"),
    Asked("GET", "/broken-stream"),
    Asked("GET", "/cookies"),
    Asked("GET", "/redirect"),
    Asked("GET", "/empty"),
    Asked("GET", "/teapot"),
    Asked("GET", "/boom"),
    Asked("GET", "/missing/../odd;path//here%00%ff"),
    Asked("DELETE", "/"),
    Asked("PATCH", "/raw", {}, b"patch"),
]


class Member(UserMixin):
    def __init__(self, member: str) -> None:
        self.id = member


@pytest.fixture
def host(tmp_path: Path) -> Flask:
    """A host that uploads, downloads, streams, redirects and fails."""
    app = Flask("host")
    app.config.update(SECRET_KEY="the-secret-key-of-the-sample-host", PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True
    login = LoginManager(app)
    login.user_loader(Member)
    content = tmp_path / "report.bin"
    content.write_bytes(bytes(range(256)) * 500)

    @app.get("/")
    def whom() -> str:
        return f"안녕하세요, {current_user.get_id()} {request.args.to_dict()}"

    @app.post("/upload")
    def upload() -> dict[str, Any]:
        sent = request.files["file"].read()
        return {"bytes": len(sent), "sha256": hashlib.sha256(sent).hexdigest()}

    @app.route("/raw", methods=["POST", "PATCH"])
    def raw() -> bytes:
        return request.get_data()[::-1]

    @app.get("/file")
    def file() -> Response:
        return send_file(content, conditional=True, etag="fixed", last_modified=1_600_000_000)

    @app.get("/stream")
    def stream() -> Response:
        return Response((f"line {number}\n" for number in range(1000)), mimetype="text/plain")

    @app.get("/broken-stream")
    def broken_stream() -> Response:
        def lines() -> Iterator[str]:
            yield "begun\n"
            raise ConnectionError("the source is gone")

        return Response(lines(), mimetype="text/plain")

    @app.get("/cookies")
    def cookies() -> Response:
        response = make_response("two cookies")
        response.set_cookie("one", "1")
        response.set_cookie("two", "2", httponly=True)
        return response

    @app.get("/redirect")
    def redirect() -> tuple[str, int, dict[str, str]]:
        return "", 302, {"Location": "/elsewhere"}

    app.add_url_rule("/empty", view_func=lambda: ("", 204), endpoint="empty")
    app.add_url_rule("/teapot", view_func=lambda: ("short and stout", "418 I'm a teapot"), endpoint="teapot")
    app.add_url_rule("/boom", view_func=lambda: 1 // 0, endpoint="boom")
    return app


def cookie_of(app: Flask, member: str) -> dict[str, str]:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        login_user(Member(member))
        value = app.session_interface.get_signing_serializer(app).dumps(dict(session))  # type: ignore[attr-defined]
    return {"Cookie": f"theme=dark; session={value}"}


def talk(app: Any, headers: dict[str, str]) -> list[Answer]:
    with served(app) as server:
        return server.talk(CONVERSATION, headers)


def test_a_consented_member_gets_what_the_bare_host_gives(host: Flask, gated: Callable[..., Any]) -> None:
    """Uploads, ranges, streams, HEAD, redirects and errors: status, headers and body are the same to the byte."""
    headers = cookie_of(host, "kim")

    bare = talk(host, headers)
    behind = talk(gated(host, identity.flask_session(host)), headers)

    for asked, one, other in zip(CONVERSATION, bare, behind, strict=True):
        assert other == one, asked
    assert [answer.status for answer in bare] == [
        *(200, 200, 200, 200, 200, 200, 200, 200, 200, 206, 206, 416, 200),
        *(200, 200, 200, 302, 204, 418, 500, 404, 405, 200),
    ]


def test_every_answer_has_its_record(host: Flask, gated: Callable[..., Any], gate_store: GateStore) -> None:
    """A conversation leaves one record per request, with the status that was answered."""
    headers = cookie_of(host, "kim")

    answers = talk(gated(host, identity.flask_session(host)), headers)

    records = gate_store.records()
    assert [record.status for record in records] == [answer.status for answer in answers]
    assert {(record.ref, record.decision, record.ip) for record in records} == {("ref-of-kim", "passed", "127.0.0.1")}


@pytest.mark.parametrize(
    ("member", "status"),
    [
        pytest.param(None, 403, id="nobody"),
        pytest.param("lee", 403, id="not consented"),
        pytest.param("park", 403, id="consented to an older policy"),
        pytest.param("choi", 403, id="suspended"),
        pytest.param("stranger", 403, id="unknown to the portal"),
    ],
)
def test_everybody_else_gets_nothing(host: Flask, gated: Callable[..., Any], member: str | None, status: int) -> None:
    """Without standing the host is not called once, whatever is asked, and nothing of it is in any answer."""
    counted = Counted(host)
    headers = cookie_of(host, member) if member else {"Cookie": "session=forged; bad name=1"}

    gate = gated(counted, identity.flask_session(host), login_url="/login", exempt=["/login"])
    answers = talk(gate, headers)

    assert counted.calls == 0
    for asked, answer in zip(CONVERSATION, answers, strict=True):
        expected = 303 if asked.headers.get("Accept") == "text/html" else status
        assert answer.status == expected, asked
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("Set-Cookie") is None


@pytest.mark.parametrize("member", ["kim", "lee"], ids=["consented", "not consented"])
def test_both_sides_keep_the_protocol(host: Flask, gated: Callable[..., Any], member: str) -> None:
    """`wsgiref.validate` has nothing to say about the gate, neither as an application nor as a server."""
    gate = gated(validator(host), identity.flask_session(host))

    # Flask itself sends a Content-Type with 204, which the validator rightly refuses.
    conversation = [asked for asked in CONVERSATION if asked.path != "/empty"]
    with served(validator(gate)) as server:
        server.talk(conversation, cookie_of(host, member))

    assert [fault for fault in server.faults if "AssertionError" in fault] == []


def test_the_host_is_told_who_passed(host: Flask, gated: Callable[..., Any]) -> None:
    """The host finds the member's opaque reference and its own id in the environ, and no header can forge them."""
    counted = Counted(host)

    with served(gated(counted, identity.flask_session(host))) as server:
        server.ask(
            Asked("GET", "/", {**cookie_of(host, "kim"), "consent_gate.member": "x", "Consent-Gate.Member": "x"})
        )

    request_id = counted.told.pop("consent_gate.request_id")
    assert len(request_id) >= 16
    assert counted.told == {
        "consent_gate.member": "ref-of-kim",
        "consent_gate.host_id": "kim",
        "consent_gate.decision": "passed",
        "consent_gate.identity_failed": False,
    }


def test_the_body_is_returned_as_it_came(gated: Callable[..., Any], gate_store: GateStore) -> None:
    """The iterable of a bare WSGI callable is returned itself, and so is a file wrapper of the server's."""
    bodies: list[Any] = [[b"one", b"two"], iter([b"one"]), io.BytesIO(b"file")]
    remaining = iter(bodies)

    def bare(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return next(remaining)

    gate = gated(bare, lambda environ: "kim")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "REMOTE_ADDR": "192.0.2.7"}

    for body in bodies:
        assert gate(dict(environ), lambda status, headers, exc_info=None: None) is body


def test_a_bare_callable_needs_no_framework(gated: Callable[..., Any]) -> None:
    """A bare WSGI callable that writes, streams and closes is served the same behind the gate."""
    closed: list[str] = []

    class Body:
        def __init__(self, name: str) -> None:
            self.name = name

        def __iter__(self) -> Iterator[bytes]:
            return itertools.chain([b""], (b"%d " % number for number in range(50)))

        def close(self) -> None:
            closed.append(self.name)

    def bare(environ: dict[str, Any], start_response: Any) -> Any:
        write = start_response("200 OK", [("Content-Type", "text/plain"), ("X-Sent", environ["REQUEST_METHOD"])])
        write(b"written first ")
        return Body(environ["PATH_INFO"])

    conversation = [Asked("GET", "/a"), Asked("POST", "/b", {}, b"x" * 70_000), Asked("GET", "/c")]

    with served(validator(bare)) as server:
        expected = server.talk(conversation)
    with served(
        validator(gated(validator(bare), identity.trusted_header("X-User", proxies=["127.0.0.0/8"])))
    ) as server:
        behind = server.talk(conversation, {"X-User": "kim"})

    assert behind == expected
    assert expected[0].body.startswith(b"written first 0 1 2 ")
    assert closed == ["/a", "/b", "/c", "/a", "/b", "/c"]
