"""Requests of investigating authorities: logged sealed, decided once by a person, every look written down."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.records import audit, members
from portal.rules.role import Role
from tests.fixtures_portal import JIWON, Browser

TOLD = {
    "received_on": "2026-11-20",
    "agency": "가온경찰서 사이버수사팀",
    "document": "사이버-2026-0123",
    "ground": "형사소송법 제215조 (압수수색영장)",
    "wanted": "11월 접속 기록 전부",
    "people": f"{JIWON}\nnobody-we-know",
}
DECIDED = {"decision": "ANSWERED", "reason": "영장 확인, 접속 기록 3건", "notice_by": "2026-12-20"}


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def officer(at_desk: Callable[..., Browser]) -> Browser:
    return at_desk(Role.OFFICER)


def logged(officer: Browser) -> str:
    answer = officer.post("/desk/inquiries/new", TOLD)
    assert answer.status_code == 303
    return str(answer.location)


def test_a_request_is_logged_and_sealed(app: Flask, browser: Callable[..., Browser], officer: Browser) -> None:
    """It has a number and a page; of whom it asks is kept by reference, and no word of it stands in any file."""
    browser().agree()
    page = officer.get(logged(officer)).text

    assert "Q-2026-0001" in page
    assert "2명" in page
    stored = b"".join(path.read_bytes() for path in app.extensions["portal.settings"].instance.glob("*.db*"))
    for words in (TOLD["agency"], TOLD["document"], TOLD["wanted"], TOLD["ground"]):
        assert words in page
        assert words.encode() not in stored
    with app.app_context():
        member = members.of_host(JIWON)
        assert member is not None
        assert member.ref in page


def test_every_look_is_written_down(app: Flask, browser: Callable[..., Browser], officer: Browser) -> None:
    """Opening one is a view of everybody whom it names; the member is not shown it."""
    jiwon = browser()
    jiwon.agree()
    officer.get(logged(officer))

    with app.app_context():
        member = members.of_host(JIWON)
        assert member is not None
        rows = audit.found(limit=5, subject=member.ref, deeds=["inquiry.viewed"])
        assert len(rows) == 1
        assert rows[0].actor_kind == "STAFF"
    assert "수사기관" not in jiwon.get("/me").text


def test_a_decision_is_made_once(officer: Browser) -> None:
    """A person decides with a ground; afterwards nothing of it changes, but that the members were told."""
    address = logged(officer)
    assert "알릴 의무 없음" not in officer.get("/desk/inquiries").text
    assert officer.post(address, DECIDED | {"decision": "", "reason": ""}).status_code == 422
    assert officer.post(address, {"deed": "told"}).status_code == 409
    assert officer.post(address, DECIDED).status_code == 303
    assert officer.post(address, DECIDED | {"decision": "REFUSED"}).status_code == 409

    page = officer.get(address).text
    assert "제공함" in page
    assert "영장 확인, 접속 기록 3건" in page
    assert "2026-12-20까지 알려야 함" in page
    assert officer.post(address, {"deed": "told"}).status_code == 303
    assert "2026-11-23에 알림" in officer.get(address).text


def test_what_is_missing_is_told_at_once(officer: Browser) -> None:
    """An empty form names every field, and a card number is refused; a fresh one blames nobody."""
    assert 'class="err"' not in officer.get("/desk/inquiries/new").text
    answer = officer.post("/desk/inquiries/new", {"wanted": "4539578763621486"})

    assert answer.status_code == 422
    for words in ("날짜를", "기관 이름을", "문서번호를", "근거 법", "카드번호로 보이는"):
        assert words in answer.text
    assert officer.post("/desk/inquiries/new", TOLD | {"received_on": "2026-12-01"}).status_code == 422


def test_the_list_is_paged_and_empty_at_first(at_desk: Callable[..., Browser], officer: Browser) -> None:
    """Without a request the page says so; the auditor reads it and decides nothing."""
    assert "수사기관이 요청한 것이 없습니다" in officer.get("/desk/inquiries").text
    address = logged(officer)
    auditor = at_desk(Role.AUDITOR)

    assert "Q-2026-0001" in auditor.get("/desk/inquiries").text
    assert auditor.post(address, DECIDED).status_code == 403
    assert officer.get("/desk/inquiries/nothing").status_code == 404
