"""Writing to the officer: for anybody, counted once the mailbox is proved, followed by a link."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.records import drafts, requests
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import contacting, requesting
from portal.services.auditing import By
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.mail.letters import letters, path_in

MakeBrowser = Callable[..., Browser]
QUESTION = {"topic": "question", "reply_to": "leaver@elsewhere.example", "text": "제 정보가 남아 있나요?"}


def written_and_confirmed(app: Flask, there: Browser) -> str:
    """Write, follow the mailed link, press the button; return the page that follows it."""
    there.post("/contact", QUESTION)
    with app.app_context():
        path = path_in(letters("contact_confirm")[-1])
    there.get(there.get(path).location)
    return there.get(there.post("/contact/confirm").location).text


def test_a_message_counts_once_its_mailbox_is_proved(app: Flask, browser: MakeBrowser, clock: FakeClock) -> None:
    """Nothing is received before the button under the mailed link; then it has a number and a due day."""
    there = browser(None)
    sent = there.post("/contact", QUESTION)
    with app.app_context():
        assert requests.open_page(limit=5)[1] == 0

    page = written_and_confirmed(app, there)

    assert sent.location == "/contact/sent"
    assert "R-2026-0001" in page
    assert "D-10" in page
    assert "제 정보가 남아 있나요?" in page
    with app.app_context():
        letter = letters("request_received")[0]
    assert letter["to"] == "leaver@elsewhere.example"
    assert "/privacy/contact/follow?token=" in letter["text"]


def test_opening_the_link_changes_nothing(app: Flask, browser: MakeBrowser) -> None:
    """A mail program that follows links receives nothing in anybody's name, and the token leaves the address."""
    there = browser(None)
    there.post("/contact", QUESTION)
    with app.app_context():
        path = path_in(letters("contact_confirm")[0])

    first = browser(None).get(path)
    page = there.get(there.get(path).location)

    assert first.location == "/contact/confirm"
    assert page.status_code == 200
    with app.app_context():
        assert requests.open_page(limit=5)[1] == 0


def test_a_link_works_once(app: Flask, browser: MakeBrowser) -> None:
    """Used, unknown and junk links are told alike."""
    there = browser(None)
    written_and_confirmed(app, there)

    answers = [there.get("/contact/confirm")]
    for token in ("x", "a" * 26 + "." + "b" * 32):
        there.get(f"/contact/confirm?token={token}")
        answers.append(there.get("/contact/confirm"))

    assert [answer.status_code for answer in answers] == [410, 410, 410]
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        pytest.param("topic", "", "어떤 일인지 골라 주세요.", id="no topic"),
        pytest.param("topic", "sql", "어떤 일인지 골라 주세요.", id="a topic that is none"),
        pytest.param("reply_to", "nobody", "", id="no address"),
        pytest.param("reply_to", "a@b.example\r\nBcc: c@d.example", "", id="an address with a header"),
        pytest.param("text", "  ", "", id="nothing written"),
        pytest.param("text", "x" * 4001, "4,000자 안에서 적어 주세요.", id="too long"),
        pytest.param("text", "카드 4111 1111 1111 1111", "카드번호", id="a card number"),
        pytest.param("text", "900101-1234567", "주민등록번호", id="a resident number"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_is_lost(
    app: Flask, browser: MakeBrowser, field: str, value: str, words: str
) -> None:
    """The summary leads to the field; what was typed in the others is still there, and nobody is written to."""
    answer = browser(None).post("/contact", {**QUESTION, field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert words in answer.text
    assert 'value="leaver@elsewhere.example"' in answer.text or field == "reply_to"
    assert "제 정보가 남아 있나요?" in answer.text or field == "text"
    with app.app_context():
        assert letters("contact_confirm") == []


def test_too_many_messages_wait(browser: MakeBrowser) -> None:
    """The sixth message in ten minutes from one address is asked to wait, with the time."""
    there = browser(None)
    answers = [
        there.post("/contact", {**QUESTION, "reply_to": f"leaver-{number}@elsewhere.example"}) for number in range(6)
    ]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "600"


def test_what_nobody_confirms_is_destroyed_unseen(app: Flask, browser: MakeBrowser, clock: FakeClock) -> None:
    """After a week the draft, its key and its link are gone."""
    browser(None).post("/contact", QUESTION)
    with app.app_context():
        path = path_in(letters("contact_confirm")[0])
        clock.advance(days=7, seconds=1)

        assert contacting.forget_unconfirmed(clock()) == 1
        assert drafts.waiting("CONTACT", 5) == []
    there = browser(None)
    there.get(path)
    assert there.get("/contact/confirm").status_code == 410


def test_the_answer_is_read_and_objected_to_by_link(app: Flask, browser: MakeBrowser, clock: FakeClock) -> None:
    """Whoever wrote sees the answer on the page, and can object in words that only the desk reads."""
    there = browser(None)
    written_and_confirmed(app, there)
    handler = By("STAFF", "handler-1")
    with app.app_context():
        for word, words in ((Word.IN_REVIEW, ""), (Word.REFUSED, "저희 회원이 아닙니다.")):
            reason = "NOT_OURS" if word is Word.REFUSED else ""
            requesting.step(
                "R-2026-0001", word, by=handler, roles={Role.HANDLER}, at=clock(), reason=reason, words=words
            )

    page = there.get("/contact/follow").text
    empty = there.post("/contact/follow", {"step": "object", "words": " "})
    sent = there.post("/contact/follow", {"step": "object", "words": "회원이었어요."})

    assert "저희 회원이 아닙니다." in page
    assert empty.status_code == 422
    assert sent.location == "/contact/follow"
    assert "회원이었어요." in there.get("/contact/follow").text


@pytest.mark.parametrize("token", ["", "x", "a" * 26 + "." + "b" * 26])
def test_no_token_can_be_made_up(browser: MakeBrowser, token: str) -> None:
    """A page that a stranger may not see answers like one that is not there."""
    there = browser(None)
    there.get(f"/contact/follow?token={token}")

    assert there.get("/contact/follow").status_code == 404
    assert there.post("/contact/follow", {"step": "cancel"}).status_code == 404


def test_the_officers_mail_is_no_link(browser: MakeBrowser) -> None:
    """The policy prints "@matecost", which is no address: the page shows the one that works, and no mailto."""
    page = browser(None).get("/contact").text

    assert "mailto:" not in page
    assert "contact@cloudmt.co.kr" in page
