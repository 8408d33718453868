"""Any doubt is a 503: the application is not called, exempt paths and the portal stay open, the log says it once."""

import json
import logging
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from middleware import ConsentGate
from middleware.errors import FaultLog

from .gatehouse import NOON, SECOND, Host, MicroClock, Store, ask, browser, environ_of, records_in

Fault = Callable[[Store, Path, MicroClock], AbstractContextManager[None]]


class Bench:
    """A gate with everything a fault may touch."""

    def __init__(self, gate: ConsentGate, host: Host, store: Store, journal: Path, micro: MicroClock) -> None:
        self.gate, self.host, self.store, self.journal, self.micro = gate, host, store, journal, micro

    def code(self, path: str = "/orders", member: object = "kim") -> int:
        return ask(self.gate, environ_of(path, "GET", member)).code


@pytest.fixture
def bench(gate: ConsentGate, host: Host, store: Store, journal: Path, micro: MicroClock) -> Bench:
    return Bench(gate, host, store, journal, micro)


@contextmanager
def missing(bench: Bench) -> Iterator[None]:
    away = bench.store.path.with_name("away.db")
    bench.store.path.rename(away)
    yield
    away.rename(bench.store.path)


@contextmanager
def garbage(bench: Bench) -> Iterator[None]:
    away = bench.store.path.with_name("away.db")
    bench.store.path.rename(away)
    bench.store.path.write_bytes(b"this is no database " * 500)
    yield
    away.rename(bench.store.path)


@contextmanager
def empty(bench: Bench) -> Iterator[None]:
    away = bench.store.path.with_name("away.db")
    bench.store.path.rename(away)
    bench.store.path.write_bytes(b"")
    yield
    away.rename(bench.store.path)


@contextmanager
def a_directory(bench: Bench) -> Iterator[None]:
    away = bench.store.path.with_name("away.db")
    bench.store.path.rename(away)
    bench.store.path.mkdir()
    yield
    bench.store.path.rmdir()
    away.rename(bench.store.path)


