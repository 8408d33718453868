"""The guard as hosts meet it: in the same process, over HTTP with a signature, and at the sample's payment step."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import guard
from portal.demo.matecost import create_matecost
from portal.records import disclosures, members
from portal.services import entrusting
from portal.services.auditing import OPERATOR
from portal.services.disclosing import NotAsked, OtherContent
from portal.vault.calls import HEADER
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.calling import Host

KIM = "gaon-1001"
PATH = "/api/disclosures"
CARD = ["card_number", "card_expiry", "business_registration_number"]
ASKED = {"host_id": KIM, "processor": "kicc", "items": CARD, "purpose": "payment", "reference": "charge-1"}
NUMBER = "4539 5787 6362 1486"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def agreed(browser: Callable[..., Browser]) -> Browser:
    kim = browser(KIM)
    kim.agree()
    return kim


@pytest.fixture
def standing(app: Flask) -> Iterator[None]:
    """The portal stands guard in this process."""
    guard.stand(app)
    yield
    guard._portals.clear()


@pytest.fixture
def matecost(tmp_path: Path, standing: None) -> FlaskClient:
    """The sample, in a browser in which Kim has signed in."""
    client = create_matecost(tmp_path / "sample", "a-secret-key-for-the-sample-in-tests").test_client()
    client.post("/login", data={"mail": "haneul.kim@gaon.example", "password": "sample-gaon-1001"})
    return client


@pytest.fixture
def ask(app: Flask, clock: FakeClock) -> Callable[..., TestResponse]:
    """Asks over HTTP, signed as the host's billing program signs."""
    host = Host(app, clock())

    def send(**changes: Any) -> TestResponse:
        body = json.dumps(ASKED | changes).encode()
        signed = {"Content-Type": "application/json", HEADER: host.sign(body, PATH)}
        return app.test_client().post(PATH, data=body, headers=signed)

    return send


def test_a_yes_returns(app: Flask, agreed: Browser, standing: None) -> None:
    """In the same process a yes returns nothing, and the ledger has it."""
    assert guard.disclose(KIM, "kicc", CARD, "payment", reference="charge-1") is None  # type: ignore[func-returns-value]

    with app.app_context():
        row = disclosures.of_reference("charge-1")
        assert row is not None
        assert row.verdict == "ALLOWED"


def test_everything_else_raises(app: Flask, agreed: Browser, standing: None) -> None:
    """A no, a value, a reference used before: the line after the call is not reached."""
    with pytest.raises(guard.NotAllowed) as refused:
        guard.disclose(KIM, "kicc", ["email"], "payment", reference="charge-1")
    assert (refused.value.code, refused.value.why.en) == ("ITEMS", "An item is not registered and published.")
    with pytest.raises(NotAsked):
        guard.disclose(KIM, "kicc", [NUMBER], "payment", reference="charge-2")
    with pytest.raises(OtherContent):
        guard.disclose(KIM, "kicc", CARD, "payment", reference="charge-1")


def test_without_a_portal_nothing_goes() -> None:
    """A process in which no portal stands guard refuses."""
    with pytest.raises(guard.NotAllowed) as refused:
        guard.disclose(KIM, "kicc", CARD, "payment", reference="charge-1")
    assert refused.value.code == "NO_GUARD"


def test_a_signed_call_is_answered(agreed: Browser, ask: Callable[..., TestResponse]) -> None:
    """A yes is 200 with its moment, and the same call again has the same bytes."""
    first, again = ask(), ask()

    assert (first.status_code, first.json) == (200, {"reference": "charge-1", "at": "2026-11-23T03:00:00Z"})
    assert first.data == again.data


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"processor": "stranger"}, "UNREGISTERED"),
        ({"items": ["email"]}, "ITEMS"),
        ({"purpose": "bill"}, "PURPOSE"),
        ({"host_id": "nobody"}, "NOBODY"),
    ],
)
def test_a_no_says_why(agreed: Browser, ask: Callable[..., TestResponse], changes: dict[str, Any], code: str) -> None:
    """A refusal is 403 with a code, and tells no value."""
    answer = ask(**changes)

    assert answer.status_code == 403
    assert answer.content_type.startswith("application/problem+json")
    assert answer.json is not None
    assert (answer.json["type"], answer.json["code"]) == ("urn:matecost-privacy:not-allowed", code)
    assert "새 번호로 물어 주세요" in answer.json["detail"]
    assert ("(email)" in answer.json["detail"]) is (code == "ITEMS")


