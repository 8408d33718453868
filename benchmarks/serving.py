"""What the gate costs behind a real server: gunicorn, two sync workers, asked by wrk or by threads of our own."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import NamedTuple

from . import stores
from .figures import Figure, Part, middle, say, spread
from .hosts import CookieMaker, hello

WORKERS, CONNECTIONS = 2, 8
ROUNDS, SECONDS = 7, 3
QUICK_ROUNDS, QUICK_SECONDS = 3, 1
START_S = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """What one round gave: requests answered, p99 in ms."""

    requests: int
    p99_ms: float


class Server(NamedTuple):
    """A running gunicorn."""

    port: int
    master: int

    def cpu_s(self) -> float:
        """Return the CPU time of the workers so far, user and system."""
        total = 0
        for worker in Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split():
            fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Compare CPU per request, rate and p99 of the gate with the bare host's, in turns; on SQLite."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    settings = stores.made(folder)
    stores.consent(settings.main_store, map(stores.member, range(stores.MEMBERS)))
    cookies = CookieMaker(hello())
    known = [cookies.header(stores.member(number)) for number in range(stores.MEMBERS)]
    load = _wrk(folder, known) if shutil.which("wrk") else _own_client(known)
    shares: dict[str, list[float]] = {"CPU per request": [], "rate": [], "p99": []}
    with ExitStack() as stack:
        bare = stack.enter_context(_gunicorn(folder, "bare", {}))
        gate = stack.enter_context(
            _gunicorn(
                folder,
                "gate",
                {"BENCHMARK_STORE": settings.main_store, "BENCHMARK_JOURNAL": str(folder / "journal-of-gate")},
            )
        )
        for server in (bare, gate):
            load(server.port, 1)
        for turn in range(rounds):
            found = {}
            for name, server in [("bare", bare), ("gate", gate)][:: 1 if turn % 2 else -1]:
                before = server.cpu_s()
                answered = load(server.port, seconds)
                found[name] = ((server.cpu_s() - before) / answered.requests, answered.requests, answered.p99_ms)
            for index, ratios in enumerate(shares.values()):
                ratios.append(found["gate"][index] / found["bare"][index])
            say(f"gunicorn: round {turn + 1} of {rounds}, CPU per request x {shares['CPU per request'][-1]:.3f}")
    goals = {"CPU per request": 1.05, "p99": None, "rate": None}
    return Part(
        [
            Figure(
                f"gunicorn sync x{WORKERS}: {name}, gate / bare",
                middle(shares[name]),
                "<=" if goal else None,
                goal,
                spread(shares[name]),
            )
            for name, goal in goals.items()
        ],
        () if shutil.which("wrk") else ("wrk is not installed: gunicorn was asked by threads of our own",),
    )


@contextmanager
def _gunicorn(folder: Path, name: str, environ: dict[str, str]) -> Iterator[Server]:
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "benchmarks.hosts:served()"),
                *("--worker-class", "sync", "--workers", str(WORKERS), "--bind", "127.0.0.1:0", "--preload"),
            ],
            stdout=output,
            stderr=output,
            env={**os.environ, **environ},
        )
    try:
        yield Server(_port(log, process), process.pid)
    finally:
        process.terminate()
        process.wait(timeout=START_S)


def _port(log: Path, process: "subprocess.Popen[bytes]") -> int:
    """Return the port that the server tells in its log, once all workers have begun; preloaded, they are ready then."""
    deadline = monotonic() + START_S
    while monotonic() < deadline and process.poll() is None:
        text = log.read_text()
        listening = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", text)
        if listening and text.count("Booting worker") >= WORKERS:
            return int(listening[1])
        sleep(0.05)
    raise RuntimeError(f"gunicorn did not start:\n{log.read_text()}")


def _wrk(folder: Path, cookies: list[str]) -> Callable[[int, int], Load]:
    """Return a load by wrk, every request with the next member's cookies."""
    script = folder / "cookies.lua"
    lines = ",\n".join(f'  "{cookie}"' for cookie in cookies)
    script.write_text(
        f"local cookies = {{\n{lines}\n}}\nlocal turn = 0\n"
        "function request()\n  turn = turn % #cookies + 1\n"
        '  return wrk.format("GET", "/hello", {["Cookie"] = cookies[turn], ["User-Agent"] = "Mozilla/5.0 (X11)"})\n'
        "end\n"
    )

    def load(port: int, seconds: int) -> Load:
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/hello"], capture_output=True, text=True, check=True, timeout=60
        )
        if "Non-2xx" in done.stdout:
            raise AssertionError(f"some answers were refusals:\n{done.stdout}")
        requests = re.search(r"(\d+) requests in", done.stdout)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
        if requests is None or p99 is None:
            raise RuntimeError(f"wrk said something else:\n{done.stdout}")
        return Load(int(requests[1]), float(p99[1]) * _UNITS_MS[p99[2]])

    return load


def _own_client(cookies: list[str]) -> Callable[[int, int], Load]:
    """Return a load by threads of this process: slower than wrk, the same for both servers."""

    def load(port: int, seconds: int) -> Load:
        took: list[float] = []

        def ask(index: int) -> None:
            end = monotonic() + seconds
            turn = index
            while monotonic() < end:
                begun = perf_counter()
                connection = HTTPConnection("127.0.0.1", port)
                connection.request("GET", "/hello", headers={"Cookie": cookies[turn % len(cookies)]})
                answer = connection.getresponse()
                answer.read()
                connection.close()
                if answer.status != 200:
                    raise AssertionError(f"answered {answer.status}")
                took.append((perf_counter() - begun) * 1000)
                turn += CONNECTIONS

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Load(len(took), sorted(took)[int(len(took) * 0.99)])

    return load
