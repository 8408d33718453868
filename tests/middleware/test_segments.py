"""The files of the journal: room set aside, pages turned under threads, forks, and what a drainer may rely on."""

import os
import signal
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from middleware import journal
from middleware.errors import JournalUnavailable
from middleware.journal import ABANDONED_S, LINE_BYTES, Journal, Segment, compose, is_live, segments

from .gatehouse import lines_in, records_in


def a_line(name: str) -> bytes:
    return compose(1, name, "", "192.0.2.7", "GET", "/" + name, "200", "exempt", "", "")


def write(written: Journal, name: str) -> None:
    written.reserve().append(a_line(name))


def liveness(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR)
    try:
        return is_live(fd)
    finally:
        os.close(fd)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "journal"
    path.mkdir()
    return path


@pytest.fixture
def small(directory: Path) -> Journal:
    """A journal whose segments hold few lines."""
    return Journal(directory, segment_bytes=3 * LINE_BYTES)


def test_a_line_is_in_the_file_at_once(small: Journal, directory: Path) -> None:
    """A line stands in the file as soon as it is appended, without a flush or a close."""
    write(small, "first")

    assert [record.path for record in records_in(directory)] == ["/first"]


def test_nothing_is_made_before_it_is_needed(small: Journal, directory: Path) -> None:
    """A journal that has recorded nothing has no file."""
    assert list(directory.iterdir()) == []


def test_a_segment_is_private_and_whole(small: Journal, directory: Path) -> None:
    """A segment has mode 0600, its full size from the start, and NULs where nothing was written."""
    write(small, "first")

    (path,) = segments(directory)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == 3 * LINE_BYTES
    assert path.stat().st_blocks * 512 >= 3 * LINE_BYTES
    assert path.read_bytes().rstrip(b"\0") == a_line("first")
    assert path.name.startswith(small.writer + "-")


def test_pages_are_turned_in_order(small: Journal, directory: Path) -> None:
    """Lines stand in the order in which they were written, over as many segments as they need."""
    for number in range(500):
        write(small, f"{number:04d}")

    assert len(segments(directory)) > 2
    assert [record.path for record in records_in(directory)] == [f"/{number:04d}" for number in range(500)]


def test_no_line_is_lost_when_threads_turn_pages(directory: Path) -> None:
    """Eight threads that fill tiny segments lose no line, write none twice, and hold on to one segment only."""
    written = Journal(directory, segment_bytes=10 * LINE_BYTES)
    failed: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(600):
                segment = written.reserve()
                if number % 7 == 0:
                    time.sleep(0)  # let another thread turn the page between the reservation and the line
                segment.append(a_line(f"{thread}-{number}"))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sorted(record.path for record in records_in(directory)) == sorted(
        f"/{thread}-{number}" for thread in range(8) for number in range(600)
    )
    assert sum(liveness(path) for path in segments(directory)) == 1


def test_room_outlives_the_turn_of_a_page(small: Journal, directory: Path) -> None:
    """Room that was set aside before the page was turned is still there afterwards, and the old page lives until it is
    used."""
    early = small.reserve()
    while small.reserve() is early:
        pass

    assert liveness(early.path)
    early.append(a_line("late"))

    assert "/late" in [record.path for record in records_in(directory)]


def test_a_page_that_was_turned_gives_no_more_room(directory: Path) -> None:
    """A segment that is let go of gives no room again, though its lines were shorter than what was set aside."""
    segment = Segment(directory / "a.journal", 3 * LINE_BYTES)
    for _ in range(3):
        assert segment.reserve()
    assert not segment.reserve()

    segment.retire()
    for number in range(3):
        segment.append(a_line(str(number)))

    assert not segment.reserve()
    assert not liveness(segment.path)


def test_room_that_is_given_back_can_be_had_again(directory: Path) -> None:
    """A reservation that is released takes up no room and lets a retired segment go."""
    segment = Segment(directory / "a.journal", LINE_BYTES)
    assert segment.reserve()
    assert not segment.reserve()

    segment.release()

    assert segment.reserve()
    segment.retire()
    assert liveness(segment.path)
    segment.release()
    assert not liveness(segment.path)


def test_a_closed_journal_lets_go_and_can_begin_again(small: Journal, directory: Path) -> None:
    """After close() the segment is dead for a drainer; a later line begins a new one."""
    small.close()
    write(small, "first")
    small.close()

    assert [liveness(path) for path in segments(directory)] == [False]

    write(small, "second")
    assert [liveness(path) for path in segments(directory)] == [False, True]
    assert [record.path for record in records_in(directory)] == ["/first", "/second"]


