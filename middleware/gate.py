"""The gate: WSGI middleware that lets nobody in without recorded consent and leaves a record of every request.

Each request goes through the same steps, in this order, for the order is the safety:
1. The clock is read once, and room for one record is reserved. Without either: 503, and nothing else happens.
2. The decision is taken. Any doubt (host's reader, store, anything unforeseen): 503, the application is not called.
3. Who may not pass is answered here; the record goes before the answer.
4. Who may pass reaches the application; the record is written inside `start_response`, before the first byte leaves.

What the application returns is returned as it came: wrapping it would lose `close()`, `wsgi.file_wrapper` and length.
Only an application that has not called `start_response` yet when it returns is followed into its body.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .client import ClientAddress
from .config import Identify, configured
from .cookies import CookieDigests
from .decision import Decider, Decision
from .errors import ClockUnavailable, FaultLog, Unavailable
from .journal import AGENT_CHARS, PATH_CHARS, Journal, Segment, compose, escaped
from .kept import Kept
from .paths import Exemptions
from .replies import Replies, Reply
from .standing import open_standing

if TYPE_CHECKING:
    import os
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"))
METHOD_CHARS = 32
NO_ANSWER = "000"  # the status of a request whose application never began an answer
EARLIEST_US = 1_600_000_000_000_000  # 2020-09-13: a clock before this, when no such gate existed, is wrong
LATEST_US = 7_258_118_400_000_000  # 2200-01-01
_ERROR = Decision("error")
_PASSING = frozenset(("exempt", "portal", "passed"))


def microseconds() -> int:
    """Return the time as microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


class ConsentGate:
    """Wrap a WSGI application.

    `store` is the portal's main store (sqlite:///… or postgresql://…), only read. `journal` is a directory on a local
    disk for access records. `identify` tells the host's own id of the person behind an environ, or None; when it
    raises, the answer is 503. `exempt` lists exact paths, and prefixes that end in "/". `portal` is the path below
    which the privacy portal answers; it is always let through. `login_url` is where an anonymous browser is sent.
    `trusted_proxies` are the networks whose `forwarded_header` is believed. `digest_key` (32 bytes) keys the digests of
    cookies in access records. `clock` gives microseconds UTC; tests pass their own.

    The application finds in its environ: consent_gate.member, .host_id, .decision, .request_id.
    Raises ConfigurationError, naming every fault at once.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        store: str,
        journal: "str | os.PathLike[str]",
        identify: Identify,
        digest_key: bytes,
        exempt: Sequence[str] = (),
        portal: str = "/privacy",
        login_url: str | None = None,
        trusted_proxies: Sequence[str] = (),
        forwarded_header: str = "X-Forwarded-For",
        clock: Callable[[], int] = microseconds,
    ) -> None:
        self.configuration = configured(
            store=store,
            journal=journal,
            identify=identify,
            exempt=exempt,
            portal=portal,
            login_url=login_url,
            trusted_proxies=trusted_proxies,
            forwarded_header=forwarded_header,
            digest_key=digest_key,
        )
        self._app = app
        self._identify = identify
        self._clock = clock
        self.standing = open_standing(store)
        self.journal = Journal(self.configuration.journal)
        self._decider = Decider(Exemptions(exempt), portal, self.standing)
        self._replies = Replies(portal, login_url)
        self.client = ClientAddress(self.configuration.trusted_proxies, forwarded_header)
        self._cookies = CookieDigests(digest_key)
        self._agents: Kept[str, str] = Kept(1024)
        self._faults = FaultLog()
        self._count = itertools.count(1)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # 1. The clock, and room for the record.
        try:
            at = self._clock()
            if not EARLIEST_US < at < LATEST_US:
                raise ClockUnavailable("it tells an impossible time")
            segment = self.journal.reserve()
        except Exception as error:
            return self._unrecorded(error, environ, start_response)
        request_id = f"{self.journal.writer}{next(self._count):08x}"
        entry = _Entry(self, segment, at, request_id, environ, start_response)
        # 2. The decision.
        try:
            decision = self._decider.decide(entry.path, self._identify, environ, at)
        except Exception as error:
            self._tell(error)
            return entry.answer(_ERROR, self._replies.unavailable(environ))
        except BaseException:  # a worker's time-out inside the host's reader; the room must not stay set aside
            entry.record("500")
            raise
        if self._faults.failing:
            self._recovered(decision)
        # 3. Who may not pass.
        if decision.word == "blocked":
            return entry.answer(decision, self._replies.blocked(environ))
        if decision.word not in _PASSING:
            return entry.answer(decision, self._replies.anonymous(environ))
        # 4. Who may pass.
        environ["consent_gate.member"] = decision.ref
        environ["consent_gate.host_id"] = decision.host_id
        environ["consent_gate.decision"] = decision.word
        environ["consent_gate.request_id"] = request_id
        environ["consent_gate.identity_failed"] = decision.identity_failed
        entry.decision = decision
        try:
            body = self._app(environ, entry.begin)
        except BaseException:
            entry.record("500")
            raise
        return body if entry.recorded else _Followed(entry, body)

    def close(self) -> None:
        """Let go of the journal and of the store."""
        self.journal.close()
        self.standing.close()

    def entry_line(self, entry: "_Entry", status: str) -> bytes:
        """Return the access record of a request that is answered with `status`."""
        decision, method, agent = entry.decision, entry.method, entry.agent
        plain_agent = self._agents.young.get(agent) or self._agents.get(agent)
        if plain_agent is None:
            plain_agent = escaped(agent, AGENT_CHARS)
            self._agents.put(agent[:AGENT_CHARS], plain_agent)
        code = status[:3]
        return compose(
            entry.at,
            entry.request_id,
            decision.ref or "",
            entry.ip,
            method if method in METHODS else escaped(method, METHOD_CHARS),
            escaped(entry.path, PATH_CHARS),
            code if code.isdigit() and code.isascii() else NO_ANSWER,
            decision.word,
            plain_agent,
            # Cookies are recorded only of people who have consented to that; the address is a statutory record.
            self._cookies.of(entry.cookies) if decision.consented else "",
        )

    def _unrecorded(
        self, error: Exception, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer 503 where not even a record can be kept."""
        self._tell(error)
        reply = self._replies.unavailable(environ)
        start_response(reply.status, list(reply.headers))
        return [reply.body]

    def _tell(self, error: Exception) -> None:
        if isinstance(error, Unavailable):
            self._faults.failed(error.part, error.why)
        else:
            self._faults.failed("gate", f"{type(error).__name__} {_place(error)}")

    def _recovered(self, decision: Decision) -> None:
        parts = ["clock", "journal"]
        if decision.word in ("anonymous", "blocked", "passed"):
            parts.append("identity")
        if decision.word in ("blocked", "passed"):
            parts += ["store", "gate"]
        for part in parts:
            self._faults.works(part)


