"""People and their requests as the sweep meets them; the host has no tables here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask

from portal.clock import SEOUL
from portal.database import db
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import requesting
from portal.services.auditing import By
from portal.settings import Settings
from portal.vault import ledger, person_keys
from portal.vault.ledger import LedgerEntry
from portal.vault.separated import Kept, SeparatedStore
from tests.fake_clock import FakeClock

HANDLER = By("STAFF", "handler-1")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, host_map=None)


def noon(day: str) -> datetime:
    """Return noon in Seoul on a day."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time().replace(hour=12), SEOUL)


def kept_apart(app: Flask, clock: FakeClock, rule: str, until: str, subject: str = "somebody", source: str = "") -> str:
    """Return the reference of a record that the separate store keeps until a day."""
    ref = f"{subject}-{rule}-{source or until}"
    with app.app_context():
        day = date.fromisoformat(until)
        store().keep(
            [Kept(ref, subject, rule, source or until, date(2026, 1, 1), day, {"text": "kept words"})], clock()
        )
    return ref


def store() -> SeparatedStore:
    return SeparatedStore(db.engines["separated"], person_keys.opened())


def asked(clock: FakeClock, member_ref: str | None, kind: Kind = Kind.COMPLAINT, text: str = "두 번 청구됐어요") -> str:
    """Return the number of a request that somebody, a member or not, has sent."""
    by = By("MEMBER", member_ref) if member_ref else By("STRANGER", "stranger")
    return requesting.receive(
        kind,
        requester="SELF" if member_ref else "STRANGER",
        channel="WEB" if member_ref else "CONTACT",
        by=by,
        at=clock(),
        language="ko",
        details={"text": text},
        member_ref=member_ref,
    ).number


def taken(clock: FakeClock, number: str, *words: Word, told: str = "") -> None:
    """Take steps on a request, as a handler."""
    for word in words:
        requesting.step(number, word, by=HANDLER, roles={Role.HANDLER}, at=clock(), words=told)


def lines(app: Flask) -> list[tuple[str, str, str]]:
    """Return the ledger, oldest first: number, entry and counts."""
    with app.app_context():
        entries: Sequence[LedgerEntry] = ledger.entries(db.engines["keys"])
    return [(entry.number, entry.entry, entry.counts) for entry in reversed(entries)]


Moved = Callable[[str], None]


@pytest.fixture
def moved(clock: FakeClock) -> Moved:
    """Puts the clock to noon in Seoul on a day."""
    return lambda day: clock.set(noon(day))