@contextmanager
def locked(bench: Bench) -> Iterator[None]:
    bench.gate.close()
    with closing(sqlite3.connect(bench.store.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("COMMIT")


@contextmanager
def contract(bench: Bench, version: str) -> Iterator[None]:
    bench.store.change(f"UPDATE gate_contract SET version = {version}")
    yield
    bench.store.change("UPDATE gate_contract SET version = 2")


@contextmanager
def no_contract(bench: Bench) -> Iterator[None]:
    bench.store.change("DELETE FROM gate_contract")
    yield
    bench.store.change("INSERT INTO gate_contract (version) VALUES (2)")


@contextmanager
def no_table(bench: Bench) -> Iterator[None]:
    bench.store.change("ALTER TABLE standing RENAME TO away")
    yield
    bench.store.change("ALTER TABLE away RENAME TO standing")


@contextmanager
def before_any_policy(bench: Bench) -> Iterator[None]:
    now, bench.micro.now = bench.micro.now, 1_600_000_000_000_001
    yield
    bench.micro.now = now


@contextmanager
def reader_raises(bench: Bench) -> Iterator[None]:
    def identify(environ: dict[str, Any]) -> str:
        raise LookupError("kim's session is in redis://user:secret@cache.example")

    whole, bench.gate._identify = bench.gate._identify, identify
    yield
    bench.gate._identify = whole


@contextmanager
def unforeseen(bench: Bench) -> Iterator[None]:
    bench.gate.standing._ask = lambda host_id, at: [][1]  # type: ignore[attr-defined]
    yield
    del bench.gate.standing._ask  # type: ignore[attr-defined]


STORE_FAULTS: dict[str, tuple[Callable[[Bench], AbstractContextManager[None]], str]] = {
    "missing": (missing, "store unavailable: the file is missing or cannot be reached;"),
    "garbage": (garbage, "store unavailable: DatabaseError SQLITE_NOTADB;"),
    "empty": (empty, "store unavailable: OperationalError SQLITE_ERROR;"),
    "a directory": (a_directory, "store unavailable: OperationalError SQLITE_IOERR_READ;"),
    "locked": (locked, "store unavailable: it is locked;"),
    "schema too old": (lambda b: contract(b, "1"), "store unavailable: its tables have contract 1; this gate needs 2;"),
    "schema too new": (lambda b: contract(b, "3"), "store unavailable: its tables have contract 3; this gate needs 2;"),
    "no contract": (no_contract, "store unavailable: its tables have contract none; this gate needs 2;"),
    "a table is gone": (no_table, "store unavailable: OperationalError SQLITE_ERROR;"),
    "no policy in force": (before_any_policy, "store unavailable: no policy is in force;"),
    "the host's reader raises": (reader_raises, "identity unavailable: the host's reader raised LookupError;"),
    "unforeseen": (unforeseen, "gate unavailable: IndexError at "),
}


@pytest.mark.parametrize(("fault", "words"), STORE_FAULTS.values(), ids=STORE_FAULTS.keys())
def test_a_fault_closes_the_gate_until_it_ends(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Bench], AbstractContextManager[None]],
    words: str,
) -> None:
    """During a fault the answer is 503 and the application is not called; exempt paths and the portal go on; the first
    request afterwards passes. The log has one line for the fault and one for its end, and no secret in either."""
    assert bench.code() == 200
    bench.host.calls.clear()
    caplog.clear()
    bench.micro.advance(SECOND)

    with fault(bench):
        answers = [ask(bench.gate, environ_of("/orders", "GET", member)) for member in ("kim", "lee")]
        assert [answer.code for answer in answers] == [503, 503]
        assert bench.host.calls == []
        assert bench.code("/login") == 200
        assert bench.code("/healthz", None) == 200
        if fault is not unforeseen:
            assert bench.code("/privacy/consent") == 200
        assert len(caplog.records) == 1

    bench.micro.advance(1)
    assert bench.code() == 200
    assert bench.code() == 200
    error, warning = caplog.records
    assert (error.levelno, warning.levelno) == (logging.ERROR, logging.WARNING)
    assert error.getMessage().startswith(words)
    assert warning.getMessage() == words.split()[0] + " available again"
    for answer in answers:
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"
        for shown in (answer.body.decode(), error.getMessage()):
            for secret in ("kim", "secret", "SELECT", str(bench.store.path), "portal.db"):
                assert secret not in shown
    assert "blocked" not in {record.decision for record in records_in(bench.journal)}
    assert [record.decision for record in records_in(bench.journal)].count("error") == 2


IMPOSSIBLE = {
    "1970": 0,
    "negative": -1,
    "before there was a gate": 1_600_000_000_000_000,
    "seconds for microseconds": NOON // SECOND,
    "nanoseconds for microseconds": NOON * 1000,
    "the year 2200": 7_258_118_400_000_000,
    "nothing": None,
    "not a number": float("nan"),
    "text": "2026-11-23",
}


@pytest.mark.parametrize("now", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_an_impossible_clock_closes_everything(bench: Bench, caplog: pytest.LogCaptureFixture, now: Any) -> None:
    """With a clock that tells no possible time nothing is answered but 503, for no record could be trusted; one line
    says so and one that it is over."""
    assert bench.code() == 200
    bench.micro.now, now = now, bench.micro.now

    assert [bench.code(path) for path in ("/orders", "/login", "/privacy/")] == [503, 503, 503]

    bench.micro.now = now
    assert bench.code() == 200
    assert len(bench.host.calls) == 2
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert len(records_in(bench.journal)) == 2


def test_a_clock_that_raises_closes_everything(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """A clock that cannot be read is a 503 without a call of the application."""

    def clock() -> int:
        raise OSError("no clock")

    assert ask(gates(host, store, journal, clock=clock), environ_of("/login")).code == 503
    assert host.calls == []


@contextmanager
def directory_gone(bench: Bench) -> Iterator[None]:
    away = bench.journal.with_name("away")
    bench.journal.rename(away)
    yield
    away.rename(bench.journal)


@contextmanager
def no_large_files(bench: Bench) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def no_descriptors(bench: Bench) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def full_disk(bench: Bench) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(bench.journal)]
    if os.geteuid() or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small tmpfs cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(bench.journal)], check=True)