def test_a_value_is_refused_unkept(app: Flask, agreed: Browser, ask: Callable[..., TestResponse]) -> None:
    """A card number in place of a name is 422, names the field, and stands nowhere afterwards."""
    answer = ask(items=[NUMBER])

    assert answer.status_code == 422
    assert answer.json is not None
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/items"]
    assert "4539" not in answer.text
    with app.app_context():
        assert disclosures.sums() == []


def test_a_misspelt_item_is_pointed_at(agreed: Browser, ask: Callable[..., TestResponse]) -> None:
    """Of several items the wrong ones are told by their place, for their names may be values."""
    answer = ask(items=["card_number", "card_expriy", "minji"])

    assert answer.json is not None
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/items/1", "#/items/2"]
    assert "minji" not in answer.text


def test_a_reference_for_something_else_is_a_conflict(agreed: Browser, ask: Callable[..., TestResponse]) -> None:
    """The same reference with other content is 409."""
    ask()

    assert ask(items=["card_number"]).status_code == 409


def test_unsigned_calls_are_not_heard(app: Flask, agreed: Browser) -> None:
    """Without a signature nothing is judged and nothing kept."""
    answer = app.test_client().post(PATH, data=json.dumps(ASKED), headers={"Content-Type": "application/json"})

    assert answer.status_code == 401
    with app.app_context():
        assert disclosures.sums() == []


def test_a_loop_gone_wild_is_slowed(
    agreed: Browser, ask: Callable[..., TestResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the calls of a minute the answer is 429 with the seconds to wait."""
    monkeypatch.setattr("portal.views.api.CALLS_A_MINUTE", 1)
    ask()

    answer = ask(reference="charge-2")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


def test_a_card_goes_through_the_guard(app: Flask, agreed: Browser, matecost: FlaskClient, tmp_path: Path) -> None:
    """The sample's payment step is in the ledger, keeps a token, and keeps no digit of the card."""
    assert matecost.post("/payment", data={"number": NUMBER, "expiry": "08/29"}).status_code == 303

    page = matecost.get("/payment").get_data(as_text=True)
    assert "등록한 카드가 있습니다" in page
    assert "tok_" in page
    for store in (*(tmp_path / "sample").rglob("*"), *(tmp_path / "instance").rglob("*.db*")):
        assert b"4539578763621486" not in store.read_bytes() if store.is_file() else True
    with app.app_context():
        member = members.of_host(KIM)
        assert member is not None
        (row,) = disclosures.of_member(member.ref)
    assert row.items == "card_number,card_expiry,business_registration_number"


def test_an_ended_entry_stops_the_payment_step(
    app: Flask, clock: FakeClock, agreed: Browser, matecost: FlaskClient
) -> None:
    """Once the register entry is ended the sample says clearly that nothing was sent and nothing changed."""
    with app.app_context():
        entrusting.end("kicc", clock().date(), "RETURNED", "반환 확인서", OPERATOR, clock())

    answer = matecost.post("/payment", data={"number": NUMBER, "expiry": "08/29"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 403
    assert "카드 정보를 보낼 곳이 지금은 등록되어 있지 않습니다" in page
    assert "어디로도 보내지 않았고" in page
    assert "tok_" not in matecost.get("/payment").get_data(as_text=True)


def test_who_has_not_agreed_pays_nothing(app: Flask, matecost: FlaskClient) -> None:
    """Of a member without consent the sample sends nothing."""
    answer = matecost.post("/payment", data={"number": NUMBER, "expiry": "08/29"})

    assert answer.status_code == 403


@pytest.mark.parametrize(("number", "expiry"), [("12", "08/29"), (NUMBER, "13/29"), ("", "")])
def test_a_mistyped_card_asks_nobody(
    app: Flask, agreed: Browser, matecost: FlaskClient, number: str, expiry: str
) -> None:
    """What cannot be a card is said before the guard is asked, and the number is not sent back."""
    answer = matecost.post("/payment", data={"number": number, "expiry": expiry})

    assert answer.status_code == 422
    assert "4539" not in answer.get_data(as_text=True)
    with app.app_context():
        assert disclosures.sums() == []