def test_a_thread_that_comes_late_takes_the_new_page(small: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that found the page full uses the one that another thread has begun meanwhile."""
    full = small.reserve()
    fresh = small._turn(full)

    assert small._turn(full) is fresh


@pytest.mark.parametrize("reason", ["the directory is gone", "the directory is a file"])
def test_without_room_there_is_no_reservation(directory: Path, reason: str) -> None:
    """Where no segment can be made, the reservation is refused, and the words name no path."""
    written = Journal(directory)
    directory.rmdir()
    if reason == "the directory is a file":
        directory.write_text("")

    with pytest.raises(JournalUnavailable) as caught:
        written.reserve()

    assert str(directory) not in str(caught.value)


def test_a_segment_that_could_not_be_made_leaves_nothing(directory: Path) -> None:
    """A failure while a segment is made leaves no unfinished file behind."""
    with pytest.raises((OSError, ValueError)):
        Segment(directory / "a.journal", 0)

    assert list(directory.iterdir()) == []


def test_a_failed_turn_never_uses_a_name_again(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a segment is made but its directory cannot be synchronised, the next one has another name: a drainer may
    have the first one open."""
    written = Journal(directory)
    monkeypatch.setattr("middleware.journal.sync_directory", a_broken_disk)
    with pytest.raises(JournalUnavailable):
        written.reserve()
    monkeypatch.undo()

    write(written, "first")

    assert len(segments(directory)) == 2


def a_broken_disk(directory: Path) -> None:
    raise OSError(5, "Input/output error")


def test_leftovers_are_swept_once_they_are_old(directory: Path) -> None:
    """A segment that a killed process never finished is swept after an hour, not before."""
    old, new = directory / "dead-000000.new", directory / "beef-000000.new"
    for path in (old, new):
        path.touch()
    long_ago = time.time() - ABANDONED_S - 1
    os.utime(old, (long_ago, long_ago))

    write(Journal(directory), "first")

    assert not old.exists()
    assert new.exists()
    assert [path.suffix for path in segments(directory)] == [".journal"]


def test_a_leftover_that_vanishes_meanwhile_is_no_fault(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker finishing its segment while this one looks for leftovers costs no request."""
    vanished = directory / "beef-000000.new"
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter([vanished]))

    write(Journal(directory), "first")

    assert [record.path for record in records_in(directory)] == ["/first"]


def in_child(work: Callable[[], None]) -> int:
    """Fork, do `work` in the child, and return the child's exit code."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_after_a_fork_every_journal_begins_anew(small: Journal, directory: Path) -> None:
    """What runs in a child after a fork gives every journal a writer of its own and no segment."""
    parents = small.reserve()
    writer = small.writer

    journal._begin_in_child()

    assert small.writer != writer
    assert small.reserve().path != parents.path


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_writes_a_segment_of_its_own(directory: Path) -> None:
    """A child never writes into its parent's segment; the parent goes on in it and keeps its lock."""
    written = Journal(directory)
    write(written, "parent")

    code = in_child(lambda: write(written, "child"))
    write(written, "parent again")

    assert code == 0
    parents, childs = sorted(segments(directory), key=lambda path: b"child" in path.read_bytes())
    assert (liveness(parents), liveness(childs)) == (True, False)
    assert parents.read_bytes().rstrip(b"\0") == a_line("parent") + a_line("parent again")
    assert childs.read_bytes().rstrip(b"\0") == a_line("child")


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_killed_writer_leaves_a_dead_segment_with_every_line(directory: Path) -> None:
    """After SIGKILL every line that was written is there, and a drainer can tell that nobody writes any more."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        written = Journal(directory)
        for number in range(100):
            write(written, str(number))
        os.write(writing, b"x")
        signal.pause()
    os.read(reading, 1)
    (path,) = segments(directory)
    assert liveness(path)

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    assert not liveness(path)
    assert len(lines_in(directory)) == 100
    os.close(reading)
    os.close(writing)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_killed_parent_is_dead_although_its_child_lives(directory: Path) -> None:
    """A child that outlives its parent does not hold the parent's segment."""
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        written = Journal(directory)
        write(written, "parent")
        child = os.fork()
        if child == 0:
            write(written, "child")
            os.write(writing, b"%d\n" % os.getpid())
        signal.pause()
    child = int(os.read(reading, 20))

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)

    try:
        alive = {path.read_bytes().rstrip(b"\0") == a_line("child"): liveness(path) for path in segments(directory)}
        assert alive == {True: True, False: False}
    finally:
        os.kill(child, signal.SIGKILL)
        os.close(reading)
        os.close(writing)
