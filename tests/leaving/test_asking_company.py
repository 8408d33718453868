"""Saying oneself that one has left: the company is asked in time, the staff decide whatever it says."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from portal.database import end_reading, writing
from portal.records import accounts, destructions, leavers, requests
from portal.rules.leaving import Answer, Asked, Letter
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.role import Role
from portal.services import asking_company, company_admins, destroying, entering, exercising, leaving, requesting
from portal.services.asking_company import AlreadyUnderWay, DateFault
from portal.services.auditing import By
from portal.services.exercising import Asking
from portal.services.requesting import Filed, NoSuchRequest
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.leaving.conftest import ADMIN, HANDLER, LEFT, Join, advance, is_closed, report
from tests.mail.letters import letters, path_in
from tests.staffing import a_colleague


def say_left(clock: FakeClock, name: str = "minho", nonce: str = "form-1") -> Filed:
    return asking_company.say_left(Asking(name, "192.0.2.9", "ko", nonce), LEFT, clock())


@pytest.fixture
def admin(app: Flask, clock: FakeClock, gaon: str, monkeypatch: pytest.MonkeyPatch) -> By:
    """An admin of the company, which is verified."""
    with app.app_context():
        who = a_colleague(clock(), Role.COMPANY_ADMIN, email="admin@gaon.example")
        with writing():
            accounts.change(who.ref, clock(), company_ref=gaon)
    monkeypatch.setattr(company_admins, "verified", lambda ref: ref == gaon)
    return By("STAFF", who.ref, "192.0.2.7")


def test_it_is_filed_and_the_account_closes(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The request has a number and ten days, is the member's own, and stops the account; a second form finds it."""
    minho = join("minho")
    with app.app_context():
        filed, again = say_left(clock), say_left(clock, nonce="form-2")
        standing = requesting.stand_of(filed.number, clock())
        [row] = leavers.of_request(standing.request.id)

        assert (filed.made, again.made, again.number) == (True, False, filed.number)
        assert (standing.request.kind, standing.request.requester, standing.request.member_ref) == (
            "LEAVER",
            "SELF",
            minho,
        )
        assert (standing.request.due_day, standing.badge.label) == (date(2026, 12, 3), "D-10")
        assert standing.basis.ko == "지체 없이, 늦어도 받은 날부터 10일 (법 제21조)"
        assert [event.word for event in standing.events] == ["RECEIVED", "IDENTITY_CHECK"]
        assert (row.reporter, row.company_ref, row.left_on, row.telling) == ("", gaon, LEFT, "TOLD")
        assert is_closed("minho")
        assert leaving.tell_and_order(app, clock()) == {"told": 0, "ordered": 0, "ended": 0}


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "1989-12-31", "2026-11-24"])
def test_a_leave_date_must_be_one(text: str) -> None:
    """Empty, unreadable, a filler and tomorrow are refused."""
    with pytest.raises(DateFault):
        asking_company.judged_day(text, date(2026, 11, 23))
    assert asking_company.judged_day(" 2026-11-23 ", date(2026, 11, 23)) == date(2026, 11, 23)


