"""Standings from SQLite: remembered while a mapped epoch file proves that nothing has changed, else asked for.

Once a second the files themselves are looked at, so that a change made round the epoch is seen too.
"""

import mmap
import os
import sqlite3
import threading
from pathlib import Path
from urllib.parse import quote

from ..errors import StoreUnavailable
from ..kept import Kept
from .contract import (
    BUSY_S,
    EPOCH_BYTES,
    EPOCH_MAGIC,
    LOCKED,
    QUESTION,
    Held,
    Standing,
    begin_anew_after_fork,
    epoch_path,
    judged,
    require_contract,
    unavailable,
)

KEPT_MEMBERS = 8192
LOOK_AGAIN_US = 1_000_000  # a change made round the epoch, by hand or by a restored file, is seen within this time
_COUNTER = slice(len(EPOCH_MAGIC), EPOCH_BYTES)


class _Seen:
    """Answers that hold while the epoch and the time window do. Replaced as one object, never refilled.

    `stamp` tells which files, in which state, were looked at before any of these answers was asked for.
    """

    __slots__ = ("epoch", "first", "members", "next_change", "since", "stamp", "until")

    def __init__(
        self, stamp: object, epoch: bytes, first: int, at: int, next_change: int | None, members: Kept[str, Standing]
    ) -> None:
        self.stamp = stamp
        self.epoch = epoch
        self.first = first  # before this time another policy may have been in force
        self.since = max(first, at - LOOK_AGAIN_US)  # a thread may still be at work on a slightly older time
        self.until = min(at + LOOK_AGAIN_US, next_change or at + LOOK_AGAIN_US)
        self.next_change = next_change
        self.members = members


class SqliteStanding:
    """Reads a SQLite store: the epoch and a bounded dictionary first, else one SELECT on this thread's connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _nothing_seen()
        self._epoch_map: mmap.mmap | None = None
        self._generation = 0
        self._left_to_parent: list[object] = []
        self._begin()
        begin_anew_after_fork.add(self)

    def _begin(self) -> None:
        """Hold no connection: at construction, after close(), and in a forked child."""
        self._local = threading.local()
        self._inodes = (0, 0)
        self._watcher: sqlite3.Connection | None = None
        self._look_lock = threading.Lock()

    def begin_in_child(self) -> None:
        self._left_to_parent += [self._local, self._watcher]  # never used and never closed here
        self._begin()

    def of(self, host_id: str, at: int) -> Standing:
        """Return the standing of a member, as of the last commit before this call."""
        seen, epoch_map = self._seen, self._epoch_map
        epoch = epoch_map[_COUNTER] if epoch_map is not None else b""
        if epoch == seen.epoch and seen.since <= at < seen.until:
            known = seen.members.young.get(host_id) or seen.members.get(host_id)
            if known is not None:
                return known
        else:
            seen = self._look_again(at)
            epoch = self._epoch()
        standing, next_change = self._ask(host_id, at)
        if epoch and not epoch[0] & 1:
            if epoch != seen.epoch or not seen.since <= at < seen.until:
                self._seen = seen = _Seen(seen.stamp, epoch, at, at, next_change, Kept(KEPT_MEMBERS))
            seen.members.put(host_id, standing)
        return standing

    def close(self) -> None:
        """Forget every connection; the next question opens its own."""
        if self._watcher is not None:
            self._watcher.close()
        self._begin()
        self._seen = _nothing_seen()

    def _epoch(self) -> bytes:
        epoch_map = self._epoch_map
        return b"" if epoch_map is None else epoch_map[_COUNTER]

    def _look_again(self, at: int) -> _Seen:
        """Look once a second whether the files are the same files and nobody wrote round the epoch; if so, what was
        seen holds for another second."""
        if not self._look_lock.acquire(timeout=BUSY_S):  # threads must not queue up behind a locked store
            raise StoreUnavailable(LOCKED)
        try:
            seen = self._seen
            if self._epoch() == seen.epoch and seen.since <= at < seen.until:
                return seen  # another thread has looked meanwhile
            stamp = self._stamp()
            if (
                stamp == seen.stamp
                and self._epoch() == seen.epoch
                and at >= seen.first
                and (seen.next_change is None or at < seen.next_change)
            ):
                self._seen = _Seen(stamp, seen.epoch, seen.first, at, seen.next_change, seen.members)
            else:
                self._seen = _nothing_seen(stamp)
            return self._seen
        finally:
            self._look_lock.release()

    def _stamp(self) -> object:
        """Return what changes when the store is replaced or written to, by whomever; opens anew what was replaced."""
        try:
            inode = os.stat(self._path).st_ino
        except OSError as error:
            self._inodes = (0, 0)
            raise StoreUnavailable("the file is missing or cannot be reached") from error
        inodes = inode, _inode(epoch_path(self._path))
        if inodes != self._inodes:
            self._inodes = inodes
            self._watcher = None
            self._epoch_map = _mapped_epoch(epoch_path(self._path))
        try:
            if self._watcher is None:
                self._generation += 1
                self._watcher = _connect(self._path)
            return self._generation, self._watcher.execute("PRAGMA data_version").fetchone()[0]
        except (sqlite3.Error, StoreUnavailable) as error:
            self._watcher = None
            raise unavailable(error) from error

    def _ask(self, host_id: str, at: int) -> tuple[Standing, int | None]:
        """Return a member's standing, and when the requirement changes by itself."""
        local, generation = self._local, self._generation
        try:
            if getattr(local, "generation", None) != generation:
                local.connection = _connect(self._path)
                local.held, local.generation = Held(local.connection), generation
            row = local.connection.execute(QUESTION, (at, at, host_id)).fetchone()
        except sqlite3.Error as error:
            local.generation = None
            raise unavailable(error) from error
        return judged(host_id, row), row[2]


def _nothing_seen(stamp: object = None) -> _Seen:
    return _Seen(stamp, b"never", 0, 0, None, Kept(1))


def _inode(path: Path) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def _mapped_epoch(path: Path) -> mmap.mmap | None:
    """Return the mapped epoch file, or None where there is none: then nothing is remembered and every request asks."""
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), EPOCH_BYTES, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    return mapped if mapped[:8] == EPOCH_MAGIC else None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        require_contract(connection.execute("SELECT version FROM gate_contract").fetchone())
    except BaseException:
        connection.close()
        raise
    return connection
