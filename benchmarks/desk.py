"""What the queue of the desk costs with ten thousand open requests: the page as the server makes it, audit and all."""

import secrets
import time
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import insert

from portal import clock
from portal.clock import seoul_day
from portal.database import db, writing
from portal.records import accounts, handlers, members, sessions
from portal.records.handlers import Designation, Training
from portal.records.requests import Request, RequestEvent
from portal.rules.deadline import Kind, due_on
from portal.rules.role import Role
from portal.services import accounts as staff
from portal.services.auditing import OPERATOR
from portal.services.signing_in import digest_of
from portal.vault import passwords

from . import stores
from .figures import Figure

OPEN, PAGES = 10_000, 200
GOAL_MS = 50
STEPS = ("IDENTITY_CHECK", "IN_REVIEW", "MORE_ASKED")  # the requests have none to all of these behind them


def measured(app: Flask, count: int, engine: str) -> Figure:
    """Return how long a page of the queue takes, with ten thousand open requests of `count` members."""
    handler = _handler(clock.now())
    _fill(clock.now(), handler, count)
    token = secrets.token_urlsafe(32)
    with writing():
        sessions.begin("STAFF", handler, digest_of(token), clock.now())
    client = app.test_client()
    client.set_cookie("portal-desk", token)
    taken = []
    for number in range(PAGES):
        path = ("/desk", "/desk?view=mine", f"/desk?page={2 + number}")[number % 3]
        began = time.perf_counter()
        answer = client.get(path, headers={"Accept": "text/html"})
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200 or answer.text.count("R-2") < 25:
            raise AssertionError(f"{path} is no page of the queue: {answer.status_code}")
    taken.sort()
    note = f"p99 {taken[len(taken) * 99 // 100]:.0f} ms of {PAGES} pages, each audited for 25 people"
    median = taken[len(taken) // 2]
    return Figure(f"queue page at {OPEN:,} open requests, {engine}, ms", median, "<=", GOAL_MS, note)


def _handler(at: datetime) -> str:
    ref, _ = staff.invite("desk@cloudmate.example", "Desk", [Role.HANDLER], OPERATOR, at)
    today = seoul_day(at)
    with writing():
        accounts.change(
            ref, at, state="ACTIVE", password_hash=passwords.hash_password(secrets.token_urlsafe()), totp=b"-"
        )
        handlers.add(
            Designation(account_ref=ref, deed="DESIGNATED", day=today, until=None, reason="-", given_by="-", at=at)
        )
        handlers.add(Training(account_ref=ref, course="-", trained_on=today, minutes=60, noted_by="-", at=at))
    return ref


def _fill(at: datetime, handler: str, count: int) -> None:
    kinds = [kind for kind in Kind if kind is not Kind.LEAVER]
    rows, events = [], []
    for number in range(OPEN):
        received, kind = at - timedelta(days=number % 12, minutes=number % 600), kinds[number % len(kinds)]
        ref = stores.ref_of(stores.member(number % count))
        rows.append(
            {
                "number": f"R-{seoul_day(at).year}-{number + 1:04}",
                "ref": members.new_ref(),
                "kind": kind.value,
                "channel": "WEB",
                "requester": "SELF",
                "member_ref": ref,
                "key_ref": ref,
                "sealed": None,
                "language": "ko",
                "approvals": 0,
                "received_at": received,
                "due_day": due_on(seoul_day(received), kind),
                "handler_ref": handler if number % 3 else None,
                "ended_at": None,
            }
        )
        events += [
            {
                "request_id": number + 1,
                "word": word,
                "actor_kind": "STAFF",
                "actor": handler,
                "reason": "",
                "until": None,
                "sealed": None,
                "at": received,
            }
            for word in ("RECEIVED", *STEPS[: number % 4])
        ]
    with writing():
        db.session.execute(insert(Request), rows)
        db.session.execute(insert(RequestEvent), events)
