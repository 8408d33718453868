"""The sample's own members, in its own small SQLite table, which nothing but the sample makes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flask_login import UserMixin
from werkzeug.security import check_password_hash, generate_password_hash


class SampleAccount(NamedTuple):
    """One of the accounts that the sample's sign-in page shows, with its password."""

    id: str
    company: str
    name: str
    mail: str
    password: str


SAMPLE_ACCOUNTS = (
    SampleAccount("gaon-1001", "가온유통(주)", "김하늘", "haneul.kim@gaon.example", "sample-gaon-1001"),
    SampleAccount("gaon-1002", "가온유통(주)", "이서준", "seojun.lee@gaon.example", "sample-gaon-1002"),
    SampleAccount("nuri-2001", "누리제약(주)", "박지우", "jiwoo.park@nuri.example", "sample-nuri-2001"),
    SampleAccount("dodam-3001", "도담커머스", "최도윤", "doyun.choi@dodam.example", "sample-dodam-3001"),
)

_TABLE = """
CREATE TABLE IF NOT EXISTS sample_members (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL,
    name TEXT NOT NULL,
    mail TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL
)
"""


class SampleMember(UserMixin):
    """A member of the sample who is signed in."""

    def __init__(self, id: str, company: str, name: str, mail: str) -> None:
        self.id = id
        self.company = company
        self.name = name
        self.mail = mail


class SampleMembers:
    """The table of sample members; made and filled at the first start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as store:
            store.execute(_TABLE)
            known = {row[0] for row in store.execute("SELECT id FROM sample_members")}
            for account in SAMPLE_ACCOUNTS:
                if account.id not in known:
                    store.execute(
                        "INSERT OR IGNORE INTO sample_members VALUES (?, ?, ?, ?, ?)",
                        (*account[:4], generate_password_hash(account.password)),
                    )

    def by_id(self, member: str) -> SampleMember | None:
        """Return the member with that id, or None."""
        with self._open() as store:
            row = store.execute("SELECT id, company, name, mail FROM sample_members WHERE id = ?", (member,)).fetchone()
        return SampleMember(*row) if row else None

    def by_password(self, mail: str, password: str) -> SampleMember | None:
        """Return the member whose mail address and password these are, or None."""
        with self._open() as store:
            row = store.execute(
                "SELECT id, company, name, mail, password_hash FROM sample_members WHERE mail = ?",
                (mail.strip().lower(),),
            ).fetchone()
        return SampleMember(*row[:4]) if row and check_password_hash(row[4], password) else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        store = sqlite3.connect(self._path)
        try:
            with store:
                yield store
        finally:
            store.close()
