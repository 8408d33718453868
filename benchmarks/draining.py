"""How fast the journal becomes access records, against the engines' own tools; with a full store; and how a day ends.

The tools load the same rows into the same table with the same index and the same promises to the disk, from a file that
is ready: what they take is the floor. "Unsealed" is the drain with a seal that only copies, so that what the sealing
itself takes is seen.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg

from middleware.journal import Record
from portal.records.access import AccessStore, open_access_store
from portal.records.access.emptying import drain
from portal.vault.sealing import DaySeal, Traces

from . import stores
from .figures import Figure, Part, middle, say, spread
from .lines import DAY, days_before, records, write_journal, write_table

LINES, REPEATS = 200_000, 5
QUICK_LINES, QUICK_REPEATS = 20_000, 3
STORED_DAYS, ROWS_A_DAY = 180, 55_556  # 10,000,080 rows
QUICK_DAYS, QUICK_ROWS_A_DAY = 20, 5_000
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
RAW = {SQLITE: "sqlite3 .import", POSTGRES: "psql \\copy"}
UNSEALED_GOALS = {SQLITE: 0.85, POSTGRES: 0.90}


class OpenSeal:
    """Seals nothing: what it takes is taken by the drain itself."""

    def seal(self, request_id: str, ip: str, user_agent: str, cookies: str) -> bytes:
        return f"{ip} {user_agent} {cookies}".encode()

    def open(self, request_id: str, sealed: bytes) -> Traces:
        return Traces(*sealed.decode().split(" ", 2))

    def index_ip(self, ip: str) -> bytes | None:
        return ip.encode()


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Measure the drain on SQLite, and on PostgreSQL where there is one."""
    lines, repeats = (QUICK_LINES, QUICK_REPEATS) if quick else (LINES, REPEATS)
    days, rows_a_day = (QUICK_DAYS, QUICK_ROWS_A_DAY) if quick else (STORED_DAYS, ROWS_A_DAY)
    rows = records(lines)
    journal = folder / "journal"
    write_journal(journal, rows)
    left_out = []
    benches: list[_Bench] = []
    if shutil.which("sqlite3"):
        benches.append(_OnSqlite(folder, journal, rows))
    else:
        left_out.append("the drain on SQLite: sqlite3, the command, is not installed")
    if postgres_url and shutil.which("psql"):
        benches.append(_OnPostgres(folder, journal, rows, postgres_url))
    else:
        left_out.append("the drain on PostgreSQL: no server runs here, or psql is not installed")
    figures = []
    for bench in benches:
        figures += _rates(bench, lines, repeats)
        figures += _full(bench, lines, repeats, days, rows_a_day)
        bench.close()
    return Part(figures, left_out)


