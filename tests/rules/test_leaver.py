from datetime import date

import pytest

from portal.rules.leaver import LABELS, Found, Row, Verdict, judge, leave_date, read_row, requested
from portal.rules.leaver_list import ListRefused, Totals, check_count, columns_of, totals_of

TODAY = date(2026, 11, 28)
REQUEST, CONFIRM, FIX, EXCLUDE = Verdict

DATES: dict[str, tuple[str, date | None]] = {
    "iso": ("2026-11-20", date(2026, 11, 20)),
    "dots": ("2026.11.20", date(2026, 11, 20)),
    "dots and spaces": ("2026. 11. 20.", date(2026, 11, 20)),
    "slashes": ("2026/11/20", date(2026, 11, 20)),
    "digits": ("20261120", date(2026, 11, 20)),
    "korean": ("2026년 11월 20일", date(2026, 11, 20)),
    "korean without spaces": ("2026년11월20일", date(2026, 11, 20)),
    "one digit": ("2026-1-5", date(2026, 1, 5)),
    "midnight": ("2026-11-20 00:00:00", date(2026, 11, 20)),
    "iso midnight": ("2026-11-20T00:00:00", date(2026, 11, 20)),
    "outer spaces": ("  2026-11-20 ", date(2026, 11, 20)),
    "full-width": ("２０２６－１１－２０", date(2026, 11, 20)),
    "day number": ("46346", date(2026, 11, 20)),
    "day number with a fraction of nothing": ("46346.0", date(2026, 11, 20)),
    "the first day number taken": ("32874", date(1990, 1, 1)),
    "a day number too small": ("32873", None),
    "leap day": ("2028-02-29", date(2028, 2, 29)),
    "no such leap day": ("2026-02-29", None),
    "no such month": ("2026-13-01", None),
    "no such day in digits": ("20261131", None),
    "a filler": ("1900-01-01", None),
    "two digits of year": ("26-11-20", None),
    "day first": ("20/11/2026", None),
    "an hour": ("2026-11-20 09:30:00", None),
    "words": ("지난주", None),
    "a formula": ("=TODAY()", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "day"), DATES.values(), ids=DATES.keys())
def test_a_leave_date_is_read_in_the_forms_people_write(text: str, day: date | None) -> None:
    """The forms of Korean lists and of spreadsheets are read; what could mean two days is not."""
    assert leave_date(text) == day


ROWS: dict[str, tuple[str, str, Row | tuple[str, str]]] = {
    "e-mail": (" Hana.Kim@Gaon.Example ", "", Row("email", "hana.kim@gaon.example", "2026-11-20")),
    "e-mail before id": ("hana@gaon.example", "hana", Row("email", "hana@gaon.example", "2026-11-20")),
    "id": ("", "Hana_K", Row("login_id", "hana_k", "2026-11-20")),
    "nothing": (
        " ",
        "",
        ("이메일이나 아이디가 비어 있어요.", "회원의 이메일이나 아이디를 적고 명단을 다시 올려 주세요."),
    ),
    "no at": ("choi.gaon.example", "", ("이메일 형식이 아니에요.", "@가 빠졌는지 확인해 주세요.")),
    "no domain": ("choi@", "", ("이메일 형식이 아니에요.", "이메일을 name@company.example처럼 입력해 주세요.")),
    "a formula": ("=cmd|'/C calc'!A0", "", ("이메일 형식이 아니에요.", "@가 빠졌는지 확인해 주세요.")),
    "bad id": ("", "ha na", ("아이디 형식이 아니에요.", "아이디는 글자, 숫자와 . _ - + @로만 적어 주세요.")),
    "a resident number": (
        "",
        "900101-1234567",
        ("아이디 형식이 아니에요.", "주민등록번호나 외국인등록번호로 보이는 숫자는 받지 않으니 지워 주세요."),
    ),
}


