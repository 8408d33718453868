"""A version takes effect at its minute everywhere at once: on the pages, at the gate, in receipts and in the clocks."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal import create_app
from portal.policy.loading import from_json, to_json
from portal.policy.model import Policy
from portal.services import publishing
from portal.services.access_room import oldest_shown, rule_in_force
from portal.settings import Settings
from portal.vault.documents import open_document
from tests.fake_clock import FakeClock
from tests.fixtures_portal import MINHO, Browser

MAILER = {
    "key": "mailer",
    "name": {"ko": "(주)우체통", "en": "Letterbox Co., Ltd."},
    "relationship": "PROCESSOR",
    "review_required": False,
    "task": {"ko": "청구서 메일 발송", "en": "Mailing bills"},
    "purposes": ["bill"],
    "items": ["email"],
    "articles": ["2-2"],
    "notice": {"ko": "청구서는 (주)우체통이 메일로 보내요.", "en": "Letterbox mails the bills."},
}
STARTS = "2026년 11월 23일부터 시행"
PERIOD = "기록한 날부터 3개월 동안 통신비밀보호법에 따라 보관해요."
ALL = {"fraud": 12, "identity_check": 6, "access_record": 6, "dispute": 36}


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def with_processor(policy: Policy, version: str) -> Policy:
    """Return a version that entrusts one more company."""
    raw = _raw(policy, version)
    raw["processors"].append(MAILER)
    return from_json(json.dumps(raw))


def with_period(policy: Policy, version: str) -> Policy:
    """Return a version that keeps records of access for three months, and says so in its article."""
    raw = _raw(policy, version)
    rule = next(rule for rule in raw["retention_rules"] if rule["key"] == "access_record")
    rule["period"] = {"months": 3, "years": 0}
    article = next(article for article in raw["articles"] if article["number"] == "5")
    article["text"]["ko"] = article["text"]["ko"].replace("통신비밀보호법 | 6개월", "통신비밀보호법 | 3개월")
    return from_json(json.dumps(raw))


def _raw(policy: Policy, version: str) -> Any:
    return json.loads(to_json(policy)) | {"version": version, "effective_on": version}


def lines_of(page: str) -> set[str]:
    """Return what a person reads, element by element."""
    words = re.sub(r"<[^>]+>", "\n", page.partition("<main")[2])
    return {line.strip() for line in words.splitlines() if line.strip()}


def receipt_of(browser: Browser) -> str:
    """Return the file of the receipt for the records of access."""
    ref = re.findall(r"/me/receipts/(\w{26})", browser.get("/me").text)[-1]
    return browser.get(f"/me/receipts/{ref}.json").text


def months_in_force(app: Flask, at: datetime) -> dict[str, int]:
    with app.app_context():
        return {rule.key: rule.period.in_months for rule in publishing.in_force(at).policy.retention_rules}


def test_one_more_processor_asks_nobody(
    app: Flask, policy: Policy, clock: FakeClock, browser: Callable[..., Browser]
) -> None:
    """From its minute the public reads of the new company, to which nothing goes while the register does not have it;
    who has agreed is not asked, and nothing else is different."""
    jiwon = browser()
    jiwon.agree()
    before = lines_of(jiwon.get("/").text)
    with app.app_context():
        publishing.publish(with_processor(policy, "2026-12-01"), clock() + timedelta(minutes=5), clock())

    clock.advance(minutes=4, seconds=59)
    assert lines_of(jiwon.get("/").text) == before
    clock.advance(seconds=1)
    after = lines_of(jiwon.get("/").text)

    assert before - after == {"1곳 (이용요금 결제)"}
    assert after - before == {
        STARTS,
        "2곳 (이용요금 결제, 청구서 메일 발송)",
        "(주)우체통",
        "청구서 메일 발송",
        "청구서 발송",
        "이메일 주소",
        "지금은 보내지 않습니다.",
    }
    assert "shown" not in jiwon.form()
    assert months_in_force(app, clock()) == ALL


def test_another_period_asks_for_what_it_is_about(
    app: Flask, policy: Policy, clock: FakeClock, browser: Callable[..., Browser]
) -> None:
    """From its minute the page, the question, the receipt and the clock of access records say three months; nothing
    else is asked and no other clock moves."""
    jiwon = browser()
    jiwon.agree()
    before = lines_of(jiwon.get("/").text)
    with app.app_context():
        publishing.publish(with_period(policy, "2026-12-01"), clock() + timedelta(minutes=5), clock())
        assert str(oldest_shown(rule_in_force(app, clock()), clock().date())) == "2026-05-24"
    clock.advance(minutes=5)

    after = lines_of(jiwon.get("/").text)
    assert before - after == set()  # checks of who asked are kept for six months as before
    assert after - before == {STARTS, "3개월"}
    assert jiwon.form()["shown"] == "access"
    assert "3개월" in lines_of(jiwon.get("/consent").text)
    jiwon.agree()
    (processing,) = json.loads(receipt_of(jiwon))["record"]["processing"]
    assert (processing["consent_item"], processing["retention"]["period"]["ko"]) == ("access", PERIOD)
    assert "3개월 동안 보관하고 파기해요" in jiwon.get("/me/records").text
    assert months_in_force(app, clock()) == ALL | {"access_record": 3}
    with app.app_context():
        assert str(oldest_shown(rule_in_force(app, clock()), clock().date())) == "2026-08-24"


def test_older_receipts_stay_genuine(
    app: Flask, policy: Policy, clock: FakeClock, browser: Callable[..., Browser]
) -> None:
    """The receipt of an older version is the same file as before and genuine; that version is readable for ever."""
    jiwon = browser()
    jiwon.agree()
    receipt, text = receipt_of(jiwon), lines_of(jiwon.get("/versions/2021-02-04").text)
    with app.app_context():
        publishing.publish(with_period(policy, "2026-12-01"), clock() + timedelta(minutes=5), clock())
    clock.advance(minutes=5)

    key = jiwon.get("/receipt-key.pem").data
    assert receipt_of(jiwon) == receipt
    assert open_document(receipt, key)["privacy_notice"]["version"] == "2021-02-04"
    older = lines_of(jiwon.get("/versions/2021-02-04").text)
    assert "6개월" in text
    assert (text - older, older - text) == (set(), {"지난 처리방침입니다.", "지금 시행 중인 처리방침 보기"})


def test_every_process_turns_at_the_same_minute(
    app: Flask, settings: Settings, policy: Policy, clock: FakeClock, browser: Callable[..., Browser]
) -> None:
    """A second portal that was running already says what the first one published, from its minute and unasked."""
    other = create_app(settings, clock=clock)
    minho = Browser(other.test_client(), MINHO)
    assert "3개월" not in minho.get("/").text
    with app.app_context():
        publishing.publish(with_period(policy, "2026-12-01"), clock() + timedelta(minutes=5), clock())

    clock.advance(minutes=4, seconds=59)
    assert "3개월" not in minho.get("/").text
    clock.advance(seconds=1)
    assert "3개월" in minho.get("/").text
    assert "3개월" in browser().get("/").text
