"""`portal store`, as an operator meets it."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.services import migrating
from portal.settings import Settings
from tests.stores.revisions import newest


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installation on SQLite that has not been started yet."""
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))
    return tmp_path / "instance"


def order(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["store", *words], input=answer)


def versions(instance: Path) -> int:
    with closing(sqlite3.connect(instance / "portal.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM policy_versions").fetchone()[0])


def test_the_first_upgrade_makes_everything(instance: Path) -> None:
    """One command makes stores, secrets and epoch, and publishes the shipped policy; a second changes nothing."""
    first, second = order("upgrade"), order("upgrade")

    assert first.exit_code == 0
    assert first.output == (
        f"main: no tables -> {newest('main')}\nkeys: no tables -> {newest('keys')}\n"
        f"separated: no tables -> {newest('separated')}\npolicy: 2021-02-04 published\n"
    )
    assert second.output == "".join(f"{store}: at {newest(store)} already\n" for store in ("main", "keys", "separated"))
    assert {path.name for path in instance.iterdir()} >= {"portal.db", "keys.db", "portal.db.epoch", "secrets"}
    assert versions(instance) == 1


def test_check_tells_how_every_store_stands(instance: Path) -> None:
    """The check ends with 1 while a store is behind, and with 0 when all are current."""
    before = order("check")
    order("upgrade")
    after = order("check")

    assert before.exit_code == 1
    assert "main: the file is missing; run `portal store upgrade`" in before.output
    assert after.exit_code == 0
    assert f"main: at {newest('main')}, the newest" in after.output


def test_a_downgrade_asks_first(instance: Path) -> None:
    """What would be destroyed is told, and without a yes nothing is."""
    order("upgrade")

    refused = order("downgrade", "main", answer="n\n")

    assert refused.exit_code == 1
    assert "policy_versions: 1 rows" in refused.output
    assert versions(instance) == 1


def test_a_dry_run_changes_nothing(instance: Path) -> None:
    """A dry run tells the same and asks nothing."""
    order("upgrade")

    told = order("downgrade", "main", "--dry-run")

    assert told.exit_code == 0
    assert "policy_versions: 1 rows" in told.output
    assert told.output.endswith("Nothing was changed.\n")
    assert versions(instance) == 1


def test_a_downgrade_with_yes_is_done(instance: Path) -> None:
    """With --yes the store is taken back, and the check says so."""
    order("upgrade")

    done = order("downgrade", "keys", "--yes")

    assert done.output.endswith(f"keys: {newest('keys')} -> no tables\n")
    assert order("check").exit_code == 1
    assert order("downgrade", "keys", "--yes").output == "keys: nothing to undo\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("downgrade", "main", "--to", "main_0042", "--yes"), "main_0042"),
        (("downgrade", "access", "--yes"), "files, one a day"),
    ],
    ids=["unknown revision", "access on SQLite"],
)
def test_what_cannot_be_undone_is_told(instance: Path, words: tuple[str, ...], told: str) -> None:
    """A downgrade that cannot be is refused in words, without a traceback."""
    order("upgrade")

    refused = order(*words)

    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert told in refused.output


def test_faulty_settings_are_told(instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A faulty environment is told whole, and no store is touched."""
    monkeypatch.setenv("PORTAL_LANGUAGE", "fr")
    monkeypatch.setenv("PORTAL_DRAIN", "on")

    refused = order("upgrade")

    assert refused.exit_code == 1
    assert "PORTAL_LANGUAGE" in refused.output
    assert "PORTAL_DRAIN" in refused.output
    assert not instance.exists()


def test_a_killed_upgrade_leaves_nothing_half_done(instance: Path) -> None:
    """After SIGKILL in the midst of an upgrade the store is as it was; the next upgrade brings it there."""
    program = """
import os, signal, sys
from portal.services import migrating
from portal.settings import Settings
from sqlalchemy import text
run = migrating._run
def run_and_die(store, connection, target):
    run(store, connection, target)
    assert connection.scalar(text("SELECT version FROM gate_contract")) == 2
    os.kill(os.getpid(), signal.SIGKILL)
migrating._run = run_and_die
migrating.upgrade(Settings.from_environ(os.environ))
"""
    killed = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    settings = Settings.from_environ(os.environ)

    assert killed.returncode == -signal.SIGKILL
    assert "has no tables of ours" in migrating.schema_faults(settings)[0]
    assert order("upgrade").exit_code == 0
    assert migrating.schema_faults(settings) == []
