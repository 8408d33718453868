"""Draining: this node's journal becomes access records, each exactly once, and then is overwritten.

`drain_once` is one pass; `Drainer` makes passes in the process that serves the portal on one box. On many boxes each
runs `portal access drain --follow`. Either way a file lock lets one drainer work at a time.
"""

import logging
import os
import threading
from collections.abc import Callable

from flask import Flask

from portal.clock import Clock, seoul_day
from portal.records.access.emptying import Drained, drain
from portal.services.access_room import access_room, rule_in_force, sealing
from portal.services.publishing import NothingInForce

__all__ = ["Drained", "Drainer", "drain_once", "start_draining"]

log = logging.getLogger(__name__)

STOP_WAIT_S = 10.0  # a pass under way may end its batch


def drain_once(app: Flask, tell: Callable[[int], None] | None = None) -> Drained:
    """Make one pass over the app's journal; `tell` is called with the bytes that are done with.

    Before any policy is in force nothing expires, so everything is kept.
    """
    clock: Clock = app.extensions["portal.clock"]
    at = clock()
    room = access_room(app)
    try:
        rule = rule_in_force(app, at)
    except NothingInForce:
        rule = None
    return drain(room.journal, room.store, sealing(room, rule, at), seoul_day(at), tell=tell)


class Drainer:
    """A daemon thread that makes a pass every interval, whatever became of the last one.

    It belongs to the process that started it: a forked child has none until it starts its own.
    """

    def __init__(
        self,
        make_pass: Callable[[], object],
        interval_s: float,
        *,
        name: str = "drain",
        failing: str = "access records are not drained (%s); the journal keeps them until the store returns",
        works: str = "access records are drained again",
    ) -> None:
        self._make_pass = make_pass
        self._interval_s = interval_s
        self._name, self._told_failing, self._told_works = name, failing, works
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._failing = ""

    @property
    def running(self) -> bool:
        """Tell whether this process has the thread, alive."""
        return self._pid == os.getpid() and self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread in this process; nothing where it runs already."""
        if self.running:
            return
        self._pid = os.getpid()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=f"portal-{self._name}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = STOP_WAIT_S) -> None:
        """Make one last pass and end the thread. Raises TimeoutError when it does not end in time."""
        if not self.running or self._thread is None:
            return
        self._stop.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise TimeoutError(f"the {self._name} did not end within {timeout_s} s")
        self._thread = None

    def _run(self, stop: threading.Event) -> None:
        last = False
        while not last:
            last = stop.wait(self._interval_s)
            self._once()

    def _once(self) -> None:
        """Make a pass. A fault is told by its kind, once: its text may hold a row, and rows are people's."""
        try:
            self._make_pass()
        except Exception as error:
            kind = kind_of(error)
            if kind != self._failing:
                log.error(self._told_failing, kind)
            self._failing = kind
        else:
            if self._failing:
                log.warning(self._told_works)
            self._failing = ""


def kind_of(error: BaseException) -> str:
    """Return the kinds of an error and of what caused it, without their texts."""
    kinds = [type(error).__name__]
    cause = error.__cause__ or getattr(error, "orig", None)
    if cause is not None:
        kinds.append(type(cause).__name__)
    code = getattr(error, "sqlite_errorname", None) or getattr(cause, "sqlite_errorname", None)
    if code is None and isinstance(error, OSError):
        code = error.strerror
    return ", ".join([*kinds, code] if code else kinds)


def start_draining(app: Flask) -> Drainer:
    """Start the app's drain thread in this process and return it; a second call returns the same one."""
    if "portal.drainer" not in app.extensions:
        interval_s = app.extensions["portal.settings"].drain_interval_s
        app.extensions["portal.drainer"] = Drainer(lambda: drain_once(app), interval_s)
    drainer: Drainer = app.extensions["portal.drainer"]
    drainer.start()
    return drainer
