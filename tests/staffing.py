"""People at the desk for tests: an account with both factors, designated and trained unless told otherwise, and a
browser in which they are signed in."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal.clock import seoul_day
from portal.database import writing
from portal.records import accounts, handlers, sessions
from portal.rules.company import How, domains_in
from portal.rules.role import Role
from portal.services import accounts as staff_accounts
from portal.services import registering, vouching
from portal.services.auditing import OPERATOR
from portal.services.registering import NUMBER
from portal.services.signing_in import digest_of
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.samples import GAON

PASSWORD = "seven tin boats at noon"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # quick, for tests only


@dataclass(frozen=True)
class Colleague:
    """Somebody with an account, and what they know and hold."""

    ref: str
    email: str
    password: str = PASSWORD
    secret: str = SECRET

    def code(self, at: datetime) -> str:
        """Return what the authenticator app shows at this moment."""
        return pyotp.TOTP(self.secret).at(at)


def a_colleague(
    at: datetime,
    *roles: Role,
    name: str = "이도현",
    email: str = "dohyeon.lee@cloudmate.example",
    designated: bool = True,
    trained_on: date | str | None = "today",
    reason: str = "고객지원 담당",
    course: str = "개인정보 보호 기본",
    company: str = "",
) -> Colleague:
    """Return a new active colleague, or an admin of a verified company of this name; call it inside an app context."""
    if Role.COMPANY_ADMIN in roles:
        return an_admin(at, a_company(at, *[company] if company else []), name=name, email=email)
    ref, _ = staff_accounts.invite(email, name, roles, OPERATOR, at)
    with writing():
        totp = person_keys.seal_of(ref).seal("accounts", "totp", SECRET)
        accounts.change(ref, at, state="ACTIVE", password_hash=HASH, totp=totp)
        today = seoul_day(at)
        if designated:
            handlers.add(
                handlers.Designation(
                    account_ref=ref,
                    deed="DESIGNATED",
                    day=today - timedelta(days=30),
                    until=None,
                    reason=reason,
                    given_by="shell",
                    at=at,
                )
            )
        day = today if trained_on == "today" else trained_on
        if isinstance(day, date):
            handlers.add(
                handlers.Training(account_ref=ref, course=course, trained_on=day, minutes=60, noted_by="shell", at=at)
            )
    return Colleague(ref, email)


def a_company(at: datetime, name: str = "가온유통(주)", number: str = GAON, domains: str = "gaon.example") -> str:
    """Return the reference of a company that was verified with these mail domains."""
    with writing():
        company = registering.company_told({"company_name": name, NUMBER: number}, at)
    assert company is not None
    found = vouching.Found(number, How.DOCUMENT, seoul_day(at), domains_in(domains), "Certificate of 2026-11-20")
    vouching.verify(company.ref, found, OPERATOR, at)
    return company.ref


def an_admin(
    at: datetime, company_ref: str, *, name: str = "강선우", email: str = "sunwoo.kang@gaon.example"
) -> Colleague:
    """Return a new active admin of a company, whatever the address."""
    with writing():
        roles = (Role.COMPANY_ADMIN,)
        ref, _ = staff_accounts.invite_held(email, name, roles, OPERATOR, at, "ko", company_ref=company_ref)
        totp = person_keys.seal_of(ref).seal("accounts", "totp", SECRET)
        accounts.change(ref, at, state="ACTIVE", password_hash=HASH, totp=totp)
    return Colleague(ref, email)


def seat(app: Flask, browser: Browser, who: Colleague, at: datetime) -> Browser:
    """Sign a colleague in at this browser, without the form."""
    token = secrets.token_urlsafe(32)
    with app.app_context(), writing():
        sessions.begin("STAFF", who.ref, digest_of(token), at)
    browser.client.set_cookie("portal-desk", token)
    return browser


@pytest.fixture
def at_desk(app: Flask, clock: FakeClock) -> Callable[..., Browser]:
    """Makes browsers in which somebody new with these roles is signed in at the desk: `at_desk(Role.OFFICER)`; more
    arguments as `a_colleague` takes them."""
    made = 0

    def sit_down(*roles: Role, **more: object) -> Browser:
        nonlocal made
        made += 1
        with app.app_context():
            email = str(more.pop("email", f"colleague-{made}@cloudmate.example"))
            who = a_colleague(clock(), *roles, email=email, **more)  # type: ignore[arg-type]
        return seat(app, Browser(app.test_client(), None), who, clock())

    return sit_down
