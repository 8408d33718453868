"""The tables of every store, up, down and up again, on both engines."""

import dataclasses
import os
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from portal.database import db, open_engine, writing_on
from portal.records import (
    accounts,
    audit,
    companies,
    company_answers,
    company_events,
    consents,
    contracts,
    destructions,
    disclosures,
    drafts,
    handlers,
    inquiries,
    leavers,
    mails,
    members,
    policies,
    policy_drafts,
    processors,
    proofs,
    rates,
    receipts,
    requests,
    runs,
    sessions,
    standings,
    uploads,
)
from portal.services import migrating
from portal.settings import Settings
from portal.vault import person_keys
from tests.stores.revisions import newest

TABLES = (
    policies,
    policy_drafts,
    companies,
    company_answers,
    company_events,
    members,
    standings,
    consents,
    receipts,
    runs,
    contracts,
    destructions,
    drafts,
    audit,
    mails,
    proofs,
    rates,
    accounts,
    sessions,
    handlers,
    requests,
    leavers,
    uploads,
    processors,
    disclosures,
    inquiries,
    person_keys,
)  # imported so that db knows them
MAIN_TABLES = {
    "accounts",
    "audit_events",
    "audit_head",
    "audit_words",
    "companies",
    "company_answers",
    "company_events",
    "consent_events",
    "designations",
    "destroyed_mark",
    "destructions",
    "disclosure_sums",
    "disclosures",
    "drafts",
    "gate_contract",
    "holds",
    "inquiries",
    "leavers",
    "mails",
    "members",
    "objections",
    "papers",
    "policy_announcements",
    "policy_drafts",
    "policy_recalls",
    "policy_releases",
    "policy_versions",
    "policy_withdrawals",
    "processor_entries",
    "processor_events",
    "proofs",
    "rates",
    "receipts",
    "request_events",
    "request_notices",
    "request_numbers",
    "requests",
    "requirements",
    "role_grants",
    "runs",
    "sessions",
    "shown_texts",
    "standing",
    "tasks",
    "trainings",
    "upload_pages",
    "uploads",
}


def tables_of(url: str) -> set[str]:
    engine = open_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def run_sql(url: str, *statements: str) -> None:
    engine = open_engine(url)
    try:
        with writing_on(engine) as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def test_up_check_down_up(empty_settings: Settings) -> None:
    """Every store goes up, is told to be well, goes down to nothing and up again."""
    assert len(migrating.schema_faults(empty_settings)) == len(migrating.stores(empty_settings))

    migrating.upgrade(empty_settings)
    assert migrating.schema_faults(empty_settings) == []
    assert tables_of(empty_settings.main_store) >= MAIN_TABLES
    assert "day_keys" in tables_of(empty_settings.keys_store)

    for store in migrating.stores(empty_settings):
        assert migrating.downgrade(empty_settings, store, "base").after is None
    assert tables_of(empty_settings.main_store) <= {"main_revision", "access_revision"}
    assert tables_of(empty_settings.keys_store) == {"keys_revision"}

    changes = migrating.upgrade(empty_settings)
    assert {change.store: change.after for change in changes}["main"] == newest("main")
    assert migrating.schema_faults(empty_settings) == []


def test_access_store_is_migrated_on_postgres_only(settings: Settings, engine_name: str) -> None:
    """On PostgreSQL the access store has its partitioned parent; on SQLite migrations make no access store."""
    states = {state.store: state.revision for state in migrating.states(settings)}

    if engine_name == "sqlite":
        assert states == {store: newest(store) for store in ("main", "keys", "separated")}
        assert not (settings.instance / "access").is_file()
    else:
        assert states == {store: newest(store) for store in ("main", "keys", "separated", "access")}
        assert {"access_records", "journal_offsets"} <= tables_of(settings.access_store)


def test_models_and_tables_agree(settings: Settings) -> None:
    """What the models say of the main store's tables is what the migrations made."""
    engine = open_engine(settings.main_store)
    ours = {table.name for table in db.metadata.tables.values()}

    def is_ours(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return kind != "table" or not reflected or name in ours

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_object": is_ours}
        )
        differences = compare_metadata(context, db.metadata)
    engine.dispose()

    assert ours == MAIN_TABLES
    assert differences == []


def test_second_upgrade_changes_nothing(settings: Settings) -> None:
    """An upgrade of stores that are at the newest revision leaves them there."""
    changes = migrating.upgrade(settings)

    assert all(change.before == change.after for change in changes)


def test_a_newer_store_is_refused(settings: Settings) -> None:
    """A store that a newer release has upgraded is told to be unknown, and an upgrade does not touch it."""
    run_sql(settings.main_store, "UPDATE main_revision SET version_num = 'main_9999'")

    (fault,) = migrating.schema_faults(settings)
    assert "got revision main_9999, which this release does not know" in fault
    with pytest.raises(migrating.MigrationFailed):
        migrating.upgrade(settings)