@pytest.mark.parametrize(("email", "login_id", "read"), ROWS.values(), ids=ROWS.keys())
def test_a_row_says_who_is_meant(email: str, login_id: str, read: Row | tuple[str, str]) -> None:
    """A row means one person, by e-mail or by ID, or says why nobody can be looked up and what to do."""
    row = read_row(email=email, login_id=login_id, left_on="2026-11-20")

    if isinstance(read, Row):
        assert row == read
    else:
        assert (row.field, row.key) == ("", "")
        assert row.fault is not None
        assert tuple(text.ko for text in row.fault) == read


HANA = "hana@gaon.example"
SEEN = Found(last_seen=date(2026, 11, 20))
JUDGED: dict[str, tuple[str, str, Found | None, int | None, Verdict, str, str]] = {
    "left": (HANA, "2026-10-31", Found(), None, REQUEST, "회원 정보 삭제", "파기한 정보는 되돌릴 수 없어요."),
    "left, after something was sent to a processor": (
        HANA,
        "2026-10-31",
        Found(was_sent=True),
        None,
        REQUEST,
        "회원 정보 삭제, 정보를 받은 곳에도 파기 요청",
        "파기한 정보는 되돌릴 수 없어요.",
    ),
    "left today": (HANA, "2026-11-28", SEEN, None, REQUEST, "회원 정보 삭제", "파기한 정보는 되돌릴 수 없어요."),
    "last seen on the last day": (
        HANA,
        "2026-11-20",
        SEEN,
        None,
        REQUEST,
        "회원 정보 삭제",
        "파기한 정보는 되돌릴 수 없어요.",
    ),
    "seen after leaving": (
        HANA,
        "2026-11-13",
        SEEN,
        None,
        CONFIRM,
        "11월 20일에 접속했어요. 퇴사일이 맞나요?",
        "퇴사가 맞으면 ‘퇴사가 맞아요. 포함할게요.’를 골라 주세요.",
    ),
    "seen after leaving, last year": (
        HANA,
        "2025-11-13",
        Found(last_seen=date(2025, 12, 1)),
        None,
        CONFIRM,
        "2025년 12월 1일에 접속했어요. 퇴사일이 맞나요?",
        "퇴사가 맞으면 ‘퇴사가 맞아요. 포함할게요.’를 골라 주세요.",
    ),
    "no at": (
        "choi.gaon.example",
        "2026-09-30",
        None,
        None,
        FIX,
        "이메일 형식이 아니에요.",
        "@가 빠졌는지 확인해 주세요.",
    ),
    "not ours": (
        "nana@gmail.example",
        "2026-09-30",
        None,
        None,
        EXCLUDE,
        "우리 회사 회원 목록에 없어요.",
        "이메일이나 아이디에 오타가 없는지 확인해 주세요.",
    ),
    "not ours, with a bad date": (
        "nana@gmail.example",
        "soon",
        None,
        None,
        EXCLUDE,
        "우리 회사 회원 목록에 없어요.",
        "이메일이나 아이디에 오타가 없는지 확인해 주세요.",
    ),
    "twice in the list": (HANA, "2026-10-15", Found(), 7, EXCLUDE, "7행과 같은 회원이에요.", "따로 할 일은 없어요."),
    "twice in the list, not ours": (HANA, "", None, 7, EXCLUDE, "7행과 같은 회원이에요.", "따로 할 일은 없어요."),
    "own account": (
        HANA,
        "2026-11-30",
        Found(is_own=True, is_last_admin=True),
        None,
        FIX,
        "지금 로그인한 내 계정이에요.",
        "내 정보는 ‘내 개인정보’에서 삭제해 주세요.",
    ),
    "last admin": (
        HANA,
        "2026-10-31",
        Found(is_last_admin=True),
        None,
        FIX,
        "우리 회사의 마지막 담당자예요.",
        "다른 담당자를 먼저 지정해 주세요.",
    ),
    "reported before": (
        HANA,
        "2026-10-31",
        Found(is_reported=True, is_last_admin=True),
        None,
        EXCLUDE,
        "이미 삭제를 요청한 회원이에요.",
        "따로 할 일은 없어요.",
    ),
    "no date": (HANA, " ", SEEN, None, FIX, "퇴사일이 비어 있어요.", "2026-11-20처럼 적어 주세요."),
    "unread date": (HANA, "26.11.1", SEEN, None, FIX, "퇴사일을 읽을 수 없어요.", "2026-11-20처럼 적어 주세요."),
    "tomorrow": (
        HANA,
        "2026-11-29",
        SEEN,
        None,
        FIX,
        "퇴사일이 아직 지나지 않았어요.",
        "퇴사한 뒤에 다시 요청해 주세요.",
    ),
}


