"""The queue: the nearest legal day first, masked, counted, narrowed by its address, and never without its audit row."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from portal.records import audit, members
from portal.rules.deadline import Kind
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import auditing, requesting
from portal.services.auditing import By
from portal.views import desk
from tests.desk.samples import a_member, a_request
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser
from tests.leaving.conftest import report

AtDesk = Callable[..., Browser]


@pytest.fixture
def handler(at_desk: AtDesk) -> Browser:
    return at_desk(Role.HANDLER)


def numbers(page: str) -> list[str]:
    return re.findall(r'class="hd"><a href="[^"]+">(R-[0-9-]+)<', page)


def test_the_nearest_due_day_stands_first(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """Late before today before later; each with its badge, its day and its weekday."""
    with app.app_context():
        jiwon = a_member(clock())
        later = a_request(clock(), jiwon, Kind.ACCESS)
        late = a_request(clock() - timedelta(days=13), jiwon)
        today = a_request(clock() - timedelta(days=10), jiwon, Kind.SUSPENSION)
        soon = a_request(clock() - timedelta(days=7), jiwon, Kind.CORRECTION)

    page = handler.get("/desk").text

    assert numbers(page) == [late, today, soon, later]
    for words in ("D+3 지남", "11-20(금)", "D-DAY", "11-23(월)", "D-3", "11-26(목)", "D-10", "12-03(목)"):
        assert words in page
    assert "모두 4건" in page
    assert 'aria-sort="ascending"' in page


def test_a_page_of_the_queue_holds_masks_only(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """Neither the address nor the ID of the member is anywhere in the page; its mask and the company are."""
    with app.app_context():
        a_request(clock(), a_member(clock()))

    page = handler.get("/desk").text

    assert "ji*******@gaon.example" in page
    assert "Gaon" in page
    assert not re.search("jiwon|5678", page)


def test_a_report_tells_whom_it_is_about(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """Of a list how many and of which company, of one person the mask; never whoever reported them."""
    with app.app_context():
        people = [a_member(clock(), host_id) for host_id in (JIWON, MINHO, "sora@gaon.example")]
        [company] = {member.company_ref for member in members.of_refs(people)}
        alone = report(company, clock(), people[0]).number
        report(company, clock(), *people[1:])

    page, case = handler.get("/desk").text, handler.get(f"/desk/requests/{alone}").text

    assert re.findall(r'<span class="addr">([^<]+)</span><span class="sub">([^<]+)<', page) == [
        ("ji*******@gaon.example", "Gaon"),
        ("2명", "Gaon"),
    ]
    assert "<dt>퇴사자</dt><dd>ji*******@gaon.example</dd>" in case
    assert "ad***@gaon.example" not in page
    with app.app_context():
        viewed = {row.subject for row in audit.found(limit=10, deed="queue.viewed")}
        assert viewed >= {people[0]}
        assert not viewed & set(people[1:])
        assert people[0] in {row.subject for row in audit.found(limit=10, deed="request.viewed")}


def test_each_view_writes_the_five_fields(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """Who, when, from where, whose and what: a row for each person on the page, in the transaction that read it."""
    with app.app_context():
        jiwon, minho = a_member(clock()), a_member(clock(), MINHO)
        for member in (jiwon, minho, jiwon):
            a_request(clock(), member)

    handler.get("/desk")

    with app.app_context():
        rows = audit.found(limit=10, deed="queue.viewed")
    assert {row.subject for row in rows} == {jiwon, minho}
    assert {(row.actor_kind, row.origin, row.at) for row in rows} == {("STAFF", "127.0.0.1", clock())}
    assert all(row.actor for row in rows)


@pytest.mark.parametrize("path", ["/desk", "/desk/requests/{number}", "/desk/access"])
def test_what_is_not_written_down_is_not_shown(
    app: Flask, clock: FakeClock, at_desk: AtDesk, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Where the audit row cannot be written there is no data, masked or not, and no half of it either."""
    desk = at_desk(Role.HANDLER, Role.OFFICER)
    with app.app_context():
        number = a_request(clock(), a_member(clock()))
    desk.get("/desk")

    def fail(*args: object, **more: object) -> None:
        raise RuntimeError("the chain is broken")

    monkeypatch.setattr(auditing, "note_views", fail)
    answer = desk.get(path.format(number=number))

    assert answer.status_code == 500
    assert "gaon.example" not in answer.text
    assert "Please." not in answer.text


