"""The pages on which an admin reports leavers: nothing happens before the list is sent, and nothing is lost."""

import csv
import html
import io
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.records import requests
from portal.services import listing
from portal.services.auditing import By
from portal.services.list_file import Line
from tests.fake_clock import FakeClock
from tests.fixtures_portal import PAGE, Browser
from tests.leaving.conftest import MESSY, is_closed, report
from tests.staffing import Colleague, seat

Upload = Callable[..., TestResponse]


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def hr(app: Flask, clock: FakeClock, admin: By, staffed: dict[str, str]) -> Browser:
    """The browser of an admin who has just proved the second factor."""
    return seat(app, Browser(app.test_client(), None), Colleague(admin.ref, "hr@gaon.example"), clock())


@pytest.fixture
def upload(hr: Browser) -> Upload:
    def send(content: bytes = MESSY.encode(), name: str = "leavers.csv") -> TestResponse:
        head = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{hr.token()}\r\n'
        head += f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        data, kind = head.encode() + content + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
        return hr.client.post("/org/lists/new", data=data, headers=PAGE, content_type=kind)

    return send


def send(hr: Browser, where: str, **fields: object) -> TestResponse:
    return hr.post(f"{where}/send", {"shown": "4", "authority": "yes", **fields})


def test_a_list_is_checked_and_sent(app: Flask, hr: Browser, upload: Upload) -> None:
    """Upload, preview with masked people, send: eight are reported, and the pages tell the fifth day."""
    where = upload().location
    page = hr.get(where)
    sent = send(hr, where)
    after = hr.get(sent.location)

    assert "14행 가운데 8명의 삭제를 요청할 수 있어요" in page.text
    assert "8명과 고른 회원 삭제 요청" in page.text
    assert "늦어도 11월 28일(토)까지 파기하고 파기 확인서를 드려요." in page.text
    assert "ha***@gaon.example" in page.text.replace("ha**@", "ha***@")
    assert "hana@gaon.example" not in page.text
    assert (sent.status_code, sent.location) == (303, "/org/requests/R-2026-0001")
    assert "8명 가운데 8명" in after.text
    for words in ("D-5", "늦어도 11월 28일(토)까지", "받은 날부터 5일 (표준지침 제10조)"):
        assert words in after.text
    assert "gaon.example" not in after.text
    with app.app_context():
        assert is_closed("hana")
        assert not is_closed("park")
    assert hr.get(where).location == "/org/requests/R-2026-0001"
    assert send(hr, where).location == "/org/requests/R-2026-0001"


def test_sending_asks_whether_it_is_true(app: Flask, hr: Browser, upload: Upload) -> None:
    """Without the attestation nothing is sent; the tick beside the row that asks for it is kept."""
    where = upload().location
    answer = hr.post(f"{where}/send", {"shown": "4", "ok": "4"})

    assert answer.status_code == 422
    assert "퇴사와 권한을 확인하고 표시해 주세요." in answer.text
    assert "9명 삭제 요청" in answer.text
    with app.app_context():
        assert requests.of_number("R-2026-0001") is None
    assert send(hr, where, ok="4").status_code == 303
    with app.app_context():
        assert is_closed("park")


def test_sending_asks_for_the_code_again(app: Flask, clock: FakeClock, hr: Browser, upload: Upload) -> None:
    """After five minutes the second factor is asked for, and what was ticked goes on with it."""
    where = upload().location
    clock.advance(minutes=6)
    asked = send(hr, where, ok="4")
    code = Colleague("", "").code(clock())
    sent = send(hr, where, ok="4", code_again=code)

    assert asked.status_code == 403
    assert 'name="ok" value="4"' in asked.text
    assert sent.status_code == 303
    with app.app_context():
        assert is_closed("park")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "", "올릴 파일을 골라 주세요."),
        (b"", "empty.csv", "파일이 비어 있어요."),
        (b"name\nx\n", "wrong.csv", "열을 찾지 못했어요."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.xls", "오래된 엑셀 형식"),
        (b"email,leave_date\n\xff\xfe\xfd,x\n", "odd.csv", "글자를 읽을 수 없어요."),
    ],
)
def test_a_refused_file_says_why(upload: Upload, content: bytes, name: str, words: str) -> None:
    """The reason stands at the field and in the summary above it."""
    answer = upload(content, name)

    assert answer.status_code == 422
    assert answer.text.count(words) == 2


