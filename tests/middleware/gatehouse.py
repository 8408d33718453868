"""What the tests of the gate build with: a clock in microseconds, a store to write in, a host that counts its calls."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.util import setup_testing_defaults

from middleware import ConsentGate
from middleware.journal import Record, parse_line, segments
from middleware.standing import sqlite_path
from portal.records.epoch import standing_change

NOON = 1_795_402_800_000_000  # 2026-11-23 03:00 UTC, noon in Seoul, in microseconds
SECOND = 1_000_000
IN_FORCE_SINCE = 1_700_000_000_000_000  # 2023-11-14
REQUIRED = "a" * 64  # the requirement hash of the policy in force
MATERIAL = "b" * 64  # that of a later version, which asks for consent again
KEY = b"k" * 32
Start = Callable[..., Callable[[bytes], object]]


class MicroClock:
    """A clock that stands still until a test moves it; microseconds UTC, as the gate wants them."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, microseconds: int) -> None:
        self.now += microseconds


class Store:
    """A migrated main store, on either engine, written as the portal does: every change inside `standing_change`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._published = 0

    @property
    def path(self) -> Path:
        return sqlite_path(self.url)

    @property
    def epoch(self) -> Path:
        return self.path.with_name(self.path.name + ".epoch")

    def publish(self, requirement_hash: str, effective_at: int = 0) -> str:
        """Publish one more version of the policy, and return its name."""
        self._published += 1
        version = f"{effective_at}-{self._published}"
        self.change(
            "INSERT INTO policy_versions (version, body, body_sha256, requirement_hash, effective_at, published_at)"
            " VALUES (?, '{}', '', ?, ?, 0)",
            version,
            requirement_hash,
            effective_at,
        )
        return version

    def withdraw(self, version: str) -> None:
        """Note that a version was withdrawn."""
        self.change("INSERT INTO policy_withdrawals VALUES (?, 'wrong', 'officer', 0)", version)

    def stand(self, host_id: str, requirement_hash: str | None, *, suspended: bool = False) -> None:
        """Note which requirement a member has satisfied; None is a withdrawal."""
        self.change(
            "INSERT INTO standing (host_id, ref, requirement_hash, suspended, changed_at) VALUES (?, ?, ?, ?, 0)"
            " ON CONFLICT (host_id) DO UPDATE SET"
            " requirement_hash = excluded.requirement_hash, suspended = excluded.suspended",
            host_id,
            ref_of(host_id),
            requirement_hash,
            suspended,
        )

    def change(self, statement: str, *values: object) -> None:
        """Carry out one statement as the portal does, inside `standing_change`."""
        with standing_change(self.url):
            self.by_hand(statement, *values)

    def by_hand(self, statement: str, *values: object) -> None:
        """Carry out one statement as somebody at a prompt does: nobody tells the gates."""
        with self.connection() as connection:
            connection.execute(statement if self.url.startswith("sqlite") else statement.replace("?", "%s"), values)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection of one's own that commits each statement."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as connection:
                yield connection
        else:
            import psycopg

            with psycopg.connect("postgresql://" + self.url.partition("://")[2], autocommit=True) as connection:
                yield connection


def ref_of(host_id: str) -> str:
    """Return the opaque reference under which the store of a test knows a member."""
    return f"ref-of-{host_id}"[:26]


class Host:
    """A host application that keeps the environ of every call it gets."""

    def __init__(self, status: str = "200 OK", body: Iterable[bytes] = (b"cost: 42",)) -> None:
        self.calls: list[dict[str, Any]] = []
        self._status, self._body = status, body

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        self.calls.append(dict(environ))
        start_response(self._status, [("Content-Type", "text/plain")])
        return self._body


class Answer(NamedTuple):
    """What a client of the gate sees."""

    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> int:
        return int(self.status[:3])


def environ_of(path: str = "/orders", method: str = "GET", member: object = None, /, **more: object) -> dict[str, Any]:
    """Return the environ of a request, signed in as `member`; `more` goes in as it is."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": ""}
    environ |= {"REMOTE_ADDR": "192.0.2.7", "test.member": member}
    setup_testing_defaults(environ)
    return environ | more


def browser(path: str = "/orders", method: str = "GET", member: object = None, /, **more: object) -> dict[str, Any]:
    """Return the environ of a browser on its way to a page."""
    return environ_of(path, method, member, HTTP_ACCEPT="text/html,*/*;q=0.8", HTTP_SEC_FETCH_MODE="navigate", **more)


def signed_in(environ: Mapping[str, Any]) -> str | None:
    """The identity adapter of these tests: whoever the environ says."""
    return environ.get("test.member")


def ask(application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Answer:
    """Call a WSGI application as a plain server would, and return what came back."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        begun.append((status, headers))
        return written.append

    body = application(environ, start_response)
    try:
        parts = list(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    status, headers = begun[-1]
    return Answer(status, dict(headers), b"".join([*written, *parts]))


def make_gate(app: Callable[..., Iterable[bytes]], store: Store, journal: Path | str, /, **more: Any) -> ConsentGate:
    """Build a gate as these tests want it, unless `more` says otherwise."""
    facts: dict[str, Any] = {
        "store": store.url,
        "journal": journal,
        "identify": signed_in,
        "digest_key": KEY,
        "exempt": ["/login", "/healthz", "/static/"],
        "login_url": "/login",
        "clock": MicroClock(),
    }
    return ConsentGate(app, **(facts | more))


def lines_in(journal: Path) -> list[bytes]:
    """Return every whole line of every segment, oldest segment first."""
    return [line for segment in segments(journal) for line in segment.read_bytes().split(b"\n")[:-1]]


def records_in(journal: Path) -> list[Record]:
    """Return every access record of a journal; a line that is none is a failure."""
    found = [parse_line(line) for line in lines_in(journal)]
    assert None not in found
    return [record for record in found if record is not None]
