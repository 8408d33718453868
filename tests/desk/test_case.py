"""One request at the desk: masked, the next step only, decided once, and never one's own."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask

from portal.database import db, writing
from portal.records import audit, requests
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import auditing, requesting
from portal.services.auditing import By
from portal.vault import person_keys
from tests.desk.samples import a_member, a_request
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser
from tests.staffing import SECRET, Colleague

AtDesk = Callable[..., Browser]
OTHER = By("STAFF", "other")
WHY = {"reason": "TARGET", "words": "퇴사일을 본인에게 확인하려고 합니다"}


@pytest.fixture
def handler(at_desk: AtDesk) -> Browser:
    return at_desk(Role.HANDLER, name="이도현")


@pytest.fixture
def number(app: Flask, clock: FakeClock) -> str:
    """A deletion that Jiwon asked for, with an address and a number in the words."""
    with app.app_context():
        words = {"text": "새 메일 jiwon@home.example, 전화 010-9876-5432.\n2026-11-20에 퇴사했어요."}
        return a_request(clock(), a_member(clock()), details=words)


def path(number: str, then: str = "") -> str:
    return f"/desk/requests/{number}{then}"


def send(browser: Browser, number: str, word: str, **fields: str) -> object:
    """Send the form of a step as the page shows it."""
    page = browser.get(path(number)).text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    told = {f"words_{word.lower()}": "가입한 메일로 온 회신", **fields}
    return browser.post(path(number, "/steps"), {"word": word, "seen": seen[1] if seen else "0", **told})


def advance(app: Flask, clock: FakeClock, number: str, *words: Word) -> None:
    with app.app_context():
        for word in words:
            requesting.step(number, word, by=OTHER, roles={Role.HANDLER}, at=clock(), words="확인했습니다")


def offered(page: str) -> list[str]:
    return re.findall(r'name="word" value="(\w+)"', page)


def test_a_request_is_shown_under_masks(handler: Browser, number: str) -> None:
    """Values and what was written are masked alike, in the source too; days are not."""
    page = handler.get(path(number)).text

    for words in ("ji*******@gaon.example", "010-****-5678", "ji***@home.example", "010-****-5432", "2026-11-20에"):
        assert words in page
    assert not re.search("jiwon|9876|1234", page)


def test_only_the_next_step_is_asked_for(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """First who asks, then the review, then the approval; deferring a deletion is never among them."""
    seen = [offered(handler.get(path(number)).text)]
    for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW):
        advance(app, clock, number, word)
        seen.append(offered(handler.get(path(number)).text))

    assert seen == [
        ["IDENTITY_CHECK", "MORE_ASKED", "REFUSED", "CANCELLED"],
        ["IN_REVIEW", "MORE_ASKED", "REFUSED", "CANCELLED"],
        ["APPROVED", "MORE_ASKED", "REFUSED", "CANCELLED"],
    ]


def test_only_access_is_ever_deferred(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """Access under review offers it; a deletion's form that asks for it all the same is told the law."""
    with app.app_context():
        access = a_request(clock(), a_member(clock(), MINHO), Kind.ACCESS)
    for one in (number, access):
        advance(app, clock, one, Word.IDENTITY_CHECK, Word.IN_REVIEW)

    steps = offered(handler.get(path(access)).text)
    tried = send(handler, number, "DEFERRED", until_deferred="2026-12-31")
    allowed = send(handler, access, "DEFERRED", until_deferred="2026-12-31")

    assert "DEFERRED" in steps
    assert allowed.status_code == 303
    assert tried.status_code == 422
    assert "PIPA art. 35(3)" in tried.text
    with app.app_context():
        assert [event.word for event in _events(number)] == ["RECEIVED", "IDENTITY_CHECK", "IN_REVIEW"]
        assert _events(access)[-1].until == date(2026, 12, 31)