def test_a_file_that_is_too_large_is_refused(hr: Browser, upload: Upload) -> None:
    """Beyond the limit of this page alone nothing is read; the field says so, to an admin and to nobody else."""
    answer = upload(b"x" * (21 << 20))
    hr.post("/desk/sign-out")
    stranger = upload(b"x" * (21 << 20))

    assert answer.status_code == stranger.status_code == 413
    assert answer.text.count("파일이 20MB를 넘어요. 나눠서 올려 주세요.") == 2
    assert "20MB" not in stranger.text


def test_what_is_uploaded_is_laid_on_no_disk(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large, the file stays in memory."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", never)
    lines = b"".join(b"nobody%d@gaon.example,2026-10-31\n" % number for number in range(20_000))

    assert upload(b"email,leave_date\n" + lines).status_code == 303


def test_rows_to_fix_come_back_as_they_were_typed(hr: Browser, upload: Upload) -> None:
    """With reason and next step; a cell that a spreadsheet would run stands behind an apostrophe."""
    where = upload(b"email,leave_date\n=cmd|' /C calc'!A0,2026-10-31\nchoi.gaon.example,@SUM(1)\n").location
    answer = hr.get(f"{where}/fix.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))

    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert rows[0][:2] == ["email", "leave_date"]
    assert [row[0] for row in rows[1:]] == ["'=cmd|' /C calc'!A0", "choi.gaon.example"]
    assert rows[2][1:] == ["'@SUM(1)", "이메일 형식이 아니에요. @가 빠졌는지 확인해 주세요."]


def test_the_sample_is_taken_as_it_is(hr: Browser, upload: Upload) -> None:
    """The sample file opens in Korean Excel, and its first line is the one that is read."""
    sample = hr.get("/org/list-sample.csv").data

    assert sample == b"\xef\xbb\xbfemail,leave_date\r\n"
    assert upload(sample + b"hana@gaon.example,2026-10-31\r\n").status_code == 303


def test_one_person_goes_the_same_way(app: Flask, hr: Browser) -> None:
    """By ID or e-mail; what is missing is told at its field and nothing typed is lost."""
    wrong = hr.post("/org/leavers/one", {"who": "hana-the-sample", "left_on": ""})
    where = hr.post("/org/leavers/one", {"who": "hana-the-sample", "left_on": "2026-10-31"}).location

    assert wrong.status_code == 422
    assert 'value="hana-the-sample"' in wrong.text
    assert "1명 삭제 요청" in hr.get(where).text
    assert send(hr, where).status_code == 303
    with app.app_context():
        assert is_closed("hana")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"who": "hana@gaon", "left_on": "2026-10-31"}, "이메일을 name@company.example처럼 입력해 주세요."),
        ({"who": "<b>hana</b>", "left_on": "2026-10-31"}, "아이디는 글자, 숫자와 . _ - + @로만 적어 주세요."),
        ({"who": "hana-the-sample", "left_on": "2999-12-31"}, "퇴사일이 아직 지나지 않았어요."),
        ({"who": "hana-the-sample", "left_on": "2026-02-30"}, "2026-11-20처럼 적어 주세요."),
    ],
    ids=["an address", "an ID", "a day to come", "a day that is none"],
)
def test_what_cannot_be_one_person_is_told_at_the_field(hr: Browser, typed: dict[str, str], words: str) -> None:
    """In the summary and at the field, with what was typed kept, and no list begun."""
    answer = hr.post("/org/leavers/one", typed)

    assert answer.status_code == 422
    assert answer.text.count(words) >= 2
    assert all(f'value="{html.escape(text)}"' in answer.text for text in typed.values())


