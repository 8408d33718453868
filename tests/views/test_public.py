"""The public pages: the policy in full, its versions and their differences, in two languages, light or dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, g
from markupsafe import escape

from portal.policy.model import Language, Policy
from portal.services import publishing
from portal.views.comparing import Piece, side_by_side
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser, with_purpose_added, with_words_changed

MakeBrowser = Callable[..., Browser]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_policy_is_there_for_anybody_in_full(browser: MakeBrowser, policy: Policy, language: Language) -> None:
    """Without signing in: every article with its easy summary, under the right language."""
    page = browser(None).get(f"/?lang={language}")

    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    for article in policy.articles:
        assert f'id="article-{article.number}"' in page.text
        assert escape(article.easy.in_language(language)) in page.text


def test_the_retention_bars_draw_the_periods_of_the_policy(browser: MakeBrowser) -> None:
    """Six months are a sixth of three years, and no style is inline."""
    page = browser(None).get("/").text

    assert 'width="16.7%"' in page
    assert 'width="33.3%"' in page
    assert 'width="100.0%"' in page
    assert "style=" not in page


def test_the_contact_that_works_stands_on_the_page(browser: MakeBrowser) -> None:
    """Article 10 prints "@matecost", which nobody can write to; the page gives the address that works."""
    page = browser(None).get("/").text

    assert "contact@cloudmt.co.kr" in page
    assert "mailto:@matecost" not in page


def test_a_language_is_remembered(browser: MakeBrowser) -> None:
    """Once asked for, English stays; the link to the other language keeps the rest of the address."""
    reader = browser(None)
    reader.get("/?lang=en")

    page = reader.get("/versions/compare?from=2021-02-04&to=2021-02-04").text

    assert '<html lang="en">' in page
    assert 'href="/versions/compare?from=2021-02-04&amp;to=2021-02-04&amp;lang=ko"' in page


def test_an_unknown_language_changes_nothing(browser: MakeBrowser) -> None:
    """A language that the portal does not speak is passed over."""
    assert '<html lang="ko">' in browser(None).get("/?lang=fr").text


@pytest.mark.parametrize(
    ("chosen", "media"),
    [
        ("auto", "(prefers-color-scheme: dark)"),
        ("dark", "all"),
        ("light", "not all"),
        ("x", "(prefers-color-scheme: dark)"),
    ],
)
def test_brightness_is_set_by_the_server(browser: MakeBrowser, chosen: str, media: str) -> None:
    """The choice is a POST; the next page loads the dark stylesheet for that medium; no script is needed."""
    reader = browser(None)

    answer = reader.post("/theme", {"theme": chosen, "back": "/versions"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/versions")
    assert f'media="{media}"' in reader.get("/versions").text


def test_versions_are_listed_with_what_changed(
    app: Flask, browser: MakeBrowser, policy: Policy, clock: FakeClock
) -> None:
    """The version to come is marked so, and each links to its difference from the one before."""
    with app.app_context():
        publishing.publish(with_purpose_added(policy, "2026-12-01"), clock() + timedelta(days=8), clock())

    page = browser(None).get("/versions").text

    assert "시행 예정" in page
    assert "시행 중" in page
    assert "/versions/compare?from=2021-02-04&amp;to=2026-12-01" in page


def test_a_past_and_a_coming_version_say_so(app: Flask, browser: MakeBrowser, policy: Policy, clock: FakeClock) -> None:
    """A reader of a version that is not in force is told, and led to the one that is."""
    with app.app_context():
        publishing.publish(with_purpose_added(policy, "2026-12-01"), clock() + timedelta(days=8), clock())
    reader = browser(None)

    coming = reader.get("/versions/2026-12-01").text
    clock.advance(days=9)
    past = reader.get("/versions/2021-02-04").text

    assert "2026년 12월 1일부터 시행할 처리방침입니다." in coming
    assert "지난 처리방침입니다." in past


def test_a_material_difference_says_that_members_are_asked_again(
    app: Flask, browser: MakeBrowser, policy: Policy, clock: FakeClock
) -> None:
    """The comparison shows the changed consent item, and that it is asked again."""
    with app.app_context():
        publishing.publish(with_purpose_added(policy, "2026-12-01"), clock() + timedelta(days=8), clock())

    page = browser(None).get("/versions/compare?from=2021-02-04&to=2026-12-01").text

    assert "동의하는 내용이 바뀌어 회원에게 다시 동의를 받습니다." in page
    assert "동의 항목: 접속 정보 수집·이용" in page


def test_a_difference_of_words_says_that_nobody_is_asked(
    app: Flask, browser: MakeBrowser, policy: Policy, clock: FakeClock
) -> None:
    """The added sentence is marked, and nobody is asked again."""
    with app.app_context():
        publishing.publish(with_words_changed(policy, "2026-12-01"), clock() + timedelta(days=8), clock())

    page = browser(None).get("/versions/compare?from=2021-02-04&to=2026-12-01").text

    assert "이 변경으로 다시 동의를 받지 않습니다." in page
    assert '<ins><span class="sr">추가됨: </span>덧붙인 문장.</ins>' in page


@pytest.mark.parametrize("query", ["", "?from=2021-02-04", "?from=x&to=y"])
def test_a_comparison_of_nothing_leads_to_the_list(browser: MakeBrowser, query: str) -> None:
    """A version that does not exist leads to the list of those that do."""
    answer = browser(None).get(f"/versions/compare{query}")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/versions")


def test_words_are_marked_and_the_rest_left_alone() -> None:
    """Only what differs is marked, word by word; a paragraph that is gone is marked whole."""
    old, new = side_by_side("**보관** 6개월\n\n- 지운다", "보관 1년")

    assert old == [
        (Piece("보관 ", False), Piece("6개월", True)),
        (Piece("지운다", True),),
    ]
    assert new == [(Piece("보관 ", False), Piece("1년", True))]


def test_words_that_changed_together_are_marked_together() -> None:
    """A blank between two changed words does not part their marks, and a table is read row by row without its bars."""
    old, new = side_by_side("| 기록 | 기간 |\n|---|---|\n| 접속 | 여섯 달 |", "| 기록 | 기간 |\n| 접속 | 세 해 |")

    assert old == [(Piece("기록 · 기간", False),), (Piece("접속 · ", False), Piece("여섯 달", True))]
    assert new == [(Piece("기록 · 기간", False),), (Piece("접속 · ", False), Piece("세 해", True))]


def test_a_constant_of_a_template_is_said_in_the_language_of_each_answer(app: Flask) -> None:
    """The first to come does not choose the language for everybody after them."""
    page = app.jinja_env.from_string('{{ "6" | article }}')
    said = []
    for spoken in ("ko", "en"):
        with app.test_request_context():
            g.language = spoken
            said.append(page.render())

    assert said == ["제6조", "Art. 6"]
