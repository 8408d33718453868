"""A company, its admin and its people; beside a host that has no tables."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask

from portal.database import writing
from portal.records import accounts, standings
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import leaving, registering, requesting
from portal.services.auditing import By
from portal.services.draining import drain_once
from portal.services.leaving import Leaving
from portal.services.requesting import Filed
from portal.settings import Settings
from tests.access.builders import a_dead_segment, a_record, micros, text_of
from tests.fake_clock import FakeClock
from tests.members.samples import profile
from tests.staffing import a_colleague

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


MESSY = """\
email,leave_date,memo
hana@gaon.example,2026-10-31,
kim@gaon.example,2026.10.31,
park@gaon.example,2026-11-13,
choi.gaon.example,2026-09-30,
nana@gmail.example,2026-09-30,
lee@gaon.example,2026년 10월 15일,
LEE@gaon.example,2026-10-15,=cmd|' /C calc'!A0
hr@gaon.example,2026-11-10,
song@gaon.example,2026-12-31,
jung@gaon.example,20261101,
yoon@gaon.example,46327,
moon@gaon.example,2026/11/02,
baek@gaon.example,2026-11-03,
noh@gaon.example,2026-11-04,
"""
"""The list of the story: eight to request, one to confirm, three to put right, two left out."""
PEOPLE = ("hana", "kim", "park", "lee", "song", "jung", "yoon", "moon", "baek", "noh")


@pytest.fixture
def admin(app: Flask, clock: FakeClock, gaon: str, join: Join) -> By:
    """An admin of the company, who is a member of it, too."""
    join("hr")
    with app.app_context():
        ref = a_colleague(clock(), Role.COMPANY_ADMIN, email="hr@gaon.example", name="한지우", designated=False).ref
        second = a_colleague(clock(), Role.COMPANY_ADMIN, email="second@gaon.example", designated=False).ref
        with writing():
            for account_ref in (ref, second):
                accounts.change(account_ref, clock(), company_ref=gaon)
    return By("STAFF", ref, "192.0.2.7")


@pytest.fixture
def staffed(app: Flask, clock: FakeClock, join: Join, admin: By) -> dict[str, str]:
    """The people of the messy list, by name; the gate has seen Park on 20 November."""
    refs = {name: join(name) for name in PEOPLE}
    settings = app.extensions["portal.settings"]
    seen = a_record(micros(2026, 11, 20, 3), ref=refs["park"])
    a_dead_segment(settings.journal, text_of([seen]))
    drain_once(app)
    return refs
