"""What a company's longest list costs: a hundred thousand rows read and judged, then ten thousand people reported and
stopped at the gate in one transaction."""

import csv
import io
import resource
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from flask import Flask

from portal import clock
from portal.rules.columns import LABELS
from portal.services import importing, listing, registering
from portal.services.auditing import By
from portal.services.listing import Listed
from portal.services.reading import ListFile
from tests.staffing import a_company, an_admin

from . import members, stores
from .figures import Figure, Part, say

ROWS, QUICK_ROWS = 100_000, 5_000
LEAVERS = 10_000
PREVIEW_GOAL_S = 10


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Preview and report on SQLite, and on PostgreSQL where there is one."""
    count = QUICK_ROWS if quick else ROWS
    file = folder / "members.csv"
    write_colleagues(file, count)
    figures = []
    with members.serving(folder / "sqlite", None) as app:
        figures += _measured(app, file, count, "SQLite")
    if postgres_url is None:
        return Part(figures, ["leaving on PostgreSQL: there is none"])
    with members.serving(folder / "postgres", postgres_url) as app:
        figures += _measured(app, file, count, "PostgreSQL")
    return Part(figures)


def write_colleagues(path: Path, count: int) -> None:
    """Write a list of members who all work for one company."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(label.ko for label in LABELS.values())
        for number in range(count):
            phone = f"010-{number // 10_000 % 10_000:04}-{number % 10_000:04}"
            row = (stores.member(number), members.address(number), f"user-{number}", "예시상사")
            writer.writerow((*row, members.business_number(0), phone))


def leaver_list(count: int) -> bytes:
    """Return an uploaded list: nine in ten are members, the rest strangers, repeats and days that are none."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("email", "leave_date"))
    for number in range(count):
        kind = number % 30
        address = members.address(number) if kind < 28 else f"nobody{number}@elsewhere.example"
        if kind == 27:
            address = members.address(number - 1)
        writer.writerow((address, "soon" if kind == 26 else "2026-10-31"))
    return text.getvalue().encode()


def _measured(app: Flask, file: Path, count: int, engine: str) -> list[Figure]:
    with closing(importing.preview(ListFile(file).rows())) as found:
        importing.carry_out(found, "HOST", clock.now())
    say(f"leaving, {engine}: {count:,} members brought in")
    at = clock.now()
    company = registering.company_numbered(members.business_number(0))
    if company is None:
        raise AssertionError("the company of the list was not brought in")
    a_company(at, "예시상사", members.business_number(0), "company0.example")
    admin = By("STAFF", an_admin(at, company.ref, email="admin@company0.example").ref)
    content = leaver_list(count)
    before = _peak_mb()
    began = time.perf_counter()
    found_list = _judged(app, content, company.ref, admin)
    taken = time.perf_counter() - began
    counts = {verdict.value: number for verdict, number in found_list.counts.by_verdict.items()}
    say(f"leaving, {engine}: {counts}")
    goal = PREVIEW_GOAL_S if engine == "SQLite" else None
    note = f"{counts}; peak memory {before:.0f} MB before, {_peak_mb():.0f} MB after"
    figures = [Figure(f"preview of {count:,} rows, {engine}, s", taken, "<=" if goal else None, goal, note, 2)]
    leavers = min(LEAVERS, count)
    some = _judged(app, leaver_list(leavers), company.ref, admin)
    began = time.perf_counter()
    listing.send(some.ref, by=admin, at=clock.now(), language="ko", reply_to="admin@company0.example")
    taken = time.perf_counter() - began
    note = f"{some.counts.to_request:,} stopped at the gate, audited one by one; peak memory {_peak_mb():.0f} MB"
    return [*figures, Figure(f"report of a list of {leavers:,}, {engine}, s", taken, note=note, digits=2)]


def _judged(app: Flask, content: bytes, company_ref: str, admin: By) -> Listed:
    at = clock.now()
    ref = listing.upload("leavers.csv", content, company_ref=company_ref, account_ref=admin.ref, at=at)
    listing.carry_on(app, at)
    return listing.listed(ref, admin.ref, at)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
