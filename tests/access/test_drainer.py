"""The drain as a thread beside the portal."""

import logging
import os
import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from portal.services.access_room import access_records
from portal.services.draining import Drainer, kind_of, start_draining
from tests.access.builders import LiveSegment, a_dead_segment, a_record, text_of


class Passes:
    """A pass that can be waited for, and told to fail."""

    def __init__(self) -> None:
        self.count = 0
        self.fault: Exception | None = None
        self.made = threading.Semaphore(0)

    def __call__(self) -> None:
        self.count += 1
        self.made.release()
        if self.fault is not None:
            raise self.fault

    def wait_for(self, passes: int) -> None:
        for _ in range(passes):
            assert self.made.acquire(timeout=30)


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def drainer(passes: Passes) -> Iterator[Drainer]:
    drainer = Drainer(passes, 0.001)
    yield drainer
    drainer.stop()


def test_passes_follow_each_other(passes: Passes, drainer: Drainer) -> None:
    """Once started it goes on by itself; starting it again adds no second thread."""
    drainer.start()
    drainer.start()

    passes.wait_for(3)

    assert drainer.running
    assert [thread.name for thread in threading.enumerate()].count("portal-drain") == 1


def test_stopping_makes_a_last_pass(passes: Passes) -> None:
    """What was written before the end is drained, though the interval was not over; then the thread is gone."""
    drainer = Drainer(passes, 3600)
    drainer.start()

    drainer.stop()
    drainer.stop()

    assert passes.count == 1
    assert not drainer.running


def test_it_can_be_started_again(passes: Passes, drainer: Drainer) -> None:
    """After a stop a new thread takes over."""
    drainer.start()
    drainer.stop()
    drainer.start()

    passes.wait_for(2)

    assert drainer.running


def test_a_fault_is_survived_and_told_once(passes: Passes, drainer: Drainer, caplog: pytest.LogCaptureFixture) -> None:
    """A thousand equal faults are one line, by their kind and without their text; the end of them is another."""
    passes.fault = OSError(28, "No space left on device", "/srv/203.0.113.7")

    with caplog.at_level(logging.WARNING):
        drainer.start()
        passes.wait_for(5)
        passes.fault = None
        passes.wait_for(2)
        drainer.stop()

    assert caplog.messages == [
        "access records are not drained (OSError, No space left on device); the journal keeps them until the store"
        " returns",
        "access records are drained again",
    ]


def test_a_fault_is_named_by_its_kinds() -> None:
    """The cause is named as well, and no text of either."""
    fault = RuntimeError("anna")
    fault.__cause__ = ValueError("203.0.113.7")

    assert kind_of(fault) == "RuntimeError, ValueError"


def test_a_forked_child_has_no_thread_until_it_starts_one(passes: Passes, drainer: Drainer) -> None:
    """The thread belongs to the process that started it; a child may start its own."""
    drainer.start()
    passes.wait_for(1)
    answer, told = os.pipe()

    child = os.fork()
    if child == 0:
        before = drainer.running
        drainer.start()
        os.write(told, b"no" if not before and drainer.running else b"??")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(answer, 2) == b"no"
    assert drainer.running
    os.close(answer)
    os.close(told)


def test_the_app_drains_beside_itself(app: Flask) -> None:
    """Started once per app, it carries what the gate writes to where a member's records are shown."""
    settings, clock = app.extensions["portal.settings"], app.extensions["portal.clock"]
    object.__setattr__(settings, "drain_interval_s", 0.01)
    live = LiveSegment(settings.journal)
    live.write(text_of([a_record(ref="anna", request_id="a")]))
    a_dead_segment(settings.journal, text_of([a_record(ref="anna", request_id="b")]))

    drainer = start_draining(app)
    assert start_draining(app) is drainer
    drainer.stop()

    assert {record.request_id for record in access_records(app, clock(), ref="anna")} == {"a", "b"}
    live.die()
