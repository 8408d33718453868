"""Article 9: links to other sites."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.demo.matecost import create_matecost
from tests.articles.reading import POLICY, says

LINK = re.compile(r"<a [^>]*href=\"(?:https?:)?//[^>]*>.*?</a>", re.DOTALL)


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def test_the_article_disclaims_other_sites() -> None:
    """CloudMate controls no third party's site; its policy and terms are not CloudMate's; the user answers for it."""
    assert says("9", "통제할 권한이 없습니다", "무관합니다", "정책을 확인", "물질적 손해", "전적으로 이용자")


def test_the_notice_is_ready_for_every_outgoing_link() -> None:
    """What is said before leaving tells both: no control, and to check the policy of the site visited."""
    assert "통제하지 않습니다" in POLICY.outbound.body.ko
    assert "정책을 직접 확인" in POLICY.outbound.body.ko
    assert "no control" in POLICY.outbound.body.en


def test_a_page_of_ours_marks_what_leads_away(client: FlaskClient) -> None:
    """The authorities' own sites are linked with a mark in words, and learn nothing of who comes from where."""
    links = LINK.findall(client.get("/contact").text)

    assert len(links) >= 2
    assert all('rel="noopener noreferrer"' in link and "외부 사이트" in link for link in links), links


def test_the_service_marks_it_as_well(tmp_path: Path) -> None:
    """In the sample MateCost the providers' consoles are marked by the same filter, without the portal."""
    sample = create_matecost(tmp_path, "a-secret-key-for-the-sample-in-tests").test_client()
    sample.post("/login", data={"mail": "haneul.kim@gaon.example", "password": "sample-gaon-1001"})

    links = LINK.findall(sample.get("/").get_data(as_text=True))

    assert links
    assert all('rel="noopener noreferrer"' in link and "외부 사이트" in link for link in links), links


@pytest.mark.parametrize("name", ["next", "back", "url", "to", "link"])
def test_no_address_of_ours_sends_anybody_away(app: Flask, client: FlaskClient, name: str) -> None:
    """There is no redirector: whatever a link adds, no page of the portal answers with another site's address."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            answer = client.get(rule.rule, query_string={name: "https://elsewhere.example/"})
            assert "elsewhere.example" not in answer.headers.get("Location", "")
