"""What an agent asked for, on both engines: the paper's way, and the member's own rights beside it."""

import pytest
from flask import Flask

from portal.database import end_reading, writing
from portal.records import audit, request_queue, requests
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import destroying, exercising, registering, representing, requesting
from portal.services.auditing import By
from portal.services.exercising import Asking
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.mail.letters import letters
from tests.members.samples import profile
from tests.requests.papers import destroy_used_papers

AGENT = By("STRANGER", "stranger", "192.0.2.9")
JPEG = b"\xff\xd8\xff\xe0 a scan"


@pytest.fixture
def number(app: Flask, clock: FakeClock) -> str:
    """A deletion that an agent asked for in the name of Jiwon."""
    with app.app_context():
        registering.register("jiwon", profile(), "SELF", clock())
        told = {"kind": "DELETION", "member": "jiwon.seo@gaon.example", "agent": "서하준", "relation": "legal"}
        content = {**told, "reply_to": "hajun.seo@law.example", "text": "삭제해 주세요.", "paper": "/9j/4CBhIHNjYW4="}
        with writing():
            return representing.file(content, "ko", AGENT, clock()).number


def paper_of(number: str) -> requests.Paper:
    request = requests.of_number(number)
    assert request is not None
    [paper] = request_queue.papers_of(request.id)
    return paper


def test_a_paper_lies_sealed_and_is_wiped_after_its_use(app: Flask, clock: FakeClock, number: str) -> None:
    """It opens with the request's key alone; while the request is open it stays, thirty days after the end it goes."""
    with app.app_context():
        paper, request = paper_of(number), requests.of_number(number)
        assert request is not None
        assert (paper.media_type, paper.size) == ("image/jpeg", len(JPEG))
        assert person_keys.seal_of(request.key_ref).open("papers", "sealed", paper.sealed, paper.ref) == JPEG
        assert "paper" not in requesting.details_of(request)

        clock.advance(days=60)
        while_open = destroy_used_papers(clock())
        requesting.step(number, Word.CANCELLED, by=AGENT, at=clock())
        clock.advance(days=30)
        after = destroy_used_papers(clock())

        assert (while_open, after) == (0, 1)
    with app.app_context():
        assert (paper_of(number).sealed, paper_of(number).destroyed_at) == (None, clock())
        deeds = [row.deed for row in audit.found(limit=20, about=number)]
    assert sorted(deed for deed in deeds if deed.startswith("paper.")) == ["paper.destroyed", "paper.kept"]


def test_an_agent_is_not_in_the_members_way(app: Flask, clock: FakeClock, number: str) -> None:
    """Whoever asks in a member's name, the member's own deletion is a request of its own and closes the account."""
    with app.app_context():
        before = exercising.open_number("jiwon", Kind.DELETION)
        filed = exercising.delete(Asking("jiwon", "192.0.2.7", "ko", "form-1"), clock())

        assert before == ""
        assert filed.made
        assert filed.number != number
        assert exercising.open_number("jiwon", Kind.DELETION) == filed.number


def test_an_account_stays_the_members_until_two_people_approve(app: Flask, clock: FakeClock, number: str) -> None:
    """A member who stopped the account opens it again beside an agent's deletion, until a destruction is ordered."""
    asking = Asking("jiwon", "192.0.2.7", "ko", "form-1")
    with app.app_context():
        exercising.suspend(asking, clock())
        for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.APPROVED):
            requesting.step(number, word, by=By("STAFF", "handler-1"), roles={Role.HANDLER}, at=clock())
        before = exercising.may_resume("jiwon")
        requesting.step(number, Word.APPROVED, by=By("STAFF", "handler-2"), roles={Role.HANDLER}, at=clock())

        assert (before, exercising.may_resume("jiwon")) == (True, False)


def test_the_member_hears_of_it(app: Flask, clock: FakeClock, number: str) -> None:
    """Whoever is named is written to at the address on record, and who the agent is stays out of the letter."""
    with app.app_context():
        [letter] = letters("agent_asked")

    assert letter["to"] == "jiwon.seo@gaon.example"
    assert number in letter["subject"]
    assert "서하준" not in letter["text"]


def test_one_destruction_ends_both_requests(app: Flask, clock: FakeClock, number: str) -> None:
    """The member's own deletion and the agent's, both approved, lead to one destruction, and both are done."""
    with app.app_context():
        own = exercising.delete(Asking("jiwon", "192.0.2.7", "ko", "form-1"), clock()).number
        requesting.step(number, Word.IDENTITY_CHECK, by=By("STAFF", "handler-1"), roles={Role.HANDLER}, at=clock())
        for asked, handlers in ((own, ("handler-1",)), (number, ("handler-1", "handler-2"))):
            requesting.step(asked, Word.IN_REVIEW, by=By("STAFF", "handler-1"), roles={Role.HANDLER}, at=clock())
            for handler in handlers:
                by = By("STAFF", handler)
                requesting.step(asked, Word.APPROVED, by=by, roles={Role.HANDLER}, at=clock())
        between = [requesting.stand_of(one, clock()).state.detail for one in (own, number)]
        end_reading()
        destroying.destroy_due(app)
        end_reading()

        assert between == ["WAITING_FOR_DESTRUCTION"] * 2
        assert [requesting.stand_of(one, clock()).state.status for one in (own, number)] == ["DONE", "DONE"]
