"""A company, its admin and its people; beside a host that has no tables."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask

from portal.records import standings
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import leaving, registering, requesting
from portal.services.auditing import By
from portal.services.leaving import Leaving
from portal.services.requesting import Filed
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.members.samples import profile

ADMIN = By("STAFF", "admin-of-gaon", "192.0.2.7")
HANDLER, SECOND = By("STAFF", "handler-1", "192.0.2.1"), By("STAFF", "handler-2", "192.0.2.2")
HANDLERS = frozenset({Role.HANDLER})
LEFT = date(2026, 10, 31)
OTHER_COMPANY = {"company_name": "다른회사(주)", "business_registration_number": "220-81-62517"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, host_map=None)


@pytest.fixture
def gaon(app: Flask, clock: FakeClock) -> str:
    """The reference of a company whose member Jiwon is."""
    with app.app_context():
        company_ref = registering.register("jiwon", profile(), "SELF", clock()).company_ref
    assert company_ref is not None
    return company_ref


Join = Callable[..., str]


@pytest.fixture
def join(app: Flask, clock: FakeClock, gaon: str) -> Join:
    """Makes members of the company: `join("minho")` returns a reference."""

    def make(name: str, **fields: str) -> str:
        facts = profile(email=f"{name}@gaon.example", login_id=f"{name}-the-sample", **fields)
        with app.app_context():
            return registering.register(name, facts, "SELF", clock()).member_ref

    return make


def report(company: str, at: datetime, *refs: str, **more: str) -> Filed:
    """Report these members as having left."""
    people = [Leaving(ref, LEFT) for ref in refs]
    facts = {"reporter": ADMIN.ref, "reply_to": "admin@gaon.example", **more}
    return leaving.report(company, people, by=ADMIN, at=at, language="ko", **facts)  # type: ignore[arg-type]


def advance(number: str, at: datetime, *words: Word, by: By = HANDLER, reason: str = "") -> requesting.Standing:
    """Take these steps as one of the staff."""
    for word in words:
        standing = requesting.step(number, word, by=by, roles=HANDLERS, at=at, reason=reason)
    return standing


def is_closed(host_id: str) -> bool:
    """Tell whether the gate stops this member."""
    standing = standings.of_host(host_id)
    return standing is not None and standing.suspended
