"""Companies that were verified, their admins, and their members; beside a host that has no tables."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from portal.services import registering
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.samples import GAON, profile
from tests.staffing import Colleague, a_company, an_admin, seat

NURI = "220-81-62517"
Join = Callable[..., str]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, host_map=None)


@pytest.fixture
def gaon(app: Flask, clock: FakeClock) -> str:
    """The reference of a company verified at gaon.example."""
    with app.app_context():
        return a_company(clock())


@pytest.fixture
def admin(app: Flask, clock: FakeClock, gaon: str) -> Colleague:
    """Its admin."""
    with app.app_context():
        return an_admin(clock(), gaon)


@pytest.fixture
def join(app: Flask, clock: FakeClock) -> Join:
    """Makes members: `join("minho")` of the company, `join("jiho", NURI)` of another one; returns a reference."""

    def make(name: str, number: str = GAON) -> str:
        place = "gaon" if number == GAON else "nuri"
        facts = profile(
            email=f"{name}@{place}.example",
            login_id=f"{name}-the-sample",
            business_registration_number=number,
            company_name="가온유통(주)" if number == GAON else "누리제약(주)",
        )
        with app.app_context():
            return registering.register(name, facts, "SELF", clock()).member_ref

    return make


@pytest.fixture
def at_org(app: Flask, clock: FakeClock, admin: Colleague) -> Browser:
    """The browser in which the admin is signed in."""
    return seat(app, Browser(app.test_client(), None), admin, clock())