class _Bench:
    """One engine: an empty store, its raw tool, and a store full of days."""

    name: str

    def __init__(self, folder: Path, journal: Path, rows: list[Record]) -> None:
        self.folder = folder
        self.journal = journal
        self.rows = rows
        self.made = 0

    def place(self) -> Path:
        """Return a new empty folder."""
        self.made += 1
        place = self.folder / f"{type(self).__name__}-{self.made}"
        place.mkdir()
        return place

    def drained(self, store: AccessStore, seal: OpenSeal | DaySeal) -> float:
        """Drain a copy of the journal into `store`; return the seconds it took."""
        copy = self.place() / "journal"
        shutil.copytree(self.journal, copy)
        os.sync()
        begun = perf_counter()
        done = drain(copy, store, lambda day: seal, DAY)
        took = perf_counter() - begun
        if done.rows != len(self.rows):
            raise AssertionError(f"drained {done.rows} rows, expected {len(self.rows)}")
        shutil.rmtree(copy)
        return took

    def empty(self) -> AccessStore:
        raise NotImplementedError

    def raw(self) -> float:
        raise NotImplementedError

    def full(self, days: list[date], rows_a_day: int) -> AccessStore:
        raise NotImplementedError

    def delete_day(self, days: list[date], rows_a_day: int) -> float:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open."""


def _rates(bench: _Bench, lines: int, repeats: int) -> list[Figure]:
    took: dict[str, list[float]] = {"raw": [], "unsealed": [], "sealed": []}
    seal = DaySeal(DAY, bytes(32))
    for repeat in range(repeats):
        turns: list[tuple[str, Callable[[], float]]] = [
            ("raw", bench.raw),
            ("unsealed", lambda: bench.drained(bench.empty(), OpenSeal())),
            ("sealed", lambda: bench.drained(bench.empty(), seal)),
        ]
        for name, turn in turns[repeat % 3 :] + turns[: repeat % 3]:
            took[name].append(turn())
        say(f"drain, {bench.name}: " + ", ".join(f"{name} {lines / times[-1]:,.0f}/s" for name, times in took.items()))
    unsealed = [raw / ours for raw, ours in zip(took["raw"], took["unsealed"], strict=True)]
    sealed = [raw / ours for raw, ours in zip(took["raw"], took["sealed"], strict=True)]
    speed = {name: f"{lines / middle(times):,.0f} lines/s" for name, times in took.items()}
    raw_name = RAW[bench.name]
    return [
        Figure(
            f"drain, {bench.name}: unsealed / {raw_name}",
            middle(unsealed),
            ">=",
            UNSEALED_GOALS[bench.name],
            f"{speed['unsealed']} against {speed['raw']}; {spread(unsealed)}",
        ),
        Figure(
            f"drain, {bench.name}: sealed / {raw_name}",
            middle(sealed),
            ">=",
            0.5,
            f"{speed['sealed']}; {spread(sealed)}",
        ),
    ]


def _full(bench: _Bench, lines: int, repeats: int, day_count: int, rows_a_day: int) -> list[Figure]:
    days = days_before(day_count)
    total = day_count * rows_a_day
    say(f"drain, {bench.name}: storing {total:,} rows over {day_count} days")
    full = bench.full(days, rows_a_day)
    seal = DaySeal(DAY, bytes(32))
    kept = []
    for _ in range(repeats):
        empty_s = bench.drained(bench.empty(), seal)
        full_s = bench.drained(full, seal)
        full.destroy(DAY)
        kept.append(empty_s / full_s)
    expired = []
    for day in days[-3:]:
        begun = perf_counter()
        if not full.destroy(day):
            raise AssertionError(f"{day} was not there to be destroyed")
        expired.append(perf_counter() - begun)
    say(f"drain, {bench.name}: one table of {total:,} rows, from which a day is deleted")
    delete_s = bench.delete_day(days, rows_a_day)
    return [
        Figure(f"drain, {bench.name}: {total:,} rows stored / none", middle(kept), ">=", 0.90, spread(kept)),
        Figure(
            f"expiry, {bench.name}: a day destroyed / its rows deleted",
            middle(expired) / delete_s,
            "<=",
            0.01,
            f"{middle(expired) * 1000:.1f} ms against {delete_s * 1000:,.0f} ms, {rows_a_day:,} of {total:,} rows",
            digits=4,
        ),
    ]


class _OnSqlite(_Bench):
    name = SQLITE
    promises = (
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
        " PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8192;"
    )

    def empty(self) -> AccessStore:
        return open_access_store(f"sqlite:///{self.place() / 'access'}")

    def raw(self) -> float:
        place = self.place()
        table = place / "rows.tsv"
        write_table(table, self.rows, postgres=False)
        script = (
            f"{self.promises}\n{_schema(self._day_file(self.rows[:1]))}\n.mode tabs\n.import {table} access_records\n"
        )
        os.sync()
        begun = perf_counter()
        subprocess.run(
            ["sqlite3", place / "raw.db"], input=script, text=True, check=True, timeout=600, stdout=subprocess.DEVNULL
        )
        took = perf_counter() - begun
        shutil.rmtree(place)
        return took

    def full(self, days: list[date], rows_a_day: int) -> AccessStore:
        """Return a store with that many day files. They are copies of one: a day's file does not know the others."""
        place = self.place() / "access"
        place.mkdir()
        model = self._day_file(records(rows_a_day), finished=True)
        for day in days:
            shutil.copyfile(model, place / f"{day}.db")
        os.sync()
        return open_access_store(f"sqlite:///{place}")

    def delete_day(self, days: list[date], rows_a_day: int) -> float:
        """Delete one day from one table of them all, with the same three indexes, made before the clock runs."""
        model = self._day_file(records(rows_a_day), finished=True)
        with closing(sqlite3.connect(self.place() / "all.db", isolation_level=None)) as connection:
            connection.executescript(self.promises)
            schema = _schema(model).split(";\n")
            connection.execute(schema[0])
            connection.execute("ATTACH ? AS model", (str(model),))
            day_us = 86_400_000_000
            for number in range(len(days), 0, -1):
                connection.execute(
                    "INSERT INTO access_records SELECT at - ?, request_id, ref, method, path, status, decision, sealed,"
                    " ip_index FROM model.access_records",
                    (number * day_us,),
                )
            for index in schema[1:]:
                connection.execute(index)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            low = self.rows[0].at - len(days) // 2 * day_us
            begun = perf_counter()
            gone = connection.execute("DELETE FROM access_records WHERE at >= ? AND at < ?", (low, low + day_us))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            took = perf_counter() - begun
        if gone.rowcount != rows_a_day:
            raise AssertionError(f"deleted {gone.rowcount} rows, expected {rows_a_day}")
        return took

    def _day_file(self, rows: list[Record], *, finished: bool = False) -> Path:
        """Return a day's file as the drain makes it; a finished one has the indexes of a full day."""
        place = self.place()
        write_journal(place / "journal", rows)
        store = open_access_store(f"sqlite:///{place / 'access'}")
        drain(place / "journal", store, lambda day: DaySeal(day, bytes(32)), DAY)
        if finished:
            store.finish_days(date.max)
        return place / "access" / f"{DAY}.db"


