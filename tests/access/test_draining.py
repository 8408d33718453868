"""Each line of a journal becomes one record, whatever happens between."""

import errno
import fcntl
import logging
import os
import signal
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from itertools import chain, repeat
from pathlib import Path

import pytest

from portal.records.access import Keep, Kept, OffsetMoved, Piece, SealOf, emptying
from portal.records.access.batch import read
from portal.records.access.emptying import LOCK_FILE, Lock, drain, pending_bytes
from tests.access.builders import MARKED_IP, NOON, LiveSegment, a_dead_segment, a_record, micros, text_of
from tests.access.conftest import AT, TODAY, Room


def test_a_dead_segment_is_drained_and_gone(room: Room) -> None:
    """The records of a segment whose writer has gone are kept, and its file is unlinked."""
    records = [a_record(NOON + number, request_id=f"r{number}") for number in range(3)]
    path = a_dead_segment(room.journal, text_of(records))

    done = room.drain()

    assert (done.rows, done.finished, done.torn, done.late) == (3, 1, 0, 0)
    assert not path.exists()
    assert room.ids() == ["r2", "r1", "r0"]


def test_a_record_comes_back_whole(room: Room) -> None:
    """What the gate wrote is what is shown, field by field."""
    a_dead_segment(
        room.journal,
        text_of([a_record(micros(2026, 11, 23, 3, 4, 5, 678), request_id="r", ref="", status=404, decision="exempt")]),
    )

    room.drain()

    (record,) = room.found()
    assert record.at.isoformat() == "2026-11-23T03:04:05.000678+00:00"
    assert record[1:] == (
        "r",
        None,
        "GET",
        "/dashboard",
        404,
        "exempt",
        "203.0.113.77",
        "Mozilla/5.0 (sample)",
        "session=0123456789abcdef",
    )


def test_a_live_segment_is_drained_as_it_grows(room: Room) -> None:
    """Each pass takes what is new; the file stays with its length until its writer has gone."""
    live = LiveSegment(room.journal)
    live.write(text_of([a_record(request_id="a")]))
    first = room.drain()
    live.write(text_of([a_record(request_id="b")]))
    second = room.drain()
    idle = room.drain()
    length = live.path.stat().st_size
    live.die()
    last = room.drain()

    assert (first.rows, second.rows, idle.rows, last.rows) == (1, 1, 0, 0)
    assert (length, last.finished, live.path.exists()) == (4 * 1024 * 1024, 1, False)
    assert sorted(room.ids()) == ["a", "b"]


def test_drained_bytes_are_overwritten(room: Room) -> None:
    """After the drain no address stands in the live segment, while the line under way is untouched."""
    live = LiveSegment(room.journal)
    under_way = text_of([a_record(ip="198.51.100.9")])[:-1]
    live.write(text_of([a_record() for _ in range(500)]) + under_way)

    room.drain()

    data = live.path.read_bytes()
    assert MARKED_IP.encode() not in data
    assert data.strip(b"\0") == under_way
    live.die()


def test_no_address_stands_in_the_store(room: Room) -> None:
    """Addresses, agents and cookie digests reach the store sealed only; SQLite's files and log are read to prove it."""
    a_dead_segment(room.journal, text_of([a_record() for _ in range(200)]))

    room.drain()

    if room.settings.access_store.startswith("sqlite"):
        files = [path for path in (room.settings.instance / "access").iterdir() if path.is_file()]
        data = b"".join(path.read_bytes() for path in files)
        assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    else:
        with room.store._engine.connect() as connection:  # type: ignore[attr-defined]
            rows = connection.exec_driver_sql("SELECT access_records::text, sealed FROM access_records").all()
        data = b"".join(row[0].encode() + row[1] for row in rows)
    assert b"/dashboard" in data
    for mark in (MARKED_IP.encode(), b"Mozilla", b"0123456789abcdef"):
        assert mark not in data


def test_midnight_is_stored_once_on_each_side(room: Room) -> None:
    """A segment that spans midnight fills two days, its lines mixed, and draining again adds nothing."""
    live = LiveSegment(room.journal)
    before, after = micros(2026, 11, 22, 14, 59), micros(2026, 11, 22, 15, 1)
    live.write(text_of([a_record(at, request_id=name) for at, name in zip((before, after) * 2, "abcd", strict=True)]))

    room.drain()
    room.drain()

    assert room.store.days() == [date(2026, 11, 22), TODAY]
    assert [room.store.count(day) for day in room.store.days()] == [2, 2]
    assert room.ids() == ["d", "b", "c", "a"]
    live.die()


