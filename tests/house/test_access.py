"""Nobody comes where the table in docs/access.md does not let them: every endpoint, every method, every person."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import create_app
from portal.records import audit
from portal.rules.role import Role, allowed, needs_designation
from portal.services import accounts, handling
from portal.services.auditing import OPERATOR
from portal.settings import Settings
from portal.views import guarding
from portal.views.guarding import CLOSED, OPEN
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, PAGE, Browser

TABLE = Path(__file__).parents[2] / "docs" / "access.md"
PEOPLE = ("anyone", "member", "handler", "lapsed", "officer", "auditor", "company admin")
DATA = {"none", "own", "staff", "masked", "revealed"}
DESK_ROLES = {
    "handler": Role.HANDLER,
    "lapsed": Role.HANDLER,
    "officer": Role.OFFICER,
    "auditor": Role.AUDITOR,
    "company admin": Role.COMPANY_ADMIN,
}
PEER = {"REMOTE_ADDR": "127.0.0.1"}
MAY, MAY_NOT = "✓", "–"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def told() -> dict[str, tuple[str, dict[str, str]]]:
    """Return what the table tells: by endpoint, the data rule and a sign for each person."""
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \| (.+) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    return {endpoint: (data, dict(zip(PEOPLE, signs.split(" | "), strict=True))) for endpoint, data, signs in rows}


def rule_says(endpoint: str, person: str) -> str:
    """Return what the permissions come to, as a second opinion."""
    if endpoint in OPEN:
        return MAY
    permission = CLOSED[endpoint]
    roles = {DESK_ROLES[person]} if person in DESK_ROLES else {Role.MEMBER} if person == "member" else set()
    if not allowed(roles, permission) or (person == "lapsed" and needs_designation(permission)):
        return MAY_NOT
    return MAY


@pytest.fixture
def person(request: pytest.FixtureRequest, app: Flask, at_desk: Callable[..., Browser]) -> Browser:
    name: str = request.getfixturevalue("who")
    if name in ("anyone", "member"):
        return Browser(app.test_client(), JIWON if name == "member" else None)
    return at_desk(DESK_ROLES[name], trained_on=None if name == "lapsed" else "today")


def asked(app: Flask, person: Browser) -> Iterator[tuple[Rule, str, TestResponse]]:
    """Ask every method of every endpoint, with ids that nobody has."""
    token = person.token()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            if rule.endpoint in ("sign_in.leave", "static"):  # leaving would end the walk
                continue
            data = {"csrf_token": token} if method == "POST" else None
            environ = {"consent_gate.host_id": person.host_id} if person.host_id else {}
            with person.client.open(path, method=method, headers=PAGE, data=data, environ_overrides=environ) as answer:
                yield rule, method, answer


def was_refused(answer: TestResponse) -> bool:
    """Tell whether the guard answered: to sign in, without permission, or with personal data closed."""
    if answer.status_code == 303:
        return answer.location.startswith(("/desk/sign-in", "/org/sign-in"))
    words = ("로그인이 필요", "로그인이 끝났", "이 화면을 볼 권한이 없", "개인정보가 닫혀 있습니다")
    return answer.status_code == 403 and any(word in answer.text for word in words)


def test_the_table_names_every_endpoint_once(app: Flask) -> None:
    """Nothing comes into the portal without a line in the table, and each line has a data rule and a sign a person."""
    table = told()
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    missing = [
        f"| `{endpoint}` | its data rule | {' | '.join(rule_says(endpoint, person) for person in PEOPLE)} |"
        for endpoint in sorted(endpoints - set(table))
    ]
    assert not missing, "docs/access.md wants:\n" + "\n".join(missing)
    assert set(table) == endpoints
    assert {data for data, _ in table.values()} <= DATA
    assert {sign for _, signs in table.values() for sign in signs.values()} == {MAY, MAY_NOT}


def test_the_table_says_what_the_rules_say() -> None:
    """Table, guard and permissions agree; what only one of them knew would be a mistake."""
    table = told()

    assert {(endpoint, person, rule_says(endpoint, person)) for endpoint in table for person in PEOPLE} == {
        (endpoint, person, sign) for endpoint, (_, signs) in table.items() for person, sign in signs.items()
    }


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_comes_where_the_table_lets_them(app: Flask, person: Browser, who: str) -> None:
    """Walked for real: where the table has a dash the guard answers, and nowhere else."""
    table = told()

    wrong = [
        (rule.endpoint, method, answer.status_code)
        for rule, method, answer in asked(app, person)
        if rule.endpoint not in OPEN and was_refused(answer) != (table[rule.endpoint][1][who] == MAY_NOT)
    ]

    assert wrong == []


def test_staff_who_are_refused_are_audited(app: Flask, at_desk: Callable[..., Browser]) -> None:
    """Each refusal of somebody signed in is a row: who, when, from where, and what was asked."""
    auditor = at_desk(Role.AUDITOR)

    auditor.get("/desk/handlers/invite")

    with app.app_context():
        row = audit.found(limit=1)[0]
    assert (row.deed, row.actor_kind, row.origin) == ("access.denied", "STAFF", "127.0.0.1")
    assert row.facts == '{"permission":"staff.invite","place":"handlers.invite","why":"ROLE"}'


def test_personal_data_closes_on_the_next_page(
    app: Flask, at_desk: Callable[..., Browser], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At midnight in Seoul a training is a year old: the very next page is closed, says why and since when, and opens
    again as soon as a new training is recorded."""
    monkeypatch.setitem(CLOSED, "probe", "desk.reveal")
    app.add_url_rule("/desk/probe", "probe", lambda: "personal data")
    clock.set(datetime(2026, 11, 23, 14, 59, tzinfo=UTC))
    handler = at_desk(Role.HANDLER, trained_on=date(2025, 11, 24), email="late@cloudmate.example")

    before = handler.get("/desk/probe")
    clock.advance(minutes=2)
    after = handler.get("/desk/probe")
    with app.app_context():
        who = accounts.of_email("late@cloudmate.example")
        assert who is not None
        handling.note_training(who.ref, "개인정보 보호 기본", date(2026, 11, 24), 60, OPERATOR, clock())
    again = handler.get("/desk/probe")

    assert (before.status_code, before.text) == (200, "personal data")
    assert after.status_code == 403
    assert "개인정보 교육 기한이 지나 개인정보를 볼 수 없습니다." in after.text
    assert "2026년 11월 24일에 닫혔습니다." in after.text
    assert (again.status_code, again.text) == (200, "personal data")


def test_what_no_table_names_is_closed(app: Flask, at_desk: Callable[..., Browser]) -> None:
    """An endpoint that somebody forgot answers nobody, not even the officer."""
    app.add_url_rule("/desk/forgotten", "forgotten", lambda: "open")

    assert at_desk(Role.OFFICER).get("/desk/forgotten").status_code == 404


def test_the_address_behind_a_proxy_is_audited(settings: Settings, clock: FakeClock) -> None:
    """With a trusted proxy the origin is the client it tells of; without one, nobody's header is believed."""
    app = create_app(replace(settings, trusted_proxies=("127.0.0.1",)), clock=clock)
    with app.test_request_context("/", headers={"X-Forwarded-For": "203.0.113.9"}, environ_base=PEER):
        assert guarding.origin() == "203.0.113.9"
    with create_app(settings, clock=clock).test_request_context(
        "/", headers={"X-Forwarded-For": "203.0.113.9"}, environ_base=PEER
    ):
        assert guarding.origin() == "127.0.0.1"
