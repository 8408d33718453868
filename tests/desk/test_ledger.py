"""The retention page and the ledger: numbers and no names, entered by one and seconded by another, confirmed once."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from portal.database import writing
from portal.records.runs import Run, add
from portal.rules.role import Role
from portal.services import sweeping
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.retention.conftest import kept_apart

AtDesk = Callable[..., Browser]
PAPER = {
    "files": "2025년 종이 위임장",
    "count": "1,042",
    "method": "SHRED",
    "reason": "PURPOSE_MET",
    "made_on": "2025-01-02",
    "destroyed_on": "2026-11-20",
    "handler": "박서윤",
    "witness": "이도현",
    "evidence": "=HYPERLINK(사진)",
    "nonce": "one",
}


@pytest.fixture
def officer(at_desk: AtDesk) -> Browser:
    return at_desk(Role.OFFICER, name="한유나")


@pytest.fixture
def handler(at_desk: AtDesk) -> Browser:
    return at_desk(Role.HANDLER, name="박서윤", email="seoyun@cloudmate.example")


def swept(app: Flask, clock: FakeClock) -> None:
    """Let two records of one rule end, in a sweep of today."""
    for person in ("a", "b"):
        kept_apart(app, clock, "fraud", "2026-11-23", person)
    sweeping.sweep(app)


def test_what_goes_by_itself_stands_in_the_ledger(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """Rule, day, reason, methods and how many; the hand is nobody's, the approver is the policy."""
    swept(app, clock)
    row = re.sub(r"<[^>]+>", " ", officer.get("/desk/ledger").text)
    told = (
        "D-2026-0001",
        "부정 이용 방지 기록",
        "2026-11-23",
        "보유 기간 경과",
        "암호키 폐기, 행 삭제",
        "자동 파기",
        "제5조",
    )
    assert [words for words in told if words not in row] == []


