"""Nothing acknowledged is lost: workers of a real server are killed under load, and every answer has its record."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from portal.clock import seoul_day
from portal.database import open_engine
from portal.records.access import Search, open_access_store
from portal.records.access.emptying import drain
from portal.settings import Settings
from portal.vault.day_keys import DayKeys

from .gatehouse import Store, records_in

ROOT = Path(__file__).parents[2]
KILLS = 30  # for each kind of worker
ANSWERS_BETWEEN = 40
DEADLINE_S = 60.0
PEOPLE = ("kim", "lee", "")

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine_name", ["sqlite"])]


class Server:
    """gunicorn with two workers on a port of its own."""

    def __init__(self, store: Store, journal: Path, kind: list[str]) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = listener.getsockname()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--workers", "2", *kind]
        # A worker told to stop in the moment after its fork does not hear it: gunicorn kills it after that time.
        command += ["--graceful-timeout", "3", "--log-level", "critical", "--no-control-socket"]
        command += ["tests.middleware.behind_gunicorn:application"]
        environ = {"TEST_STORE": store.url, "TEST_JOURNAL": str(journal), "PYTHONPATH": str(ROOT)}
        self._master = subprocess.Popen(
            command, pass_fds=[listener.fileno()], cwd=ROOT, env=os.environ | environ, stderr=subprocess.DEVNULL
        )
        listener.close()

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self._master.pid}/task/{self._master.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_a_worker(self) -> bool:
        workers = self.workers()
        if not workers:
            return False
        os.kill(random.choice(workers), signal.SIGKILL)
        return True

    def stop(self) -> None:
        self._master.terminate()
        self._master.wait(DEADLINE_S)


@contextmanager
def serving(store: Store, journal: Path, kind: list[str]) -> Iterator[Server]:
    server = Server(store, journal, kind)
    try:
        yield server
    finally:
        server.stop()


class Clients:
    """Threads that ask over kept connections, each path once, and note every path whose answer had begun."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._stop = threading.Event()
        self.begun: list[str] = []
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(6)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, thread: int) -> None:
        number = 0
        while not self._stop.is_set():
            try:
                with socket.create_connection(self._address, timeout=5) as connection:
                    open_still = True
                    while open_still and not self._stop.is_set():
                        number += 1
                        open_still = self._ask(connection, f"{thread}-{number}", PEOPLE[number % 3])
            except OSError:
                continue  # its worker was killed; what had begun is noted

    def _ask(self, connection: socket.socket, name: str, member: str) -> bool:
        """Ask once; return whether the connection can be used again."""
        path = f"/static/{name}" if not member else f"/orders/{name}"
        lines = [f"GET {path} HTTP/1.1", "Host: matecost.example", "Connection: keep-alive"]
        lines += [f"X-Member: {member}"] if member else []
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        got = connection.recv(65536)
        if not got:
            return False
        self.begun.append(path)
        while b"\r\n\r\n" not in got:
            more = connection.recv(65536)
            if not more:
                return False
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            more = connection.recv(65536)
            if not more:
                return False
            body += more
        return fields.get(b"connection") != b"close"


class Room:
    """The access store into which the journal is drained."""

    def __init__(self, settings: Settings, journal: Path) -> None:
        self._journal = journal
        self._engine = open_engine(settings.keys_store)
        self._keys = DayKeys(self._engine, b"k" * 32)
        self._store = open_access_store(settings.access_store)

    def drain(self) -> None:
        now = datetime.now(UTC)
        drain(self._journal, self._store, lambda day: self._keys.obtain(day, now), seoul_day(now))

    def paths(self) -> Counter[str]:
        wanted = Search(oldest=date(2000, 1, 1), limit=1_000_000)
        return Counter(record.path for record in self._store.search(wanted, self._keys.reading()))

    def close(self) -> None:
        self._store.close()
        self._engine.dispose()


def kill_under_load(server: Server, clients: Clients, room: Room | None) -> None:
    """Kill a worker each time a number of answers has begun, KILLS times; drain between the kills if there is a
    room."""
    for _ in range(KILLS):
        enough = len(clients.begun) + ANSWERS_BETWEEN
        deadline = time.monotonic() + DEADLINE_S
        while len(clients.begun) < enough or not server.kill_a_worker():
            assert time.monotonic() < deadline, f"{len(clients.begun)} answers, workers {server.workers()}"
            time.sleep(0.001)
        if room is not None:
            room.drain()


@pytest.mark.parametrize(
    ("kind", "drained_meanwhile"),
    [
        (["--worker-class", "sync"], False),
        (["--worker-class", "gthread", "--threads", "4"], True),
    ],
    ids=["sync", "gthread, drained meanwhile"],
)
def test_every_answer_that_began_has_its_record(
    settings: Settings, either_store: Store, journal: Path, kind: list[str], drained_meanwhile: bool
) -> None:
    """However often workers are killed under load, every answer that had begun is recorded exactly once, in the journal
    and after the drain in the access store, and so is no request twice."""
    journal.mkdir()
    with closing(Room(settings, journal)) as room:
        with serving(either_store, journal, kind) as server:
            clients = Clients(server.address)
            try:
                kill_under_load(server, clients, room if drained_meanwhile else None)
            finally:
                clients.stop()

        assert len(clients.begun) >= KILLS * ANSWERS_BETWEEN
        assert len(set(clients.begun)) == len(clients.begun)
        if not drained_meanwhile:
            written = Counter(record.path for record in records_in(journal))
            assert set(clients.begun) - set(written) == set()
            assert set(written.values()) == {1}

        room.drain()

        kept = room.paths()
        assert set(clients.begun) - set(kept) == set()
        assert set(kept.values()) == {1}
        assert list(journal.glob("*.journal")) == []