def test_another_gate_contract_is_refused(settings: Settings) -> None:
    """A store whose tables keep another contract than the gate's does not let the portal start."""
    run_sql(settings.main_store, "UPDATE gate_contract SET version = 7")

    (fault,) = migrating.schema_faults(settings)
    assert "got gate contract [7], expected [2]" in fault


def test_versions_of_an_older_store_are_asked_for(settings: Settings) -> None:
    """What was published before the gate had a table of its own stands in it after the upgrade."""
    migrating.downgrade(settings, "main", "main_0014")
    run_sql(settings.main_store, "INSERT INTO policy_versions VALUES (1, '2021-02-04', '{}', 'body', 'hash', 7, 0)")

    migrating.upgrade(settings)

    engine = open_engine(settings.main_store)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM requirements")).all()
    engine.dispose()
    assert rows == [(1, "2021-02-04", "hash", 7)]


def test_a_failed_upgrade_leaves_the_store_as_it_was(empty_settings: Settings) -> None:
    """When a revision fails half-way, nothing of it stays."""
    empty_settings.instance.mkdir(exist_ok=True)
    run_sql(empty_settings.main_store, "CREATE TABLE gate_contract (version INTEGER)")  # the last one to be made

    with pytest.raises(migrating.MigrationFailed) as failure:
        migrating.upgrade(empty_settings)

    assert failure.value.store == "main"
    assert tables_of(empty_settings.main_store) == {"gate_contract"}


def test_no_password_is_told(settings: Settings) -> None:
    """A store that cannot be reached is told by its address, never by its password."""
    closed = dataclasses.replace(settings, main_store="postgresql+psycopg://clerk:pa55word@127.0.0.1:1/portal")

    (fault,) = migrating.schema_faults(closed)

    assert "127.0.0.1:1" in fault
    assert "pa55word" not in fault


def test_what_a_downgrade_would_undo_is_told_first(settings: Settings) -> None:
    """A downgrade can be told beforehand: its revisions, and the rows that would be lost."""
    run_sql(settings.main_store, "INSERT INTO shown_texts VALUES ('a', 'ko', 'text')")

    lines = migrating.undone_by(settings, "main", "base")

    assert lines[0].startswith(f"{newest('main')}: ")
    assert any(line.startswith("main_0001: Policies, members") for line in lines)
    assert "shown_texts: 1 rows" in lines
    assert migrating.schema_faults(settings) == []


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Settings:
    """Settings of an untouched installation on SQLite."""
    return Settings.from_environ({"PORTAL_INSTANCE": str(tmp_path / "instance")})


def test_sqlite_files_are_closed_to_others(on_sqlite: Settings) -> None:
    """Stores have mode 0600 in a folder of mode 0700; the epoch file may be read by a gate of another user."""
    migrating.upgrade(on_sqlite)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in on_sqlite.instance.iterdir()}
    assert modes == {
        "portal.db": 0o600,
        "keys.db": 0o600,
        "separated.db": 0o600,
        "portal.db.epoch": 0o644,
        "journal": 0o700,
    }
    assert stat.S_IMODE(on_sqlite.instance.stat().st_mode) == 0o700


def test_sqlite_is_copied_before_a_change(on_sqlite: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store about to change is copied beside itself, closed to others; a failure leaves the copy and names it."""
    migrating.upgrade(on_sqlite)

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(migrating, "_run", fail)
    with pytest.raises(migrating.MigrationFailed, match="the disk is full") as failure:
        migrating.downgrade(on_sqlite, "main", "base")

    backup = on_sqlite.instance / f"portal.db.before-{newest('main')}.backup"
    assert failure.value.backup == backup
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert tables_of(f"sqlite:///{backup}") >= MAIN_TABLES | {"main_revision"}


def test_the_copy_is_gone_after_success(on_sqlite: Settings) -> None:
    """No copy of a store stays where nobody would look for it."""
    migrating.upgrade(on_sqlite)

    migrating.downgrade(on_sqlite, "main", "base")

    assert [name for name in os.listdir(on_sqlite.instance) if "backup" in name] == []


def test_looking_makes_no_file(on_sqlite: Settings) -> None:
    """Asking how the stores stand does not make them."""
    faults = migrating.schema_faults(on_sqlite)

    assert all("the file is missing; run `portal store upgrade`" in fault for fault in faults)
    assert not on_sqlite.instance.exists()


def test_a_missing_epoch_file_is_told(on_sqlite: Settings) -> None:
    """Without its epoch file the main store is not well, for gates could not be told of a change."""
    migrating.upgrade(on_sqlite)
    (on_sqlite.instance / "portal.db.epoch").unlink()

    (fault,) = migrating.schema_faults(on_sqlite)

    assert "portal.db.epoch" in fault
