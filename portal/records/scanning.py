"""Scanning: after a destruction the bytes of every store are looked through for what was destroyed.

1. Each SQLite store writes its log into its file and cuts it; a reader that holds it open makes this "busy", and then
   nothing is proved.
2. Files are read once, however many people are looked for: databases and logs, the journal, letters laid as files.
   `portal.records.searching` reads them as a process of its own, for reading them here would break SQLite's locks.

On PostgreSQL there is no file to look into: rows are vacuumed, and what remains in its log archive and in backups is
unreadable because the person's key is gone (docs/destruction.md says what that leaves).
"""

import json
import sqlite3
import subprocess  # nosec B404
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick
from sqlalchemy import Engine, text

from portal.records import searching
from portal.settings import Settings

PATIENCE_S = 2.0  # for readers to end; whoever writes waits as long, and gives up after BUSY_MS
VACUUMED = (
    "members",
    "standing",
    "requests",
    "request_events",
    "papers",
    "mails",
    "audit_words",
    "proofs",
    "sessions",
    "destructions",
    "separated_records",
    "objections",
    "uploads",
    "upload_pages",
)


class StoreBusy(Exception):
    """A store's log could not be cut, because something reads it."""


def settle(engines: Iterable[Engine]) -> None:
    """Bring what was deleted out of every log. Raises StoreBusy."""
    for engine in engines:
        if engine.dialect.name == "postgresql":
            _vacuum(engine)
            continue
        with closing(sqlite3.connect(engine.url.database or "", timeout=PATIENCE_S)) as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreBusy


def found_in_files(
    settings: Settings, engines: Iterable[Engine], marks: Sequence[str], others: Collection[str] = ()
) -> set[str]:
    """Return those of `marks` that stand in a file of this installation, elsewhere than within one of `others`: who is
    called "kim-1" is not found where "kim-10" stands."""
    wanted = [mark for mark in dict.fromkeys(marks) if mark]
    if not wanted:
        return set()
    asked = {
        "paths": [str(path.absolute()) for path in _files(settings, engines)],
        "marks": wanted,
        "others": [other for other in others if other not in marks],
    }
    answer = subprocess.run(  # noqa: S603  # our own program, nobody's data in its words  # nosec B603
        [sys.executable, "-P", searching.__file__],
        input=json.dumps(asked).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return set(json.loads(answer.stdout))


def around(found: Collection[str], others: Iterable[str]) -> list[str]:
    """Return those of `others` that hold one of `found` within them."""
    finder = BytesAhoCorasick([mark.encode() for mark in found])
    return [other for other in others if other not in found and finder.find_matches_as_indexes(other.encode())]


def _files(settings: Settings, engines: Iterable[Engine]) -> Iterator[Path]:
    for engine in engines:
        if engine.dialect.name == "sqlite":
            database = Path(engine.url.database or "")
            yield from (path for path in database.parent.glob(f"{database.name}*") if path.is_file())
    for folder in (settings.journal, settings.letters_dir):
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_file())


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        known = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'r'")))
        for table in VACUUMED:
            if table in known and connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}):
                connection.execute(text(f"VACUUM {table}"))
