"""`portal keys`, as an operator meets it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main

LIST = "host_id,email\n7001,jiwon.seo@gaon.example\n7002,minho.park@gaon.example\n"


@pytest.fixture
def instance(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation on SQLite with two members."""
    shutil.copytree(sqlite_template, tmp_path / "instance")
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    CliRunner().invoke(main, ["members", "import", str(tmp_path / "list.csv"), "--yes"])
    return tmp_path / "instance"


def order(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["keys", *words], input=answer)


def test_a_rotation_from_end_to_end(instance: Path) -> None:
    """New, tried, done, done again, checked: each step says what it did and what comes next."""
    made, tried, done, again, checked = (
        order("new"),
        order("rotate", "--dry-run"),
        order("rotate"),
        order("rotate"),
        order("check"),
    )

    old, new = instance / "secrets" / "wrapping_key", instance / "secrets" / "wrapping_key.2"
    assert made.output.startswith(f"{new} made. Back it up now")
    assert tried.output == "2 keys would be re-wrapped. Nothing was changed.\n"
    assert "2 keys taken over from wrapping key 1.\n" in done.output
    assert "Every key is wrapped under the newest wrapping key already.\n" in again.output
    assert "wrapping key 2, the newest: 2 keys\n" in checked.output
    assert f"{old}: no key of this store needs it" in checked.output
    assert checked.exit_code == 0


def test_a_key_that_does_not_open_ends_with_a_fault(instance: Path) -> None:
    """The keys are named by reference, and what to do is said."""
    (instance / "secrets" / "wrapping_key").write_bytes(bytes(32))

    done = order("check")

    assert done.exit_code == 1
    assert "2 keys do not open; put the backup of their wrapping key back" in done.output
    assert done.output.count("does not open: ") == 2


def test_keys_that_nothing_names_go_when_asked_for(instance: Path) -> None:
    """Told, tried, refused with a no, and destroyed with a yes."""
    with closing(sqlite3.connect(instance / "portal.db")) as connection, connection:
        connection.execute("DELETE FROM members WHERE host_id = '7002'")
    with closing(sqlite3.connect(instance / "keys.db")) as connection, connection:
        connection.execute("UPDATE subject_keys SET made_at = 0")

    tried, refused, done = (
        order("check", "--sweep", "--dry-run"),
        order("check", "--sweep", answer="n\n"),
        order("check", "--sweep", answer="y\n"),
    )

    assert "keys that nothing names: 1\nThey would be destroyed. Nothing was changed.\n" in tried.output
    assert refused.exit_code == 1
    assert "1 keys destroyed.\n" in done.output
    assert "keys that nothing names: 0\n" in order("check").output


def test_the_file_of_the_hosts_key_is_told_and_never_the_key(instance: Path) -> None:
    """Its path goes to the host's engineer by a safe way; asking makes no secrets."""
    path = instance / "secrets" / "api_key"

    assert order("api").output == f"{path}\n"

    path.unlink()
    assert order("api").exit_code == 1
    assert not path.exists()
