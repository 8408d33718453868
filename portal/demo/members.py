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
    business_number: str
    mail: str
    contact: str
    password: str


SAMPLE_ACCOUNTS = (
    SampleAccount(
        "gaon-1001", "가온유통(주)", "101-81-00016", "haneul.kim@gaon.example", "010-0000-1001", "sample-gaon-1001"
    ),
    SampleAccount(
        "gaon-1002", "가온유통(주)", "101-81-00016", "seojun.lee@gaon.example", "010-0000-1002", "sample-gaon-1002"
    ),
    SampleAccount(
        "nuri-2001", "누리제약(주)", "101-81-00020", "jiwoo.park@nuri.example", "010-0000-2001", "sample-nuri-2001"
    ),
    SampleAccount(
        "dodam-3001", "도담커머스", "101-01-00033", "doyun.choi@dodam.example", "010-0000-3001", "sample-dodam-3001"
    ),
)

_TABLES = """
CREATE TABLE IF NOT EXISTS matecost_members (
    id TEXT PRIMARY KEY,
    company TEXT,
    business_number TEXT,
    mail TEXT UNIQUE,
    contact TEXT,
    password_hash TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS matecost_bill_recipients (
    id INTEGER PRIMARY KEY,
    member_id TEXT NOT NULL,
    mail TEXT,
    month TEXT NOT NULL,
    amount INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS matecost_usage_alerts (
    member_id TEXT PRIMARY KEY,
    phone TEXT,
    above INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS matecost_cards (
    member_id TEXT PRIMARY KEY,
    token TEXT NOT NULL
);
"""
LAST_BILL, AMOUNT, ALERT_ABOVE = "2026-10", 4_820_000, 5_000_000


class SampleMember(UserMixin):
    """A member of the sample who is signed in."""

    def __init__(self, id: str, company: str, mail: str) -> None:
        self.id = id
        self.company = company
        self.mail = mail


class SampleMembers:
    """The tables of the sample's members; made and filled at the first start, and never filled again: whom the portal
    has destroyed does not come back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as store:
            is_new = store.execute("SELECT 1 FROM sqlite_master WHERE name = 'matecost_members'").fetchone() is None
            store.executescript(_TABLES)
            if is_new:
                for account in SAMPLE_ACCOUNTS:
                    self.add(store, account, generate_password_hash(account.password))

    @staticmethod
    def add(store: sqlite3.Connection, account: SampleAccount, password_hash: str) -> None:
        """Write the rows of one member into every table that has some."""
        id, company, number, mail, contact, _ = account
        member = (id, company, number, mail, contact, password_hash)
        store.execute("INSERT OR IGNORE INTO matecost_members VALUES (?, ?, ?, ?, ?, ?)", member)
        bill = (id, mail, LAST_BILL, AMOUNT)
        store.execute("INSERT INTO matecost_bill_recipients (member_id, mail, month, amount) VALUES (?, ?, ?, ?)", bill)
        store.execute("INSERT OR IGNORE INTO matecost_usage_alerts VALUES (?, ?, ?)", (id, contact, ALERT_ABOVE))

    def by_id(self, member: str) -> SampleMember | None:
        """Return the member with that id, or None."""
        with self._open() as store:
            row = store.execute("SELECT id, company, mail FROM matecost_members WHERE id = ?", (member,)).fetchone()
        return SampleMember(*row) if row else None

    def by_password(self, mail: str, password: str) -> SampleMember | None:
        """Return the member whose mail address and password these are, or None."""
        with self._open() as store:
            row = store.execute(
                "SELECT id, company, mail, password_hash FROM matecost_members WHERE mail = ?",
                (mail.strip().lower(),),
            ).fetchone()
        return SampleMember(*row[:3]) if row and check_password_hash(row[3], password) else None

    def business_number_of(self, member: str) -> str:
        """Return the business registration number of the member's company."""
        with self._open() as store:
            row = store.execute("SELECT business_number FROM matecost_members WHERE id = ?", (member,)).fetchone()
        return row[0] or "" if row else ""

    def card_of(self, member: str) -> str | None:
        """Return the payment service's token of the member's card."""
        with self._open() as store:
            row = store.execute("SELECT token FROM matecost_cards WHERE member_id = ?", (member,)).fetchone()
        return row[0] if row else None

    def keep_card(self, member: str, token: str) -> None:
        """Keep the token of the member's card in place of the one before."""
        with self._open() as store:
            store.execute("INSERT OR REPLACE INTO matecost_cards VALUES (?, ?)", (member, token))

    def forget_card(self, member: str) -> None:
        """Forget the member's card."""
        with self._open() as store:
            store.execute("DELETE FROM matecost_cards WHERE member_id = ?", (member,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        store = sqlite3.connect(self._path)
        try:
            with store:
                yield store
        finally:
            store.close()
