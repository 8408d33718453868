"""Article 1: purpose."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.policy.model import Policy
from portal.services.publishing import publish
from tests.articles.reading import POLICY, says
from tests.fake_clock import FakeClock
from tests.fixtures_portal import with_words_changed


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def test_the_policy_is_in_force_since_4_february_2021() -> None:
    """Version 2021-02-04 took effect on 4 February 2021."""
    assert POLICY.version == "2021-02-04"
    assert POLICY.effective_on == date(2021, 2, 4)
    assert says("1", "2021년 2월 4일부터 시행")
    assert says("1", "in force since 4 February 2021", language="en")


def test_cloudmate_answers_for_matecost() -> None:
    """The controller is (주)클라우드메이트, called 클라우드메이트, and its service is MateCost."""
    assert POLICY.controller.name.ko == "(주)클라우드메이트"
    assert POLICY.controller.brand.ko == "클라우드메이트"
    assert POLICY.controller.service.ko == "MateCost"
    assert says("1", "CloudMate(이하 ‘클라우드메이트’)", "MateCost(이하 ‘서비스’)")


def test_the_document_makes_the_handling_public() -> None:
    """The article says what the document makes public, from items to operation, and why: a secure, smooth service."""
    assert says("1", "안전하고 원활하게", "항목", "수집 방법", "공유", "보유", "파기", "보호", "운영", "공개")


def test_the_title_is_the_name_that_the_law_gives() -> None:
    """The document is called 개인정보 처리방침 and nothing else."""
    assert POLICY.title.ko == "개인정보 처리방침"
    assert not [a.number for a in POLICY.articles if "취급방침" in a.text.ko + a.title.ko + a.easy.ko]


def test_the_policy_is_public_with_the_day_it_starts(client: FlaskClient) -> None:
    """Anybody reads the policy in force, its version and its day, signed in or not."""
    page = client.get("/", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert "2021년 2월 4일부터 시행" in page.text
    assert page.text.count('<section id="article-') == 12


def test_what_was_in_force_stays_to_be_read(app: Flask, client: FlaskClient, policy: Policy, clock: FakeClock) -> None:
    """Once another version is in force the earlier one is still read at its address, as it was, and compared."""
    before = client.get("/versions/2021-02-04").text
    with app.app_context():
        publish(with_words_changed(policy, "2026-12-01"), clock() + timedelta(days=7), clock())
    clock.advance(days=7)

    assert "2026-12-01" in client.get("/versions").text
    article = before[before.index("<article") : before.rindex("</article>")]
    assert article in client.get("/versions/2021-02-04").text
    assert "덧붙인 문장." in client.get("/versions/compare?from=2021-02-04&to=2026-12-01").text


def test_what_comes_is_to_be_read_before_it_does(
    app: Flask, client: FlaskClient, policy: Policy, clock: FakeClock
) -> None:
    """A published version that has not begun can be read with its day, and is not yet the policy."""
    with app.app_context():
        publish(with_words_changed(policy, "2026-12-01"), clock() + timedelta(days=7), clock())

    assert "2026년 11월 30일" in client.get("/versions").text
    assert "덧붙인 문장." in client.get("/versions/2026-12-01").text
    assert "덧붙인 문장." not in client.get("/").text
