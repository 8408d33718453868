"""A restore brings nobody back: the portal does not start until whoever was destroyed is destroyed again."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal import create_app
from portal.database import db, open_engine, writing_on
from portal.errors import ConfigurationError
from portal.records import destructions, members
from portal.records.mails import Mail
from portal.services import registering
from portal.services.destroying import destroy_due
from portal.services.replaying import come_back, replay
from portal.settings import Settings
from portal.vault import certificates, ledger, person_keys
from portal.vault.separated import SeparatedStore
from tests.destruction.conftest import a_member, an_approved_deletion
from tests.fake_clock import FakeClock
from tests.holdings.conftest import let_go
from tests.members.samples import profile


def destroyed_and_restored(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, engine_name: str, *, ordered: bool = False
) -> None:
    """Destroy Jiwon, then put the main store back to the day before, when it was `ordered` already or not."""
    with app.app_context():
        if not ordered:
            copy = Copy(settings, engine_name)
        an_approved_deletion(clock, jiwon)
        db.session.remove()
        if ordered:
            copy = Copy(settings, engine_name)
        destroy_due(app)
        assert members.of_ref(jiwon) is None
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    copy.put_back()


class Copy:
    """A backup of the main store: its file, or on PostgreSQL every table of it, without the host's and the visits."""

    OTHERS = "^(backup|host|access|pg)_"

    def __init__(self, settings: Settings, engine_name: str) -> None:
        self._settings, self._on_sqlite = settings, engine_name == "sqlite"
        self._file = Path(settings.instance / "portal.db")
        if self._on_sqlite:
            with (
                closing(sqlite3.connect(self._file)) as source,
                closing(sqlite3.connect(f"{self._file}.backup")) as copy,
            ):
                source.backup(copy)
        else:
            self._order("CREATE TABLE backup_{0} AS TABLE {0}")

    def put_back(self) -> None:
        if self._on_sqlite:
            for suffix in ("-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            shutil.copy(f"{self._file}.backup", self._file)
            return
        self._order("DELETE FROM {0}", "INSERT INTO {0} SELECT * FROM backup_{0}")

    def _order(self, *statements: str) -> None:
        engine = open_engine(self._settings.main_store)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ :others"
        with writing_on(engine) as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger, no foreign key
            for table in connection.scalars(text(tables), {"others": self.OTHERS}).all():
                for statement in statements:
                    connection.execute(text(statement.format(table)))
        engine.dispose()


def test_it_does_not_start_on_a_restored_store(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, engine_name: str
) -> None:
    """The fault tells how many have come back and which command destroys them again."""
    destroyed_and_restored(app, clock, jiwon, settings, engine_name)

    with pytest.raises(ConfigurationError, match="before 1 people were destroyed; run `portal retention replay`"):
        create_app(settings, clock=clock)


def test_a_replay_destroys_them_again(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, engine_name: str
) -> None:
    """Afterwards the person is gone, the portal starts, and a second replay finds nobody."""
    destroyed_and_restored(app, clock, jiwon, settings, engine_name)
    again = create_app(settings, clock=clock, after_restore=True)
    with again.app_context():
        assert members.of_ref(jiwon) is not None

        assert replay(clock()) == (1, 0)
        db.session.remove()
        destroy_due(again)

        assert members.of_ref(jiwon) is None
        assert come_back() == []
        assert replay(clock()) == (0, 0)
    let_go(again)
    create_app(settings, clock=clock)


def test_a_copy_from_before_they_came_finds_nobody(
    app: Flask, clock: FakeClock, settings: Settings, engine_name: str
) -> None:
    """A tombstone of somebody whom the copy never knew is passed over once, and the portal starts."""
    with app.app_context():
        copy = Copy(settings, engine_name)
        an_approved_deletion(clock, a_member(clock))
        db.session.remove()
        destroy_due(app)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    copy.put_back()
    again = create_app(settings, clock=clock, after_restore=True)
    with again.app_context():
        assert replay(clock()) == (0, 1)
        assert replay(clock()) == (0, 0)
    let_go(again)
    create_app(settings, clock=clock)


def test_who_was_ordered_already_is_destroyed_again(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, engine_name: str
) -> None:
    """A copy made between the order and its end knows of a destruction whose keys are gone: the portal does not start
    before the replay, the destruction goes to its end, and ledger, certificate, copies apart and letters stay as they
    were."""
    destroyed_and_restored(app, clock, jiwon, settings, engine_name, ordered=True)
    with pytest.raises(ConfigurationError, match="before 1 people were destroyed"):
        create_app(settings, clock=clock)
    again = create_app(settings, clock=clock, after_restore=True)
    with again.app_context():
        keys, apart = db.engines["keys"], SeparatedStore(db.engines["separated"], person_keys.opened())
        destruction = destructions.of_member(jiwon)
        assert destruction is not None
        ref = destruction.ref
        issued, kept = certificates.codes_of(keys, [ref]), [row.ref for row in apart.of_subject(jiwon)]

        assert replay(clock()) == (1, 0)
        db.session.remove()
        passed = destroy_due(again)

        assert (passed.attention, destructions.figures()["done"], come_back()) == (0, 1, [])
        assert members.of_ref(jiwon) is None
        assert [row.entry for row in ledger.entries(keys)] == ["DONE", "BEGUN"]
        assert certificates.codes_of(keys, [ref]) == issued
        assert [row.ref for row in apart.of_subject(jiwon)] == kept
        assert db.session.query(Mail).filter_by(kind="destroyed").count() == 0
        assert replay(clock()) == (0, 0)
    let_go(again)
    create_app(settings, clock=clock)


def test_somebody_who_came_later_is_left_alone(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Under the same id of the host a new person has a new reference; no tombstone is theirs."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        db.session.remove()
        destroy_due(app)
        newcomer = registering.register("jiwon", profile(email="other.jiwon@gaon.example"), "SELF", clock()).member_ref

        assert replay(clock()) == (0, 0)
        assert members.of_ref(newcomer) is not None


def test_a_restored_keys_store_is_named(app: Flask, clock: FakeClock, jiwon: str, settings: Settings) -> None:
    """A main store that knows of more tombstones than there are stands beside an older keys store."""
    with app.app_context():
        a_member(clock, "minho", email="minho.park@gaon.example", login_id="minho-the-sample")
        from portal.database import writing

        with writing():
            destructions.raise_mark(3)
        db.session.remove()

    with pytest.raises(ConfigurationError, match="the keys store was restored"):
        create_app(settings, clock=clock)
