"""List files: taken whole in every form that offices save, or refused whole with the reason in a sentence."""

import io
import struct
import zipfile
from datetime import date

import pytest
import xlsxwriter

from portal.rules.leaver_list import MOST_ROWS, ListRefused
from portal.services.list_file import MOST_BYTES, Line, lines_of

PLAIN = "email,leave_date\nhana@gaon.example,2026-10-31\n"
HANA = [Line(2, "hana@gaon.example", "", "2026-10-31")]
KOREAN = "이메일,퇴사일\nhana@gaon.example,2026년 10월 31일\n"


def workbook(*rows: list[object]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                else:
                    sheet.write(number, place, cell)
    return content.getvalue()


def repacked(content: bytes, name: str, part: bytes) -> bytes:
    """Return a workbook with one part replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            new.writestr(one.filename, part if one.filename == name else old.read(one.filename))
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.encode(), id="UTF-8"),
        pytest.param(PLAIN.encode("utf-8-sig"), id="UTF-8 with its mark"),
        pytest.param(PLAIN.encode("utf-16"), id="UTF-16"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="lines of Windows"),
        pytest.param(PLAIN.replace(",", ";").encode(), id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t").encode(), id="tabs"),
        pytest.param(b'email,leave_date,memo\n"hana@gaon.example","2026-10-31","a, b"\n', id="quotes"),
        pytest.param(workbook(["email", "leave_date"], ["hana@gaon.example", "2026-10-31"]), id="XLSX"),
        pytest.param(workbook(["leave_date", "email"], [date(2026, 10, 31), "hana@gaon.example"]), id="a day"),
    ],
)
def test_a_list_is_read_as_it_was_saved(content: bytes) -> None:
    """One row comes out, whatever the encoding, the delimiter or the program."""
    assert lines_of(content) == HANA


def test_cp949_is_read() -> None:
    """Korean Excel saves CSV in CP949 without saying so."""
    assert lines_of(KOREAN.encode("cp949")) == [Line(2, "hana@gaon.example", "", "2026년 10월 31일")]


def test_blank_rows_are_passed_over_and_numbers_kept() -> None:
    """A row has the number that a spreadsheet shows, blank ones counted."""
    lines = lines_of("아이디,퇴사일\n\n hana ,46326\n,\nkim,\n".encode())

    assert lines == [Line(3, "", " hana ", "46326"), Line(5, "", "kim", "")]


def test_a_number_in_a_cell_is_its_digits() -> None:
    """An ID of digits and the day number of a spreadsheet lose nothing."""
    assert lines_of(workbook(["id", "leave_date"], [20260012, 46326])) == [Line(2, "", "20260012", "46326")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "The file is empty.", id="empty"),
        pytest.param(b"\n , \n", "The file is empty.", id="blank"),
        pytest.param(b"email,leave_date\n", "There is nobody in the list.", id="nobody"),
        pytest.param(b"name,leave_date\nx,y\n", 'We found no "email" column.', id="no e-mail"),
        pytest.param(b"email,name\nx,y\n", 'We found no "leave_date" column.', id="no day"),
        pytest.param(b"email,mail,leave_date\nx,y,z\n", 'The columns "email" and "mail" are the same.', id="twice"),
        pytest.param(b"email,leave_date\n\xff\xfe\xfd,x\n", "The characters cannot be read.", id="encoding"),
        pytest.param(b"%PDF-1.7\0\0", "This is neither CSV nor Excel", id="no CSV"),
        pytest.param(b'email,leave_date\n"x,y\n', "The quotes of a line do not match.", id="quotes"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "This is the old Excel format", id="old"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "The workbook has a password.",
            id="password",
        ),
        pytest.param(b"PK\x03\x04" + bytes(60), "The workbook cannot be read.", id="no workbook"),
        pytest.param(b"x" * (MOST_BYTES + 1), "The file is larger than 20 MB.", id="large"),
        pytest.param(
            b"email,leave_date\n" + b"a@b.example,x\n" * (MOST_ROWS + 1), "more than 100,000 rows", id="too many rows"
        ),
    ],
)
def test_a_file_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    """Nothing of it is used, and the sentence says what to do."""
    with pytest.raises(ListRefused, match=reason) as refusal:
        lines_of(content)

    assert refusal.value.reason.ko


def test_a_far_cell_does_not_fill_the_memory() -> None:
    """Two cells a million rows and sixteen thousand columns apart are refused before a reader lays out what lies
    between."""
    near = b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    far = near + b'<row r="90000"><c r="XFD90000"><v>1</v></c></row>'
    content = workbook(["email", "leave_date"], ["hana@gaon.example", "2026-10-31"])

    with pytest.raises(ListRefused, match="Unpacked, this file becomes too large"):
        lines_of(repacked(content, SHEET, far + b"</sheetData></worksheet>"))
    with pytest.raises(ListRefused, match="more than 100,000 rows"):
        lines_of(repacked(content, SHEET, far.replace(b"90000", b"1000000") + b"</sheetData></worksheet>"))


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    """What swells beyond its limit is let go piece by piece, whatever its own header says."""
    content = workbook(["email", "leave_date"], ["hana@gaon.example", "2026-10-31"])
    bomb = bytearray(repacked(content, SHEET, bytes(300 << 20)))
    with zipfile.ZipFile(io.BytesIO(bomb)) as packed:
        place = bytes(bomb).index(b"PK\x01\x02")
        for part in packed.infolist():
            if part.filename == SHEET:
                struct.pack_into("<I", bomb, place + 24, 100)
            place = bytes(bomb).index(b"PK", place + 46)

    with pytest.raises(ListRefused, match="Unpacked, this file becomes too large"):
        lines_of(bytes(bomb))
