"""Emptying a journal: what the gate wrote on this node becomes access records, each exactly once.

What identifies a person lies in the journal for seconds only: drained bytes are overwritten in place, and a segment
whose writer has gone is overwritten whole and unlinked. The files keep their length, for their writer has them mapped.

Why positions in the store and not in a file: they move in the transaction that stores the rows, so there is no moment
at which a line is stored and not yet known to be, or the other way round.
"""

import fcntl
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType

from middleware.journal import is_live, segments, sync_directory

from . import AccessStore, Keep, OffsetMoved, Piece, SealOf
from .batch import read
from .erasing import zero

log = logging.getLogger(__name__)

BATCH_BYTES = 8 * 1024 * 1024  # one transaction; each writes the pages of a random index anew, so few large ones
PIECE_BYTES = 64 * 1024  # read at a time, well over any line: while one is parsed, a server stores the one before
GROUP_SEGMENTS = 64  # held open at once
LOCK_FILE = ".drain.lock"
ATTEMPTS = 3  # how often a position that moved under us is read again before the next pass

_inherited: set[int] = set()  # descriptors whose locks a forked child must not hold on to


@dataclass
class Drained:
    """What one pass did."""

    rows: int = 0
    late: int = 0  # records of days that are gone already: dropped
    torn: int = 0  # lines that are no records, in segments whose writer has gone: passed over
    finished: int = 0  # segments unlinked
    busy: bool = False  # another drainer of this journal was at work; nothing was done


