"""Journal segments as the gate writes them, made without a gate."""

import fcntl
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from middleware.journal import SEGMENT_BYTES, Record, compose

MARKED_IP = "203.0.113.77"  # looked for in files; no other test data holds it
_numbers = count(1)


def micros(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0) -> int:
    """Return a moment of UTC in microseconds since 1970."""
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000 + micro


NOON = micros(2026, 11, 23, 3)  # noon in Seoul on the fake clock's day


def a_record(at: int = NOON, **changes: object) -> Record:
    """A record of a passed request; every one has a request id of its own."""
    facts: dict[str, object] = {
        "at": at,
        "request_id": f"r{next(_numbers):09d}",
        "ref": "mmmmmmmmmmmmmmmmmmmmmmmmmm",
        "ip": MARKED_IP,
        "method": "GET",
        "path": "/dashboard",
        "status": 200,
        "decision": "passed",
        "user_agent": "Mozilla/5.0 (sample)",
        "cookies": "session=0123456789abcdef",
    }
    return Record(**{**facts, **changes})  # type: ignore[arg-type]


def text_of(records: Iterable[Record]) -> bytes:
    """The lines of these records."""
    return b"".join(compose(*record._replace(status=str(record.status))) for record in records)  # type: ignore[arg-type]


def a_dead_segment(journal: Path, text: bytes, *, name: str = "", size: int = SEGMENT_BYTES) -> Path:
    """A segment whose writer has gone: `text`, then NULs up to `size`."""
    journal.mkdir(parents=True, exist_ok=True)
    path = journal / (name or f"{next(_numbers):08x}-000000.journal")
    path.write_bytes(text + bytes(max(0, size - len(text))))
    path.chmod(0o600)
    return path


class LiveSegment:
    """A segment whose writer is there: it holds the lock until `die`."""

    def __init__(self, journal: Path, *, size: int = SEGMENT_BYTES) -> None:
        self.path = a_dead_segment(journal, b"", size=size)
        self._fd = os.open(self.path, os.O_RDWR)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self._end = 0

    def write(self, text: bytes) -> None:
        os.pwrite(self._fd, text, self._end)
        self._end += len(text)

    def die(self) -> None:
        os.close(self._fd)
