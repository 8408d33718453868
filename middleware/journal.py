"""The journal: one line for every answer, kept before the answer's first byte leaves.

Here live the format of an access record and the files that hold it, for the gate that writes them and for whoever
drains them. Nothing here reads a database or knows a request.

Why a mapped, preallocated file: the line is in the kernel's hands as soon as it is copied, so a killed process loses
nothing, and no system call gives up the interpreter lock. Why room is reserved before the application is called: a
full disk must stop a request at the door, never between the application's work and its record.
"""

import fcntl
import mmap
import os
import re
import secrets
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import adler32

from .errors import JournalUnavailable

SEGMENT_SUFFIX = ".journal"
SEGMENT_BYTES = 4 * 1024 * 1024
LINE_BYTES = 6144  # the longest line that the limits below allow, rounded up
PATH_CHARS, AGENT_CHARS, COOKIES_CHARS = 2048, 512, 2048
DECISIONS = ("exempt", "portal", "passed", "anonymous", "blocked", "error")
NO_ANSWER = "000"  # the status of a request whose application never began an answer
ABANDONED_S = 3600  # a segment that was never finished making is swept after this time

_ESCAPED = tuple(chr(b) if 32 <= b < 127 and chr(b) not in "%\\" else f"%{b:02X}" for b in range(256))
_ODD = re.compile(r"[^ -~]|[%\\]").search


class Record(NamedTuple):
    """One access record. Text is ASCII with every other byte percent-encoded; nothing known is ""."""

    at: int  # microseconds since 1970-01-01 UTC
    request_id: str
    ref: str  # the member's opaque reference
    ip: str
    method: str
    path: str  # without the query
    status: int
    decision: str  # one of DECISIONS
    user_agent: str
    cookies: str  # name=keyed digest, comma between; never a value


def escaped(text: str, limit: int) -> str:
    """Return `text` as printable ASCII without `%`, `\\` or tab of its own, at most `limit` characters long."""
    if len(text) > limit:
        text = text[:limit]
    if not _ODD(text):
        return text
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    whole = "".join([_ESCAPED[byte] for byte in raw])
    return whole if len(whole) <= limit else re.sub(r"%.?\Z", "", whole[:limit])


def opening(at: int, request_id: str, ref: str, ip: str, method: str, path: str) -> str:
    """Return the fields of a line before the status; every text must be escaped already."""
    return f"{at}\t{request_id}\t{ref}\t{ip}\t{method}\t{path}\t"


def closing(decision: str, user_agent: str, cookies: str) -> str:
    """Return the fields behind the status: the same at most requests of one person."""
    return f"\t{decision}\t{user_agent}\t{cookies}"


def line_of(before: str, status: str, behind: str) -> bytes:
    """Return the line of one record. The checksum proves it whole.

    Why Adler-32: it needs no table, which between two requests has left the caches, and a hole of NULs in a line can
    only lower its sum.
    """
    code = status[:3]
    fields = f"{before}{code if code.isdigit() and code.isascii() else NO_ANSWER}{behind}"
    return f"{fields}\t{adler32(fields.encode('ascii'))}\n".encode("ascii")


def compose(
    at: int,
    request_id: str,
    ref: str,
    ip: str,
    method: str,
    path: str,
    status: str,
    decision: str,
    user_agent: str,
    cookies: str,
) -> bytes:
    """Return the line of one record whose status is known; every text must be escaped already."""
    return line_of(opening(at, request_id, ref, ip, method, path), status, closing(decision, user_agent, cookies))


def parse_line(line: bytes) -> Record | None:
    """Return the record of a line given without its newline, or None where the line is torn or not one of ours."""
    body, _, checksum = line.rpartition(b"\t")
    try:
        if int(checksum) != adler32(body):
            return None
        at, request_id, ref, ip, method, path, status, decision, agent, cookies = body.decode("ascii").split("\t")
        return Record(int(at), request_id, ref, ip, method, path, int(status), decision, agent, cookies)
    except ValueError:
        return None


def segments(directory: str | os.PathLike[str]) -> list[Path]:
    """Return the segment files of `directory`, oldest first."""
    found = [path for path in Path(directory).iterdir() if path.suffix == SEGMENT_SUFFIX]
    return sorted(found, key=lambda path: (path.stat().st_ctime_ns, path.name))


