"""What a member waits for: calls of all variants, taking turns one by one around a Flask hello request.

Why not a loop over one variant: in such a loop everything lies in the processor's caches and a gate looks three to
ten times cheaper than it is between real requests.
"""

import gc
import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter_ns
from typing import Any, NamedTuple

from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from . import stores
from .figures import Figure, Part, middle, say, spread
from .hosts import Application, CookieMaker, NaiveGate, gated, hello, request

REPEATS = 7
CALLS = 2000
QUICK_REPEATS, QUICK_CALLS = 5, 400
BARE = "bare Flask hello"
FIRST_VISIT = "gate: passed, cookie and member never seen"
NEVER_SEEN = "gate: passed, cookie never seen"
PASSED = "gate: passed, recorded, SQLite"
POSTGRES = "gate: passed, recorded, PostgreSQL"
NAIVE = "naive gate"
GOALS = {PASSED: 0.10, NEVER_SEEN: 0.35, POSTGRES: 1.6}


class Variant(NamedTuple):
    """One thing to call, the status it must answer with, and the environs to call it with."""

    app: Application
    environs: Iterator[dict[str, Any]]
    status: str = "200"


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Measure the added time of every variant as a share of the bare host's; `postgres_url` gives a new database."""
    repeats, calls = (QUICK_REPEATS, QUICK_CALLS) if quick else (REPEATS, CALLS)
    variants = _variants(folder, postgres_url, fresh=repeats * calls)
    for variant in variants.values():  # each has its connections, keys and first lines before the clock runs
        for _ in range(50):
            _time(variant)
    gc.collect()
    gc.freeze()
    medians: dict[str, list[float]] = {name: [] for name in variants}
    order = list(variants)
    chance = random.Random(1)
    for repeat in range(repeats):
        took: dict[str, list[int]] = {name: [] for name in variants}
        for _ in range(calls):
            chance.shuffle(order)
            for name in order:
                took[name].append(_time(variants[name]))
        for name, times in took.items():
            medians[name].append(middle(times) / 1000)
        say(f"in situ: repeat {repeat + 1} of {repeats}, bare {medians[BARE][-1]:.0f} us, {_added(medians, PASSED)}")
    gc.unfreeze()
    return Part(_figures(medians), () if postgres_url else ("in situ on PostgreSQL: no server runs here",))


def _variants(folder: Path, postgres_url: Callable[[], str] | None, *, fresh: int) -> dict[str, Variant]:
    host = hello()
    bare = host.wsgi_app
    settings = stores.made(folder / "sqlite")
    newcomers = fresh + 50
    stores.consent(
        settings.main_store,
        [stores.member(number) for number in range(stores.MEMBERS)] + [f"new-{number}" for number in range(newcomers)],
    )
    cookies = CookieMaker(host)
    known = [cookies.header(stores.member(number)) for number in range(stores.MEMBERS)]
    stranger = cookies.header("somebody-without-consent")
    gate = gated(bare, host, settings.main_store, folder / "journal")
    static = folder / "static"
    static.mkdir()

    def same(path: str = "/hello") -> Iterator[dict[str, Any]]:
        for number in count():
            yield request(path, known[number % len(known)])

    def fresh_cookie() -> Iterator[dict[str, Any]]:
        for number in count():
            yield request("/hello", cookies.header(stores.member(number % len(known)), f"visit-{number}"))

    def fresh_member() -> Iterator[dict[str, Any]]:
        for number in count():
            yield request("/hello", cookies.header(f"new-{number}", "first"))

    variants = {
        BARE: Variant(bare, same()),
        PASSED: Variant(gate, same()),
        NEVER_SEEN: Variant(gate, fresh_cookie()),
        FIRST_VISIT: Variant(gate, fresh_member()),
        "gate: passed, behind a trusted proxy": Variant(
            gated(bare, host, settings.main_store, folder / "journal-3", trusted_proxies=["10.0.0.0/8"]),
            (
                environ | {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": f"203.0.113.{number % 256}"}
                for number, environ in enumerate(same())
            ),
        ),
        "gate: exempt": Variant(gate, same("/open/hello")),
        "gate: blocked": Variant(gate, (request("/hello", stranger) for _ in count()), "303"),
        "WhiteNoise": Variant(WhiteNoise(bare, root=str(static)), same()),
        "ProxyFix": Variant(ProxyFix(bare), same()),
        NAIVE: Variant(NaiveGate(bare, host, settings.main_store, folder / "naive.db"), same()),
    }
    if postgres_url:
        on_postgres = stores.made(folder / "postgres", **stores.on_postgres(postgres_url()))
        stores.consent(on_postgres.main_store, [stores.member(number) for number in range(stores.MEMBERS)])
        variants[POSTGRES] = Variant(gated(bare, host, on_postgres.main_store, folder / "journal-2"), same())
    return variants


def _time(variant: Variant) -> int:
    """Call a variant once, as a server would; return the nanoseconds until the answer is whole."""
    environ = next(variant.environs)
    told: list[str] = []

    def start_response(status: str, headers: object, exc_info: object = None) -> None:
        told.append(status)

    begun = perf_counter_ns()
    body = variant.app(environ, start_response)
    for _ in body:
        pass
    if hasattr(body, "close"):
        body.close()
    took = perf_counter_ns() - begun
    if told[0][:3] != variant.status:
        raise AssertionError(f"answered {told[0]}, expected {variant.status}")
    return took


def _figures(medians: dict[str, list[float]]) -> list[Figure]:
    bare = medians[BARE]
    figures = [Figure(f"in situ, p50 us: {BARE}", middle(bare), note=spread(bare, 0), digits=0)]
    for name in medians:
        if name != BARE:
            ratios = [ours / theirs - 1 for ours, theirs in zip(medians[name], bare, strict=True)]
            added = middle(medians[name]) - middle(bare)
            goal = GOALS.get(name)
            note = f"{added:+.1f} us; {spread(ratios)}"
            figures.append(Figure(f"in situ, added / bare: {name}", middle(ratios), "<=" if goal else None, goal, note))
    times = [
        (naive - base) / (ours - base) for naive, ours, base in zip(medians[NAIVE], medians[PASSED], bare, strict=True)
    ]
    figures.append(Figure("in situ: naive gate's added time / ours", middle(times), note=spread(times, 1), digits=1))
    return figures


def _added(medians: dict[str, list[float]], name: str) -> str:
    return f"{name} {medians[name][-1] / medians[BARE][-1] - 1:+.3f}"