@pytest.mark.parametrize(
    ("email", "left_on", "found", "same_as", "verdict", "reason", "next_step"), JUDGED.values(), ids=JUDGED.keys()
)
def test_each_row_has_a_verdict_a_reason_and_a_next_step(
    email: str, left_on: str, found: Found | None, same_as: int | None, verdict: Verdict, reason: str, next_step: str
) -> None:
    """Whoever uploads a list reads of each row what will happen, why, and what to do."""
    judged = judge(read_row(email=email, left_on=left_on), found, TODAY, same_as)

    assert (judged.verdict, judged.reason.ko, judged.next_step.ko) == (verdict, reason, next_step)
    assert judged.reason.en
    assert judged.next_step.en
    assert LABELS[verdict].ko


def test_a_readable_date_is_given_back_as_a_day() -> None:
    """The page shows the day that was understood, in one form."""
    judged = judge(read_row(email=HANA, left_on="2026. 10. 31."), Found(), TODAY)

    assert judged.left_on == date(2026, 10, 31)


def test_a_day_of_another_year_is_told_with_it_in_english() -> None:
    """A reader of English is told the year only where it is not this one."""
    now = judge(read_row(email=HANA, left_on="2026-11-13"), SEEN, TODAY)
    then = judge(read_row(email=HANA, left_on="2025-11-13"), Found(last_seen=date(2025, 12, 1)), TODAY)

    assert now.reason.en == "They signed in on 20 November. Is the leave date right?"
    assert then.reason.en == "They signed in on 1 December 2025. Is the leave date right?"


def test_the_unknown_and_the_foreign_are_told_alike_whatever_the_date() -> None:
    """Of somebody who is not in this company nothing is said but that, whatever else the row holds."""
    said = {
        judge(read_row(email="nana@gmail.example", left_on=left_on), None, TODAY)
        for left_on in ("2026-09-30", "2027-01-01", "", "?")
    }

    assert {(one.verdict, one.reason.ko, one.left_on) for one in said} == {
        (EXCLUDE, "우리 회사 회원 목록에 없어요.", None)
    }


def test_only_what_asks_for_it_can_be_confirmed() -> None:
    """Ticks beside rows that must be fixed or are left out bring nobody in."""
    judged = {2: REQUEST, 3: CONFIRM, 4: CONFIRM, 5: FIX, 6: EXCLUDE, 7: REQUEST}

    assert requested(judged, ()) == (2, 7)
    assert requested(judged, {4, 5, 6, 99}) == (2, 4, 7)


HEADERS: dict[str, tuple[list[str], dict[str, int]]] = {
    "sample": (["email", "leave_date"], {"email": 0, "left_on": 1}),
    "korean": (["이메일", "퇴사일"], {"email": 0, "left_on": 1}),
    "korean, spaced, other order": (["퇴사 일자", "이름", "메일 주소"], {"email": 2, "left_on": 0}),
    "with a byte order mark": (["\ufeffE-Mail", "Leave Date"], {"email": 0, "left_on": 1}),
    "by id": (["아이디", "퇴직일"], {"login_id": 0, "left_on": 1}),
    "both": (["login_id", "email", "left_on"], {"login_id": 0, "email": 1, "left_on": 2}),
    "decomposed": (["\u110b\u1175\u1106\u1166\u110b\u1175\u11af", "퇴사일"], {"email": 0, "left_on": 1}),
    "full-width": (["ＥＭＡＩＬ", "퇴사일"], {"email": 0, "left_on": 1}),
    "two unknown columns of one name": (["비고", "email", "비고", "퇴사일"], {"email": 1, "left_on": 3}),
}