def is_live(fd: int) -> bool:
    """Tell whether the segment open at `fd` still has its writer, who holds its lock for life."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class Segment:
    """A preallocated file with one writing process; NULs stand where nothing was written yet.

    No lock guards it: each step that threads share is one call of C, whole under the GIL, and their order does the
    rest. Room is counted as reserved until its line is written, so it may be counted twice for a moment, never not at
    all. Whoever reserves shows that first and then looks whether the segment is retired; retiring goes the other way
    round; so one of the two sees the other, and no file is closed under a line.
    """

    def __init__(self, path: Path, size: int = SEGMENT_BYTES) -> None:
        self.path = path
        self._size = size
        self._reserved: list[None] = []
        self._retired = False
        unfinished = path.with_suffix(".new")
        fd = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(fd, 0, size)
            self._map = mmap.mmap(fd, size)
            os.rename(unfinished, path)  # only now may a drainer see it: locked, so not taken for dead
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)  # the mapping keeps a descriptor of its own, and with it the lock
        sync_directory(path.parent)

    def reserve(self) -> bool:
        """Set aside room for one line; False when this segment has no more."""
        self._reserved.append(None)
        if not self._retired and len(self._reserved) * LINE_BYTES + self._map.tell() <= self._size:
            return True
        self.release()
        return False

    def append(self, line: bytes) -> None:
        """Write `line` into room that was reserved. A reader takes nothing from the first NUL on, nor what its
        checksum does not prove, so the bytes may arrive in any order."""
        self._map.write(line)
        self._reserved.pop()
        if self._retired and not self._reserved:
            self._map.close()

    def release(self) -> None:
        """Give back room that was reserved and is not needed."""
        self._reserved.pop()
        if self._retired and not self._reserved:
            self._map.close()

    def retire(self) -> None:
        """Take no more reservations; let go of the file when the last one is used."""
        self._retired = True
        if not self._reserved:
            self._map.close()


class Journal:
    """The segments that this process writes, one after the other, in one directory."""

    def __init__(self, directory: str | os.PathLike[str], *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.directory = Path(directory)
        self._segment_bytes = segment_bytes
        self._begin()
        _journals.add(self)

    def _begin(self) -> None:
        """Start with no segment: at construction, and in a forked child, who must not write its parent's."""
        self.writer = secrets.token_hex(4)
        self._turn_lock = threading.Lock()
        self._turns = 0
        self.current: Segment | None = None

    def reserve(self) -> Segment:
        """Return a segment with room set aside for one line; the caller must append or release.

        Raises JournalUnavailable when no room can be had: the request must not go on.
        """
        current = self.current
        if current is not None and current.reserve():
            return current
        return self._turn(current)

    def _turn(self, full: Segment | None) -> Segment:
        with self._turn_lock:
            current = self.current
            if current is not full and current is not None and current.reserve():
                return current  # another thread turned the page meanwhile
            try:
                _sweep_unfinished(self.directory)
                self._turns += 1  # also when it fails below: a drainer may have seen the name
                fresh = Segment(
                    self.directory / f"{self.writer}-{self._turns:06d}{SEGMENT_SUFFIX}", self._segment_bytes
                )
            except (OSError, ValueError) as error:
                raise JournalUnavailable(f"no new segment ({_words(error)})") from error
            fresh.reserve()
            self.current = fresh
            if current is not None:
                current.retire()
            return fresh

    def close(self) -> None:
        """Let go of the current segment, so that a drainer may finish it."""
        with self._turn_lock:
            if self.current is not None:
                self.current.retire()
                self.current = None


_journals: "weakref.WeakSet[Journal]" = weakref.WeakSet()


def _begin_in_child() -> None:
    for journal in list(_journals):
        journal._begin()


os.register_at_fork(after_in_child=_begin_in_child)


def _sweep_unfinished(directory: Path) -> None:
    for path in directory.glob("*.new"):
        with suppress(FileNotFoundError):  # another process has finished or swept it meanwhile
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()


def _words(error: BaseException) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
