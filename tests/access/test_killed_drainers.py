"""A drainer that is killed anywhere loses nothing and doubles nothing."""

import os
import random
import signal
import sys
import time
from types import FrameType

import pytest

from portal.database import open_engine
from portal.records.access import emptying, open_access_store
from portal.records.access.emptying import drain
from portal.vault.day_keys import DayKeys
from tests.access.builders import MARKED_IP, NOON, LiveSegment, a_dead_segment, a_record, micros, text_of
from tests.access.conftest import AT, TODAY, Room

pytestmark = pytest.mark.crash

KILLS = 30
WHERE = ("emptying.py", "sqlite_days.py", "postgres_partitions.py", "erasing.py")
HOUR = 3_600_000_000


def drain_until_killed(room: Room, began: int, dies_at: int) -> None:
    """In a forked child: drain without end, with connections of its own. At the line of the drain's own code with this
    number, counted as they run, the child kills itself; 0 leaves that to the parent."""
    engine = open_engine(room.settings.keys_store)
    keys = DayKeys(engine, b"k" * 32)
    store = open_access_store(room.settings.access_store)
    lines = 0

    def traced(frame: FrameType, event: str, argument: object) -> object:
        nonlocal lines
        if not frame.f_code.co_filename.endswith(WHERE):
            return None
        lines += event == "line"
        if lines == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return traced

    os.write(began, b"!")
    if dies_at:
        sys.settrace(traced)  # type: ignore[arg-type]
    while True:
        drain(room.journal, store, lambda day: keys.obtain(day, AT), TODAY)


def killed_drainers(room: Room, *, lines: tuple[int, ...] = (), after_s: float = 0.0) -> None:
    """Start a drainer for each number of lines, each killed at that line; or two that are killed after a while."""
    started, began = os.pipe()
    children = []
    for dies_at in lines or (0, 0):
        child = os.fork()
        if child == 0:
            try:
                drain_until_killed(room, began, dies_at)
            finally:
                os._exit(1)
        children.append(child)
    for _ in children:
        os.read(started, 1)
    if not lines:
        time.sleep(after_s)
        for child in children:
            os.kill(child, signal.SIGKILL)
    for child in children:
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(started)
    os.close(began)


def test_every_line_is_stored_once_under_kills(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drainers at once, killed thirty times amid dead and growing segments of two days, at any line of theirs and
    at any moment: each line that was written is stored exactly once, and no segment is left."""
    monkeypatch.setattr(emptying, "BATCH_BYTES", 30_000)
    monkeypatch.setattr(emptying, "PIECE_BYTES", 10_000)
    chance = random.Random(23)  # the moments differ from run to run all the same: the machine sees to that
    live = [LiveSegment(room.journal) for _ in range(2)]
    written: list[str] = []

    def some(count: int) -> bytes:
        records = [a_record(chance.choice((NOON, NOON - 13 * HOUR))) for _ in range(count)]
        written.extend(record.request_id for record in records)
        return text_of(records)

    for number in range(KILLS):
        a_dead_segment(room.journal, some(600), size=300_000)
        for segment in live:
            segment.write(some(100))
        if number % 3:
            killed_drainers(room, lines=(chance.randrange(1, 400), chance.randrange(1, 400)))
        else:
            killed_drainers(room, after_s=chance.uniform(0.0, 0.12))
    for segment in live:
        segment.die()
    room.drain()

    stored = [record.request_id for record in room.found()]
    assert len(written) == KILLS * 800
    assert len(stored) == len(set(stored))
    assert set(stored) == set(written)
    assert list(room.journal.glob("*.journal")) == []


def test_kills_leave_no_address_in_a_live_segment(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a killed drainer had stored and not overwritten, the next pass overwrites."""
    monkeypatch.setattr(emptying, "BATCH_BYTES", 30_000)
    monkeypatch.setattr(emptying, "PIECE_BYTES", 10_000)
    chance = random.Random(24)
    live = LiveSegment(room.journal)
    for _ in range(8):
        live.write(text_of([a_record(micros(2026, 11, 23, 1)) for _ in range(300)]))
        killed_drainers(room, lines=(chance.randrange(1, 150),))

    room.drain()

    assert MARKED_IP.encode() not in live.path.read_bytes()
    assert len(room.ids()) == 2400
    live.die()