def test_the_table_is_safe_in_a_spreadsheet(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """It begins with the byte order mark, has all fourteen columns, and runs no formula."""
    swept(app, clock)
    officer.post("/desk/ledger/paper", PAPER)
    sent = officer.get("/desk/ledger/ledger.csv")

    assert sent.data.startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(io.StringIO(sent.text.lstrip("\ufeff")))
    assert (len(header), header[0], header[-1]) == (14, "번호", "증빙")
    assert (first[0], first[7]) == ("D-2026-0001", "2")
    assert (second[1], second[3], second[4], second[7]) == ("2025년 종이 위임장", "2025-01-02", "2026-11-20", "1042")
    assert second[13] == "'=HYPERLINK(사진)"


def test_paper_that_does_not_hold_all_says_so(
    app: Flask, clock: FakeClock, officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed says that older lines are missing, and where they are; a sheet with all of them says nothing."""
    monkeypatch.setattr("portal.views.ledger.WHOLE", 1)
    words = "앞의 1줄만 인쇄합니다. 전체는 CSV로 내려받으세요."
    swept(app, clock)
    all_of_it = officer.get("/desk/ledger?whole=1").text
    officer.post("/desk/ledger/paper", PAPER)

    assert words not in all_of_it
    assert words in officer.get("/desk/ledger?whole=1").text


def test_paper_takes_two_people(app: Flask, officer: Browser, handler: Browser) -> None:
    """Whoever entered it cannot second it; before somebody else has, the officer cannot confirm it."""
    officer.post("/desk/ledger/paper", PAPER)
    officer.post("/desk/ledger/paper", PAPER)  # the form sent twice is one line
    assert "다른 사람의 확인을 기다립니다" in officer.get("/desk/ledger").text
    assert "모두 확인" not in officer.get("/desk/ledger").text
    own = officer.post("/desk/ledger/second", {"number": "D-2026-0001"}, follow_redirects=True).text
    assert "적은 사람은 확인할 수 없습니다" in own

    done = handler.post("/desk/ledger/second", {"number": "D-2026-0001"}, follow_redirects=True).text
    again = handler.post("/desk/ledger/second", {"number": "D-2026-0001"}, follow_redirects=True).text

    assert "D-2026-0001의 증빙을 확인했습니다." in done
    assert "이미 다른 사람이 확인했습니다" in again
    assert "D-2026-0001까지 모두 확인" in officer.get("/desk/ledger").text


def test_the_officer_confirms_all_up_to_a_line(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """With one button, once; the name and the day stand beside each line, and nothing is left to confirm."""
    swept(app, clock)
    page = officer.get("/desk/ledger").text
    [up_to] = re.findall(r'name="up_to" value="([0-9]+)"', page)
    told = officer.post("/desk/ledger/confirm", {"up_to": up_to}, follow_redirects=True).text

    assert "1건의 파기를 확인했습니다." in told
    assert "한유나" in told[told.index("<tbody") :]
    assert "모두 확인" not in told


def test_confirming_asks_for_the_code_again(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """Five minutes after the last code it is asked for once more, and nothing is confirmed without it."""
    swept(app, clock)
    clock.advance(minutes=6)

    assert officer.post("/desk/ledger/confirm", {"up_to": "1"}).status_code == 403
    assert "모두 확인" in officer.get("/desk/ledger").text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        pytest.param({"files": ""}, "어떤 문서였는지", id="no name"),
        pytest.param({"files": "jiwon.seo@gaon.example의 위임장"}, "누구의 것인지 빼고", id="somebody's address"),
        pytest.param({"files": "900101-1234567 위임장"}, "주민등록번호", id="a resident number"),
        pytest.param({"count": "0"}, "1 이상의 숫자", id="nothing"),
        pytest.param({"method": "DB_ERASE"}, "어떻게 파기했는지", id="paper is not erased"),
        pytest.param({"destroyed_on": "2026-11-24"}, "아직 오지 않은 날", id="tomorrow"),
        pytest.param({"made_on": "2026-11-21"}, "파기한 날보다 뒤", id="made after it was destroyed"),
        pytest.param({"witness": "박서윤"}, "두 사람이 있어야", id="one person"),
    ],
)
def test_a_wrong_entry_is_kept_and_told(officer: Browser, typed: dict[str, str], told: str) -> None:
    """The page says what is the matter, keeps what was typed, and nothing is in the ledger."""
    answer = officer.post("/desk/ledger/paper", {**PAPER, **typed})

    assert answer.status_code == 422
    assert told in answer.text
    assert "이도현" in answer.text or "witness" in typed
    assert "아직 파기한 것이 없습니다" in officer.get("/desk/ledger").text


def test_lines_are_found_by_year_and_reason(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """What does not fit is left out, and an empty answer says so."""
    swept(app, clock)
    assert "D-2026-0001" in officer.get("/desk/ledger?year=2026&reason=PERIOD_ENDED").text
    for query in ("year=2025", "reason=ASKED"):
        assert "이 조건의 파기가 없습니다" in officer.get(f"/desk/ledger?{query}").text


def test_a_long_ledger_is_paged_and_printed_whole(app: Flask, officer: Browser) -> None:
    """Twenty-five lines a page, the older ones one step away; for paper all of it at once."""
    for number in range(27):
        officer.post("/desk/ledger/paper", {**PAPER, "nonce": str(number)})
    page = officer.get("/desk/ledger").text
    [older] = re.findall(r'href="(/desk/ledger\?before=[0-9]+)"', page)

    assert re.findall(r"D-2026-00[0-9]{2}(?=</span></th>)", page)[::24] == ["D-2026-0027", "D-2026-0003"]
    assert re.findall(r"D-2026-00[0-9]{2}(?=</span></th>)", officer.get(older).text) == ["D-2026-0002", "D-2026-0001"]
    assert "인쇄용으로 모두 보기" in page
    assert officer.get("/desk/ledger?whole=1").text.count("D-2026-00") == 27


def test_retention_shows_what_is_kept_and_when_it_goes(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """How many each rule keeps, how many go this month, the grounds with their flags, and the next night."""
    kept_apart(app, clock, "fraud", "2026-11-30", "a")
    kept_apart(app, clock, "fraud", "2027-03-01", "b")
    sweeping.sweep(app)
    page = officer.get("/desk/retention").text
    rows = re.sub(r"<[^>]+>", " ", page[page.index("<tbody") : page.index("</tbody>")]).split()

    first = "부정 이용 방지 기록 내부 방침 회원 탈퇴 후 1년 2 1 –"
    assert " ".join(rows[: rows.index("본인확인")]) == first
    assert "근거 조항 삭제됨" in page
    assert "내일 03:00" in page


def test_an_empty_house_has_nothing_to_destroy(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """The empty state says when the next run is."""
    sweeping.sweep(app)
    assert "파기할 정보가 없습니다. 다음 실행 내일 03:00" in officer.get("/desk/retention").text


def test_a_run_that_is_late_or_failed_is_red(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """Never run, not run last night, failed since: each says so with its time."""
    assert "아직 한 번도 실행하지 않았습니다." in officer.get("/desk/retention").text
    sweeping.sweep(app)
    assert "note--bad" not in officer.get("/desk/retention").text
    with app.app_context(), writing():
        at = clock() + timedelta(minutes=1)
        told = '{"dispute":{"rule":"dispute","fault":"OSError"}}'
        add(Run(kind="retention failed", as_of=at.date(), started_at=at, finished_at=at, outcome=told))
    failed = officer.get("/desk/retention").text
    assert "2026-11-23 12:01 실행이 실패했습니다." in failed
    assert "OSError" in failed


def test_what_is_overdue_is_red(app: Flask, clock: FakeClock, at_desk: AtDesk) -> None:
    """A record that should have gone yesterday is counted apart, and so is a category nobody knows."""
    kept_apart(app, clock, "fraud", "2026-11-22", "a")
    kept_apart(app, clock, "horoscope", "2027-11-22", "a")
    page = at_desk(Role.AUDITOR).get("/desk/retention").text

    assert "1건 지남" in page
    assert "모르는 항목" in page
    assert "지남" in page[page.index('class="days"') : page.index("그 뒤에") if "그 뒤에" in page else None]
