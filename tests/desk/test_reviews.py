"""The access records of staff: five fields and the reason, found by anything but what an address would tell."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from portal.records import audit
from portal.rules.role import Role
from portal.services import auditing
from tests.desk.samples import a_member, a_request
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser

AtDesk = Callable[..., Browser]
NOTE = "야간 조회와 대량 조회가 없음을 확인했습니다."


@pytest.fixture
def officer(at_desk: AtDesk) -> Browser:
    return at_desk(Role.OFFICER, name="한유나")


@pytest.fixture
def number(app: Flask, clock: FakeClock, at_desk: AtDesk) -> str:
    """A request that 박서윤 looked at and revealed, after a look at the queue with two people in it."""
    handler = at_desk(Role.HANDLER, name="박서윤", email="seoyun@cloudmate.example")
    with app.app_context():
        number = a_request(clock(), a_member(clock()))
        a_request(clock(), a_member(clock(), MINHO))
    handler.get("/desk")
    clock.advance(seconds=5)
    handler.get(f"/desk/requests/{number}")
    clock.advance(seconds=5)
    words = {"reason": "TARGET", "words": "전화 010-9876-5432로 확인하려고 합니다"}
    handler.post(f"/desk/requests/{number}/reveal", words)
    clock.advance(minutes=1)
    return number


def rows(page: str) -> list[list[str]]:
    """Return the rows of the table, each as the text of its cells."""
    body = page[page.index("<tbody") : page.index("</tbody>")]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in row] for row in cells]


def test_each_row_has_the_five_fields_and_the_reason(officer: Browser, number: str) -> None:
    """When, who, from where, whose, what, why; masked, newest first, one line for a page that showed many."""
    found = rows(officer.get("/desk/access").text)

    mask = "ji*******@gaon.example"
    assert [" ".join(" ".join(row).split()) for row in found] == [
        f"2026-11-23 12:00:10 박서윤 127.0.0.1 {mask} 가린 값 조회 {number} "
        "요청 대상 확인, 전화 010-****-5432로 확인하려고 합니다",
        f"2026-11-23 12:00:05 박서윤 127.0.0.1 {mask} 요청 조회 {number} –",
        "2026-11-23 12:00:00 박서윤 127.0.0.1 2명 요청 목록 조회 –",
    ]


def test_many_at_once_are_shown_one_by_one(app: Flask, officer: Browser, number: str) -> None:
    """The number of people leads to who they were, and looking there is a view of each of them."""
    with app.app_context():
        queue = audit.found(limit=1, deed="queue.viewed")[0]

    found = rows(officer.get(f"/desk/access?entry={queue.id}").text)

    assert [row[3] for row in found] == ["ji*******@gaon.example", "mi********@gaon.example"]
    with app.app_context():
        assert len({row.subject for row in audit.found(limit=5, deed="audit.viewed")}) == 2


def test_looking_at_the_records_is_recorded(app: Flask, officer: Browser, number: str) -> None:
    """Each person whose row was shown is in a row of its own, and a page without any has one row all the same."""
    officer.get("/desk/access")
    with app.app_context():
        first = audit.found(limit=9, deed="audit.viewed")
    officer.get("/desk/access?since=2026-10-01&until=2026-10-02")
    with app.app_context():
        second = audit.found(limit=9, deed="audit.viewed")

    assert len(first) == 1
    assert first[0].subject
    assert [row.subject for row in second] == ["", first[0].subject]


def test_a_member_is_found_without_standing_in_the_address(officer: Browser, number: str) -> None:
    """The address carries an opaque reference; an unknown person gives an empty list. The search is a deed too."""
    known = officer.post("/desk/access/search", {"member": JIWON})
    unknown = officer.post("/desk/access/search", {"member": "nobody@gaon.example"})

    assert "jiwon" not in known.location
    assert len(rows(officer.get(known.location).text)) == 4
    assert "이 조건의 기록이 없습니다" in officer.get(unknown.location).text
    assert "찾은 회원의 기록만" in officer.get(unknown.location).text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=2026-11-10&until=2026-11-01", "끝나는 날이 시작하는 날보다 앞입니다."),
        ("since=2026-01-01&until=2026-11-23", "한 번에 92일까지 찾을 수 있습니다."),
        ("since=x&until=y", "날짜를 2026-11-23처럼 적어 주세요."),
    ],
)
def test_a_range_that_cannot_be_is_told(officer: Browser, query: str, words: str) -> None:
    """In words at the field, and nothing is searched."""
    answer = officer.get(f"/desk/access?{query}")

    assert answer.status_code == 422
    assert words in answer.text


def test_it_is_narrowed_by_deed_and_by_person(app: Flask, officer: Browser, number: str) -> None:
    """Only reveals; only what one colleague did; only what handles data."""
    with app.app_context():
        who = audit.found(limit=1, deed="value.revealed")[0].actor

    assert len(rows(officer.get("/desk/access?deed=value.revealed").text)) == 1
    assert len(rows(officer.get(f"/desk/access?who={who}&deed=handled").text)) == 3
    assert "이 조건의 기록이 없습니다" in officer.get("/desk/access?who=nobody").text


def test_a_month_is_signed_once(app: Flask, officer: Browser, number: str) -> None:
    """With a note that says something; the row is in the chain and the note is sealed."""
    bare = officer.post("/desk/access/reviews", {"note": "확인"})
    officer.post("/desk/access/reviews", {"note": NOTE})
    officer.post("/desk/access/reviews", {"note": NOTE})
    page = officer.get("/desk/access").text

    assert bare.status_code == 422
    assert "10자 이상" in bare.text
    assert "2026-11</b> " + NOTE in page
    assert "이번 달 점검 완료" not in page
    with app.app_context():
        signed = audit.found(limit=5, deed="review.signed")
        assert [(row.about, auditing.words_of(signed)[row.id]) for row in signed] == [("2026-11", NOTE)]


def test_an_auditor_reads_and_does_not_sign(at_desk: AtDesk, number: str) -> None:
    """The auditor reads what staff did; a handler does not even read."""
    auditor, handler = at_desk(Role.AUDITOR), at_desk(Role.HANDLER)

    assert len(rows(auditor.get("/desk/access").text)) == 3
    assert "점검 완료" not in auditor.get("/desk/access").text
    assert auditor.post("/desk/access/reviews", {"note": NOTE}).status_code == 403
    assert handler.get("/desk/access").status_code == 403
