"""Asking for somebody else: a proved mailbox, a paper that is one, two approvals, and an end for the paper."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from portal.database import db
from portal.demo.members import SampleMembers
from portal.records import audit, requests
from portal.records.requests import Paper
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.role import Role
from portal.services import destroying, registering, requesting
from portal.services.auditing import SYSTEM, By
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.mail.letters import letters, path_in
from tests.members.samples import profile
from tests.requests.papers import destroy_used_papers

MakeBrowser = Callable[..., Browser]
PDF = b"%PDF-1.7 a sample power of attorney"
TOLD = {
    "kind": "DELETION",
    "member": "jiwon.seo@gaon.example",
    "agent": "서하준",
    "relation": "agent",
    "reply_to": "hajun.seo@law.example",
    "text": "위임을 받아 삭제를 요청합니다.",
}


def send(there: Browser, told: Mapping[str, str] = TOLD, paper: bytes = PDF, name: str = "위임장.pdf") -> Any:
    fields = {**told, "paper": (BytesIO(paper), name)}
    answer = there.post("/contact/agent", fields, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # what the client made of a large form is a file of its own
    return answer


def received(app: Flask, there: Browser, **changes: str) -> str:
    """Send, confirm the mailbox, and return the page that follows the request."""
    send(there, {**TOLD, **changes})
    with app.app_context():
        path = path_in(letters("contact_confirm")[-1])
    there.get(there.get(path).location)
    return there.get(there.post("/contact/confirm").location).text


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return registering.register("jiwon", profile(), "SELF", clock()).member_ref


def test_a_request_by_an_agent_needs_two_people(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """The paper is sealed under the request's key without its name; one approval is not enough, two are."""
    page = received(app, browser(None))
    first, second = By("STAFF", "handler-1"), By("STAFF", "handler-2")
    with app.app_context():
        request = requests.of_number("R-2026-0001")
        assert request is not None
        assert (request.requester, request.approvals, request.member_ref) == ("AGENT", 2, jiwon)
        paper = db.session.scalars(db.select(Paper)).one()
        assert (paper.media_type, paper.size) == ("application/pdf", len(PDF))
        assert PDF not in (paper.sealed or b"")
        assert requesting.details_of(request)["agent"] == "서하준"
        for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.APPROVED):
            standing = requesting.step("R-2026-0001", word, by=first, roles={Role.HANDLER}, at=clock())
        assert standing.state.status == "AWAITING_APPROVAL"
        with pytest.raises(StepRefused):
            requesting.step("R-2026-0001", Word.APPROVED, by=first, roles={Role.HANDLER}, at=clock())
        standing = requesting.step("R-2026-0001", Word.APPROVED, by=second, roles={Role.HANDLER}, at=clock())
        assert standing.state.detail == "WAITING_FOR_DESTRUCTION"
        assert [row.deed for row in audit.found(limit=20, about="R-2026-0001")][-1] == "request.step"
    assert "R-2026-0001" in page
    assert "삭제" in page


def test_whether_the_member_is_known_is_not_told(app: Flask, browser: MakeBrowser, jiwon: str) -> None:
    """An unknown member's request is received with the same page, kind and letter."""
    known = received(app, browser(None))
    unknown = received(app, browser(None), member="nobody@gaon.example")

    assert known.replace("R-2026-0001", "R-2026-0002").count("삭제") == unknown.count("삭제")
    with app.app_context():
        request = requests.of_number("R-2026-0002")
        assert request is not None
        assert (request.kind, request.member_ref) == ("DELETION", None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        pytest.param("kind", "LEAVER", "하나를 골라 주세요.", id="a kind that agents may not ask for"),
        pytest.param("member", "", "", id="nobody named"),
        pytest.param("agent", "900101-1234567", "주민등록번호", id="a number instead of a name"),
        pytest.param("relation", "friend", "하나를 골라 주세요.", id="no relation"),
        pytest.param("reply_to", "nobody", "", id="no address"),
        pytest.param("text", "4111 1111 1111 1111", "카드번호", id="a card number"),
    ],
)
def test_a_fault_is_told_at_its_field(browser: MakeBrowser, field: str, value: str, words: str) -> None:
    """The summary leads to the field, and what was typed in the others is still there."""
    answer = send(browser(None), {**TOLD, field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert words in answer.text
    assert "hajun.seo@law.example" in answer.text or field == "reply_to"


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        pytest.param(b"", "서류를 올려 주세요.", id="none"),
        pytest.param(b"MZ\x90 a program", "PDF, JPEG, PNG 파일만", id="a program called .pdf"),
        pytest.param(b"<html><script>", "PDF, JPEG, PNG 파일만", id="a page"),
        pytest.param(b"%PDF-" + b"x" * (5 * 1024 * 1024), "5MB보다 작은", id="too large"),
    ],
)
def test_only_a_paper_is_taken(app: Flask, browser: MakeBrowser, paper: bytes, words: str) -> None:
    """What a file is, its bytes tell; nothing is kept of one that is refused."""
    answer = send(browser(None), paper=paper, name="위임장.pdf")

    assert answer.status_code == 422
    assert words in answer.text
    with app.app_context():
        assert letters("contact_confirm") == []


def test_no_other_form_takes_so_much(browser: MakeBrowser) -> None:
    """The room for a paper is that page's alone."""
    assert browser(None).post("/contact", {"text": "x" * 70_000}).status_code == 413


def test_the_paper_goes_thirty_days_after_the_decision(
    app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str
) -> None:
    """As long as somebody may object it stays; then it is wiped, once, and the chain says so."""
    received(app, browser(None), kind="ACCESS")
    with app.app_context():
        requesting.step("R-2026-0001", Word.CANCELLED, by=By("STRANGER", "stranger"), at=clock())
        clock.advance(days=29)
        assert destroy_used_papers(clock()) == 0
        clock.advance(days=1)
        assert destroy_used_papers(clock()) == 1
        assert destroy_used_papers(clock()) == 0

        paper = db.session.scalars(db.select(Paper)).one()
        assert (paper.sealed, paper.destroyed_at) == (None, clock())
        [row] = audit.found(limit=5, deed="paper.destroyed")
        assert (row.actor, row.about, row.subject) == (SYSTEM.ref, "R-2026-0001", jiwon)


def test_the_proof_of_a_destruction_is_where_it_was_asked_for(
    app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str
) -> None:
    """Once it is carried out, the page that follows the request leads to its certificate, which anybody can open."""
    SampleMembers(app.extensions["portal.settings"].instance / "sample-matecost.db")  # the host's own tables
    there = browser(None)
    before = received(app, there)
    with app.app_context():
        for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.APPROVED):
            requesting.step("R-2026-0001", word, by=By("STAFF", "handler-1"), roles={Role.HANDLER}, at=clock())
        requesting.step("R-2026-0001", Word.APPROVED, by=By("STAFF", "handler-2"), roles={Role.HANDLER}, at=clock())
        db.session.remove()
        destroying.destroy_due(app)

    page = there.get("/contact/follow").text
    link = page.split('href="/certificates/')[1].partition('"')[0]

    assert "/certificates/" not in before
    assert browser(None).get(f"/certificates/{link}").status_code == 200