def test_a_report_comes_first(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Whom the company reported already need not say so; whoever said so is not reported any more."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        report(gaon, clock(), minho)
        with pytest.raises(AlreadyUnderWay):
            say_left(clock)
        say_left(clock, "sora")
        with pytest.raises(leaving.NobodyToReport):
            report(gaon, clock(), sora)


def test_the_company_is_asked_and_reminded_once_each(
    app: Flask, clock: FakeClock, gaon: str, join: Join, admin: By
) -> None:
    """The question at once, reminders after one and three days, the staff on the fifth; each once, run as it may."""
    join("minho")
    with app.app_context():
        a_colleague(clock(), Role.HANDLER, email="handler@cloudmate.example")
        number = say_left(clock).number
        sent = []
        for _ in range(7):
            sent.append([asking_company.write_letters(clock()) for _ in range(2)])
            clock.advance(days=1)
        found = asking_company.clock_of(number, clock())
        [question], reminders, [handed] = (
            letters("leaver_question"),
            letters("leaver_reminder"),
            letters("leaver_handed"),
        )

        assert sent == [[1, 0], [1, 0], [0, 0], [1, 0], [0, 0], [1, 0], [0, 0]]
        assert (question["to"], len(reminders), handed["to"]) == ("admin@gaon.example", 2, "handler@cloudmate.example")
        assert found is not None
        assert [letter for letter, _ in found.letters] == list(Letter)
        assert (found.asked, found.until) == (Asked.STAFF, date(2026, 11, 27))
        for letter in (question, *reminders, handed):
            assert "minho@gaon.example" not in letter["text"] + letter["subject"]
            assert "@gaon.example" in letter["text"]


def test_without_an_admin_the_staff_have_it_at_once(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Nobody to ask, nobody is waited for."""
    join("minho")
    with app.app_context():
        a_colleague(clock(), Role.HANDLER, email="handler@cloudmate.example")
        number = say_left(clock).number
        asking_company.write_letters(clock())
        found = asking_company.clock_of(number, clock())

        assert (letters("leaver_question"), len(letters("leaver_handed"))) == ([], 1)
        assert found is not None
        assert (found.asked, found.admins) == (Asked.STAFF, 0)


def test_an_answer_is_given_once_and_by_the_company_alone(
    app: Flask, clock: FakeClock, gaon: str, join: Join, admin: By
) -> None:
    """Another company learns nothing; a second answer is refused; the answer hands it to the staff."""
    join("minho")
    with app.app_context():
        number = say_left(clock).number
        asking_company.write_letters(clock())
        with pytest.raises(NoSuchRequest):
            asking_company.answer(number, Answer.DENIED, company_ref="a" * 26, by=admin, at=clock())
        waiting = asking_company.open_questions(gaon)
        asking_company.answer(number, Answer.DENIED, company_ref=gaon, by=admin, at=clock())
        with pytest.raises(StepRefused):
            asking_company.answer(number, Answer.CONFIRMED, company_ref=gaon, by=admin, at=clock())
        [question] = asking_company.questions_to(gaon, admin, clock())
        found = asking_company.clock_of(number, clock())

        assert (waiting, asking_company.open_questions(gaon)) == (1, 0)
        assert (question.answer, question.member) == (Answer.DENIED, "mi***@gaon.example")
        assert found is not None
        assert (found.answer, found.asked) == (Answer.DENIED, Asked.STAFF)
        assert asking_company.questions_to("a" * 26, admin, clock()) == []


@pytest.mark.parametrize("said", [None, Answer.DENIED])
def test_the_staff_decide_whatever_the_company_says(
    app: Flask, clock: FakeClock, gaon: str, join: Join, admin: By, said: Answer | None
) -> None:
    """Approved, it is destroyed to the end, and the person hears of it; no letter asks the company any more."""
    minho = join("minho")
    with app.app_context():
        number = say_left(clock).number
        if said:
            asking_company.answer(number, said, company_ref=gaon, by=admin, at=clock())
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        written = asking_company.write_letters(clock())
        destroying.destroy_due(app)
        end_reading()
        leaving.tell_and_order(app, clock())

        assert written == 0
        assert destructions.of_member(minho) is not None
        assert requesting.stand_of(number, clock()).state.status == "DONE"
        assert [row.end for row in leavers.of_request(requests.of_number(number).id)] == ["RIGHT"]  # type: ignore[union-attr]
        [question] = asking_company.questions_to(gaon, admin, clock())
        assert (question.member, question.is_open) == ("", False)


@pytest.mark.parametrize("word", [Word.CANCELLED, Word.REFUSED])
def test_taken_back_or_refused_the_account_opens(
    app: Flask, clock: FakeClock, gaon: str, join: Join, word: Word
) -> None:
    """The account that it closed opens again, and the company may report the person later."""
    minho = join("minho")
    with app.app_context():
        number = say_left(clock).number
        if word is Word.CANCELLED:
            exercising.send(Asking("minho", "192.0.2.9", "ko", ""), number, word, "", clock())
        else:
            advance(number, clock(), Word.IN_REVIEW, word, reason="NOT_A_LEAVER")
        opened = not is_closed("minho")

        assert opened
        assert report(gaon, clock(), minho).made


def test_a_refused_deletion_opens_the_account_again(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Whoever asked for deletion and is refused can use the service again."""
    join("minho")
    with app.app_context():
        number = exercising.delete(Asking("minho", "192.0.2.9", "ko", "form-1"), clock()).number
        closed = is_closed("minho")
        advance(number, clock(), Word.IN_REVIEW)
        advance(number, clock(), Word.REFUSED, reason="NAMED_BY_LAW")

        assert (closed, is_closed("minho")) == (True, False)


def test_reminders_of_due_days_take_no_offence(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The notices to the company and those to staff about the due day stand side by side."""
    from portal.services import jobs

    join("minho")
    with app.app_context():
        say_left(clock)
        asking_company.write_letters(clock())
        clock.advance(days=7)
        told = jobs.remind_of_deadlines(app, clock(), lambda line: None)

    assert told == {"told": 1}


def test_the_way_by_mail(
    app: Flask, clock: FakeClock, gaon: str, join: Join, browser: Callable[..., Browser], engine_name: str
) -> None:
    """From the public form by the mailed link to a request with a number; the answer is the same for a stranger."""
    if engine_name != "sqlite":
        return  # pages are the same on both engines
    join("minho")
    there = browser(None)
    known, unknown = (
        there.post("/left", {"who": who, "company": "가온유통(주)"}) for who in ("minho@gaon.example", "x@y.example")
    )
    with app.app_context():
        entering.write_links(clock())
        [letter] = letters("left_link")
    there.get(path_in(letter))
    asked = there.get("/enter/open").text
    opened = there.post("/enter/open")
    page = there.get(opened.location).text
    faulty = there.post("/me/left", {**there.form("/me/left"), "left_on": "2099-01-01"})
    filed = there.post("/me/left", {**there.form("/me/left"), "left_on": "2026-10-31"})

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location) == (303, "/enter/sent")
    assert "퇴사를 알릴까요?" in asked
    assert opened.location == "/me/left"
    assert "mi***@gaon.example" in page
    assert "minho@gaon.example" not in page
    assert (faulty.status_code, 'value="2099-01-01"' in faulty.text) == (422, True)
    assert filed.location == "/requests/R-2026-0001"
    assert "퇴사자 삭제" in there.get(filed.location).text
    assert there.get("/me/left").location == "/requests/R-2026-0001"
    with app.app_context():
        assert is_closed("minho")


def test_others_are_left_alone(app: Flask, clock: FakeClock, gaon: str, join: Join, admin: By) -> None:
    """A report by the company asks it nothing."""
    minho = join("minho")
    with app.app_context():
        number = report(gaon, clock(), minho).number

        assert asking_company.write_letters(clock()) == 0
        assert asking_company.clock_of(number, clock()) is None
        assert asking_company.questions_to(gaon, ADMIN, clock()) == []
        with pytest.raises(NoSuchRequest):
            asking_company.answer(number, Answer.CONFIRMED, company_ref=gaon, by=HANDLER, at=clock())
