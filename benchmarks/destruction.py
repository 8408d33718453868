"""Ten thousand leavers: their destruction ordered, and carried out down to the certificate, on SQLite with the sample
host's tables. Ends with an error where one of them is not certified, or a row of the host's is left."""

import resource
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from portal import clock
from portal.clock import seoul_day
from portal.database import db, writing
from portal.records import destructions, members
from portal.services import destroying, importing, ordering
from portal.services.auditing import OPERATOR
from portal.services.reading import ListFile
from portal.settings import SAMPLE_STORE
from portal.vault import ledger

from . import stores
from .figures import Figure, Part, say
from .members import serving, write_list

PEOPLE, QUICK_PEOPLE = 10_000, 500
AT_ONCE = 200
GOAL = 100  # people a second, from the order to the certificate


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Order and destroy on SQLite."""
    count = QUICK_PEOPLE if quick else PEOPLE
    write_list(folder / "members.csv", count)
    with serving(folder / "sqlite", None) as app:
        with closing(importing.preview(ListFile(folder / "members.csv").rows())) as found:
            importing.carry_out(found, "HOST", clock.now())
        host = folder / "sqlite" / SAMPLE_STORE
        host = host if host.exists() else next(folder.rglob(SAMPLE_STORE))
        _fill(host, count)
        refs = [
            member.ref
            for start in range(0, count, AT_ONCE)
            for member in members.of_hosts([stores.member(start + place) for place in range(AT_ONCE)]).values()
        ]
        db.session.remove()
        before = _peak_mb()
        began = time.perf_counter()
        for start in range(0, count, AT_ONCE):
            with writing():
                ordering.order_many(
                    dict.fromkeys(refs[start : start + AT_ONCE], seoul_day(clock.now())),
                    "LEFT_COMPANY",
                    by=OPERATOR,
                    at=clock.now(),
                    batch_ref="b" * 26,
                    request_number="R-2026-0001",
                )
        ordered = time.perf_counter()
        say(f"destruction: {count:,} ordered in {ordered - began:.1f} s")
        db.session.remove()
        destroying.destroy_due(app, say)
        ended = time.perf_counter()
        _proved(host, refs)
    rate = count / (ended - began)
    note = f"ordering {ordered - began:.1f} s, carrying out {ended - ordered:.1f} s"
    return Part(
        [
            Figure(f"destruction of {count:,} leavers, SQLite, people per second", rate, ">=", GOAL, note, 0),
            Figure("memory that it took, MB at the peak", _peak_mb() - before, note=f"of {_peak_mb():.0f}", digits=0),
        ]
    )


def _fill(host: Path, count: int) -> None:
    """Give every member what the sample host keeps of one."""
    names = [stores.member(number) for number in range(count)]
    with closing(sqlite3.connect(host)) as store, store:
        store.executemany(
            "INSERT INTO matecost_members VALUES (?, 'company', 'number', ?, '010', 'hash')",
            [(name, f"{name}@host.example") for name in names],
        )
        store.executemany(
            "INSERT INTO matecost_bill_recipients (member_id, mail, month, amount) VALUES (?, ?, '2026-10', 1)",
            [(name, f"{name}@host.example") for name in names],
        )
        store.executemany("INSERT INTO matecost_usage_alerts VALUES (?, '010', 1)", [(name,) for name in names])


def _proved(host: Path, refs: list[str]) -> None:
    left = destructions.figures()
    if (left["open"], left["done"]) != (0, len(refs)) or ledger.last_seq(db.engines["keys"]) != len(refs):
        raise AssertionError(f"not everybody was destroyed: {left}")
    with closing(sqlite3.connect(host)) as store:
        rows = store.execute("SELECT count(*) FROM matecost_members WHERE company = 'company'").fetchone()[0]
    if rows:
        raise AssertionError(f"{rows} rows are left at the host")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
