"""A legal hold keeps a person's data, and what could not be destroyed says what to do, person by person."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from portal.database import db, writing
from portal.demo.members import SampleMembers
from portal.holdings import holdings
from portal.records import audit, destructions, members, requests
from portal.records.destructions import Hold
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import destroying, requesting
from portal.services.auditing import By
from portal.settings import Settings
from tests.desk.samples import a_member, a_request
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser

AtDesk = Callable[..., Browser]
OTHER = By("STAFF", "other")


@pytest.fixture
def officer(at_desk: AtDesk) -> Browser:
    return at_desk(Role.OFFICER, name="박서윤")


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock, settings: Settings) -> str:
    SampleMembers(settings.instance / "sample-matecost.db")
    with app.app_context():
        return a_member(clock())


@pytest.fixture
def number(app: Flask, clock: FakeClock, jiwon: str) -> str:
    """A deletion that Jiwon asked for, approved."""
    with app.app_context():
        number = a_request(clock(), jiwon)
        for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.APPROVED):
            requesting.step(number, word, by=OTHER, roles={Role.HANDLER}, at=clock(), words="확인했습니다")
        return number


def destroy(app: Flask, clock: FakeClock) -> None:
    clock.advance(minutes=1)
    with app.app_context():
        db.session.remove()
        destroying.destroy_due(app)


def is_gone(app: Flask, ref: str) -> bool:
    with app.app_context():
        return members.of_ref(ref) is None


def test_a_held_person_stays_until_the_hold_is_lifted(
    app: Flask, clock: FakeClock, officer: Browser, jiwon: str, number: str
) -> None:
    """Placed from the request, the hold stops the worker; lifted, the same worker goes on and nobody pressed anything
    else. Both are in the audit, under the officer's name and the case's."""
    there = f"/desk/requests/{number}/people"
    assert "jiwon.seo" not in officer.get(there).text

    answer = officer.post(f"/desk/requests/{number}/holds", {"member": jiwon, "case": "2026가합1234"})
    assert (answer.status_code, answer.location) == (303, f"/desk{there.removeprefix('/desk')}")
    destroy(app, clock)
    assert not is_gone(app, jiwon)
    assert "2026가합1234" in officer.get(there).text
    page = officer.get("/desk/holds").text
    assert "법적 보존" in page
    assert "2026가합1234" in page
    assert "박서윤" in page
    assert JIWON not in page

    [hold_id] = re.findall(r"/desk/holds/(\d+)/lift", page)
    officer.post(f"/desk/holds/{hold_id}/lift")
    destroy(app, clock)
    assert is_gone(app, jiwon)
    with app.app_context():
        assert [row.deed for row in audit.found(limit=9, subject=jiwon, deeds=["hold.placed", "hold.lifted"])] == [
            "hold.lifted",
            "hold.placed",
        ]


def test_a_hold_is_placed_before_anything_was_asked(app: Flask, officer: Browser, jiwon: str) -> None:
    """By exact e-mail, for somebody without a request; a second hold, an unknown person and a card number are told."""
    assert officer.post("/desk/holds", {"who": JIWON, "case": "수사협조 2026-77"}).status_code == 303
    with app.app_context():
        [hold] = destructions.holds_on([jiwon])[jiwon]
    assert (hold.kind, hold.reason) == ("LEGAL", "수사협조 2026-77")

    for fields, words in (
        ({"who": JIWON, "case": "2"}, "이미 법적 보류 중입니다."),
        ({"who": MINHO, "case": "2"}, "이 이메일이나 아이디를 쓰는 회원이 없습니다."),
        ({"who": JIWON, "case": ""}, "사건번호나 문서번호를 적어 주세요."),
        ({"who": "", "case": "2"}, "회원의 이메일이나 아이디를 적어 주세요."),
        ({"who": JIWON, "case": "4111 1111 1111 1111"}, "카드번호로 보이는 숫자는 받지 않으니 지워 주세요."),
    ):
        answer = officer.post("/desk/holds", fields)
        assert (answer.status_code, words in answer.text) == (422, True), words


def test_an_objection_is_judged_and_not_lifted(app: Flask, clock: FakeClock, officer: Browser, jiwon: str) -> None:
    """The hold of an objection ends with its judgement only; a hold that is gone says so."""
    with app.app_context(), writing():
        destructions.place_hold(
            Hold(member_ref=jiwon, kind="OBJECTION", reason="R-2026-0001", placed_by="", placed_at=clock())
        )
    assert "본인 이의 확인 중" in officer.get("/desk/holds").text

    officer.post("/desk/holds/1/lift")
    assert "이 보류는 여기서 해제할 수 없습니다." in officer.get("/desk/holds").text
    with app.app_context():
        assert len(destructions.holds_on([jiwon])[jiwon]) == 1


def test_only_the_people_of_a_request_are_held_from_it(
    app: Flask, clock: FakeClock, officer: Browser, number: str
) -> None:
    """A form that names somebody else's reference changes nothing."""
    with app.app_context():
        minho = a_member(clock(), MINHO)
    answer = officer.post(f"/desk/requests/{number}/holds", {"member": minho, "case": "2026가합1"})

    assert answer.status_code == 404
    with app.app_context():
        assert destructions.holds_on([minho]) == {}


def test_what_could_not_be_proved_says_where_and_what_to_do(
    app: Flask, clock: FakeClock, at_desk: AtDesk, jiwon: str, number: str
) -> None:
    """The queue counts the request, the request leads to the person, the person shows the place and the next step;
    trying again puts the step in line, once, and it ends."""
    with app.app_context():
        honest = tuple(holdings())
    app.extensions["portal.holdings"] = tuple(one for one in honest if one.key != "letters")
    destroy(app, clock)
    handler = at_desk(Role.HANDLER, name="이도현")

    queue = handler.get("/desk?view=attention").text
    assert "확인 필요 1" in queue
    assert number in queue
    assert "파기가 확인되지 않은 곳이 1군데 있습니다." in handler.get(f"/desk/requests/{number}").text
    page = handler.get(f"/desk/requests/{number}/people").text
    assert "letters" in page
    assert "확인 필요" in page
    [task] = re.findall(r'name="task" value="(\d+)"', page)

    app.extensions["portal.holdings"] = honest
    handler.post(f"/desk/requests/{number}/again", {"task": task})
    handler.post(f"/desk/requests/{number}/again", {"task": task})
    destroy(app, clock)

    assert is_gone(app, jiwon)
    with app.app_context():
        request = requests.of_number(number)
        assert request is not None
        assert request.ended_at is not None
        assert len(audit.found(limit=9, subject=jiwon, deed="destruction.tried_again")) == 1
