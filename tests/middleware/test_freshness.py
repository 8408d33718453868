"""A change of standing or policy is seen by the next request: remembered only is what is proved fresh."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from middleware import ConsentGate
from middleware.standing import contract, sqlite
from middleware.standing.sqlite import SqliteStanding
from portal.records.epoch import make_epoch

from .gatehouse import MATERIAL, NOON, REQUIRED, SECOND, Host, MicroClock, Store, ask, environ_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def either_gate(
    gates: Callable[..., ConsentGate], host: Host, either_store: Store, journal: Path, micro: MicroClock
) -> ConsentGate:
    """The gate on either engine."""
    return gates(host, either_store, journal, clock=micro)


def code(gate: ConsentGate, member: str = "kim") -> int:
    return ask(gate, environ_of("/orders", "GET", member)).code


def test_a_withdrawal_is_seen_at_the_next_request(either_gate: ConsentGate, either_store: Store) -> None:
    """A member who withdraws is stopped by the very next request, and let in again by the one after consenting."""
    for _ in range(3):
        assert code(either_gate) == 200
        either_store.stand("kim", None)
        assert code(either_gate) == 403
        either_store.stand("kim", REQUIRED)


def test_a_suspension_is_seen_at_the_next_request(either_gate: ConsentGate, either_store: Store) -> None:
    """A suspended account is stopped by the very next request."""
    assert code(either_gate) == 200

    either_store.stand("kim", REQUIRED, suspended=True)

    assert code(either_gate) == 403


def test_an_erased_member_is_stopped_at_the_next_request(either_gate: ConsentGate, either_store: Store) -> None:
    """A member whose standing is gone is stopped by the very next request."""
    assert code(either_gate) == 200

    either_store.change("DELETE FROM standing WHERE host_id = ?", "kim")

    assert code(either_gate) == 403


def test_a_first_consent_is_seen_at_the_next_request(either_gate: ConsentGate, either_store: Store) -> None:
    """A stranger who was blocked a moment ago and consents is let in by the very next request."""
    assert code(either_gate, "new") == 403

    either_store.stand("new", REQUIRED)

    assert code(either_gate, "new") == 200


def test_a_material_version_asks_again_at_once(either_gate: ConsentGate, either_store: Store) -> None:
    """A version with other requirements, in force from now, stops everybody at the next request."""
    assert code(either_gate) == 200

    either_store.publish(MATERIAL, NOON)

    assert code(either_gate) == 403
    either_store.stand("kim", MATERIAL)
    assert code(either_gate) == 200


def test_a_withdrawn_version_never_bites(either_gate: ConsentGate, either_store: Store, micro: MicroClock) -> None:
    """A version that is withdrawn before its moment stops nobody at it, though a gate had looked ahead to it; the one
    announced after it is not touched."""
    coming = either_store.publish(MATERIAL, NOON + 10)
    either_store.publish(MATERIAL, NOON + 20)
    assert code(either_gate) == 200

    either_store.withdraw(coming)

    seen = []
    for at in (0, 10, 19, 20):
        micro.now = NOON + at
        seen.append(code(either_gate))
    assert seen == [200, 200, 200, 403]


def test_a_change_of_wording_asks_nobody(either_gate: ConsentGate, either_store: Store) -> None:
    """A version with the same requirements lets everybody go on."""
    assert code(either_gate) == 200

    either_store.publish(REQUIRED, NOON)

    assert code(either_gate) == 200


@pytest.mark.parametrize("ahead", [1, SECOND - 1, SECOND, SECOND + 1, 90 * 24 * 3600 * SECOND])
def test_a_version_bites_at_its_microsecond(
    either_gate: ConsentGate, either_store: Store, micro: MicroClock, ahead: int
) -> None:
    """A version announced for a moment asks again at that very microsecond, without a restart or a change."""
    either_store.publish(MATERIAL, NOON + ahead)
    assert code(either_gate) == 200

    micro.now = NOON + ahead - 1
    assert code(either_gate) == 200
    micro.now = NOON + ahead
    assert code(either_gate) == 403


def test_consent_given_ahead_counts_from_its_moment(
    either_gate: ConsentGate, either_store: Store, micro: MicroClock
) -> None:
    """Two versions ahead: each stands from its own moment, and who satisfies only the later one waits for it."""
    either_store.publish(MATERIAL, NOON + 10)
    either_store.publish(REQUIRED, NOON + 20)
    either_store.stand("early", MATERIAL)

    seen = []
    for at in (0, 9, 10, 19, 20):
        micro.now = NOON + at
        seen.append((code(either_gate), code(either_gate, "early")))

    assert seen == [(200, 403), (200, 403), (403, 200), (403, 200), (200, 403)]


def test_of_two_versions_for_one_moment_the_later_published_is_in_force(
    either_gate: ConsentGate, either_store: Store
) -> None:
    """The version published last decides where two are effective from the same moment."""
    either_store.publish(MATERIAL, NOON)
    either_store.publish(REQUIRED, NOON)

    assert code(either_gate) == 200


@pytest.mark.parametrize("back", [1, SECOND, 30 * SECOND, 400 * 24 * 3600 * SECOND])
def test_a_clock_set_back_brings_back_what_was_in_force(
    either_gate: ConsentGate, either_store: Store, micro: MicroClock, back: int
) -> None:
    """A clock that goes back is believed, and the answer is the one of that time, not a remembered one."""
    either_store.publish(MATERIAL, NOON)
    assert code(either_gate) == 403

    micro.now = NOON - back
    assert code(either_gate) == 200
    micro.now = NOON
    assert code(either_gate) == 403


def test_a_clock_set_back_does_not_prolong_memory(gate: ConsentGate, store: Store, micro: MicroClock) -> None:
    """After the clock went back an hour, what is typed by hand is still seen within a second."""
    for second in range(3600):
        micro.now = NOON + second * SECOND
        assert gate.standing.of("kim", micro.now).stands
    micro.now = NOON + SECOND
    assert code(gate) == 200

    store.by_hand("UPDATE standing SET requirement_hash = NULL")
    micro.advance(SECOND)

    assert code(gate) == 403


def test_what_is_typed_by_hand_is_seen_within_a_second(
    either_gate: ConsentGate, either_store: Store, micro: MicroClock
) -> None:
    """A change made round the portal is seen a second later at the latest."""
    for turn in range(3):
        assert code(either_gate) == 200
        either_store.by_hand("UPDATE standing SET requirement_hash = NULL WHERE host_id = ?", "kim")
        micro.advance(SECOND)
        assert code(either_gate) == 403, turn
        either_store.by_hand("UPDATE standing SET requirement_hash = ? WHERE host_id = ?", REQUIRED, "kim")
        micro.advance(SECOND)


def test_an_answer_is_remembered_for_a_second(
    gate: ConsentGate, micro: MicroClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a second nothing is asked twice while nothing changes."""
    assert code(gate) == 200
    monkeypatch.setattr(gate.standing, "_ask", None)

    for _ in range(9):
        micro.advance(SECOND // 10)
        assert code(gate) == 200


def test_an_answer_that_came_late_is_not_believed(
    gate: ConsentGate, store: Store, micro: MicroClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer asked for before a change by hand, and remembered after another thread has seen that change, is
    forgotten within a second."""
    ask_store = gate.standing._ask  # type: ignore[attr-defined]

    def slow(host_id: str, at: int) -> object:
        answer = ask_store(host_id, at)
        monkeypatch.undo()
        store.by_hand("UPDATE standing SET requirement_hash = NULL")
        assert code(gate) == 403  # another thread, while this one holds the old answer
        return answer

    monkeypatch.setattr(gate.standing, "_ask", slow)
    assert code(gate) == 200

    micro.advance(SECOND)

    assert code(gate, "lee") == 403  # whoever comes first has the store looked at again
    assert code(gate) == 403


def test_an_answer_asked_for_before_a_change_is_not_remembered_after_it(
    gate: ConsentGate, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that was on its way while the portal changed the standing is not given to the next request."""
    ask_store = gate.standing._ask  # type: ignore[attr-defined]

    def slow(host_id: str, at: int) -> object:
        answer = ask_store(host_id, at)
        monkeypatch.undo()
        store.stand("kim", None)
        return answer

    monkeypatch.setattr(gate.standing, "_ask", slow)
    assert code(gate) == 200  # it began before the withdrawal was committed

    assert code(gate) == 403


def test_a_thread_on_a_slightly_older_time_does_not_forget_everything(
    gate: ConsentGate, micro: MicroClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that read its clock before another one looked again finds what is remembered still there."""
    assert code(gate) == 200
    micro.advance(SECOND)
    assert code(gate) == 200
    monkeypatch.setattr(gate.standing, "_ask", None)

    micro.advance(-3)

    assert code(gate) == 200


@pytest.mark.parametrize("made", ["deleted", "recreated", "too short", "not an epoch file", "a directory"])
def test_an_epoch_file_that_is_not_the_same_is_noticed(
    gate: ConsentGate, store: Store, micro: MicroClock, made: str
) -> None:
    """When the epoch file is gone, replaced or no epoch file, a change is seen within a second, and from then on at
    once."""
    assert code(gate) == 200
    store.epoch.unlink()
    if made == "recreated":
        make_epoch(store.url)
    elif made == "too short":
        store.epoch.write_bytes(b"MC")
    elif made == "not an epoch file":
        store.epoch.write_bytes(b"x" * 16)
    elif made == "a directory":
        store.epoch.mkdir()

    change = store.stand if made == "recreated" else by_hand(store)
    change("kim", None)
    micro.advance(SECOND)
    assert code(gate) == 403
    for stood, expected in ((REQUIRED, 200), (None, 403), (REQUIRED, 200)):
        change("kim", stood)
        assert code(gate) == expected


def by_hand(store: Store) -> Callable[[str, str | None], None]:
    def change(member: str, requirement: str | None) -> None:
        store.by_hand("UPDATE standing SET requirement_hash = ? WHERE host_id = ?", requirement, member)

    return change


def test_an_epoch_file_that_comes_late_is_used(gate: ConsentGate, store: Store, monkeypatch: pytest.MonkeyPatch):
    """A gate that began without an epoch file remembers nothing, and begins to when there is one."""
    store.epoch.unlink()
    assert code(gate) == 200
    make_epoch(store.url)
    assert code(gate) == 200

    monkeypatch.setattr(gate.standing, "_ask", None)

    assert code(gate) == 200


def test_a_restored_store_is_seen_within_a_second(gate: ConsentGate, store: Store, micro: MicroClock) -> None:
    """A backup put in the store's place is read within a second, also by threads that have the old one open."""
    backup = store.path.with_name("backup.db")
    with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    store.stand("new", REQUIRED)
    assert (code(gate, "kim"), code(gate, "new")) == (200, 200)

    for name in (store.path.name + "-wal", store.path.name + "-shm"):
        store.path.with_name(name).unlink(missing_ok=True)
    os.replace(backup, store.path)
    micro.advance(SECOND)

    assert (code(gate, "kim"), code(gate, "new")) == (200, 403)
    store.stand("kim", None)
    assert code(gate, "kim") == 403


def test_a_store_replaced_while_a_thread_connects_is_noticed(
    gate: ConsentGate, store: Store, micro: MicroClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A thread that opened the old file at the very moment of its replacement does not keep it."""
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(copy)) as other:
        source.backup(other)
        other.execute("UPDATE standing SET requirement_hash = NULL")
        other.commit()
    connect = sqlite._connect

    def another_thread() -> None:
        thread = threading.Thread(target=code, args=(gate,))
        thread.start()
        thread.join()

    def slow(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        monkeypatch.undo()
        os.replace(copy, store.path)
        micro.advance(SECOND)
        another_thread()
        return connection

    another_thread()
    monkeypatch.setattr(sqlite, "_connect", slow)
    code(gate, "lee")

    micro.advance(SECOND)
    assert code(gate) == 403


KILLED_IN_A_CHANGE = """
import os, signal, sys
from portal.records.epoch import standing_change
with standing_change(sys.argv[1]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_was_killed_costs_no_freshness(gate: ConsentGate, store: Store) -> None:
    """While the epoch stands odd because its writer was killed, every request asks; the next change settles it."""
    assert code(gate) == 200
    done = subprocess.run([sys.executable, "-c", KILLED_IN_A_CHANGE, store.url], cwd=ROOT, timeout=60)
    assert done.returncode == -9
    assert store.epoch.read_bytes()[8] & 1

    for stood, expected in ((None, 403), (REQUIRED, 200), (None, 403)):
        by_hand(store)("kim", stood)
        assert code(gate) == expected

    store.stand("kim", REQUIRED)
    assert not store.epoch.read_bytes()[8] & 1
    assert code(gate) == 200


def test_no_thread_passes_after_a_withdrawal(either_gate: ConsentGate, either_store: Store) -> None:
    """Sixteen threads with a thousand requests each, while consent comes and goes: no request that started after a
    withdrawal was committed has passed, and none that started after a consent was stopped."""
    threads, requests = 16, 1000
    phase = 0  # counts on: 0 consented, 1 changing, 2 withdrawn, 3 changing, 4 consented …
    stale: list[tuple[int, int]] = []
    judged: set[tuple[int, int]] = set()
    done = threading.Event()

    def flip() -> None:
        nonlocal phase
        while not done.is_set():
            phase += 1
            either_store.stand("kim", None if phase % 4 == 1 else REQUIRED)
            phase += 1
            done.wait(0.002)

    def hammer() -> None:
        for _ in range(requests):
            before = phase
            got = code(either_gate)
            if before == phase and not before & 1:
                judged.add((before % 4, got))
                if got != (200 if before % 4 == 0 else 403):
                    stale.append((before, got))

    flipper = threading.Thread(target=flip)
    hammers = [threading.Thread(target=hammer) for _ in range(threads)]
    flipper.start()
    for thread in hammers:
        thread.start()
    for thread in hammers:
        thread.join()
    done.set()
    flipper.join()

    assert stale == []
    assert judged == {(0, 200), (2, 403)}


def test_a_closed_reader_opens_again(store: Store) -> None:
    """After close() the next question opens its own connection."""
    reader = SqliteStanding(store.path)
    assert reader.of("kim", NOON).stands

    reader.close()
    reader.close()

    assert reader.of("kim", NOON).stands


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_reads_through_connections_of_its_own(either_gate: ConsentGate, either_store: Store) -> None:
    """A child and its grandchild see each change at their next request, and the parent's connections stay whole."""
    assert code(either_gate) == 200
    pid = os.fork()
    if pid == 0:
        ended = 1
        try:
            grandchild = os.fork()
            seen = code(either_gate)
            ended = os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]) if grandchild else 0
            ended |= seen != 200
        finally:
            os._exit(ended)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    either_store.stand("kim", None)
    assert code(either_gate) == 403


def test_after_a_fork_nothing_of_the_parent_is_used_or_closed(
    either_gate: ConsentGate, either_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs in a child after a fork makes every reader begin anew; the parent's connection is not closed there."""
    assert code(either_gate) == 200
    reader: Any = either_gate.standing
    before = reader._local

    contract._begin_in_child()

    assert before in reader._left_to_parent
    assert reader._local is not before
    either_store.stand("kim", None)
    assert code(either_gate) == 403
    closed: list[object] = []
    held = contract.Held(SimpleNamespace(close=lambda: closed.append(1)))
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        del held
    assert closed == []


def test_a_store_in_another_folder_with_odd_characters_is_read(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path, tmp_path: Path
) -> None:
    """A store whose path holds spaces, Korean, a percent sign or a question mark is opened all the same."""
    folder = tmp_path / "동의 100% #1"
    folder.mkdir()
    for path in tmp_path.glob("portal.db*"):
        shutil.copy(path, folder / path.name)
    moved = Store(f"sqlite:///{folder / 'portal.db'}".replace("%", "%25"))

    assert code(gates(host, moved, journal)) == 200