def test_a_step_is_taken_and_stands_in_the_line(handler: Browser, number: str) -> None:
    """What was done, by whom and when, in words for people."""
    answer = send(handler, number, "IDENTITY_CHECK")
    page = handler.get(answer.location).text

    assert answer.status_code == 303
    assert re.search(r"<li>본인 확인 마침<span class=\"by\">11-23 12:00 · 이도현</span>", page)


def test_a_fault_keeps_what_was_typed(handler: Browser, number: str) -> None:
    """No ground, or a card number in the words: told at the field, and the words are still there."""
    bare = send(handler, number, "REFUSED", words_refused="본인이 아닙니다")
    card = send(handler, number, "IDENTITY_CHECK", words_identity_check="카드 4539 5787 6362 1486")

    assert bare.status_code == card.status_code == 422
    assert "근거를 골라 주세요." in bare.text
    assert "본인이 아닙니다</textarea>" in bare.text
    assert "카드번호" in card.text


def test_of_two_who_decide_the_second_is_told(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """The page says that somebody was first, shows how it stands now, and keeps what was written."""
    handler.get(path(number))
    advance(app, clock, number, Word.IDENTITY_CHECK)

    answer = handler.post(path(number, "/steps"), {"word": "MORE_ASKED", "seen": "1", "words_more_asked": "서류"})

    assert answer.status_code == 409
    assert "먼저 처리했습니다." in answer.text
    assert "서류</textarea>" in answer.text
    with app.app_context():
        assert [event.word for event in _events(number)] == ["RECEIVED", "IDENTITY_CHECK"]


def test_a_destruction_takes_the_number_and_a_fresh_code(
    app: Flask, clock: FakeClock, handler: Browser, number: str
) -> None:
    """A wrong number is refused; the right one asks for the second factor anew; only then is it handed over."""
    advance(app, clock, number, Word.IDENTITY_CHECK, Word.IN_REVIEW)
    clock.advance(minutes=6)

    wrong = send(handler, number, "APPROVED", confirm="R-2026-9999")
    asked = send(handler, number, "APPROVED", confirm=number)
    code = Colleague("", "", secret=SECRET).code(clock())
    done = send(handler, number, "APPROVED", confirm=number, code_again=code)
    page = handler.get(path(number)).text

    assert wrong.status_code == 422
    assert "요청번호가 다릅니다." in wrong.text
    assert asked.status_code == 403
    assert "인증번호" in asked.text
    assert done.status_code == 303
    assert "파기를 기다리고 있습니다." in page
    assert offered(page) == []


def test_what_goes_and_what_stays_is_shown_before(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """The plan is what the destruction will do: what goes is counted, what stays has its last day."""
    page = handler.get(path(number)).text

    assert "파기할 것과 남길 것" in page
    assert "승인 즉시 파기" in page
    assert "늦어도 2027-11-23" in page


def test_nobody_handles_a_request_of_their_own(app: Flask, clock: FakeClock, at_desk: AtDesk, number: str) -> None:
    """A handler who is the member is shown no step, and one sent all the same is refused."""
    jiwon = at_desk(Role.HANDLER, email=JIWON)

    page = jiwon.get(path(number)).text
    answer = jiwon.post(path(number, "/steps"), {"word": "IDENTITY_CHECK", "seen": "1", "words_identity_check": "본인"})

    assert "본인이 낸 요청은 직접 처리할 수 없습니다." in page
    assert offered(page) == []
    assert answer.status_code == 422
    with app.app_context():
        assert len(_events(number)) == 1


def test_values_are_revealed_for_a_reason(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """Five minutes, for this person and this request; after that the page is masked again."""
    before = handler.post(path(number, "/reveal"), {"reason": "", "words": "짧다"})
    handler.post(path(number, "/reveal"), WHY)
    shown = handler.get(path(number)).text
    clock.advance(minutes=4, seconds=59)
    still = handler.get(path(number)).text
    clock.advance(seconds=1)
    after = handler.get(path(number)).text

    assert before.status_code == 422
    assert "보려는 이유를 골라 주세요." in before.text
    assert JIWON not in before.text
    for page in (shown, still):
        assert JIWON in page
        assert "010-9876-5432" in page
        assert "010-1234-5678" in page
        assert "12:05까지 보입니다" in page
    assert not re.search("jiwon|9876|1234", after)


def test_a_reveal_is_written_with_its_reason(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """Who, when, from where, whose, what and why; the words lie sealed under the member's key."""
    handler.post(path(number, "/reveal"), WHY)

    with app.app_context():
        [row] = audit.found(limit=5, deed="value.revealed")
        member = requests.of_number(number)
        words, kept = auditing.words_of([row]), audit.words_of([row.id])[row.id]
    assert member is not None
    assert (row.actor_kind, row.origin, row.at) == ("STAFF", "127.0.0.1", clock())
    assert (row.subject, row.about, row.reason) == (member.member_ref, number, "TARGET")
    assert words == {row.id: WHY["words"]}
    assert kept.key_ref == member.member_ref
    assert WHY["words"].encode() not in kept.sealed


def test_a_reveal_is_one_persons_and_one_requests(
    app: Flask, clock: FakeClock, handler: Browser, at_desk: AtDesk, number: str
) -> None:
    """A colleague sees masks, and so does the same person on another request or after signing in again."""
    with app.app_context():
        other = a_request(clock(), a_member(clock()))
    handler.post(path(number, "/reveal"), WHY)

    assert JIWON in handler.get(path(number)).text
    assert JIWON not in at_desk(Role.HANDLER).get(path(number)).text
    assert JIWON not in handler.get(path(other)).text


def test_a_reveal_that_cannot_be_written_reveals_nothing(
    app: Flask, handler: Browser, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row and the view stand or fall together."""
    monkeypatch.setattr(auditing, "note", lambda *told, **more: 1 / 0)
    failed = handler.post(path(number, "/reveal"), WHY)
    monkeypatch.undo()

    assert failed.status_code == 500
    assert JIWON not in failed.text
    assert JIWON not in handler.get(path(number)).text


def test_who_decided_does_not_review_the_objection(app: Flask, clock: FakeClock, at_desk: AtDesk, number: str) -> None:
    """Another person is offered the second review; the first one is not."""
    first, second = at_desk(Role.HANDLER), at_desk(Role.HANDLER)
    send(first, number, "REFUSED", ground_refused="IDENTITY_NOT_PROVEN")
    send(first, number, "OBJECTED")

    assert offered(first.get(path(number)).text) == []
    assert offered(second.get(path(number)).text)[:1] == ["RE_REVIEWED"]


def test_every_id_that_is_not_there_is_answered_alike(
    app: Flask, clock: FakeClock, at_desk: AtDesk, number: str
) -> None:
    """A missing number, a member's reference, another request's paper, a malformed one: the same status and words, on
    every page and in every form of the desk."""
    desk = at_desk(Role.HANDLER, Role.OFFICER)
    with app.app_context():
        member = requests.of_number(number).member_ref  # type: ignore[union-attr]
    fields = {"word": "IDENTITY_CHECK", "seen": "1", "words_identity_check": "확인", **WHY}

    answers = []
    for wrong in ("R-2026-9999", member, "R-1", "x" * 200, "%00", "R-2026-0001'"):
        answers += [desk.get(path(str(wrong)))]
        answers += [desk.post(path(str(wrong), then), fields) for then in ("/steps", "/reveal")]
        answers += [desk.post("/desk/take", {"number": wrong})]
        answers += [desk.get(path(str(wrong), "/papers/x")), desk.get(path(number, f"/papers/{wrong}"))]

    assert {answer.status_code for answer in answers} == {404}
    assert {_words(answer.text) for answer in answers} == {_words(answers[0].text)}


def _words(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page[page.index("<main") : page.index("</main>")])


def _events(number: str) -> list[requests.RequestEvent]:
    request = requests.of_number(number)
    assert request is not None
    return requests.events_of([request.id])[request.id]


def test_a_complaint_is_answered_in_words(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """It needs no proof of who complains; its answer needs words, which are mailed."""
    with app.app_context():
        details = {"reply_to": "someone@out.example", "text": "메일이 왔습니다."}
        number = a_request(clock() - timedelta(days=1), None, Kind.COMPLAINT, details=details)

    first = offered(handler.get(path(number)).text)[0]
    send(handler, number, "IN_REVIEW")
    bare = send(handler, number, "FULFILLED", words_fulfilled="")
    done = send(handler, number, "FULFILLED", words_fulfilled="보유 기간이 남은 기록이었습니다.")

    assert first == "IN_REVIEW"
    assert "내용을 적어 주세요." in bare.text
    assert done.status_code == 303
    assert "so*****@out.example" in handler.get(path(number)).text


def test_a_paper_is_read_while_values_are_revealed(app: Flask, clock: FakeClock, handler: Browser, number: str) -> None:
    """Before the reveal there is no such paper; during it each reading is written down; once destroyed it is gone."""
    proof = b"%PDF-1.7 power of attorney"
    with app.app_context():
        request = requests.of_number(number)
        assert request is not None
        sealed = person_keys.seal_of(request.key_ref).seal("papers", "sealed", proof, "paper-1")
        facts = {"kind": "POWER_OF_ATTORNEY", "media_type": "application/pdf", "size": len(proof)}
        with writing():
            kept = requests.Paper(ref="paper-1", request_id=request.id, sealed=sealed, received_at=clock(), **facts)
            db.session.add(kept)

    before = handler.get(path(number, "/papers/paper-1"))
    handler.post(path(number, "/reveal"), WHY)
    page = handler.get(path(number)).text
    during = handler.get(path(number, "/papers/paper-1"))

    assert before.status_code == 404
    assert f"/desk/requests/{number}/papers/paper-1" in page
    assert (during.status_code, during.data) == (200, proof)
    assert during.headers["Content-Disposition"].startswith("attachment")
    with app.app_context():
        assert len(audit.found(limit=5, deed="paper.viewed")) == 1


def test_who_asks_for_a_member_stands_under_a_mask(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """The agent's name and whom they named are masked until revealed; how they are related is said in words."""
    told = {"agent": "서하준", "relation": "legal", "member": "minho@out.example", "text": "삭제해 주세요."}
    with app.app_context():
        number = a_request(clock(), None, details=told, requester="AGENT")

    masked = handler.get(path(number)).text
    handler.post(path(number, "/reveal"), WHY)
    plain = handler.get(path(number)).text

    assert "서*준" in masked
    assert "mi***@out.example" in masked
    assert "법정대리인" in masked
    assert "서하준" not in masked
    assert "minho@out.example" not in masked
    assert "서하준" in plain
    assert "minho@out.example" in plain


def test_another_requests_paper_is_as_one_that_is_missing(
    app: Flask, clock: FakeClock, handler: Browser, number: str
) -> None:
    """A paper is found under its own request alone, though the values of both are revealed."""
    with app.app_context():
        other = a_request(clock(), a_member(clock(), MINHO), Kind.ACCESS, requester="AGENT")
        request = requests.of_number(other)
        assert request is not None
        sealed = person_keys.seal_of(request.key_ref).seal("papers", "sealed", b"%PDF-", "paper-2")
        facts = {"kind": "POWER_OF_ATTORNEY", "media_type": "application/pdf", "size": 5}
        with writing():
            requests.add_paper(
                requests.Paper(ref="paper-2", request_id=request.id, sealed=sealed, received_at=clock(), **facts)
            )
    for one in (number, other):
        handler.post(path(one, "/reveal"), WHY)

    foreign, missing = (handler.get(path(number, f"/papers/{ref}")) for ref in ("paper-2", "paper-9"))

    assert handler.get(path(other, "/papers/paper-2")).data == b"%PDF-"
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert _words(foreign.text) == _words(missing.text)