JOURNAL_FAULTS = {
    "the directory is gone": directory_gone,
    "RLIMIT_FSIZE": no_large_files,
    "no file descriptor is left": no_descriptors,
    "the disk is full": full_disk,
}


@pytest.mark.parametrize("fault", JOURNAL_FAULTS.values(), ids=JOURNAL_FAULTS.keys())
def test_without_room_for_a_record_nothing_is_answered_but_503(
    bench: Bench, caplog: pytest.LogCaptureFixture, fault: Callable[[Bench], AbstractContextManager[None]]
) -> None:
    """When no record can be kept, the gate is shut for everybody and everything before the application is called; no
    record is lost, and nothing unfinished is left behind."""
    assert bench.code() == 200
    bench.gate.journal.close()
    bench.host.calls.clear()
    with fault(bench):
        codes = [bench.code(path) for path in ("/orders", "/login", "/privacy/", "/orders")]

    assert codes == [503, 503, 503, 503]
    assert bench.host.calls == []
    assert list(bench.journal.glob("*.new")) == []
    assert bench.code() == 200
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert caplog.records[0].getMessage().startswith("journal unavailable: no new segment (")
    assert str(bench.journal) not in caplog.text
    assert [record.status for record in records_in(bench.journal)] == [200, 200]


def test_a_journal_that_fills_up_under_load_stops_at_the_door(
    gates: Callable[..., ConsentGate], store: Store, journal: Path
) -> None:
    """While threads fill a small disk, every call of the application has its record and every other request a 503."""
    journal.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(journal)]
    if os.geteuid() or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small tmpfs cannot be mounted here")
    host = Host()
    gate = gates(host, store, journal)
    codes: list[int] = []

    def hammer(thread: int) -> None:
        path = f"/{thread}/" + "x" * 2000
        for _ in range(400):
            codes.append(ask(gate, environ_of(path, "GET", "kim", HTTP_USER_AGENT="y" * 500)).code)  # noqa: PERF401

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert set(codes) == {200, 503}
        assert codes.count(200) == len(host.calls) == len(records_in(journal))
    finally:
        gate.close()
        subprocess.run(["umount", str(journal)], check=True)


def test_many_threads_tell_of_one_fault_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Sixteen threads that meet the same fault at once write one line together, and none waits for long."""
    bench.store.path.rename(bench.store.path.with_name("away.db"))
    ready = threading.Barrier(16)

    def hit() -> None:
        ready.wait()
        bench.code()

    threads = [threading.Thread(target=hit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(caplog.records) == 1


def test_a_locked_store_makes_no_queue(bench: Bench) -> None:
    """Sixteen threads before a locked store all have their 503 within a few seconds, not one after the other."""
    with locked(bench):
        codes: list[int] = []
        threads = [threading.Thread(target=lambda: codes.append(bench.code())) for _ in range(16)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert codes == [503] * 16
    assert time.monotonic() - began < 6


def test_a_fault_that_changes_its_face_is_told_again() -> None:
    """Each reason is logged once until the part works again; after that it is news."""
    log = FaultLog()
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage().partition(";")[0])  # type: ignore[method-assign]
    logging.getLogger("consent_gate").addHandler(handler)
    try:
        for why in ("a", "b", "a", "b"):
            log.failed("store", why)
        log.works("store")
        log.works("store")
        log.failed("store", "a")
    finally:
        logging.getLogger("consent_gate").removeHandler(handler)

    assert lines == [
        "store unavailable: a",
        "store unavailable: b",
        "store available again",
        "store unavailable: a",
    ]


def test_an_unforeseen_fault_of_one_member_is_not_told_at_every_request(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exempt requests between failing ones do not make the log say that all is well."""
    monkeypatch.setattr(bench.gate.standing, "_ask", lambda host_id, at: [][1])

    for _ in range(5):
        assert bench.code("/orders") == 503
        assert bench.code("/login") == 200

    assert len(caplog.records) == 1