@pytest.mark.parametrize(("header", "places"), HEADERS.values(), ids=HEADERS.keys())
def test_columns_are_found_by_the_names_people_give_them(header: list[str], places: dict[str, int]) -> None:
    """The first line is read whatever the order, case and spaces; other columns are not read."""
    assert columns_of(header) == places


REFUSED: dict[str, tuple[list[str], str]] = {
    "no e-mail": (["name", "leave_date"], "'email' 열을 찾지 못했어요. 견본 파일과 첫 줄을 맞춰 주세요."),
    "no line at all": ([], "'email' 열을 찾지 못했어요. 견본 파일과 첫 줄을 맞춰 주세요."),
    "no date": (["email"], "'leave_date'(퇴사일) 열을 찾지 못했어요. 견본 파일과 첫 줄을 맞춰 주세요."),
    "one name twice": (
        ["email", "leave_date", "email"],
        "'email' 열과 'email' 열이 겹쳐요. 하나만 남겨 주세요.",
    ),
    "two names for one": (
        ["email", "이메일", "leave_date"],
        "'email' 열과 '이메일' 열이 겹쳐요. 하나만 남겨 주세요.",
    ),
}


@pytest.mark.parametrize(("header", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_without_its_columns_is_refused_whole(header: list[str], reason: str) -> None:
    """A first line that does not say who left when refuses the file, with what to do."""
    with pytest.raises(ListRefused) as refused:
        columns_of(header)

    assert refused.value.reason.ko == reason


@pytest.mark.parametrize(("rows", "words"), [(0, "nobody in the list"), (100_001, "more than 100,000 rows")])
def test_a_list_of_nobody_or_of_too_many_is_refused(rows: int, words: str) -> None:
    """A list has one row at least and a hundred thousand at most."""
    with pytest.raises(ListRefused, match=words):
        check_count(rows)


@pytest.mark.parametrize("rows", [1, 100_000])
def test_a_list_within_its_bounds_is_taken(rows: int) -> None:
    """One row is enough and a hundred thousand are not too many."""
    check_count(rows)


SENTENCES: dict[str, tuple[list[Verdict], str, str]] = {
    "fourteen": (
        [REQUEST] * 8 + [CONFIRM] + [FIX] * 3 + [EXCLUDE] * 2,
        "14행 가운데 8명의 삭제를 요청할 수 있어요",
        "8 of 14 rows can be requested",
    ),
    "one": ([REQUEST], "1행 가운데 1명의 삭제를 요청할 수 있어요", "1 of 1 row can be requested"),
    "thousands": (
        [REQUEST] * 1200,
        "1,200행 가운데 1,200명의 삭제를 요청할 수 있어요",
        "1,200 of 1,200 rows can be requested",
    ),
    "none": ([FIX, EXCLUDE], "2행 가운데 삭제를 요청할 수 있는 회원이 없어요", "None of the 2 rows can be requested"),
    "not the one": ([FIX], "1행 가운데 삭제를 요청할 수 있는 회원이 없어요", "The row cannot be requested"),
}


@pytest.mark.parametrize(("verdicts", "ko", "en"), SENTENCES.values(), ids=SENTENCES.keys())
def test_the_preview_says_how_many_can_be_requested(verdicts: list[Verdict], ko: str, en: str) -> None:
    """The heading counts rows and people, in both languages."""
    sentence = totals_of(verdicts).sentence

    assert (sentence.ko, sentence.en) == (ko, en)


def test_totals_count_every_verdict() -> None:
    """A verdict that no row has is counted as none."""
    assert totals_of([REQUEST, REQUEST, FIX]) == Totals(3, {REQUEST: 2, CONFIRM: 0, FIX: 1, EXCLUDE: 0})
