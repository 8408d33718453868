"""List files: what a company uploads, read from memory into rows of plain text, or the reason why all of it is refused.

CSV with commas, semicolons or tabs, in UTF-8 with or without its mark, UTF-16 with its mark, or CP949, decided strictly
over the whole file; or the first sheet of an XLSX. Nothing is written anywhere, and nothing is guessed at: a file is
taken whole or refused whole.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import msgspec
from python_calamine import CalamineError, CalamineWorkbook

from portal.policy.model import Text
from portal.rules.leaver_list import MOST_ROWS, ListRefused, check_count, columns_of
from portal.services.unpacking import TooLarge, extent_of

MOST_BYTES = 20 << 20
MOST_CELLS = 5_000_000
LONGEST_CELL = 320  # what no address and no ID exceeds
DELIMITERS = ",;\t"
ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
Cells = tuple[int, list[Any]]  # a row's number and its cells

EMPTY = Text(
    ko="파일이 비어 있어요. 견본 파일에 회원을 적어 올려 주세요.",
    en="The file is empty. Enter the members in the sample file and upload it.",
)
TOO_LARGE = Text(
    ko="파일이 20MB를 넘어요. 나눠서 올려 주세요.", en="The file is larger than 20 MB. Upload the list in parts."
)
SWELLING = Text(
    ko="압축을 풀면 너무 커지는 파일이에요. 명단만 담아 CSV로 올려 주세요.",
    en="Unpacked, this file becomes too large. Upload the list alone, as CSV.",
)
ENCRYPTED = Text(
    ko="암호가 걸린 엑셀 파일이에요. 암호를 풀고 다시 올려 주세요.",
    en="The workbook has a password. Remove it and upload the file again.",
)
OLD_WORKBOOK = Text(
    ko="오래된 엑셀 형식(.xls)이에요. .xlsx나 CSV로 저장해서 올려 주세요.",
    en="This is the old Excel format (.xls). Save it as .xlsx or CSV and upload that.",
)
NO_WORKBOOK = Text(
    ko="엑셀 파일을 읽을 수 없어요. 다시 저장하거나 CSV로 올려 주세요.",
    en="The workbook cannot be read. Save it again, or upload it as CSV.",
)
NOT_CSV = Text(
    ko="CSV나 엑셀(.xlsx) 파일이 아니에요. 명단을 둘 중 하나로 저장해서 올려 주세요.",
    en="This is neither CSV nor Excel (.xlsx). Save the list as one of them and upload that.",
)
ENCODING = Text(
    ko="글자를 읽을 수 없어요. ‘CSV UTF-8(쉼표로 분리)’로 저장해서 올려 주세요.",
    en="The characters cannot be read. Save it as “CSV UTF-8 (comma delimited)” and upload that.",
)
BROKEN_CSV = Text(
    ko="따옴표가 맞지 않는 줄이 있어요. 파일을 다시 저장해서 올려 주세요.",
    en="The quotes of a line do not match. Save the file again and upload that.",
)


class Line(msgspec.Struct, array_like=True):
    """One row as it was typed; `number` is the one a spreadsheet shows."""

    number: int
    email: str
    login_id: str
    left_on: str


def lines_of(content: bytes) -> list[Line]:
    """Return the rows of a list below its first line, blank ones left out. Raises ListRefused."""
    if len(content) > MOST_BYTES:
        raise ListRefused(TOO_LARGE)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise ListRefused(ENCRYPTED if "EncryptedPackage".encode("utf-16-le") in content else OLD_WORKBOOK)
    if content.startswith(b"%PDF"):
        raise ListRefused(NOT_CSV)
    rows = _workbook_rows(content) if content.startswith(b"PK\x03\x04") else _csv_rows(_decoded(content))
    lines = _lines(rows)
    check_count(len(lines))
    return lines


def _lines(rows: Iterable[Cells]) -> list[Line]:
    places: dict[str, int] | None = None
    found = []
    for number, cells in rows:
        texts = [_text_of(cell) for cell in cells]
        if not any(text.strip() for text in texts):
            continue
        if places is None:
            places = columns_of(texts)
            continue
        if len(found) == MOST_ROWS:
            check_count(MOST_ROWS + 1)
        typed = {column: texts[place] for column, place in places.items() if place < len(texts)}
        found.append(Line(number, typed.get("email", ""), typed.get("login_id", ""), typed.get("left_on", "")))
    if places is None:
        raise ListRefused(EMPTY)
    return found


def _text_of(cell: Any) -> str:
    """Return the text of a cell. A day is written as one; a whole number is its digits, as a spreadsheet shows it."""
    if isinstance(cell, str):
        return cell[:LONGEST_CELL]
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)[:LONGEST_CELL]


def _decoded(content: bytes) -> str:
    marked = next((encoding for mark, encoding in ENCODINGS.items() if content.startswith(mark)), None)
    if marked != "utf-16" and b"\0" in content:
        raise ListRefused(NOT_CSV)
    for encoding in (marked,) if marked else ("utf-8", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ListRefused(ENCODING)


def _csv_rows(text: str) -> Iterator[Cells]:
    first = next((line for line in text.splitlines()[:50] if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        raise ListRefused(BROKEN_CSV) from error


def _workbook_rows(content: bytes) -> Iterator[Cells]:
    try:
        extent = extent_of(io.BytesIO(content))
        if extent.rows > MOST_ROWS * 2:
            check_count(MOST_ROWS + 1)
        if extent.rows * extent.columns > MOST_CELLS:
            raise ListRefused(SWELLING)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except TooLarge as error:
        raise ListRefused(SWELLING) from error
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        if isinstance(error, ListRefused):
            raise
        raise ListRefused(NO_WORKBOOK) from error
    yield from enumerate(rows, start=1)
