"""How much of the rate four threads of one process keep. Whoever lets go of the interpreter lock waits for it again."""

import threading
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from time import perf_counter

from . import stores
from .figures import Figure, Part, middle, say, spread
from .hosts import Application, CookieMaker, gated, hello, request

THREADS = 4
ROUNDS, SECONDS = 7, 2.0
QUICK_ROUNDS, QUICK_SECONDS = 3, 0.5


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Compare the closed-loop rate of the gate with the bare host's, in turns; PostgreSQL has no part in it."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    host = hello()
    settings = stores.made(folder)
    stores.consent(settings.main_store, map(stores.member, range(stores.MEMBERS)))
    gate = gated(host.wsgi_app, host, settings.main_store, folder / "journal-of-gate")
    cookies = CookieMaker(host)
    known = [cookies.header(stores.member(number)) for number in range(stores.MEMBERS)]
    figures = []
    for threads, goal in ((1, None), (THREADS, 0.90)):
        kept = []
        _rate(gate, known, threads, 0.2)
        for turn in range(rounds):
            pair = [("bare", host.wsgi_app), ("gate", gate)]
            rates = {name: _rate(app, known, threads, seconds) for name, app in pair[:: 1 if turn % 2 else -1]}
            kept.append(rates["gate"] / rates["bare"])
        say(f"threads: {threads} kept {middle(kept):.3f}")
        figures.append(
            Figure(
                f"{threads} threads, one process: rate kept", middle(kept), ">=" if goal else None, goal, spread(kept)
            )
        )
    gate.close()
    return Part(figures)


def _rate(app: Application, cookies: list[str], threads: int, seconds: float) -> float:
    """Return requests per second of `threads` threads that ask again as soon as they are answered."""
    counts = [0] * threads
    ready = threading.Barrier(threads + 1)
    end = 0.0

    def ask(index: int) -> None:
        count = 0
        headers = cycle(cookies[index::threads])
        ready.wait()
        while perf_counter() < end:
            body = app(request("/hello", next(headers)), lambda status, headers, exc_info=None: None)
            for _ in body:
                pass
            body.close()  # type: ignore[attr-defined]
            count += 1
        counts[index] = count

    workers = [threading.Thread(target=ask, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    begun = perf_counter()
    end = begun + seconds
    ready.wait()
    for worker in workers:
        worker.join()
    return sum(counts) / (perf_counter() - begun)