def test_the_refusal_of_a_program_is_readable(bench: Bench) -> None:
    """A program is told in problem+json that the gate cannot know now; a browser in a page in both languages."""
    with missing(bench):
        program = ask(bench.gate, environ_of("/orders", "GET", "kim"))
        page = ask(bench.gate, browser("/orders", "POST", "kim"))
        looked_at = ask(bench.gate, browser("/orders", "GET", "kim"))

    assert program.headers["Content-Type"] == "application/problem+json"
    assert json.loads(program.body) == {
        "type": "urn:consent-gate:unavailable",
        "title": "Please try again shortly",
        "status": 503,
    }
    assert page.status == "503 Service Unavailable"
    assert "Nothing you sent was passed on." in page.body.decode()
    assert looked_at.status == "503 Service Unavailable"
    assert "sent" not in looked_at.body.decode(), "who sent nothing is told nothing of it"


def test_a_portal_request_during_an_outage_knows_who_asks(bench: Bench) -> None:
    """While the store is away the portal is told the host's id, no reference and no consent; while the host's reader
    raises it is told that."""
    with missing(bench):
        bench.code("/privacy/me")
    with reader_raises(bench):
        bench.code("/privacy/me")

    away, raised = bench.host.calls
    assert (away["consent_gate.host_id"], away["consent_gate.member"]) == ("kim", None)
    assert (raised["consent_gate.host_id"], raised["consent_gate.identity_failed"]) == (None, True)


@pytest.fixture
def postgres_bench(
    engine_name: str,
    gates: Callable[..., ConsentGate],
    host: Host,
    either_store: Store,
    journal: Path,
    micro: MicroClock,
) -> Bench:
    return Bench(gates(host, either_store, journal, clock=micro), host, either_store, journal, micro)


on_postgres = pytest.mark.parametrize("engine_name", ["postgresql"])


def server_of(store: Store) -> psycopg.Connection[Any]:
    """Connect to another database of the same server."""
    dsn = psycopg.conninfo.conninfo_to_dict("postgresql://" + store.url.partition("://")[2])
    return psycopg.connect(**{**dsn, "dbname": "postgres"}, autocommit=True)  # type: ignore[arg-type]


def name_of(store: Store) -> str:
    return str(psycopg.conninfo.conninfo_to_dict("postgresql://" + store.url.partition("://")[2])["dbname"])


def terminate(store: Store) -> None:
    with server_of(store) as server:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name_of(store)])


