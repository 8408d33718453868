"""The consent page: nothing ticked beforehand, a no as near as a yes, and never a step without an explicit answer."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from portal.policy.model import Policy
from portal.rules.consent import text_shown
from portal.services import publishing
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser, with_purpose_added, with_words_changed

MakeBrowser = Callable[..., Browser]


def words_of(page: str) -> str:
    """Return the words of the main part of a page, without markup, spaces folded."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_a_fresh_form_has_nothing_ticked(browser: MakeBrowser) -> None:
    """Two required boxes, neither ticked, and both buttons of one size."""
    page = browser().get("/consent").text

    assert page.count('type="checkbox"') == 2
    assert " checked" not in page
    assert 'class="btn btn--xl" name="decision" value="decline"' in page
    assert 'class="btn btn--p btn--xl" name="decision" value="agree"' in page


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_line_of_the_recorded_text_stands_on_the_page(
    browser: MakeBrowser, policy: Policy, language: str
) -> None:
    """What is recorded as shown was shown: each fact, each kept record, the refusal and the declaration."""
    page = words_of(browser().get(f"/consent?lang={language}").text)

    for item in policy.consent_items:
        for line in text_shown(policy, item, language).splitlines()[1:]:
            if line.endswith(":"):
                continue  # a heading; the page's own asks the same as a question
            told = line.removeprefix("- ").rpartition(": ")[2]
            for words in re.split(r"\. | \(", told):
                assert words.strip(" ).") in page


def test_a_yes_leads_where_the_person_was_going(browser: MakeBrowser) -> None:
    """After both ticks the person is sent to the page first asked for."""
    jiwon = browser()
    form = jiwon.form("/consent?next=/bills%3Fmonth=11")

    answer = jiwon.post("/consent", {**form, "answer-member": "yes", "answer-access": "yes", "decision": "agree"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/bills?month=11")


def test_a_missing_tick_comes_back_with_the_others_kept(browser: MakeBrowser) -> None:
    """One box left open: 422, a summary that leads to it, the title says so, the ticked box stays ticked."""
    jiwon = browser()

    answer = jiwon.post("/consent", {**jiwon.form(), "answer-member": "yes", "decision": "agree"})

    assert answer.status_code == 422
    assert "<title>오류: 개인정보 수집·이용 동의 - MateCost</title>" in answer.text
    assert '<a href="#answer-access">접속 정보 수집·이용에 동의해 주세요</a>' in answer.text
    assert re.search(r'id="answer-member"[^>]* checked', answer.text)
    assert not re.search(r'id="answer-access"[^>]* checked', answer.text)
    assert 'aria-describedby="e-access d-access" aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"answer-access": ["yes", "no"]}, id="an answer sent twice"),
        pytest.param({"answer-access": "on"}, id="a browser's on"),
        pytest.param({"answer-access": ""}, id="empty"),
    ],
)
def test_no_explicit_answer_is_no_answer(browser: MakeBrowser, fields: dict[str, str]) -> None:
    """Anything but one explicit yes or no to an item is sent back."""
    jiwon = browser()

    answer = jiwon.post("/consent", {**jiwon.form(), "answer-member": "yes", **fields, "decision": "agree"})

    assert answer.status_code == 422
    assert "동의 내역이 없어요." in jiwon.get("/me").text


def test_a_no_takes_one_press(browser: MakeBrowser) -> None:
    """The refuse button needs no tick, and the next page says what stops and what goes on."""
    jiwon = browser()

    answer = jiwon.post("/consent", {**jiwon.form(), "decision": "decline"})
    page = jiwon.get(answer.headers["Location"])

    assert (answer.status_code, answer.headers["Location"]) == (303, "/declined")
    assert "동의하지 않음으로 저장했어요" in page.text
    assert page.status_code == 200


def test_a_form_of_an_older_version_is_answered_with_the_new_text(
    app: Flask, browser: MakeBrowser, policy: Policy, clock: FakeClock
) -> None:
    """409, nothing recorded, the new text on the page, and nothing ticked in it."""
    jiwon = browser()
    form = jiwon.form()
    with app.app_context():
        publishing.publish(with_words_changed(policy, "2026-12-01"), clock() + timedelta(minutes=1), clock())
    clock.advance(minutes=2)

    answer = jiwon.post("/consent", {**form, "answer-member": "yes", "answer-access": "yes", "decision": "agree"})

    assert answer.status_code == 409
    assert "읽는 사이에 내용이 바뀌었어요" in answer.text
    assert "접속 정보의 수집·이용에 동의합니다" in answer.text
    assert " checked" not in answer.text
    assert "동의 내역이 없어요." in jiwon.get("/me").text


def test_a_changed_item_says_what_changed(app: Flask, browser: MakeBrowser, policy: Policy, clock: FakeClock) -> None:
    """After a material change only the changed item is asked, with the added words marked."""
    jiwon = browser()
    jiwon.agree()
    with app.app_context():
        publishing.publish(with_purpose_added(policy, "2026-12-01"), clock() + timedelta(days=1), clock())
    clock.advance(days=2)

    page = jiwon.get("/consent").text

    assert "처리방침이 바뀌어서 다시 여쭤봐요" in page
    assert page.count('type="checkbox"') == 1
    assert re.search(r"<ins>.*, 이용량 증가 알림</ins>", page)


def test_nothing_due_says_so_and_leads_on(browser: MakeBrowser) -> None:
    """Who has agreed to everything finds a way on to the page first asked for."""
    jiwon = browser()
    jiwon.agree()

    page = jiwon.get("/consent?next=/bills").text

    assert "지금은 답할 것이 없어요" in page
    assert 'href="/bills"' in page
    assert 'type="checkbox"' not in page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%2e%2e/x",
        "/a&next=/b",
        "",
    ],
)
def test_next_never_leaves_the_site(browser: MakeBrowser, address: str) -> None:
    """Whatever `next` holds, in the query or in the form, the answer stays on this site."""
    jiwon = browser()
    form = jiwon.form()

    answer = jiwon.post(
        "/consent",
        {**form, "next": address, "answer-member": "yes", "answer-access": "yes", "decision": "agree"},
    )

    assert answer.headers["Location"].startswith("/")
    assert not answer.headers["Location"].startswith(("//", "/\\"))
    assert "evil" not in answer.headers["Location"]


def test_a_stranger_is_told_to_sign_in(browser: MakeBrowser) -> None:
    """Without a named person there is no form, only the way to sign in."""
    page = browser(None).get("/consent")

    assert page.status_code == 403
    assert "로그인이 필요해요" in page.text
    assert "checkbox" not in page.text


def test_the_page_is_light(browser: MakeBrowser) -> None:
    """The consent page with both stylesheets stays within 50 KB."""
    jiwon = browser()

    sizes = []
    for path in ("/consent", "/static/ui.css", "/static/ui-dark.css"):
        with jiwon.get(path) as answer:
            sizes.append(len(answer.data))

    assert sum(sizes) <= 50_000
    assert sizes[1] <= 36_000


def test_the_page_names_the_account(browser: MakeBrowser) -> None:
    """The person sees which account is speaking."""
    assert f"<b>{JIWON}</b>" in browser().get("/consent").text
