"""What the guard costs: one answer at a hundred thousand members and a million ledger rows, and the pages that show
the ledger."""

import random
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, g
from sqlalchemy import Connection, insert

from portal import clock
from portal.clock import seoul_day
from portal.database import EPOCH, MICROSECOND, db, writing
from portal.records import accounts, consents, sessions
from portal.records.consents import ConsentEvent
from portal.records.disclosures import Disclosure, DisclosureSum
from portal.records.members import Member
from portal.records.standings import Standing
from portal.rules.consent import content_hash
from portal.rules.role import Role
from portal.services import accounts as staff
from portal.services import disclosing, publishing
from portal.services.auditing import OPERATOR
from portal.services.signing_in import digest_of
from portal.vault import passwords

from . import stores
from .figures import Figure, Part, middle, say
from .members import serving

MEMBERS, LEDGER = 100_000, 1_000_000
ANSWERS, PAGES = 2_000, 100
AT_ONCE = 20_000
GUARD_MS, PAGE_MS = 5, 50
CARD = ("card_number", "card_expiry", "business_registration_number")


class Taken(NamedTuple):
    """How long something took by the clock, and how much of that this process worked: on a busy machine they part."""

    waited: float
    worked: float


def measure(folder: Path, postgres_url: Callable[[], str] | None, *, quick: bool) -> Part:
    """Ask the guard and open the pages, on SQLite, and on PostgreSQL where there is one."""
    count, rows = (MEMBERS // 20, LEDGER // 20) if quick else (MEMBERS, LEDGER)
    with serving(folder / "sqlite", None) as app:
        figures = _measured(app, count, rows, "SQLite")
    if postgres_url is None:
        return Part(figures, ["the guard on PostgreSQL: there is none"])
    with serving(folder / "postgres", postgres_url) as app:
        figures += _measured(app, count, rows, "PostgreSQL")
    return Part(figures)


def _measured(app: Flask, count: int, rows: int, engine: str) -> list[Figure]:
    _fill(count, rows)
    say(f"disclosing, {engine}: filled")
    return [_guard(count, rows, engine), *_pages(app, rows, engine)]


def _guard(count: int, rows: int, engine: str) -> Figure:
    chance = random.Random(3)
    taken = []
    for number in range(ANSWERS):
        host_id = stores.member(chance.randrange(count))
        began = _now()
        answer = disclosing.disclose(host_id, "kicc", CARD, "payment", f"new-{number}", clock.now())
        taken.append(_since(began))
        if not answer.verdict.allowed:
            raise AssertionError(f"{host_id} was refused: {answer.verdict.reason}")
    return _figure(
        f"guard at {count:,} members, {rows:,} ledger rows, {engine}, ms", taken, GUARD_MS, "answers, committed"
    )


def _pages(app: Flask, rows: int, engine: str) -> list[Figure]:
    token = secrets.token_urlsafe(32)
    ref, _ = staff.invite("officer@cloudmate.example", "Officer", [Role.OFFICER], OPERATOR, clock.now())
    with writing():
        hashed = passwords.hash_password(secrets.token_urlsafe())
        accounts.change(ref, clock.now(), state="ACTIVE", password_hash=hashed, totp=b"-")
        sessions.begin("STAFF", ref, digest_of(token), clock.now())
    client = app.test_client()
    client.set_cookie("portal-desk", token)
    desk = [_opened(client, "/desk/registers", {}, "charge-") for _ in range(PAGES)]
    own = [
        _opened(client, "/me", {"consent_gate.host_id": stores.member(number)}, "맡기거나 제공한 내역")
        for number in range(1, 2 * PAGES, 2)  # of the even ones some were refused each time
    ]
    return [
        _figure(f"register page at {rows:,} ledger rows, {engine}, ms", desk, PAGE_MS, "pages"),
        _figure(f"a member's page at {rows:,} ledger rows, {engine}, ms", own, PAGE_MS, "pages"),
    ]


def _opened(client: Any, path: str, environ: dict[str, str], words: str) -> Taken:
    g.pop("_login_user", None)  # the app's context is ours all the while; each request asks anew who it is
    began = _now()
    answer = client.get(path, headers={"Accept": "text/html"}, environ_overrides=environ)
    taken = _since(began)
    if answer.status_code != 200 or words not in answer.text:
        raise AssertionError(f"{path} is not the page: {answer.status_code}")
    return taken


def _now() -> Taken:
    return Taken(time.perf_counter(), time.process_time())


def _since(began: Taken) -> Taken:
    """Return the milliseconds since then."""
    ended = _now()
    return Taken((ended.waited - began.waited) * 1000, (ended.worked - began.worked) * 1000)


def _figure(name: str, taken: list[Taken], goal: float, what: str) -> Figure:
    waited = sorted(one.waited for one in taken)
    worked = middle([one.worked for one in taken])
    note = f"p99 {waited[len(waited) * 99 // 100]:.1f} ms of {len(waited):,} {what}; {worked:.2f} ms CPU here"
    say(f"{name}: {middle(waited):.2f}, {note}")
    return Figure(name, middle(waited), "<=", goal, note)


def _fill(count: int, rows: int) -> None:
    at = clock.now()
    published = publishing.in_force(at)
    policy = published.policy
    hashes = {item.key: content_hash(policy, item) for item in policy.gate_items}
    with writing():
        consents.keep_text("sha", "ko", "text")
    for first in range(0, count, AT_ONCE):
        people = [stores.member(number) for number in range(first, min(first + AT_ONCE, count))]
        known = [{"ref": stores.ref_of(one), "host_id": one, "created_at": at} for one in people]
        standing = [
            {
                "host_id": row["host_id"],
                "ref": row["ref"],
                "requirement_hash": published.requirement_hash,
                "suspended": False,
                "changed_at": at,
            }
            for row in known
        ]
        given = [
            {
                "event_ref": f"{row['ref']}-{key}",
                "submission": row["ref"],
                "member_ref": row["ref"],
                "item": key,
                "decision": "GRANTED",
                "content_hash": hashed,
                "text_sha256": "sha",
                "policy_version": policy.version,
                "language": "ko",
                "method": "WEB",
                "decided_at": at,
            }
            for row in known
            for key, hashed in hashes.items()
        ]
        _insert((Member, known), (Standing, standing), (ConsentEvent, given))
    say(f"disclosing: {count:,} members, now the ledger")
    for first in range(0, rows, AT_ONCE):
        _insert((Disclosure, [_row(number, count, rows, at) for number in range(first, min(first + AT_ONCE, rows))]))
    months = [f"{seoul_day(at - timedelta(days=31 * number)):%Y-%m}" for number in range(12)]
    _insert(
        (
            DisclosureSum,
            [
                {"month": month, "processor": "kicc", "verdict": verdict, "reason": reason, "count": rows // 24}
                for month in dict.fromkeys(months)
                for verdict, reason in (("ALLOWED", ""), ("REFUSED", "SUSPENDED"))
            ],
        )
    )


def _row(number: int, count: int, rows: int, at: datetime) -> dict[str, Any]:
    refused = number % 50 == 0
    return {
        "reference": f"charge-{number}",
        "member_ref": stores.ref_of(stores.member(number % count)),
        "processor": "kicc",
        "items": ",".join(CARD),
        "purpose": "payment",
        "verdict": "REFUSED" if refused else "ALLOWED",
        "reason": "SUSPENDED" if refused else "",
        "digest": f"{number:064x}",
        "at": at - timedelta(days=365) * (1 - number / rows),
    }


def _insert(*parts: tuple[Any, list[dict[str, Any]]]) -> None:
    with writing():
        connection = db.session.connection()
        for table, rows in parts:
            if connection.dialect.name == "postgresql":
                _copy(connection, table.__tablename__, rows)
            else:
                connection.execute(insert(table), rows)


def _copy(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert the way PostgreSQL is quick at: a million rows one by one would take minutes."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({', '.join(rows[0])}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_micros(value) for value in row.values()])
        cursor.execute(f"ANALYZE {table}")  # what a server does by itself, a minute later


def _micros(value: Any) -> Any:
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value
