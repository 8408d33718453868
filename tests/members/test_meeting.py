"""A person whom the host knows: sign-up and first consent meet in one row, in any order and in processes at once."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db
from portal.records import audit, members
from portal.services import consenting, registering
from portal.settings import STORES, Settings, env_name
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.calling import TOLD, Host
from tests.members.samples import KEPT

ROOT = Path(__file__).parents[2]
PROCESS = """
import json, sys
from portal import create_app
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.calling import TOLD, Host

clock = FakeClock()
app = create_app(Settings.from_environ(json.loads(sys.argv[1])), clock=clock)
person = Browser(app.test_client(), "7001")
form = person.form()
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[2] == "register":
    print(Host(app, clock()).register(TOLD).status_code)
else:
    yes = {f"answer-{key}": "yes" for key in form["shown"].split()}
    print(person.post("/consent", {**form, **yes, "decision": "agree"}).status_code)
"""


def rows(table: str) -> int:
    return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def assert_one_person(app: Flask, clock: FakeClock) -> None:
    with app.app_context():
        member = members.of_host("7001")
        assert member is not None
        assert rows("members") == 1
        assert registering.profile_of(member) == KEPT
        assert [found.ref for found in registering.of_email(TOLD["email"])] == [member.ref]
        assert consenting.asked_of("7001", clock()).stands
        assert {row.subject for row in audit.found(limit=100, deed="member.registered")} == {member.ref}


@pytest.mark.parametrize("order", ["consent first", "sign-up first"])
def test_sign_up_and_consent_meet(app: Flask, clock: FakeClock, browser: Callable[..., Browser], order: str) -> None:
    """Whichever comes first, the person has one reference, one profile and keeps the consents."""

    def sign_up() -> None:
        assert Host(app, clock()).register(TOLD).status_code == 200

    def consent() -> None:
        assert browser("7001").agree().status_code == 303

    for step in (consent, sign_up) if order == "consent first" else (sign_up, consent):
        step()

    assert_one_person(app, clock)


@pytest.mark.crash
def test_processes_at_once_meet_in_one_row(app: Flask, settings: Settings, clock: FakeClock) -> None:
    """Two programs of the host register while two browsers of the person agree, each in a process of its own: one
    member, one profile, one company, one registration in the chain."""
    environ = {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_DRAIN": "off"}
    environ |= {env_name(store): getattr(settings, store) for store in STORES}
    with ExitStack() as stack:
        started = [stack.enter_context(_started(environ, deed)) for deed in ("register", "agree") * 2]
        stack.callback(lambda: [process.kill() for process in started])
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=60)[0].strip() for process in started]

    assert answers == ["200", "303"] * 2
    assert_one_person(app, clock)
    with app.app_context():
        assert rows("companies") == 1
        assert len(audit.found(limit=10, deed="member.registered")) == 1


def _started(environ: dict[str, str], deed: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, json.dumps(environ), deed],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
