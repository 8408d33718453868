"""Looking for a person in files: what is theirs is found, what is another's is not taken for it."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from portal.records import scanning, searching
from portal.settings import Settings


@pytest.mark.parametrize("chunk", [16, 17, 25, 4096])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"......................kim-10............", set()),
        (b"......................kim-1.............", {"kim-1"}),
        (b"kim-10kim-10kim-10kim-1kim-10kim-10kim-10", {"kim-1"}),
        (b"kim-10kim-10kim-10kim-10kim-10kim-10kim-10", set()),
        (b"the-kim-1-of-another...........kim-1", {"kim-1"}),
        (b".............................the-kim-1", {"kim-1"}),
    ],
    ids=["another's", "theirs", "theirs among", "another's only", "theirs at the end", "cut short"],
)
def test_only_what_stands_alone_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, found: set[str], chunk: int
) -> None:
    """A mark within another member's longer id is not this person's, wherever the file is cut into pieces."""
    monkeypatch.setattr(searching, "CHUNK", chunk)
    file = tmp_path / "letter"
    file.write_bytes(content)

    others = scanning.around(["kim-1"], ["kim-10", "the-kim-1-of-another", "lee", "kim-1"])

    assert others == ["kim-10", "the-kim-1-of-another"]
    assert set(searching.found_in([file], ["kim-1", "park"], others)) == found
    assert searching.found_in([file], ["kim-1", "park"], []) == ["kim-1"]


def test_a_search_leaves_the_locks_of_a_store_in_use(settings: Settings, tmp_path: Path) -> None:
    """A command that comes and goes meanwhile does not take the log of the serving process away."""
    store = tmp_path / "portal.db"
    engine = create_engine(f"sqlite:///{store}")
    with engine.connect() as serving:
        serving.exec_driver_sql("PRAGMA journal_mode=WAL")
        serving.exec_driver_sql("CREATE TABLE notes (words)")
        serving.exec_driver_sql("INSERT INTO notes VALUES ('kim-1 was here')")
        serving.commit()
        found = scanning.found_in_files(settings, [engine], ["kim-1", "park"])
        command = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM notes'); c.close()"
        subprocess.run([sys.executable, "-c", command, store], check=True)

        assert found == {"kim-1"}
        assert store.with_name("portal.db-wal").exists()
    engine.dispose()
