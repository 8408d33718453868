"""Requests that came by telephone, mail or paper: the clock starts when they came, and nothing typed is lost."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask

from portal.clock import SEOUL
from portal.records import audit, requests
from portal.rules.role import Role
from portal.services import requesting
from tests.desk.samples import a_member
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser, fields_of

AtDesk = Callable[..., Browser]
CALL = {
    "channel": "PHONE",
    "requester": "SELF",
    "received_day": "2026-11-20",
    "received_time": "17:40",
    "kind": "DELETION",
    "subject": JIWON,
    "reply_to": "",
    "proof": "등록된 번호로 다시 걸어 확인",
    "text": "제 정보를 지워 주세요.",
}


@pytest.fixture
def handler(at_desk: AtDesk) -> Browser:
    return at_desk(Role.HANDLER)


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return a_member(clock())


def test_the_clock_starts_at_the_call(app: Flask, handler: Browser, jiwon: str) -> None:
    """A call on 20 November is due on the 30th; who logged it, and what was said, is kept."""
    answer = handler.post("/desk/requests/new", CALL)
    page = handler.get(answer.location).text

    assert answer.status_code == 303
    with app.app_context():
        request = requests.of_number("R-2026-0001")
        assert request is not None
        details = requesting.details_of(request)
    assert request.received_at == datetime(2026, 11, 20, 17, 40, tzinfo=SEOUL)
    assert (request.due_day, request.member_ref, request.channel) == (date(2026, 11, 30), jiwon, "PHONE")
    assert details == {"text": CALL["text"], "proof": CALL["proof"]}
    assert "R-2026-0001로 접수했습니다. 11월 30일(월)까지 답합니다." in page


def test_the_same_form_twice_is_one_request(app: Flask, handler: Browser, jiwon: str) -> None:
    """Who presses twice logs once."""
    nonce = fields_of(handler.get("/desk/requests/new").text)["nonce"]

    first = handler.post("/desk/requests/new", {**CALL, "nonce": nonce})
    second = handler.post("/desk/requests/new", {**CALL, "nonce": nonce})

    assert first.location == second.location
    assert "이미 접수한 요청입니다." in handler.get(second.location).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"received_day": "2026-11-24"}, "아직 오지 않은 때입니다."),
        ({"received_day": "2026-11-23", "received_time": "12:01"}, "아직 오지 않은 때입니다."),
        ({"received_day": "2025-11-01"}, "1년보다 오래된 날입니다."),
        ({"received_day": "어제"}, "받은 날과 시각을"),
        ({"kind": "LEAVER"}, "유형을 골라 주세요."),
        ({"channel": "WEB"}, "받은 방법을 골라 주세요."),
        ({"requester": "EMPLOYER"}, "요청한 사람을 골라 주세요."),
        ({"text": ""}, "내용을 적어 주세요."),
        ({"text": "주민번호 900101-1234567"}, "주민등록번호"),
        ({"proof": "카드 4539578763621486"}, "카드번호"),
        ({"subject": ""}, "누구의 정보인지"),
        ({"subject": "nobody@gaon.example"}, "회원을 찾지 못했습니다."),
        ({"reply_to": "not an address"}, "이메일을"),
    ],
)
def test_a_fault_is_told_and_nothing_is_lost(
    app: Flask, handler: Browser, jiwon: str, changes: dict[str, str], words: str
) -> None:
    """Each at its field and above the form, the rest of the form as it was typed."""
    typed = {**CALL, **changes}

    answer = handler.post("/desk/requests/new", typed)

    assert answer.status_code == 422
    assert answer.text.count(words) >= 2
    assert f'value="{typed["received_day"]}"' in answer.text
    assert f"{typed['text']}</textarea>" in answer.text
    with app.app_context():
        assert requests.of_number("R-2026-0001") is None


def test_whoever_is_no_member_may_complain(app: Flask, handler: Browser) -> None:
    """A complaint needs nobody to be found, only a mail to answer to."""
    stranger = {**CALL, "kind": "COMPLAINT", "subject": "", "reply_to": ""}

    bare = handler.post("/desk/requests/new", stranger)
    done = handler.post("/desk/requests/new", {**stranger, "reply_to": "someone@out.example"})

    assert "답할 메일 주소를 적어 주세요." in bare.text
    assert done.status_code == 303
    with app.app_context():
        request = requests.of_number("R-2026-0001")
    assert request is not None
    assert (request.member_ref, request.requester) == (None, "STRANGER")


def test_looking_for_the_member_is_audited(app: Flask, handler: Browser, jiwon: str) -> None:
    """Found or not."""
    handler.post("/desk/requests/new", {**CALL, "text": ""})
    handler.post("/desk/requests/new", {**CALL, "subject": "nobody@gaon.example"})

    with app.app_context():
        assert [row.subject for row in audit.found(limit=5, deed="member.searched")] == ["", jiwon]


def test_nobody_logs_a_request_of_their_own(app: Flask, at_desk: AtDesk, jiwon: str) -> None:
    """Staff who are members use their own page, as everybody does."""
    answer = at_desk(Role.HANDLER, email=JIWON).post("/desk/requests/new", CALL)

    assert answer.status_code == 422
    assert "본인이 낸 요청은" in answer.text
