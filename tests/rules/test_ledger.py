from datetime import date

import pytest
from msgspec.structs import replace

from portal.policy.model import Text
from portal.rules.ledger import (
    MEDIA,
    METHODS,
    METHODS_OF,
    REASONS,
    KeptApart,
    Line,
    Medium,
    Method,
    Reason,
    cells,
    header,
    is_ledger_number,
    ledger_number,
    methods_fault,
)
from tests.policy.samples import POLICY

LINE = Line(
    number="D-2026-0007",
    files=(Text(ko="회원 정보", en="Member information"), Text(ko="동의 기록", en="Consent records")),
    medium=Medium.ELECTRONIC,
    reason=Reason.LEFT_COMPANY,
    methods=(Method.DB_ERASE, Method.CRYPTO_SHRED),
    count=52,
    kept=(KeptApart("access_record", 1284, date(2027, 5, 13)), KeptApart("fraud", 10, date(2027, 11, 26))),
    made_on=date(2024, 3, 2),
    destroyed_on=date(2026, 11, 26),
    handler="staff-1",
    approver="staff-2",
    confirmed_by="staff-3",
    confirmed_on=date(2026, 11, 27),
    evidence="C-1",
)


def test_the_ledger_has_the_columns_of_the_public_form() -> None:
    """The header names the columns of the public form and what the law wants known besides, in order."""
    assert header("ko") == [
        "번호",
        "개인정보파일명",
        "자료의 종류",
        "생성일",
        "폐기일",
        "폐기사유",
        "파기방법",
        "대상 건수",
        "보존분리 여부·근거",
        "처리담당자",
        "처리부서장",
        "개인정보 보호책임자 확인",
        "확인일",
        "증빙",
    ]
    assert len(set(header("en"))) == 14


def test_a_line_reads_in_korean() -> None:
    """One destruction is one line, with words for its codes and days in one form."""
    assert cells(LINE, POLICY, "ko") == [
        "D-2026-0007",
        "회원 정보, 동의 기록",
        "전자 파일",
        "2024-03-02",
        "2026-11-26",
        "퇴사",
        "행 삭제, 암호키 폐기",
        "52",
        "서비스 접속 기록 1,284건(통신비밀보호법, 2027-05-13 파기 예정); "
        "부정 이용 방지 기록 10건(내부 방침, 2027-11-26 파기 예정)",
        "staff-1",
        "staff-2",
        "staff-3",
        "2026-11-27",
        "C-1",
    ]


def test_a_line_reads_in_english() -> None:
    """The same line in English."""
    line = replace(LINE, kept=(KeptApart("dispute", 2, date(2029, 2, 1)),))

    assert cells(line, POLICY, "en")[5:9] == [
        "Left the company",
        "Rows erased, Encryption key destroyed",
        "52",
        "record of consumer complaints and disputes: 2 (E-Commerce Act, to be destroyed on 2029-02-01)",
    ]


def test_an_unfinished_line_says_so() -> None:
    """A destruction under way has no day yet, and nothing kept reads as a word and not as a gap."""
    line = Line("D-2026-0008", (), Medium.ELECTRONIC, Reason.ASKED)

    assert cells(line, POLICY, "ko")[3:9] == ["", "파기 중", "회원의 요청", "", "0", "없음"]


def test_a_line_holds_no_formula() -> None:
    """What people typed into a line cannot be run by a spreadsheet."""
    assert cells(replace(LINE, evidence="=1+1"), POLICY, "ko")[-1] == "'=1+1"


NUMBERS: dict[str, tuple[int, int, str]] = {
    "the first": (2026, 1, "D-2026-0001"),
    "the last of four digits": (2026, 9999, "D-2026-9999"),
    "five digits": (2027, 10000, "D-2027-10000"),
}


@pytest.mark.parametrize(("year", "serial", "number"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_says_its_year(year: int, serial: int, number: str) -> None:
    """Numbers count within a year and grow beyond four digits."""
    assert ledger_number(year, serial) == number
    assert is_ledger_number(number)


def test_numbers_start_at_one() -> None:
    """There is no destruction number zero."""
    with pytest.raises(ValueError, match="got 0, expected 1 or more"):
        ledger_number(2026, 0)


@pytest.mark.parametrize("text", ["", "D-2026-1", "D-2026-01000", "R-2026-0001", "D-2026-0001 ", "d-2026-0001"])
def test_other_texts_are_no_number(text: str) -> None:
    """A text that the ledger never wrote is not taken for one of its numbers."""
    assert not is_ledger_number(text)


METHOD_FAULTS: dict[str, tuple[Medium, list[Method], str | None]] = {
    "paper shredded": (Medium.PAPER, [Method.SHRED], None),
    "paper shredded and burnt": (Medium.PAPER, [Method.SHRED, Method.INCINERATE], None),
    "rows erased": (Medium.ELECTRONIC, [Method.DB_ERASE, Method.CRYPTO_SHRED], None),
    "paper overwritten": (Medium.PAPER, [Method.OVERWRITE], "Choose a method that fits the kind of material."),
    "rows burnt": (
        Medium.ELECTRONIC,
        [Method.DB_ERASE, Method.INCINERATE],
        "Choose a method that fits the kind of material.",
    ),
    "no method": (Medium.PAPER, [], "Choose how it was destroyed."),
}


@pytest.mark.parametrize(("medium", "methods", "fault"), METHOD_FAULTS.values(), ids=METHOD_FAULTS.keys())
def test_a_method_fits_its_medium(medium: Medium, methods: list[Method], fault: str | None) -> None:
    """Paper is shredded or burnt, files are not; without a method nothing is entered."""
    found = methods_fault(medium, methods)

    assert (found.en if found else None) == fault


def test_every_code_has_its_words() -> None:
    """Each reason, medium and method can be told in both languages, and each method belongs to one medium."""
    assert set(REASONS) == set(Reason)
    assert set(MEDIA) == set(Medium)
    assert set(METHODS) == set(Method)
    assert sorted([*METHODS_OF[Medium.PAPER], *METHODS_OF[Medium.ELECTRONIC]]) == sorted(Method)
