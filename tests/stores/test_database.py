"""The discipline of every connection: what is set is read back, writers begin as writers, moments have a zone."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url

from portal import database
from portal.database import UtcMicros, attach, db, open_engine, writing
from portal.errors import StoreUnsafe
from portal.records import members
from portal.records.members import Member
from portal.settings import Settings

AT = datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC)
ON_SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)  # about its files and its one write lock
ON_POSTGRES = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A bare app on ready stores, with its context pushed."""
    app = Flask("stores")
    attach(app, settings)
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def is_locked(settings: Settings) -> bool:
    """Tell whether somebody holds the write lock of a SQLite main store."""
    with closing(sqlite3.connect(settings.instance / "portal.db", timeout=0, isolation_level=None)) as stranger:
        try:
            stranger.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


@ON_SQLITE
def test_a_write_holds_the_lock_from_its_beginning(settings: Settings, app: Flask) -> None:
    """On SQLite `writing` takes the write lock with its first statement, though that only reads."""
    with writing():
        assert members.of_host("kim") is None
        assert is_locked(settings)
    assert not is_locked(settings)


@ON_SQLITE
def test_a_read_holds_nobody_up(settings: Settings, app: Flask) -> None:
    """On SQLite an open read leaves the write lock to others."""
    assert members.of_host("kim") is None

    assert not is_locked(settings)


def test_a_write_sees_what_was_written_since_the_read(app: Flask) -> None:
    """A service that begins to write after a page has read works on what stands now, and is not refused."""
    assert members.of_host("kim") is None  # the page's read stays open

    def meet_elsewhere() -> None:
        with app.app_context(), writing():
            members.meet("kim", "ref-of-another-tab", AT)

    other = threading.Thread(target=meet_elsewhere)
    other.start()
    other.join()
    with writing():
        assert members.meet("kim", "ref-of-this-tab", AT).ref == "ref-of-another-tab"


def test_an_exception_takes_everything_back(app: Flask) -> None:
    """What a service wrote before it raised is not kept."""

    def fail_half_way() -> None:
        with writing():
            members.meet("kim", "ref", AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    assert members.of_host("kim") is None


def test_a_transaction_in_a_transaction_is_refused(app: Flask) -> None:
    """One service call is one transaction; a second one inside is a fault in the code and told."""
    with pytest.raises(RuntimeError, match="one service call is one transaction"), writing(), writing():
        pass


def test_a_stray_change_is_refused(app: Flask) -> None:
    """A change outside `writing` is refused before it reaches the store, in whichever way it is made."""
    db.session.add(Member(ref="ref", host_id="kim", created_at=AT))
    with pytest.raises(RuntimeError, match=r"outside portal\.database\.writing"):
        db.session.commit()
    db.session.rollback()
    with pytest.raises(RuntimeError, match=r"outside portal\.database\.writing"):
        db.session.execute(insert(Member).values(ref="ref", host_id="kim", created_at=AT))


def test_two_who_meet_one_member_agree(app: Flask) -> None:
    """Many requests that meet a member at once keep one member, and all get that one's reference."""
    start = threading.Barrier(8)
    refs: list[str] = []

    def meet(number: int) -> None:
        with app.app_context():
            start.wait()
            with writing():
                refs.append(members.meet("kim", f"ref-{number}", AT).ref)

    threads = [threading.Thread(target=meet, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refs) == 8
    assert len(set(refs)) == 1


@ON_SQLITE
def test_sqlite_keeps_its_promises(settings: Settings, app: Flask) -> None:
    """Deleted bytes are overwritten, commits are synced, foreign keys hold: read from a connection of the app."""
    connection = db.session.connection()

    promises = ("secure_delete", "journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout")
    kept = {promise: connection.scalar(text(f"PRAGMA {promise}")) for promise in promises}

    assert kept == {
        "secure_delete": 1,
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 5000,
    }


@pytest.mark.parametrize("promise", list(database.SQLITE_PROMISES))
def test_a_promise_that_does_not_hold_refuses_the_store(
    promise: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SQLite that answers something else than what was set is not used."""
    value, _ = database.SQLITE_PROMISES[promise]
    monkeypatch.setitem(database.SQLITE_PROMISES, promise, (value, "on, they say"))
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")

    with pytest.raises(StoreUnsafe, match=f"SQLite {promise}"):
        engine.connect()


@ON_POSTGRES
def test_postgres_must_sync_its_commits(settings: Settings) -> None:
    """A PostgreSQL that confirms commits before they are on disk is not used."""
    url = make_url(settings.main_store).update_query_dict({"options": "-c synchronous_commit=off"})
    engine = open_engine(url.render_as_string(hide_password=False))

    with pytest.raises(StoreUnsafe, match="synchronous_commit: got 'off'"):
        engine.connect()


def test_moments_come_back_aware_and_whole(app: Flask) -> None:
    """A moment given in Seoul's time comes back as the same moment in UTC, to the microsecond."""
    with writing():
        members.meet("kim", "ref", AT.astimezone(ZoneInfo("Asia/Seoul")))
    db.session.expire_all()

    kept = members.of_host("kim")
    raw = db.session.scalar(text("SELECT created_at FROM members"))

    assert kept is not None
    assert kept.created_at == datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC)
    assert kept.created_at.utcoffset() is not None
    assert raw == 1795402800123456


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive moment cannot be kept, for nobody knows when it was."""
    with pytest.raises(ValueError, match="without a zone"):
        UtcMicros().process_bind_param(datetime(2026, 11, 23), None)  # type: ignore[arg-type]  # noqa: DTZ001


@ON_SQLITE
def test_a_fork_carries_no_connection(settings: Settings) -> None:
    """A forked child opens its own connections and leaves its parent's alone."""
    program = """
import os, sys
from sqlalchemy import text
from portal.database import open_engine
engine = open_engine(sys.argv[1])
with engine.connect() as connection:
    mine = id(connection.connection.driver_connection)
child = os.fork()
if not child:
    with engine.connect() as connection:
        os._exit(0 if id(connection.connection.driver_connection) != mine and engine.pool.checkedin() == 0 else 1)
_, status = os.waitpid(child, 0)
with engine.connect() as connection:
    assert id(connection.connection.driver_connection) == mine
    assert connection.scalar(text("SELECT version FROM gate_contract")) == 2
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", program, settings.main_store], timeout=60, check=False)

    assert done.returncode == 0
