"""A drainer that is killed anywhere loses nothing and doubles nothing."""

import os
import random
import signal
import time

import pytest

from portal.database import open_engine
from portal.records.access import Seal, emptying, open_access_store
from portal.records.access.emptying import drain
from portal.vault.day_keys import DayKeys
from tests.access.builders import MARKED_IP, NOON, LiveSegment, a_dead_segment, a_record, micros, text_of
from tests.access.conftest import AT, TODAY, Room

pytestmark = pytest.mark.crash

KILLS = 30
HOUR = 3_600_000_000


def drain_until_killed(room: Room, began: int) -> None:
    """In a forked child: drain without end, with connections of its own."""
    engine = open_engine(room.settings.keys_store)
    keys = DayKeys(engine, b"k" * 32)
    store = open_access_store(room.settings.access_store)

    def seal_of(day: object) -> Seal | None:
        return keys.obtain(day, AT)  # type: ignore[arg-type]

    os.write(began, b"!")
    while True:
        drain(room.journal, store, seal_of, TODAY)


def killed_drainer(room: Room, after_s: float, count: int) -> None:
    """Start `count` drainers and kill them after a while."""
    started, began = os.pipe()
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            try:
                drain_until_killed(room, began)
            finally:
                os._exit(1)
        children.append(child)
    for _ in children:
        os.read(started, 1)
    time.sleep(after_s)
    for child in children:
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(started)
    os.close(began)


def test_every_line_is_stored_once_under_kills(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drainers at once, killed together thirty times amid dead and growing segments of two days: each line that
    was written is stored exactly once, and no address is left in the journal."""
    monkeypatch.setattr(emptying, "BATCH_BYTES", 30_000)
    chance = random.Random(23)  # the moments differ from run to run all the same: the machine sees to that
    live = [LiveSegment(room.journal) for _ in range(2)]
    written: list[str] = []

    def some(count: int) -> bytes:
        records = [a_record(chance.choice((NOON, NOON - 13 * HOUR))) for _ in range(count)]
        written.extend(record.request_id for record in records)
        return text_of(records)

    for _ in range(KILLS):
        a_dead_segment(room.journal, some(600), size=300_000)
        for segment in live:
            segment.write(some(100))
        killed_drainer(room, chance.uniform(0.0, 0.12), 2)
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
    chance = random.Random(24)
    live = LiveSegment(room.journal)
    for _ in range(8):
        live.write(text_of([a_record(micros(2026, 11, 23, 1)) for _ in range(300)]))
        killed_drainer(room, chance.uniform(0.0, 0.03), 1)

    room.drain()

    assert MARKED_IP.encode() not in live.path.read_bytes()
    assert len(room.ids()) == 2400
    live.die()
