"""The signed API for the host's sign-up: who may call, what is taken, what is answered, and that twice is once."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db
from portal.forms.api import kind_faults
from portal.records import audit, members
from portal.services import registering
from portal.vault import person_keys
from portal.vault.calls import HEADER
from tests.fake_clock import FakeClock
from tests.members.calling import PATH, TOLD, Host

CARD, RESIDENT = "4539578763621486", "900101-1234567"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def host(app: Flask, clock: FakeClock) -> Host:
    return Host(app, clock())


def kept(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalar(text("SELECT count(*) FROM members")) or 0)


def pointers(body: Any) -> list[str]:
    return [error["pointer"] for error in body["errors"]]


def test_a_signed_call_registers(app: Flask, host: Host, clock: FakeClock) -> None:
    """The member is kept sealed, as told by the person, and the audit says that the host did it, and from where."""
    answer = host.register(TOLD)

    assert answer.status_code == 200
    with app.app_context():
        member = members.of_host("7001")
        assert member is not None
        assert answer.json == {"member_ref": member.ref, "company_ref": member.company_ref}
        assert member.source == "SELF"
        assert registering.profile_of(member)["personal_contact"] == "+821012345678"
        assert kind_faults({**TOLD, "personal_contact": "minji@" + "home." * 40 + "example"}) == {}
        row = audit.found(limit=1)[0]
    assert (row.deed, row.actor_kind, row.actor, row.origin, row.subject) == (
        "member.registered",
        "HOST",
        "host",
        "127.0.0.1",
        member.ref,
    )


def test_the_same_call_again_is_answered_with_the_same(app: Flask, host: Host) -> None:
    """A repeat, be it a lost answer or a recorded call, gives the same bytes and writes nothing, not even an audit
    row."""
    first, again = host.register(TOLD), host.register(TOLD)

    assert (first.status_code, first.data) == (again.status_code, again.data)
    with app.app_context():
        assert len(audit.found(limit=10)) == 1


def test_other_data_for_a_known_member_are_refused(app: Flask, host: Host) -> None:
    """What differs is named without its value, and nothing is changed."""
    host.register(TOLD)

    answer = host.register({**TOLD, "email": "other@gaon.example"})

    assert answer.status_code == 409
    assert answer.json["type"] == "urn:matecost-privacy:other-profile"
    assert pointers(answer.json) == ["#/email"]
    assert "other@gaon" not in answer.text
    with app.app_context():
        assert len(registering.of_email(TOLD["email"])) == 1


def test_an_id_of_a_destroyed_member_is_refused(app: Flask, host: Host, clock: FakeClock) -> None:
    """Nobody is registered under the id of a person whose data was destroyed."""
    ref = host.register(TOLD).json["member_ref"]
    with app.app_context():
        person_keys.destroy(ref, clock())

    answer = host.register(TOLD)

    assert answer.status_code == 409
    assert answer.json["type"] == "urn:matecost-privacy:destroyed"


@pytest.mark.parametrize(
    ("age_s", "status"),
    [(0, 200), (300, 200), (301, 401), (-300, 200), (-301, 401)],
    ids=["now", "five minutes old", "older", "five minutes ahead", "further ahead"],
)
def test_a_signature_is_good_for_five_minutes(host: Host, age_s: int, status: int) -> None:
    """The clocks may differ by five minutes either way, and no second more."""
    body = json.dumps(TOLD).encode()

    assert host.register(body, **{HEADER: host.sign(body, age_s=age_s)}).status_code == status


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="none"),
        pytest.param("t=1,v1=" + "0" * 64, id="old and wrong"),
        pytest.param("v1=" + "0" * 64, id="no time"),
        pytest.param("t=99999999999999999999,v1=" + "0" * 64, id="a time beyond reckoning"),
        pytest.param("t=\u0661,v1=" + "0" * 64, id="digits of another script"),
        pytest.param("nonsense", id="nonsense"),
    ],
)
def test_an_unsigned_call_learns_nothing(app: Flask, host: Host, signature: str) -> None:
    """Whatever is wrong with the signature, and whatever the body holds, the answer is the same."""
    answers = {
        (answer.status_code, answer.text, answer.headers["WWW-Authenticate"])
        for answer in (
            host.register(TOLD, **{HEADER: signature}),
            host.register(b"{", **{HEADER: signature}),
            host.register(TOLD, **{HEADER: signature, "Content-Type": "text/plain"}),
        )
    }

    assert len(answers) == 1
    assert {status for status, *_ in answers} == {401}
    assert kept(app) == 0


def test_a_signature_is_of_one_call_only(app: Flask, host: Host) -> None:
    """A signature of another body, method, address or query opens nothing."""
    body = json.dumps(TOLD).encode()
    others = [
        host.sign(b"{}"),
        host.sign(body, method="PUT"),
        host.sign(body, path="/privacy/api/members"),
        host.sign(body, path=f"{PATH}?x=1"),
    ]

    assert [host.register(body, **{HEADER: one}).status_code for one in others] == [401] * 4
    asked = app.test_client().post(
        f"{PATH}?x=1", data=body, headers={HEADER: host.sign(body), "Content-Type": "application/json"}
    )
    assert asked.status_code == 401
    assert kept(app) == 0


def test_every_fault_is_told_at_once(app: Flask, host: Host) -> None:
    """Wrong kinds, unknown names, missing and unfit values come in one answer, in the order of the description."""
    wrong = {
        "email": "nobody",
        "login_id": 7,
        "company_name": CARD,
        "business_registration_number": "789-81-01311",
        "personal_contact": RESIDENT,
        "source": "gossip",
        "shoe/size": "270",
    }

    answer = host.register(wrong)

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json; charset=utf-8"
    assert pointers(answer.json) == [
        "#/host_id",
        "#/email",
        "#/login_id",
        "#/company_name",
        "#/business_registration_number",
        "#/personal_contact",
        "#/source",
        "#/shoe~1size",
    ]
    assert not any(str(value) in answer.text for value in (CARD, RESIDENT, "nobody", "gossip"))
    assert kept(app) == 0


@pytest.mark.parametrize("item", list(TOLD))
@pytest.mark.parametrize("number", [CARD, RESIDENT], ids=["card", "resident"])
def test_forbidden_numbers_are_refused_in_every_field(app: Flask, host: Host, item: str, number: str) -> None:
    """A card number or a resident registration number is taken in no field."""
    answer = host.register({**TOLD, item: number})

    assert answer.status_code == 422
    assert pointers(answer.json) == [f"#/{item}"]
    assert number not in answer.text


@pytest.mark.parametrize(
    ("asked", "title", "detail"),
    [
        ("ko", "받을 수 없는 값이 있어요", "이메일을 name@company.example처럼 입력해 주세요."),
        ("en-GB,en;q=0.9", "Some values cannot be taken", "Enter an e-mail address such as name@company.example."),
        ("fr", "받을 수 없는 값이 있어요", "이메일을 name@company.example처럼 입력해 주세요."),
    ],
)
def test_the_answer_speaks_the_language_asked_for(host: Host, asked: str, title: str, detail: str) -> None:
    """Accept-Language decides between Korean and English; else the installation's own."""
    answer = host.register({**TOLD, "email": "x"}, **{"Accept-Language": asked})

    assert answer.json["title"] == title
    assert answer.json["errors"] == [{"pointer": "#/email", "detail": detail}]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"{", id="cut"),
        pytest.param(b'{"host_id": "1", "host_id": "2"}', id="a name twice"),
        pytest.param(b'{"host_id": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"host_id": "\\ud800"}', id="half a character"),
        pytest.param(b'{"host_id": NaN}', id="no number"),
        pytest.param(b"[" * 8000 + b"]" * 8000, id="too deep"),
    ],
)
def test_an_unreadable_body_is_said_to_be_so(app: Flask, host: Host, body: bytes) -> None:
    """What is no JSON object with each name once is refused whole."""
    answer = host.register(body)

    assert (answer.status_code, answer.json["type"]) == (400, "urn:matecost-privacy:unreadable")
    assert kept(app) == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type_is_refused(host: Host, kind: str) -> None:
    """JSON calls itself JSON."""
    assert host.register(TOLD, **{"Content-Type": kind}).status_code == 415