def test_the_tiles_and_days_lead_into_the_list(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """Each number is a link to exactly the requests it counts; the days say in words what their bars show."""
    with app.app_context():
        jiwon = a_member(clock())
        late = a_request(clock() - timedelta(days=13), jiwon)
        soon = a_request(clock() - timedelta(days=7), jiwon)
        a_request(clock(), jiwon)

    page = handler.get("/desk").text

    assert re.findall(r"<b>(\d건|–)</b><span>([^<]+)", page) == [
        ("1건", "기한 지남"),
        ("1건", "3일 안에 마감 (오늘 포함)"),
        ("3건", "맡은 사람 없음"),
        ("–", "30일 평균 처리 기간"),
    ]
    assert numbers(handler.get("/desk?due=late").text) == [late]
    assert numbers(handler.get("/desk?due=soon").text) == [soon]
    assert numbers(handler.get("/desk?due=2026-11-26").text) == [soon]
    assert 'aria-label="26 목 마감 1건"' in page
    assert "11-26(목) 마감만 · 모두 보기" in handler.get("/desk?due=2026-11-26").text


def test_filters_stand_in_the_address(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """By kind, by handler, by what waits for the requester, and those that have ended; nonsense narrows nothing."""
    with app.app_context():
        jiwon = a_member(clock())
        deletion = a_request(clock(), jiwon)
        access = a_request(clock(), jiwon, Kind.ACCESS)
        roles, other = {Role.HANDLER}, By("STAFF", "other")
        for word in (Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.MORE_ASKED):
            requesting.step(access, word, by=other, roles=roles, at=clock(), words="확인했습니다")
        gone = a_request(clock(), jiwon, Kind.COMPLAINT)
        requesting.step(gone, Word.CANCELLED, by=By("MEMBER", jiwon), at=clock(), words="취소")

    assert numbers(handler.get("/desk?kind=ACCESS").text) == [access]
    assert numbers(handler.get("/desk?who=none").text) == [deletion]
    assert numbers(handler.get("/desk?view=waiting").text) == [access]
    assert numbers(handler.get("/desk?view=ended").text) == [gone]
    assert numbers(handler.get("/desk?kind=NO&who=x&view=y&due=z&page=-1").text) == [deletion, access]


def test_twenty_five_are_on_a_page(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """The pager says which of how many are shown and how many come next."""
    with app.app_context():
        jiwon = a_member(clock())
        for _ in range(27):
            a_request(clock(), jiwon)

    first, second = handler.get("/desk").text, handler.get("/desk?page=2").text

    assert "27건 가운데 1–25" in first
    assert "다음 2건" in first
    assert "27건 가운데 26–27" in second
    assert len(numbers(second)) == 2
    assert "열린 요청이 없습니다" not in handler.get("/desk?page=3").text


def test_an_empty_queue_says_how_fast_it_was(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """No open request is good news, told with the average of the last 30 days."""
    with app.app_context():
        jiwon = a_member(clock())
        number = a_request(clock() - timedelta(days=2, hours=12), jiwon, Kind.ACCESS)
        requesting.step(number, Word.CANCELLED, by=By("MEMBER", jiwon), at=clock())

    page = handler.get("/desk").text

    assert "열린 요청이 없습니다" in page
    assert "평균 2.5일 만에" in page


@pytest.mark.parametrize("typed", [JIWON, JIWON.upper(), "jiwon.seo", "010 2222 3333", "jiwon@home.example"])
def test_a_member_is_found_by_exactly_what_they_gave(
    app: Flask, clock: FakeClock, handler: Browser, typed: str
) -> None:
    """By e-mail, ID or contact; what was typed goes into no address, and the search is audited with whom it found."""
    contact = "jiwon@home.example" if "home" in typed else "010-2222-3333"
    with app.app_context():
        jiwon = a_member(clock(), personal_contact=contact)
        number = a_request(clock(), jiwon)
        a_request(clock(), a_member(clock(), MINHO))

    answer = handler.post("/desk/search", {"q": typed})
    page = handler.get(answer.location)

    assert "jiwon" not in answer.location
    assert numbers(page.text) == [number]
    with app.app_context():
        assert audit.found(limit=1, deed="member.searched")[0].subject == jiwon


def test_a_number_leads_to_its_request(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """However it is typed."""
    with app.app_context():
        number = a_request(clock(), a_member(clock()))

    assert handler.post("/desk/search", {"q": f" {number.lower()} "}).location == f"/desk/requests/{number}"


def test_nobody_learns_who_is_a_member(app: Flask, clock: FakeClock, handler: Browser) -> None:
    """A member without a request, an unknown address and a part of one get the same answer to the letter."""
    with app.app_context():
        a_member(clock())
        a_request(clock(), a_member(clock(), MINHO))

    answers = [handler.post("/desk/search", {"q": text}) for text in (JIWON, "nobody@gaon.example", "seo@gaon.example")]
    pages = [handler.get(answer.location) for answer in answers]

    assert {answer.location for answer in answers} == {"/desk?member=-&by=email"}
    assert all("찾는 요청이 없습니다" in page.text for page in pages)
    assert all("찾은 것: 회원의 이메일이나 연락처. 정확히 같은 것이 없습니다." in page.text for page in pages)


def test_a_list_of_addresses_cannot_be_tried_out(handler: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches are counted by account; above the hour's number the answer is 429, whoever is searched for."""
    monkeypatch.setitem(desk.SEARCHES, "times", 2)
    answers = [handler.post("/desk/search", {"q": f"{name}@gaon.example"}) for name in ("seo", "han", JIWON[:5])]

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "요청이 너무 잦습니다" in answers[2].text


def test_a_request_is_taken_once(app: Flask, clock: FakeClock, at_desk: AtDesk) -> None:
    """Of two who take the same request from the same page the second is told who was first, and takes nothing."""
    first, second = at_desk(Role.HANDLER, name="박서윤"), at_desk(Role.HANDLER, name="이도현")
    with app.app_context():
        number = a_request(clock(), a_member(clock()))

    first.post("/desk/take", {"number": number, "seen": ""})
    page = second.get(second.post("/desk/take", {"number": number, "seen": ""}).location).text

    assert "박서윤 님이 먼저 맡았습니다." in page
    assert "담당 <b>박서윤</b>" in page


def test_an_auditor_reads_masks_and_does_nothing(app: Flask, clock: FakeClock, at_desk: AtDesk) -> None:
    """No search, no log, no step, no reveal: neither offered nor taken."""
    auditor = at_desk(Role.AUDITOR)
    with app.app_context():
        number = a_request(clock(), a_member(clock()))

    queue, case = auditor.get("/desk").text, auditor.get(f"/desk/requests/{number}").text

    assert numbers(queue) == [number]
    assert not re.search("대리 접수|찾기|맡기", queue)
    assert "ji*******@gaon.example" in case
    assert not re.search("다음 단계|마스킹 해제|내가 맡기|다른 처리", case)
    for path in ("/desk/take", f"/desk/requests/{number}/steps", f"/desk/requests/{number}/reveal", "/desk/search"):
        assert auditor.post(path, {"number": number}).status_code == 403
