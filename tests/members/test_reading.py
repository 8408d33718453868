"""Reading a list: every form that a spreadsheet saves, and a reason for every file that is none."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from portal.services import reading
from portal.services.reading import FileFault, ListFile, Row

KO = "회원번호,이메일,회사명\n7001,a@gaon.example,가온유통\n7002,b@gaon.example,도담\n"
READ = [("7001", "a@gaon.example", "가온유통"), ("7002", "b@gaon.example", "도담")]


def saved(folder: Path, content: bytes | str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(folder: Path, *lines: list[Any], first: int = 0) -> Path:
    path = folder / "list.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, cells in enumerate(lines, start=first):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                else:
                    sheet.write(number, column, cell)
    return path


def values(rows: list[Row]) -> list[tuple[str, ...]]:
    return [tuple(row.fields.values()) for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(KO.encode(), id="UTF-8"),
        pytest.param(KO.encode("utf-8-sig"), id="UTF-8 with its mark"),
        pytest.param(KO.encode("cp949"), id="CP949"),
        pytest.param(KO.replace("\n", "\r\n").encode(), id="lines of Windows"),
        pytest.param(KO.replace(",", "\t").encode(), id="tabs"),
        pytest.param(KO.rstrip("\n").encode(), id="no last line end"),
        pytest.param(("\n" + KO + "\n,,\n").encode(), id="blank rows"),
        pytest.param(KO.replace("가온유통", '"가온유통"').encode(), id="quotes"),
        pytest.param(KO.replace("회원번호,이메일,회사명", "Member Number,E-Mail,company_name").encode(), id="English"),
    ],
)
def test_a_csv_is_read(tmp_path: Path, content: bytes) -> None:
    """Whatever a Korean spreadsheet saves as CSV gives the same rows."""
    assert values(list(ListFile(saved(tmp_path, content)).rows())) == READ


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    """The heading is row 1 and blank rows count; a line break inside quotes makes no row."""
    rows = list(ListFile(saved(tmp_path, '이메일,회원번호\na@b.example,"1\n2"\n\nc@d.example,3\n')).rows())

    assert [(row.number, row.fields["host_id"]) for row in rows] == [(2, "1\n2"), (4, "3")]


def test_a_workbook_is_read(tmp_path: Path) -> None:
    """Whole numbers are their digits, a formula is the value saved with it, and rows keep their numbers."""
    path = workbook(
        tmp_path,
        ["회원번호", "이메일", "사업자등록번호", "연락처"],
        [7001, "a@gaon.example", 7898101310, "010-1234-5678"],
        [None, None, None, None],
        ["007", "b@gaon.example", "789-81-01310", ""],
        first=1,
    )

    rows = list(ListFile(path).rows())

    assert [(row.number, tuple(row.fields.values()), row.faults) for row in rows] == [
        (3, ("7001", "a@gaon.example", "7898101310", "010-1234-5678"), []),
        (5, ("007", "b@gaon.example", "789-81-01310", ""), []),
    ]


@pytest.mark.parametrize("cell", [1.5, 1234567890123456, True, date(2026, 11, 23)], ids=str)
def test_a_cell_that_holds_no_text_is_a_fault(tmp_path: Path, cell: Any) -> None:
    """A fraction, a number longer than a cell keeps, a date or a truth value is never guessed at."""
    (row,) = ListFile(workbook(tmp_path, ["회원번호", "이메일"], [cell, "a@gaon.example"])).rows()

    assert [fault.field for fault in row.faults] == ["host_id"]
    assert "Make the cell text" in str(row.faults[0])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param("회원번호,이메일\n", "no row below", id="heading only"),
        pytest.param("회원번호,이메일,나이\n1,a@b.example,3\n", "“나이” is not taken", id="unknown column"),
        pytest.param("회원번호,이메일,email\n1,a@b.example,\n", "“E-mail” stands twice", id="column twice"),
        pytest.param("이메일,아이디\na@b.example,x\n", "“Member number” is missing", id="no id"),
        pytest.param("회원번호,,이메일\n1,2,a@b.example\n", "Column 2 has no name", id="no name"),
        pytest.param(KO.encode("utf-16"), "no CSV in UTF-8 or CP949", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + KO.encode("cp949"), "no CSV in UTF-8 or CP949", id="a mark that lies"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", "no CSV in UTF-8 or CP949", id="a picture"),
        pytest.param(KO + '7003,"c@d.example', "quotes or lines", id="an open quote"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "password or of the old format", id="old Excel"
        ),
        pytest.param(b"PK\x03\x04 no archive", "workbook cannot be read", id="a broken workbook"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(tmp_path: Path, content: bytes | str, reason: str) -> None:
    """The reason says what is wrong and what to save instead, before any row is taken."""
    path = saved(tmp_path, content)

    with pytest.raises(FileFault, match=reason):
        list(ListFile(path).rows())


def test_every_fault_of_a_heading_is_told_at_once(tmp_path: Path) -> None:
    """Unknown, nameless and missing columns come in one reason, in both languages, with the row."""
    with pytest.raises(FileFault) as refusal:
        list(ListFile(saved(tmp_path, "나이,,아이디\n1,2,3\n")).rows())

    assert refusal.value.row == 1
    for said in ("“나이” 열은 받지 않아요.", "2번째 열 이름", "“회원번호” 열이 없어요.", "“이메일” 열이 없어요."):
        assert said in refusal.value.reason.ko


def test_a_list_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows or bytes than a list may have refuse it, a workbook's unpacked bytes among them."""
    path = saved(tmp_path, KO)
    book = workbook(tmp_path, ["회원번호", "이메일"], ["1", "a@b.example"], ["2", "c@d.example"])

    with monkeypatch.context() as small:
        small.setattr(reading, "MOST_ROWS", 1)
        for one in (path, book):
            with pytest.raises(FileFault, match="more than"):
                list(ListFile(one).rows())
    for bound, one in (("CSV_BYTES", path), ("XLSX_BYTES", book), ("XLSX_UNPACKED_BYTES", book)):
        with monkeypatch.context() as small:
            small.setattr(reading, bound, 10)
            with pytest.raises(FileFault, match="too large"):
                list(ListFile(one).rows())


def test_progress_adds_up_to_the_file(tmp_path: Path) -> None:
    """What is told as read comes to the size of the file, CSV or workbook."""
    for path in (
        saved(tmp_path, "회원번호,이메일\n" + "1,a@b.example\n" * 1000),
        workbook(tmp_path, ["회원번호", "이메일"], ["1", "a@b.example"]),
    ):
        told: list[int] = []
        list(ListFile(path).rows(told.append))
        assert sum(told) == path.stat().st_size