def test_a_body_that_is_too_large_is_refused(host: Host) -> None:
    """16 KiB hold every field at its longest; more is not read."""
    answer = host.register(b'{"host_id": "' + b"1" * 20_000 + b'"}')

    assert (answer.status_code, answer.json["type"]) == (413, "urn:matecost-privacy:too-large")


def test_a_call_carries_no_session(host: Host) -> None:
    """No cookie is set, no form token is asked for, and the answer is kept by nobody."""
    answer = host.register(TOLD)

    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_of_another_site_cannot_call(app: Flask, host: Host) -> None:
    """A call with the marks of a browser on another site is refused, signed or not."""
    assert host.register(TOLD, Origin="https://evil.example").status_code == 403
    assert kept(app) == 0


def test_other_methods_are_told_which_one_is_taken(app: Flask) -> None:
    """A GET of the address says POST, as a problem, whatever the asker accepts."""
    answer = app.test_client().get(PATH, headers={"Accept": "text/html"})

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert answer.mimetype == "application/problem+json"


def test_the_employer_may_be_named_as_the_source(app: Flask, host: Host) -> None:
    """Where the data came from is kept beside them."""
    host.register({**TOLD, "source": "employer"})

    with app.app_context():
        assert members.of_host("7001").source == "EMPLOYER"  # type: ignore[union-attr]
