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
from inspect import ismethod
from typing import TYPE_CHECKING, Any

from .client import ClientAddress
from .config import Identify, configured
from .cookies import CookieDigests
from .decision import NOBODY, UNREADABLE, Decider
from .errors import ClockUnavailable, FaultLog, Unavailable
from .journal import AGENT_CHARS, NO_ANSWER, PATH_CHARS, Journal, Segment, closing, escaped, line_of, opening
from .kept import Kept
from .paths import Exemptions, without_addresses
from .replies import Replies
from .standing import open_standing

if TYPE_CHECKING:
    import os
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"))
METHOD_CHARS = 32
FIRST_REQUEST = 10_000_001  # the next ninety million ids have one length, and no number needs to be padded
KEPT_HEADER_CHARS = (
    4096  # what follows from a longer Cookie header is found anew each time, so that memory stays bounded
)
EARLIEST_US = 1_600_000_000_000_000  # 2020-09-13: a clock before this, when no such gate existed, is wrong
LATEST_US = 7_258_118_400_000_000  # 2200-01-01


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
        # The method of a callable object is called faster than the object.
        self._identify = call if ismethod(call := identify.__call__) else identify  # type: ignore[operator]
        self._clock = clock
        self.standing = open_standing(store)
        self.journal = Journal(self.configuration.journal)
        self._decider = Decider(Exemptions(exempt), portal, self.standing)
        self._replies = Replies(portal, login_url)
        self.client = ClientAddress(self.configuration.trusted_proxies, forwarded_header)
        self._cookies = CookieDigests(digest_key)
        self._agents: Kept[str, str] = Kept(1024)
        self._tails: Kept[str, tuple[str, str]] = Kept(4096)  # by Cookie header: the agent, and what follows the status
        self._faults = FaultLog()
        self._count = itertools.count(FIRST_REQUEST)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # 1. The clock, and room for the record.
        try:
            at = self._clock()
            if not EARLIEST_US < at < LATEST_US:
                raise ClockUnavailable("it tells an impossible time")
            segment = self.journal.current  # asked here, for a call less at most requests
            if segment is None or not segment.reserve():
                segment = self.journal.reserve()
        except Exception as error:
            return self._unrecorded(error, environ, start_response)
        request_id = f"{self.journal.writer}{next(self._count)}"
        # What the record tells is taken now: an application may write into its environ, as mounts and proxy fixes do.
        path = environ.get("PATH_INFO", "")
        method = environ.get("REQUEST_METHOD", "")
        agent = environ.get("HTTP_USER_AGENT", "")
        cookies = environ.get("HTTP_COOKIE", "")
        # 2. The decision.
        word, person, reply, given_up = "error", NOBODY, None, None
        try:
            word, person = self._decider.decide(path, self._identify, environ, at)
        except Exception as error:
            self._tell(error)
            reply = self._replies.unavailable(environ)
        except BaseException as error:  # a worker's time-out inside the host's reader
            given_up = error
        host_id, ref, stands = person
        tail = self._tails.young.get(cookies)
        if tail is None or tail[0] != agent or word != "passed":
            tail = self._tail(word, agent, cookies, stands)
        answer = _Answer()
        answer.opening = opening(
            at,
            request_id,
            ref or "",
            self.client.direct.young.get(environ.get("REMOTE_ADDR", "")) or self.client.of(environ),
            method if method in METHODS else escaped(method, METHOD_CHARS),
            escaped(without_addresses(path) if "@" in path else path, PATH_CHARS),
        )
        answer.closing = tail[1]
        answer.segment = segment
        answer.start = start_response
        answer.recorded = False
        if given_up is not None:  # the room must not stay set aside
            answer.record("500")
            raise given_up
        if reply is None and self._faults.failing:
            self._recovered(word)
        # 3. Who may not pass.
        if word == "blocked":
            reply = self._replies.blocked(environ)
        elif word == "anonymous":
            reply = self._replies.anonymous(environ)
        if reply is not None:
            answer.begin(reply.status, list(reply.headers))
            return [reply.body]
        # 4. Who may pass.
        environ["consent_gate.member"] = ref
        environ["consent_gate.host_id"] = host_id
        environ["consent_gate.decision"] = word
        environ["consent_gate.request_id"] = request_id
        environ["consent_gate.identity_failed"] = person is UNREADABLE
        try:
            body = self._app(environ, answer.begin)
        except BaseException:
            answer.record("500")
            raise
        return body if answer.recorded else _Followed(answer, body)

    def close(self) -> None:
        """Let go of the journal and of the store."""
        self.journal.close()
        self.standing.close()

    def _tail(self, word: str, agent: str, cookies: str, consented: bool) -> tuple[str, str]:
        """Return the agent and the fields of a record behind its status; what is found for one who passes is kept."""
        plain = self._agents.get(agent)
        if plain is None:
            plain = escaped(agent, AGENT_CHARS)
            self._agents.put(agent[:AGENT_CHARS], plain)
        # Cookies are recorded only of people who have consented to that; the address is a statutory record.
        tail = agent, closing(word, plain, self._cookies.of(cookies) if consented else "")
        if word == "passed" and len(agent) <= AGENT_CHARS and len(cookies) <= KEPT_HEADER_CHARS:
            self._tails.put(cookies, tail)
        return tail

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

    def _recovered(self, word: str) -> None:
        parts = ["clock", "journal"]
        if word in ("anonymous", "blocked", "passed"):
            parts.append("identity")
        if word in ("blocked", "passed"):
            parts += ["store", "gate"]
        for part in parts:
            self._faults.works(part)


class _Answer:
    """One answer and its record. The gate fills it field by field: between requests a call costs more than it seems."""

    __slots__ = ("closing", "opening", "recorded", "segment", "start")
    opening: str  # the fields of the record before its status
    closing: str  # and those behind it
    segment: Segment  # where it has room
    start: "StartResponse"
    recorded: bool

    def begin(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """Record the request, then begin the answer: this is the application's `start_response`."""
        if not self.recorded:  # what record() does, with a call less
            line = line_of(self.opening, status, self.closing)
            self.recorded = True
            self.segment.append(line)
        if exc_info is None:
            return self.start(status, headers)
        return self.start(status, headers, exc_info)

    def record(self, status: str) -> None:
        """Write the access record, once: an application that begins again after an error has its first one."""
        if not self.recorded:
            line = line_of(self.opening, status, self.closing)
            self.recorded = True
            self.segment.append(line)


class _Followed:
    """The body of an application that begins its answer only while it is read; a failure before that is recorded."""

    def __init__(self, answer: _Answer, body: Iterable[bytes]) -> None:
        self._answer = answer
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
            self._answer.record(NO_ANSWER)
            raise
        except BaseException:
            self._answer.record("500")
            raise

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._answer.record(NO_ANSWER)


def _place(error: BaseException) -> str:
    """Name the line where an unforeseen error arose, without its text, which may hold personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
