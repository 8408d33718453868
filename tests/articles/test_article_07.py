"""Article 7: automatic collection and refusing it."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.policy.model import ConsentItem
from portal.records import standings
from portal.rules.consent import judge, text_shown
from tests.articles.reading import POLICY, says
from tests.fixtures_portal import JIWON, Browser


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def test_the_article_gives_the_right_to_refuse_and_its_price() -> None:
    """Consent may be refused under the Personal Information Protection Act; the service cannot then be used."""
    assert says("7", "「개인정보 보호법」", "동의를 거부할 권리", "서비스를 이용할 수 없습니다")
    assert says("7", "right to refuse consent", "the service cannot be used", language="en")


@pytest.mark.parametrize("item", POLICY.consent_items, ids=lambda item: item.key)
def test_each_question_tells_the_right_to_refuse_and_its_price(item: ConsentItem) -> None:
    """Both questions say that one may refuse and that MateCost cannot then be used, in both languages."""
    assert item.refusal.closes_service
    assert "동의를 거부할 권리가 있어요" in text_shown(POLICY, item, "ko")
    assert "MateCost를 이용할 수 없어요" in text_shown(POLICY, item, "ko")
    assert "You have the right to refuse" in text_shown(POLICY, item, "en")
    assert "you cannot use MateCost" in text_shown(POLICY, item, "en")


def test_refusing_either_question_closes_the_service() -> None:
    """A no to either question keeps the service closed; a yes to both opens it."""
    answers = [("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no")]
    opens = [judge(POLICY, {"member": member, "access": access}).opens_service for member, access in answers]
    assert opens == [True, False, False, False]


def test_the_gate_asks_before_anything_is_collected_by_itself(browser: Callable[..., Browser]) -> None:
    """What arises automatically, cookies, access log and address, is a question of its own with no box ticked."""
    page = browser().get("/consent").text

    assert all(label in page for label in ("쿠키", "서비스 접속 기록", "IP 주소"))
    assert 'id="answer-access"' in page
    assert " checked" not in page


def test_who_refuses_is_kept_out_and_keeps_their_rights(app: Flask, browser: Callable[..., Browser]) -> None:
    """A no is one press, is told its price before and after, opens nothing, and leaves every right."""
    jiwon = browser()
    form = jiwon.form()

    answer = jiwon.post("/consent", {**form, "decision": "decline"})

    told = jiwon.get(answer.headers["Location"])
    assert (answer.status_code, told.status_code) == (303, 200)
    assert "MateCost의 화면과 API를 이용할 수 없어요" in told.text
    with app.app_context():
        standing = standings.of_host(JIWON)
        assert standing is None or standing.requirement_hash is None
    assert jiwon.get("/me").status_code == 200
    assert jiwon.get("/contact").status_code == 200
