"""`portal audit`, as an auditor meets it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main


@pytest.fixture(autouse=True)
def instance(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation on SQLite with a few rows in its chain."""
    shutil.copytree(sqlite_template, tmp_path / "instance")
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))
    for _ in range(3):
        order("show")
    return tmp_path / "instance"


def order(*words: str) -> Result:
    return CliRunner().invoke(main, ["audit", *words])


def saved(folder: Path, content: str) -> str:
    path = folder / "head.json"
    path.write_text(content, "utf-8")
    return str(path)


def test_a_whole_chain_says_so(tmp_path: Path) -> None:
    """With an exported head it says that the head is met; without one, what it could not find."""
    head = saved(tmp_path, order("head").output)

    plain, against = order("verify"), order("verify", "--head", head)

    assert plain.exit_code == 0
    assert "Whole: 3 rows, the last is row 3, MAC " in plain.output
    assert "found only with --head FILE" in plain.output
    assert against.exit_code == 0
    assert "It holds the exported head, row 3.\n" in against.output


def test_a_broken_chain_is_told_in_words(instance: Path) -> None:
    """The first row that does not fit, why, and what it says now; status 1."""
    with closing(sqlite3.connect(instance / "portal.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_events_refuses_update")
        connection.execute("UPDATE audit_events SET actor = 'nobody' WHERE id = 2")

    done = order("verify")

    assert done.exit_code == 1
    assert "Broken at row 2: what it says is not what was written.\n" in done.output
    assert "It now says:       2  " in done.output
    assert "operator:nobody  audit.viewed" in done.output


def test_a_head_from_elsewhere_is_refused(tmp_path: Path) -> None:
    """A file that this installation did not sign proves nothing, and that is said."""
    done = order("verify", "--head", saved(tmp_path, '{"seq": 3}'))

    assert done.exit_code == 1
    assert "Error: the head proves nothing: " in done.output


def test_rows_are_shown_newest_first() -> None:
    """Each with its number, moment in Seoul, who, and what; a subject without rows says so."""
    lines = order("show", "--limit", "2").output.splitlines()

    assert [line.split()[0] for line in lines] == ["3", "2"]
    assert lines[0].endswith('operator:shell  audit.viewed  {"rows":2}')
    assert order("show", "--subject", "nobody").output == "No rows.\n"