class Lock:
    """The one drainer of a journal on this node. Entered by `with`; `held` tells whether it was free.

    The lock file also names the journal: segments of two nodes that share one store must not share a position. It is
    never deleted.
    """

    def __init__(self, journal: Path, *, wait: bool = False) -> None:
        self.held = False
        self.name = ""
        self._journal = journal
        self._wait = wait
        self._fd = -1

    def __enter__(self) -> "Lock":
        self._fd = _opened(self._journal / LOCK_FILE, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | (0 if self._wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return self
        self.name = os.pread(self._fd, 16, 0).decode("ascii")
        if len(self.name) < 16:  # made just now, or its maker was killed before it had written
            self.name = secrets.token_hex(8)
            os.pwrite(self._fd, self.name.encode("ascii"), 0)
            os.fsync(self._fd)
            sync_directory(self._journal)
        self.held = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _closed(self._fd)


@dataclass
class _Segment:
    """A segment file under way. While `live` is false its lock is ours until the descriptor is closed."""

    path: Path
    key: str
    fd: int
    live: bool
    size: int
    begun_at: int  # where this pass found it
    since: int  # what lies before is stored and overwritten
    position: int  # what lies before is read
    written: int  # nothing but NULs behind this; for a live segment its size
    through: bool = False  # nothing more to read now
    torn: list[int] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Tell whether its writer has gone and all of it is read."""
        return not self.live and self.position >= self.written


def drain(
    journal: Path, store: AccessStore, seal_of: SealOf, today: date, *, tell: Callable[[int], None] | None = None
) -> Drained:
    """Drain every segment of a journal as far as it is written, and tell what was done.

    1. Take the journal's lock, or leave it to whoever has it.
    2. Read each segment from its known position to the end of its last whole line.
    3. Store a batch: rows and positions together, durable on return.
    4. Overwrite what was stored; a finished segment is overwritten whole, synced and unlinked.
    5. Sync the others, so that a power cut loses no more than the interval between two passes.
    6. Index the days that are full.

    A crash after 3 leaves bytes that step 2 passes over and the next 4 overwrites with its segment. When 3 fails the
    journal is left as it is. `seal_of` answers None for a day whose records may not exist any more. `tell` is called
    with the bytes that are done with.
    """
    done = Drained()
    if not journal.is_dir():
        return done
    with Lock(journal) as lock:  # 1.
        if not lock.held:
            done.busy = True
            return done
        for attempt in range(ATTEMPTS):
            try:
                with store.keeping() as keep:
                    _Pass(journal, lock.name, store, keep, seal_of, done, tell).run()
                break
            except OffsetMoved:
                if attempt == ATTEMPTS - 1:
                    raise
        store.finish_days(today)  # 6.
    return done


def pending_bytes(journal: Path) -> int:
    """Return the length of all segments, for showing progress; what is written in them may be less."""
    total = 0
    for path in segments(journal) if journal.is_dir() else ():
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


class _Pass:
    """One walk over the segments, in groups of about BATCH_BYTES."""

    def __init__(
        self,
        journal: Path,
        name: str,
        store: AccessStore,
        keep: Keep,
        seal_of: SealOf,
        done: Drained,
        tell: Callable[[int], None] | None,
    ) -> None:
        self._journal = journal
        self._name = name
        self._store = store
        self._keep = keep
        self._seal_of = seal_of
        self._done = done
        self._tell = tell or (lambda count: None)
        self._group: list[_Segment] = []
        self._over = False

    def run(self) -> None:
        paths = segments(self._journal)
        self._positions = self._store.positions([self._key(path) for path in paths])
        self._waiting = iter(paths)
        try:
            while not self._over:
                kept = self._keep(self._pieces(), self._seal_of)  # 2., 3.
                self._done.rows += kept.rows
                self._done.late += kept.late
                self._finish()
        except BaseException:
            _sync(paths)  # not stored, so it is the journal that must survive a power cut
            raise
        finally:
            for segment in self._group:
                _closed(segment.fd)

    def _pieces(self) -> Iterator[Piece]:
        """Yield pieces of one segment after the other, a batch of them; their segments stay open."""
        room = BATCH_BYTES
        while room > 0:
            if not self._group or self._group[-1].through:
                if len(self._group) >= GROUP_SEGMENTS:
                    return
                path = next(self._waiting, None)
                if path is None:
                    self._over = True
                    return
                self._take(path)
                continue
            segment = self._group[-1]
            piece = _read(segment)
            if piece is None:
                segment.through = True
                continue
            segment.position = piece.end
            segment.torn += piece.torn
            room -= piece.end - piece.start
            yield piece

    def _take(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            fd = _opened(path, os.O_RDWR | os.O_NOFOLLOW)
            at = self._positions[self._key(path)]
            segment = _Segment(path, self._key(path), fd, True, 0, at, at, at, 0)
            self._group.append(segment)
            segment.live = is_live(fd)  # before the first read: whoever is dead writes nothing more
            segment.size = os.fstat(fd).st_size
            segment.written = segment.size if segment.live else _written(fd, segment.size)
            _overwrite_known(segment)

    def _finish(self) -> None:
        """Overwrite what was stored (4, 5), and close the segments that are through."""
        finished: list[str] = []
        for segment in list(self._group):
            for position in segment.torn:
                log.warning("journal %s: a torn line at %d was passed over", segment.path.name, position)
            self._done.torn += len(segment.torn)
            segment.torn = []
            if segment.done:  # 4.
                zero(segment.fd, 0, segment.size)
                os.fsync(segment.fd)
                segment.path.unlink()
                finished.append(segment.key)
            elif segment.position > segment.since:
                zero(segment.fd, segment.since, segment.position)
                os.fdatasync(segment.fd)  # 5.
                segment.since = segment.position
            if segment.done or segment.through:
                self._group.remove(segment)
                _closed(segment.fd)
                self._tell(segment.size - segment.begun_at)
        if finished:
            sync_directory(self._journal)
            self._store.forget(finished)
            self._done.finished += len(finished)

    def _key(self, path: Path) -> str:
        return f"{self._name}/{path.name}"


def _read(segment: _Segment) -> Piece | None:
    """Return the next piece of a segment, or None where there is none now."""
    if segment.done:
        return None
    data = os.pread(segment.fd, PIECE_BYTES, segment.position)
    if segment.live:  # the whole lines before the first NUL; the writer may be at work behind them
        end = data.find(b"\0")
        piece = read(segment.key, segment.position, data if end < 0 else data[:end], live=True)
        return piece if piece.data else None
    # After a power cut lines may stand behind NULs, so these end a line as well. No line is as long as a piece: where
    # neither is found, nothing here is one.
    if segment.position + len(data) < segment.written:
        data = data[: max(data.rfind(b"\n"), data.rfind(b"\0")) + 1] or data
    return read(segment.key, segment.position, data[: segment.written - segment.position], live=False)


def _written(fd: int, size: int) -> int:
    """Return where the NULs begin that a dead segment ends with."""
    end = size
    while end > 0:
        start = max(0, end - PIECE_BYTES)
        data = os.pread(fd, end - start, start)
        if data != bytes(len(data)):
            return start + len(data.rstrip(b"\0"))
        end = start
    return 0


def _overwrite_known(segment: _Segment) -> None:
    """Overwrite what an earlier drainer stored and was killed before it could overwrite: it overwrites forwards, so
    the last newline tells."""
    if segment.position and os.pread(segment.fd, 1, segment.position - 1) == b"\n":
        zero(segment.fd, 0, segment.position)


def _sync(paths: Sequence[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            fd = _opened(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fdatasync(fd)
            finally:
                _closed(fd)


def _opened(path: Path, flags: int) -> int:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    _inherited.add(fd)
    return fd


def _closed(fd: int) -> None:
    _inherited.discard(fd)
    os.close(fd)


def _let_go_in_child() -> None:
    for fd in _inherited:
        with suppress(OSError):
            os.close(fd)
    _inherited.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
