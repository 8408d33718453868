"""The sample MateCost behind the gate on gunicorn, compared on the wire: chunks, HEAD, kept connections."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from portal.demo.matecost import create_matecost

from .conftest import GateStore

SECRET = "a-secret-key-for-the-sample-in-tests"
MODULE = """
from pathlib import Path
from middleware import ConsentGate, identity
from portal.demo.matecost import create_matecost

bare = create_matecost(Path({instance!r}), {secret!r})
gated = ConsentGate(
    bare, store={store!r}, journal={journal!r}, identify=identity.flask_session(bare), digest_key=b"k" * 32,
    exempt=["/login", "/healthz", "/static/"], login_url="/login",
)
"""


@contextmanager
def on_gunicorn(folder: Path, name: str) -> Iterator[int]:
    """Serve `name` of the module in `folder` with threads; the socket is open before gunicorn starts."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening.fileno()}", "--log-level", "error"]
        command += ["--worker-class", "gthread", "--threads", "2", "--pythonpath", f"{folder},{Path.cwd()}"]
        server = subprocess.Popen(
            [*command, "--no-control-socket", f"wrapped_sample:{name}"], pass_fds=[listening.fileno()], cwd=folder
        )
        try:
            yield listening.getsockname()[1]
        finally:
            server.terminate()
            server.wait(timeout=60)


def sent(port: int, *requests: bytes) -> bytes:
    """Send requests over one connection, one after the other, and return all that comes until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(b"".join(requests))
        received = b""
        while part := connection.recv(65536):
            received += part
    return re.sub(rb"\r\nDate: [^\r]+", b"", received)


def asked(line: str, cookie: str, *headers: str, body: bytes = b"", last: bool = True) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: matecost.example", f"Cookie: {cookie}", *headers]
    if last:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def sample(tmp_path: Path, gate_store: GateStore) -> Callable[[str], str]:
    """Write the module that gunicorn loads; return a maker of session cookies."""
    instance = tmp_path / "sample"
    app: Flask = create_matecost(instance, SECRET)
    text = MODULE.format(instance=str(instance), secret=SECRET, store=gate_store.url, journal=str(gate_store.journal))
    (tmp_path / "wrapped_sample.py").write_text(text)
    gate_store.stand("gaon-1001")

    def cookie(mail: str) -> str:
        client = app.test_client()
        password = {"haneul.kim@gaon.example": "sample-gaon-1001", "seojun.lee@gaon.example": "sample-gaon-1002"}[mail]
        # The address and browser that Flask-Login notes are those of the requests below: none and the loopback.
        client.post(
            "/login",
            data={"mail": mail, "password": password},
            environ_overrides={"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "Wire/1.0"},
        )
        found = client.get_cookie("matecost")
        assert found is not None
        return f"matecost={found.value}"

    return cookie


AGENT = "User-Agent: Wire/1.0"


def conversation(cookie: str) -> list[tuple[bytes, ...]]:
    """Connections, each with the requests sent over it."""
    return [
        (asked("GET /stream", cookie, AGENT),),
        (asked("HEAD /stream", cookie, AGENT),),
        (asked("GET /api/costs", cookie, AGENT, last=False), asked("GET /healthz", cookie, AGENT)),
        (asked("GET /download/costs.csv", cookie, AGENT),),
        (asked("GET /static/matecost.css", cookie, AGENT, "Range: bytes=0-99"),),
        (asked("POST /healthz", cookie, AGENT, "Content-Length: 5", body=b"hello"),),
        (asked("POST /logout", cookie, AGENT, "Sec-Fetch-Site: cross-site", "Content-Length: 0"),),
        (asked("POST /nowhere", cookie, AGENT, "Expect: 100-continue", "Content-Length: 2", body=b"hi"),),
        (asked("GET /nowhere", cookie, AGENT),),
    ]


def without_renewal(answer: bytes) -> bytes:
    """Take out what tells the second at which Flask renewed the session."""
    return re.sub(rb"matecost=[^;]+; Expires=[^;]+", b"matecost=RENEWED", answer)


def test_the_bytes_on_the_wire_are_the_same(
    sample: Callable[[str], str], tmp_path: Path, gate_store: GateStore
) -> None:
    """Chunks, HEAD, two requests over one connection, Range and Expect: the wire is the same to the byte."""
    talk = conversation(sample("haneul.kim@gaon.example"))

    with on_gunicorn(tmp_path, "bare") as port:
        bare = [without_renewal(sent(port, *requests)) for requests in talk]
    with on_gunicorn(tmp_path, "gated") as port:
        behind = [without_renewal(sent(port, *requests)) for requests in talk]

    for requests, one, other in zip(talk, bare, behind, strict=True):
        assert other == one, requests
    assert b"Transfer-Encoding: chunked" in bare[0]
    assert bare[0].endswith(b"\r\n0\r\n\r\n")
    assert bare[2].count(b"HTTP/1.1 200 OK") == 2
    assert sum(record.decision == "passed" for record in gate_store.records()) == 7


def test_nobody_else_reads_a_byte(sample: Callable[[str], str], tmp_path: Path) -> None:
    """A member who has not consented gets no figure by any of these requests, only refusals and what is exempt."""
    talk = conversation(sample("seojun.lee@gaon.example"))

    with on_gunicorn(tmp_path, "gated") as port:
        answers = [sent(port, *requests) for requests in talk]

    for answer in (answers[0], answers[1], answers[3], answers[6], answers[8]):
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert all("컴퓨팅".encode() not in answer and b"4275000" not in answer for answer in answers)