class _OnPostgres(_Bench):
    name = POSTGRES

    def __init__(self, folder: Path, journal: Path, rows: list[Record], new_url: Callable[[], str]) -> None:
        super().__init__(folder, journal, rows)
        self.new_url = new_url
        self.url = self._upgraded()
        self.full_url = ""
        self.table = folder / "rows.copy"
        write_table(self.table, rows, postgres=True)
        self.store = open_access_store(self.url)
        self.opened = [self.store]

    def empty(self) -> AccessStore:
        self.store.destroy(DAY)
        self._settle(self.url)
        return self.store

    def raw(self) -> float:
        with psycopg.connect(_plain(self.url), autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS raw_day")
            connection.execute("CREATE TABLE raw_day (LIKE access_records INCLUDING ALL)")
            connection.execute("CREATE INDEX raw_day_ref ON raw_day (ref, at)")
        self._settle(self.url)
        begun = perf_counter()
        order = f"\\copy raw_day FROM '{self.table}'"
        subprocess.run(
            ["psql", "--no-psqlrc", "--quiet", "-c", order, _plain(self.url)],
            check=True,
            timeout=600,
            stdout=subprocess.DEVNULL,
        )
        return perf_counter() - begun

    def full(self, days: list[date], rows_a_day: int) -> AccessStore:
        """Return a store with that many partitions: one drained, the others filled from it."""
        url = self.full_url = self._upgraded()
        store = open_access_store(url)
        self.opened.append(store)
        place = self.place()
        write_journal(place / "journal", records(rows_a_day, days[0]))
        drain(place / "journal", store, lambda day: DaySeal(day, bytes(32)), DAY)
        first = f"access_records_{days[0]:%Y%m%d}"
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            for number, day in enumerate(days[1:], 1):
                name = f"access_records_{day:%Y%m%d}"
                low, high = _bounds(connection, first, number)
                connection.execute(f"CREATE TABLE {name} (LIKE access_records INCLUDING ALL)")
                connection.execute(f"INSERT INTO {name} {_moved(first, number)}")
                for column in ("ref, at", "ip_index, at", "at"):
                    index = column.partition(",")[0].removesuffix("_index")
                    connection.execute(f"CREATE INDEX {name}_{index} ON {name} ({column})")
                connection.execute(
                    f"ALTER TABLE access_records ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})"
                )
        store.finish_days(DAY)
        self._settle(url)
        return store

    def delete_day(self, days: list[date], rows_a_day: int) -> float:
        """Delete one day from one table of them all, with the same three indexes, and vacuum it."""
        first = f"access_records_{days[0]:%Y%m%d}"
        with psycopg.connect(_plain(self.full_url), autocommit=True) as connection:
            connection.execute("CREATE TABLE all_days (LIKE access_records INCLUDING ALL)")
            for number in range(len(days)):
                connection.execute(f"INSERT INTO all_days {_moved(first, number)}")
            for column in ("ref, at", "ip_index, at", "at"):
                connection.execute(f"CREATE INDEX ON all_days ({column})")
            connection.execute("VACUUM ANALYZE all_days")
            low, high = _bounds(connection, first, len(days) // 2)
            self._settle(self.full_url)
            begun = perf_counter()
            gone = connection.execute("DELETE FROM all_days WHERE at >= %s AND at < %s", (low, high))
            connection.execute("VACUUM all_days")
            took = perf_counter() - begun
        if gone.rowcount != rows_a_day:
            raise AssertionError(f"deleted {gone.rowcount} rows, expected {rows_a_day}")
        return took

    def close(self) -> None:
        for store in self.opened:
            store.close()

    def _upgraded(self) -> str:
        """Return the URL of a new database with the access store's tables."""
        url = self.new_url()
        stores.made(self.place(), **stores.on_postgres(url))
        return url

    def _settle(self, url: str) -> None:
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute("CHECKPOINT")


def _schema(file: Path) -> str:
    """Return the statements that made a day's file, its positions left out: the table first."""
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'access_records' ORDER BY rowid")
        return ";\n".join(row[0] for row in found) + ";"


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _moved(table: str, days: int) -> str:
    """Return a SELECT of a day's rows as they would stand so many days earlier."""
    columns = "request_id, ref, method, path, status, decision, sealed, ip_index"
    return f"SELECT at - {days * 86_400_000_000}, {columns} FROM {table}"


def _bounds(connection: "psycopg.Connection[Any]", table: str, days: int) -> tuple[int, int]:
    row = connection.execute(f"SELECT min(at) FROM {table}").fetchone()
    assert row is not None
    low = row[0] - days * 86_400_000_000
    return low, low + 86_400_000_000
