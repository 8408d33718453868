"""Scanning: after a destruction the bytes of every store are looked through for what was destroyed.

1. Each SQLite store writes its log into its file and cuts it; a reader that holds it open makes this "busy", and then
   nothing is proved.
2. Files are read once, however many people are looked for: databases and logs, the journal, letters laid as files.

On PostgreSQL there is no file to look into: rows are vacuumed, and what remains in its log archive and in backups is
unreadable because the person's key is gone (docs/destruction.md says what that leaves).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick
from sqlalchemy import Engine, text

from portal.settings import Settings

CHUNK = 8 * 1024 * 1024
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
        with closing(sqlite3.connect(engine.url.database or "")) as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreBusy


def found_in_files(settings: Settings, engines: Iterable[Engine], marks: Sequence[str]) -> set[str]:
    """Return those of `marks` that stand in a file of this installation."""
    wanted = [mark.encode() for mark in dict.fromkeys(marks) if mark]
    if not wanted:
        return set()
    finder = BytesAhoCorasick(wanted)
    longest = max(map(len, wanted))
    found: set[int] = set()
    for path in _files(settings, engines):
        for chunk in _chunks(path, longest):
            found.update(index for index, _, _ in finder.find_matches_as_indexes(chunk, overlapping=True))
    return {wanted[index].decode() for index in found}


def _files(settings: Settings, engines: Iterable[Engine]) -> Iterator[Path]:
    for engine in engines:
        if engine.dialect.name == "sqlite":
            database = Path(engine.url.database or "")
            yield from (path for path in database.parent.glob(f"{database.name}*") if path.is_file())
    for folder in (settings.journal, settings.letters_dir):
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_file())


def _chunks(path: Path, longest: int) -> Iterator[bytes]:
    """Yield a file piece by piece; pieces overlap, so that nothing hides on a border."""
    kept = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                yield kept + piece
                kept = piece[-(longest - 1) :] if longest > 1 else b""
    except FileNotFoundError:
        return  # a segment of the journal that was drained meanwhile


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        known = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'r'")))
        for table in VACUUMED:
            if table in known and connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}):
                connection.execute(text(f"VACUUM {table}"))