class _Entry:
    """One request between its reservation and its record.

    What the record tells is taken when the request arrives: an application may write into its environ, as mounts and
    proxy fixes do.
    """

    __slots__ = (
        "_gate",
        "_segment",
        "_start",
        "agent",
        "at",
        "cookies",
        "decision",
        "ip",
        "method",
        "path",
        "recorded",
        "request_id",
    )

    def __init__(
        self,
        gate: ConsentGate,
        segment: Segment,
        at: int,
        request_id: str,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> None:
        self._gate = gate
        self._segment = segment
        self._start = start_response
        self.at = at
        self.request_id = request_id
        self.ip = gate.client.of(environ)
        self.method = environ.get("REQUEST_METHOD", "")
        self.path = environ.get("PATH_INFO", "")
        self.agent = environ.get("HTTP_USER_AGENT", "")
        self.cookies = environ.get("HTTP_COOKIE", "")
        self.decision = _ERROR
        self.recorded = False

    def answer(self, decision: Decision, reply: Reply) -> Iterable[bytes]:
        """Give the gate's own answer, after its record."""
        self.decision = decision
        self.begin(reply.status, list(reply.headers))
        return [reply.body]

    def begin(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """Record the request, then begin the answer: this is the application's `start_response`."""
        self.record(status)
        if exc_info is None:
            return self._start(status, headers)
        return self._start(status, headers, exc_info)

    def record(self, status: str) -> None:
        """Write the access record, once: an application that begins again after an error has its first one."""
        if not self.recorded:
            line = self._gate.entry_line(self, status)
            self.recorded = True
            self._segment.append(line)


class _Followed:
    """The body of an application that begins its answer only while it is read; a failure before that is recorded."""

    def __init__(self, entry: _Entry, body: Iterable[bytes]) -> None:
        self._entry = entry
        self._body = body
        self._parts: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        except StopIteration:
            self._entry.record(NO_ANSWER)
            raise
        except BaseException:
            self._entry.record("500")
            raise

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._entry.record(NO_ANSWER)


def _place(error: BaseException) -> str:
    """Name the line where an unforeseen error arose, without its text, which may hold personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