@on_postgres
def test_a_cut_connection_is_replaced(postgres_bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """When the server ends the gate's connection, the next request has a new one and passes, and nothing is logged."""
    assert postgres_bench.code() == 200
    for _ in range(3):
        terminate(postgres_bench.store)
        assert postgres_bench.code() == 200

    assert caplog.records == []


@on_postgres
def test_a_connection_that_falls_silent_is_replaced(postgres_bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """When nothing is heard on the gate's connection for two seconds, the request has a new one and passes."""
    assert postgres_bench.code() == 200
    with server_of(postgres_bench.store) as server:
        ((backend,),) = server.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'consent gate'",
            [name_of(postgres_bench.store)],
        ).fetchall()
    os.kill(backend, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert postgres_bench.code() == 200
        took = time.monotonic() - began
    finally:
        os.kill(backend, signal.SIGCONT)

    assert 1.9 < took < 3.5
    assert caplog.records == []


@on_postgres
def test_an_interrupted_question_is_never_answered_to_another(postgres_bench: Bench) -> None:
    """A worker's time-out in the middle of a question leaves no answer behind that the next member could be given."""
    bench = postgres_bench
    assert bench.code() == 200
    question: Any = bench.gate.standing._local.question  # type: ignore[attr-defined]
    question._pgconn.send_query_prepared(b"standing", (b"1795402800000000", b"kim"))

    assert bench.gate.standing.of("nobody-known", 1_795_402_800_000_000).ref is None


@on_postgres
def test_a_server_that_refuses_closes_the_gate(postgres_bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """While the database takes no connections the answer is 503; the first request afterwards passes."""
    assert postgres_bench.code() == 200
    order = f'ALTER DATABASE "{name_of(postgres_bench.store)}" ALLOW_CONNECTIONS '
    with server_of(postgres_bench.store) as server:
        server.execute(order + "false")
        terminate(postgres_bench.store)

        assert [postgres_bench.code() for _ in range(3)] == [503, 503, 503]
        assert postgres_bench.code("/login") == 200
        assert postgres_bench.code("/privacy/") == 200

        server.execute(order + "true")
    assert postgres_bench.code() == 200
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert name_of(postgres_bench.store) not in caplog.text


@on_postgres
def test_a_lock_is_waited_for_one_second(postgres_bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """While a table is locked the answer is a 503 after about a second, and the first request afterwards passes."""
    assert postgres_bench.code() == 200
    with postgres_bench.store.connection() as other, other.transaction():
        other.execute("LOCK TABLE standing IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert postgres_bench.code() == 503
        took = time.monotonic() - began

    assert 0.9 < took < 1.8
    assert postgres_bench.code() == 200
    assert caplog.records[0].getMessage().startswith("store unavailable: QueryCanceled 57014;")


@on_postgres
@pytest.mark.parametrize(
    ("breaking", "mending", "words"),
    [
        ("UPDATE gate_contract SET version = 0", "UPDATE gate_contract SET version = 2", "its tables have contract 0"),
        ("DELETE FROM gate_contract", "INSERT INTO gate_contract VALUES (2)", "its tables have contract none"),
        ("ALTER TABLE standing RENAME TO away", "ALTER TABLE away RENAME TO standing", "UndefinedTable 42P01"),
    ],
    ids=["schema too old", "no contract", "a table is gone"],
)
def test_a_schema_of_another_kind_closes_the_gate(
    postgres_bench: Bench, caplog: pytest.LogCaptureFixture, breaking: str, mending: str, words: str
) -> None:
    """A store that is changed under a running gate is refused at the next request, and believed again at once."""
    assert postgres_bench.code() == 200
    postgres_bench.store.by_hand(breaking)

    assert [postgres_bench.code() for _ in range(2)] == [503, 503]

    postgres_bench.store.by_hand(mending)
    assert postgres_bench.code() == 200
    assert caplog.records[0].getMessage().startswith(f"store unavailable: {words};")
    assert len(caplog.records) == 2


def test_a_gate_that_begins_on_another_schema_is_shut(
    gates: Callable[..., ConsentGate], host: Host, either_store: Store, journal: Path
) -> None:
    """A connection to a store of another contract is not kept, and no warning tells of a forgotten one."""
    either_store.by_hand("UPDATE gate_contract SET version = 7")
    gate = gates(host, either_store, journal)

    assert ask(gate, environ_of("/orders", "GET", "kim")).code == 503
    either_store.by_hand("UPDATE gate_contract SET version = 2")
    assert ask(gate, environ_of("/orders", "GET", "kim")).code == 200


@on_postgres
def test_the_schema_that_a_url_names_is_heeded(
    gates: Callable[..., ConsentGate], host: Host, either_store: Store, journal: Path
) -> None:
    """Options of the store's URL are kept beside the gate's own, so that a store may live in a schema."""
    with either_store.connection() as connection:
        connection.execute("CREATE SCHEMA elsewhere")
        for table in ("gate_contract", "requirements", "standing"):
            connection.execute(f"CREATE TABLE elsewhere.{table} AS TABLE public.{table}")
        connection.execute("UPDATE elsewhere.standing SET requirement_hash = NULL")
    elsewhere = Store(either_store.url + "&options=-csearch_path%3Delsewhere")
    gate = gates(host, elsewhere, journal)

    assert ask(gate, environ_of("/orders", "GET", "kim")).code == 403


def test_a_port_that_refuses_is_a_503(
    gates: Callable[..., ConsentGate], host: Host, journal: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A PostgreSQL that is not there is a 503, and neither the log nor the page repeats the address or password."""
    gate = gates(host, Store("postgresql+psycopg://gate:hunter2@127.0.0.1:1/portal"), journal)

    answer = ask(gate, environ_of("/orders", "GET", "kim"))

    assert answer.code == 503
    assert host.calls == []
    for secret in ("hunter2", "127.0.0.1"):
        assert secret not in caplog.text + answer.body.decode()
