"""What goes into a store and what comes out of it: the shapes that both engines share.

In goes a stretch of one journal segment, read once and sorted by Seoul day; out comes a record, opened. Nothing here
opens a file or a database.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol
from zlib import adler32

from middleware.journal import Record, parse_line
from portal.clock import SEOUL, seoul_day
from portal.database import EPOCH, MICROSECOND

Row = tuple[str, str, str | None, str, str, str, str, bytes, bytes | None]
TABS = len(Record._fields)  # between the fields, and before the checksum
LAST_AT = (datetime(9999, 12, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND  # what a calendar can still hold


class Traces(Protocol):
    """What a seal opens to."""

    @property
    def ip(self) -> str: ...
    @property
    def user_agent(self) -> str: ...
    @property
    def cookies(self) -> str: ...


class Seal(Protocol):
    """What a store needs of a day's seal; `portal.vault.sealing.DaySeal` is the one that runs."""

    def seal(self, request_id: str, ip: str, user_agent: str, cookies: str, /) -> bytes: ...
    def open(self, request_id: str, sealed: bytes, /) -> Traces: ...
    def index_ip(self, ip: str, /) -> bytes | None: ...


SealOf = Callable[[date], Seal | None]
"""The seal of a Seoul day, or None where its records may no longer exist."""


class OffsetMoved(Exception):
    """Another drainer has taken this stretch of a segment; nothing was stored. Read the position again."""

    def __init__(self, segment: str) -> None:
        self.segment = segment
        super().__init__(f"segment {segment} was drained by another")


class Cursor(NamedTuple):
    """Where a page of results ended: the next one begins just before it."""

    at: int
    request_id: str


class AccessRecord(NamedTuple):
    """One record, opened for display. Text is ASCII as the journal keeps it; other bytes are percent-encoded."""

    at: datetime  # aware, UTC
    request_id: str
    ref: str | None
    method: str
    path: str
    status: int
    decision: str
    ip: str
    user_agent: str
    cookies: str  # name=keyed digest, comma between

    @property
    def cursor(self) -> Cursor:
        return Cursor(micros(self.at), self.request_id)


class Search(NamedTuple):
    """What is looked for. Every field that is given must hold; `oldest` is the first day that may still be shown."""

    oldest: date
    ref: str | None = None
    ip: str | None = None
    since: datetime | None = None  # from this moment
    until: datetime | None = None  # up to, not including, this moment
    limit: int = 50
    before: Cursor | None = None


class Kept(NamedTuple):
    """How many records a store took, and how many belonged to a day that is gone."""

    rows: int
    late: int


@dataclass(frozen=True)
class Piece:
    """The bytes of one segment from `start` up to `end`, and by Seoul day the lines in them that are records.

    `torn` holds the positions of lines that are none; they are passed over when the piece is kept.
    """

    segment: str
    start: int
    end: int
    data: bytes
    days: dict[date, list[bytes]] = field(default_factory=dict)
    torn: Sequence[int] = ()

    def since(self, position: int, day: date) -> list[bytes]:
        """Return the day's lines that begin at or after `position`, which must be the start of a line."""
        if position <= self.start:
            return self.days.get(day, [])
        return read(self.segment, position, self.data[position - self.start :], live=False).days.get(day, [])


Keep = Callable[[Iterable[Piece], SealOf], Kept]
"""Stores the records of the pieces, which follow each other in their segments, and moves the segments' positions:
exactly once, and durable on return. Pieces are taken as they are stored."""


def read(segment: str, start: int, data: bytes, *, live: bool) -> Piece:
    """Return what `data`, which begins at `start` of a segment, holds.

    In a live segment the piece ends before the first line that is not whole, for it may still be under way. In a dead
    one such a line is passed over and its position noted; NULs between lines are skipped in both.
    """
    days: dict[date, list[bytes]] = {}
    torn: list[int] = []
    low = high = 0
    of_day: list[bytes] = []
    position = start
    holes = b"\0" in data
    moment_of = _moment if data.isascii() and b"\\" not in data else _moment_of_odd
    lines = data.split(b"\n")
    unfinished = lines.pop()
    for line in lines:
        after = position + len(line) + 1
        fragment = b""
        if holes:
            fragment, _, line = line.rpartition(b"\0")
            fragment = fragment.strip(b"\0")
        at = moment_of(line)
        if at < 0 or fragment:
            if live:
                return Piece(segment, start, position, data[: position - start], days)
            torn.append(position)
        position = after
        if at >= 0:
            if not low <= at < high:
                day, low, high = _day_of(at)
                of_day = days.setdefault(day, [])
            of_day.append(line)
    if live:
        return Piece(segment, start, position, data[: position - start], days)
    if unfinished.strip(b"\0"):
        torn.append(position)
    return Piece(segment, start, start + len(data), data, days, tuple(torn))


def _moment(line: bytes) -> int:
    """Return when the record of an ASCII line was made, or -1 where the line is none: what `parse_line` decides,
    without the record. A million lines are asked at once, and most of a record's cost is the making of it."""
    try:
        end = line.rindex(b"\t")
        if int(line[end + 1 :]) != adler32(line[:end]) or line.count(b"\t") != TABS:
            return -1
        at = int(line[: line.index(b"\t")])
    except ValueError:
        return -1
    return at if at < LAST_AT else -1


def _moment_of_odd(line: bytes) -> int:
    """The same where other bytes stand about. A backslash is none of the journal's, and COPY would take it for its
    own."""
    return -1 if b"\\" in line or parse_line(line) is None else _moment(line)


def micros(at: datetime) -> int:
    """Return an aware moment in microseconds since 1970-01-01 UTC."""
    return (at - EPOCH) // MICROSECOND


def moment(at: int) -> datetime:
    """Return the aware UTC moment `at` microseconds after 1970-01-01 UTC."""
    return EPOCH + at * MICROSECOND


def bounds(day: date) -> tuple[int, int]:
    """Return the first microsecond of a Seoul day and the first after it."""
    midnight = datetime.combine(day, time(), SEOUL)
    return micros(midnight), micros(datetime.combine(day + timedelta(days=1), time(), SEOUL))


def _day_of(at: int) -> tuple[date, int, int]:
    day = seoul_day(moment(at))
    return (day, *bounds(day))


def sealed_rows(lines: Sequence[bytes], seal: Seal) -> Iterator[Row]:
    """Yield lines as rows of access_records, what identifies sealed. The drain's inner loop: nothing else per line,
    and numbers stay text, which both engines turn into numbers faster."""
    sealing, index = seal.seal, seal.index_ip
    for line in lines:
        at, request_id, ref, ip, method, path, status, decision, agent, cookies, _ = line.decode("ascii").split("\t")
        yield (
            at,
            request_id,
            ref or None,
            method,
            path,
            status,
            decision,
            sealing(request_id, ip, agent, cookies),
            index(ip),
        )


def opened(row: Sequence[Any], seal: Seal) -> AccessRecord:
    """Return a row (`finding.COLUMNS`) with its seal opened. Raises what the seal raises where it does not open."""
    at, request_id, ref, method, path, status, decision, sealed = row
    traces = seal.open(request_id, sealed)
    return AccessRecord(
        moment(at),
        request_id,
        ref,
        method,
        path,
        status,
        decision,
        traces.ip,
        traces.user_agent,
        traces.cookies,
    )
