"""A real server for a test, a client that shows every byte, and the comparison of a bare host with a gated one."""

import http.client
import io
import re
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

App = Callable[..., Iterable[bytes]]


class Asked(NamedTuple):
    """One request of a conversation."""

    method: str
    path: str
    headers: dict[str, str] = {}  # noqa: RUF012
    body: bytes | None = None


class Answer(NamedTuple):
    """One answer as it came: headers in their order, without the date."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Counted:
    """A host that counts its calls and keeps the environ keys of the gate that it last saw."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.calls = 0
        self.told: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.calls += 1
        self.told = {key: value for key, value in environ.items() if key.startswith("consent_gate.")}
        return self.app(environ, start_response)


class _Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        self.faults: list[str] = []
        super().__init__(*args)


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def get_stderr(self) -> io.StringIO:  # type: ignore[override]
        return _Faults(self.server.faults)  # type: ignore[attr-defined]

    def address_string(self) -> str:
        return str(self.client_address[0])


class _Faults(io.StringIO):
    """Where the server and the hosts write their tracebacks."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__()
        self._faults = faults

    def write(self, text: str) -> int:
        self._faults.append(text)
        return len(text)


class Served(NamedTuple):
    port: int
    faults: list[str]

    def ask(self, asked: Asked) -> Answer:
        """Send one request on its own connection and read all of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(asked.method, asked.path, body=asked.body, headers=asked.headers)
            response = connection.getresponse()
            headers = [(key, value) for key, value in response.getheaders() if key.lower() != "date"]
            try:
                body = response.read()
            except http.client.IncompleteRead as cut:  # a host that breaks off in the middle
                body = cut.partial
            return Answer(response.status, response.reason, headers, body)
        finally:
            connection.close()

    def talk(self, conversation: Sequence[Asked], headers: dict[str, str] | None = None) -> list[Answer]:
        """Send the requests of a conversation in turn, each with `headers` added."""
        return [self.ask(asked._replace(headers={**asked.headers, **(headers or {})})) for asked in conversation]


def _with_whole_body(app: App) -> App:
    """Read each body before the app is called, as buffering servers do: it ends where it ends, and nobody who answers
    without reading it resets the connection."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        return app(environ, start_response)

    return call


@contextmanager
def served(app: App) -> Iterator[Served]:
    """Serve an app on 127.0.0.1 with threads, at a port of the system's choice."""
    assert ServerHandler.http_version == "1.0"
    server = _Threaded(("127.0.0.1", 0), _Handler)
    server.set_app(_with_whole_body(app))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Served(server.server_port, server.faults)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_MOMENTS = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
    rb"|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
)
_SPACE = re.compile(rb"(?<=bytes>)\d{6,}(?=</[a-z0-9]*:?quota)")  # what is free and used on this disk
_TAGS = re.compile(rb"\b[0-9a-f]+-\d{10}(\.\d+)?-\d+\b")


def timeless(answer: Answer, port: int) -> Answer:
    """Return an answer without what differs from run to run by its nature: file times, tags, disk space, port."""

    def plain(text: bytes) -> bytes:
        return _SPACE.sub(b"SPACE", _TAGS.sub(b"TAG", _MOMENTS.sub(b"MOMENT", text))).replace(
            b"127.0.0.1:%d" % port, b"HOST"
        )

    headers = [(key, plain(value.encode("latin-1")).decode("latin-1")) for key, value in answer.headers]
    return answer._replace(headers=headers, body=plain(answer.body))