def test_ticks_are_kept_from_page_to_page(
    app: Flask, clock: FakeClock, hr: Browser, admin: By, gaon: str, staffed: dict[str, str]
) -> None:
    """A tick on the first of several pages is sent with the last one."""
    lines = [Line(2, "park@gaon.example", "", "2026-11-13")]
    lines += [Line(number, f"nobody{number}@gaon.example", "", "2026-10-31") for number in range(3, 103)]
    with app.app_context():
        ref = listing.keep("", lines, company_ref=gaon, account_ref=admin.ref, at=clock())
    where = f"/org/lists/{ref}"
    first = hr.get(where)
    moved = hr.post(f"{where}/rows", {"shown": "2", "ok": "2", "page": "2", "see": ""})
    last = hr.get(moved.location)

    assert "다음 50행" in first.text
    assert moved.location == f"{where}?page=2&see="
    assert "1명 삭제 요청" in last.text
    assert "101행 가운데 51–100" in last.text
    assert send(hr, where, shown="").status_code == 303
    with app.app_context():
        assert is_closed("park")


def test_a_list_whose_time_is_over_says_so(
    clock: FakeClock, hr: Browser, upload: Upload, app: Flask, admin: By
) -> None:
    """After two hours, in words; nothing was requested."""
    where = upload().location
    clock.advance(hours=2)
    again = seat(app, Browser(app.test_client(), None), Colleague(admin.ref, ""), clock())

    for answer in (again.get(where), send(again, where), again.post(f"{where}/discard"), again.get(f"{where}/fix.csv")):
        assert answer.status_code == 404
        assert "올린 명단은 두 시간 동안만 보관해요." in answer.text


def test_a_long_list_shows_how_far_it_is(app: Flask, clock: FakeClock, hr: Browser, admin: By, gaon: str) -> None:
    """A page that reloads by itself and works without a script, until the job is through."""
    lines = [Line(number, f"nobody{number}@gaon.example", "", "2026-10-31") for number in range(2, 2500)]
    with app.app_context():
        ref = listing.keep("long.csv", lines, company_ref=gaon, account_ref=admin.ref, at=clock())
    reading = hr.get(f"/org/lists/{ref}").text
    listing.carry_on(app, clock())
    ready = hr.get(f"/org/lists/{ref}").text

    assert '<progress max="2498" value="0"' in reading
    assert '<meta http-equiv="refresh" content="3">' in reading
    assert "2,498행 가운데 삭제를 요청할 수 있는 회원이 없어요" in ready


def test_a_report_is_taken_back(app: Flask, hr: Browser, upload: Upload) -> None:
    """Before it is decided, with one press; then its people are in again and the page says so."""
    where = upload().location
    report = send(hr, where).location
    before = hr.get(report).text
    hr.post(f"{report}/take-back")
    after = hr.get(report).text

    assert "요청 취소" in before
    assert "요청이 취소되거나 거절되어 파기하지 않는 회원 8명" in after
    assert "잘못 요청했나요?" not in after
    with app.app_context():
        assert not is_closed("hana")


def test_another_companys_report_is_not_there(
    app: Flask, clock: FakeClock, at_desk: Callable[..., Browser], gaon: str, staffed: dict[str, str]
) -> None:
    """It answers as a report that never was, whatever is asked of it."""
    from tests.leaving.conftest import OTHER_COMPANY
    from tests.staffing import a_company, an_admin

    with app.app_context():
        number = report(gaon, clock(), staffed["hana"]).number
        other = a_company(clock(), "다른회사(주)", OTHER_COMPANY["business_registration_number"], "other.example")
        who = an_admin(clock(), other, email="hr@other.example")
    theirs = seat(app, Browser(app.test_client(), None), who, clock())

    for answer in (theirs.get(f"/org/requests/{number}"), theirs.post(f"/org/requests/{number}/take-back")):
        assert answer.status_code == 404
    assert theirs.get("/org/requests/R-2026-9999").status_code == 404