def test_a_torn_line_of_a_live_segment_is_waited_for(room: Room) -> None:
    """A line that is not whole yet is taken by a later pass, once."""
    live = LiveSegment(room.journal)
    line = text_of([a_record(request_id="slow")])
    os.pwrite(live._fd, b"#" + line[1:], 0)

    waiting = room.drain()
    live.write(line)
    whole = room.drain()

    assert (waiting.rows, waiting.torn, whole.rows, whole.torn) == (0, 0, 1, 0)
    assert room.ids() == ["slow"]
    live.die()


def test_a_torn_line_of_a_dead_segment_is_passed_over(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted and logged by its place, never by its words; the lines round it are kept."""
    whole, torn, later = (text_of([a_record(request_id=name)]) for name in ("whole", "torn", "later"))
    a_dead_segment(room.journal, whole + torn[:40] + b"#" + torn[41:] + later, name="0000abcd-000000.journal")

    with caplog.at_level(logging.WARNING):
        done = room.drain()

    assert (done.rows, done.torn, done.finished) == (2, 1, 1)
    assert caplog.messages == [f"journal 0000abcd-000000.journal: a torn line at {len(whole)} was passed over"]


def test_lines_behind_a_hole_are_kept(room: Room) -> None:
    """A power cut may lose the pages in the middle of a segment; what stands behind them is drained."""
    a_dead_segment(room.journal, text_of([a_record()]) + bytes(300_000) + text_of([a_record()]))

    done = room.drain()

    assert (done.rows, done.torn, done.finished) == (2, 0, 1)


def test_a_segment_of_noise_is_passed_over(room: Room) -> None:
    """A file of other bytes is counted, once per 64 KiB that are read, finished, and holds nobody up."""
    a_dead_segment(room.journal, b"x" * 200_000 + bytes(1000) + b"y" * 100, size=0, name="00000001-000000.journal")
    a_dead_segment(room.journal, b"", size=0, name="00000002-000000.journal")
    a_dead_segment(room.journal, text_of([a_record()]))

    done = room.drain()

    assert (done.rows, done.torn, done.finished) == (1, 4, 3)


def test_many_segments_pass_in_groups(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """More segments than are held open, and more bytes than one batch, arrive whole."""
    monkeypatch.setattr(emptying, "BATCH_BYTES", 20_000)
    monkeypatch.setattr(emptying, "PIECE_BYTES", 7_000)
    monkeypatch.setattr(emptying, "GROUP_SEGMENTS", 3)
    for _ in range(4):
        a_dead_segment(room.journal, text_of([a_record() for _ in range(300)]), size=100_000)
    live = [LiveSegment(room.journal, size=100_000) for _ in range(4)]
    for segment in live:
        segment.write(text_of([a_record() for _ in range(10)]))

    done = room.drain()

    assert (done.rows, done.finished, len(set(room.ids()))) == (1240, 4, 1240)
    for segment in live:
        segment.die()


def test_progress_comes_to_the_whole(room: Room) -> None:
    """What is told on the way adds up to what was pending."""
    for _ in range(3):
        a_dead_segment(room.journal, text_of([a_record() for _ in range(10)]), size=50_000)
    pending = pending_bytes(room.journal)
    told: list[int] = []

    drain(room.journal, room.store, room.seal_of, TODAY, tell=told.append)

    assert (pending, sum(told)) == (150_000, 150_000)


def test_records_of_a_destroyed_day_are_dropped(room: Room) -> None:
    """A late line of a day whose key is gone is counted and stored nowhere; today's beside it is kept."""
    old = date(2026, 4, 1)
    room.keys.obtain(old, AT)
    room.keys.destroy(old, AT)
    a_dead_segment(room.journal, text_of([a_record(micros(2026, 4, 1, 3)), a_record(request_id="today")]))

    done = room.drain()

    assert (done.rows, done.late, done.finished) == (1, 1, 1)
    assert room.store.days() == [TODAY]
    assert room.ids() == ["today"]


def test_a_second_drainer_stands_back(room: Room) -> None:
    """While one drains a journal another does nothing, and says so."""
    a_dead_segment(room.journal, text_of([a_record()]))

    with Lock(room.journal) as lock:
        done = room.drain()

    assert lock.held
    assert (done.busy, done.rows) == (True, 0)
    assert room.drain().rows == 1


def test_drainers_without_a_lock_still_store_once(room: Room) -> None:
    """The position is moved in the transaction that stores: of four that read one stretch at once, one stores it."""
    data = text_of([a_record() for _ in range(400)])
    piece = read("node/segment", 0, data, live=False)
    start, kept, moved = threading.Barrier(4), [], []

    def keep() -> None:
        start.wait()
        try:
            kept.append(room.keep([piece]).rows)
        except OffsetMoved as told:
            moved.append(told.segment)

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(kept) == 400
    assert len(kept) + len(moved) == 4
    assert len(room.ids()) == len(set(room.ids())) == 400


def test_a_stretch_read_twice_is_stored_once(room: Room) -> None:
    """A drainer that was killed after storing is followed by one that reads the same stretch and more."""
    first = text_of([a_record(request_id="a"), a_record(micros(2026, 11, 22, 3), request_id="b")])
    more = text_of([a_record(request_id="c")])
    room.keep([read("node/segment", 0, first, live=True)])

    assert room.store.positions(["node/segment"]) == {"node/segment": len(first)}
    if room.settings.access_store.startswith("sqlite"):
        room.keep([read("node/segment", 0, first + more, live=True)])
    else:
        with pytest.raises(OffsetMoved):
            room.keep([read("node/segment", 0, first + more, live=True)])
        room.keep([read("node/segment", len(first), more, live=True)])

    assert sorted(room.ids()) == ["a", "b", "c"]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_crash_between_two_days_is_made_good(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the first of two day files was written and the second was not, the next pass writes the second only."""
    before, after = micros(2026, 11, 22, 14, 59), micros(2026, 11, 22, 15, 1)
    a_dead_segment(room.journal, text_of([a_record(at) for at in (before, after) * 50]))
    days = iter([room.seal_of(date(2026, 11, 22)), None])

    def crash(day: date) -> object:
        seal = next(days)
        if seal is None:
            raise KeyboardInterrupt
        return seal

    with pytest.raises(KeyboardInterrupt):
        drain(room.journal, room.store, crash, TODAY)  # type: ignore[arg-type]
    halfway = [room.store.count(day) for day in room.store.days()]
    done = room.drain()

    assert halfway == [50]
    assert done.rows == 50
    assert [room.store.count(day) for day in room.store.days()] == [50, 50]


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EIO, "Input/output error"),
        sqlite3.OperationalError("database or disk is full"),
    ],
    ids=["disk full", "disk broken", "store full"],
)
def test_a_fault_of_the_store_leaves_the_journal(room: Room, fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """When storing fails nothing is overwritten, and the next pass takes everything."""
    path = a_dead_segment(room.journal, text_of([a_record(request_id="a")]))
    before = path.read_bytes()

    def fail(pieces: Iterable[Piece], seal_of: SealOf) -> Kept:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(room.store, "keeping", lambda: nullcontext(fail))
        with pytest.raises(type(fault)):
            room.drain()

    assert path.read_bytes() == before
    assert room.drain().rows == 1


def test_a_fault_of_the_keys_leaves_the_journal(room: Room) -> None:
    """Without keys nothing is stored unsealed; the journal waits."""
    path = a_dead_segment(room.journal, text_of([a_record()]))
    before = path.read_bytes()

    def no_key(day: date) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    with pytest.raises(sqlite3.OperationalError):
        drain(room.journal, room.store, no_key, TODAY)

    assert path.read_bytes() == before
    assert room.ids() == []


def test_what_was_stored_and_not_overwritten_is_overwritten_next(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drainer killed between storing and overwriting leaves addresses in the journal for one pass only."""
    live = LiveSegment(room.journal)
    live.write(text_of([a_record() for _ in range(20)]))

    def killed(fd: int, start: int, end: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(emptying, "zero", killed)
        with pytest.raises(KeyboardInterrupt):
            room.drain()
    left = MARKED_IP.encode() in live.path.read_bytes()
    done = room.drain()

    assert left
    assert done.rows == 0
    assert live.path.read_bytes().strip(b"\0") == b""
    assert len(room.ids()) == 20
    live.die()


@pytest.mark.parametrize("deed", ["unlink", "forget"])
def test_a_crash_while_finishing_is_made_good(room: Room, deed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment that was overwritten and not unlinked, or unlinked and not forgotten, is neither lost nor doubled."""
    path = a_dead_segment(room.journal, text_of([a_record()]))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(Path if deed == "unlink" else room.store, deed, killed)
        with pytest.raises(KeyboardInterrupt):
            room.drain()
    done = room.drain()

    assert done.rows == 0
    assert not path.exists()
    assert len(room.ids()) == 1


def test_a_position_that_moved_is_read_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the backend of a killed drainer commits after all, the pass begins again from the new position."""
    live = LiveSegment(room.journal)
    live.write(text_of([a_record(request_id="a")]))
    keeping = room.store.keeping
    times = chain((True,), repeat(False))

    @contextmanager
    def moved_once() -> Iterator[Keep]:
        with keeping() as keep:

            def stored_by_another(pieces: Iterable[Piece], seal_of: SealOf) -> Kept:
                kept = keep(pieces, seal_of)
                if next(times):
                    raise OffsetMoved("a segment")
                return kept

            yield stored_by_another

    monkeypatch.setattr(room.store, "keeping", moved_once)
    live.write(text_of([a_record(request_id="b")]))
    done = room.drain()
    room.drain()

    assert done.rows == 0
    assert sorted(room.ids()) == ["a", "b"]
    live.die()


def test_two_nodes_do_not_share_positions(room: Room, tmp_path: Path) -> None:
    """Segments of one name in the journals of two nodes that share a store are two segments."""
    other = tmp_path / "other"
    for journal, name in ((room.journal, "here"), (other, "there")):
        a_dead_segment(journal, text_of([a_record(request_id=name)]), name="00000001-000000.journal")

    room.drain()
    drain(other, room.store, room.seal_of, TODAY)

    assert sorted(room.ids()) == ["here", "there"]
    assert (room.journal / LOCK_FILE).read_text() != (other / LOCK_FILE).read_text()


def test_a_journal_that_is_not_there_is_empty(room: Room, tmp_path: Path) -> None:
    """Before the gate has run once there is nothing to drain, and that is no fault."""
    done = drain(tmp_path / "none", room.store, room.seal_of, TODAY)

    assert (done.rows, done.busy) == (0, False)


def test_full_days_are_indexed(room: Room) -> None:
    """The first drain of a later day indexes the earlier one by address and by time; late lines still go in."""
    a_dead_segment(room.journal, text_of([a_record(micros(2026, 11, 22, 3)), a_record()]))
    room.drain()
    a_dead_segment(room.journal, text_of([a_record(micros(2026, 11, 22, 4), request_id="late")]))
    room.drain()

    if room.settings.access_store.startswith("sqlite"):
        indexes = {}
        for day in room.store.days():
            with sqlite3.connect(room.settings.instance / "access" / f"{day}.db") as connection:
                found = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'access_records_%'")
                indexes[day.day] = sorted(row[0].removeprefix("access_records_") for row in found)
            connection.close()
    else:
        with room.store._engine.connect() as connection:  # type: ignore[attr-defined]
            rows = connection.exec_driver_sql(
                "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'access_records_%%'"
            ).scalars()
            names = sorted(rows)
        indexes = {
            day: [name.rpartition("_")[2] for name in names if name.startswith(f"access_records_202611{day}")]
            for day in (22, 23)
        }
    assert indexes == {22: ["at", "ip", "ref"], 23: ["ref"]}
    assert "late" in room.ids()


def test_a_forked_child_holds_no_lock(room: Room) -> None:
    """A worker forked in the middle of a pass must not keep a segment looking alive, nor the journal locked."""
    ready_end, child_end = os.pipe()
    with Lock(room.journal):
        child = os.fork()
        if child == 0:
            os.write(child_end, b"!")
            signal.pause()
        os.read(ready_end, 1)

    fd = os.open(room.journal / LOCK_FILE, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for end in (fd, ready_end, child_end):
            os.close(end)
