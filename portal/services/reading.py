"""Reading lists: the rows of a CSV or XLSX file as texts by item, or the reason why the whole file is refused.

CSV is UTF-8 with or without its mark, else CP949, decided strictly over the whole file before a row is read; it is read
row by row, so memory does not grow with it. Of an XLSX the first sheet is read whole; formulas are not calculated, the
value that was saved with them is taken. What a cell holds is never guessed at: what is no text is a fault of its row.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from portal.policy.model import Text
from portal.rules.columns import HeadingFault, columns_of
from portal.rules.identifier import IdentifierFault

MOST_ROWS = 1_000_000
CSV_BYTES = 1 << 30
XLSX_BYTES = 100 << 20
XLSX_UNPACKED_BYTES = 1 << 30
EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
CHUNK = 1 << 20
Cells = tuple[int, list[Any]]  # a row's number and its cells

NO_TEXT = Text(
    ko="날짜, 소수이거나 너무 긴 숫자예요. 셀 서식을 텍스트로 바꿔 주세요.",
    en="This is a date, a fraction or a number too long for a cell. Make the cell text.",
)
MORE_CELLS = Text(ko="열 이름보다 칸이 많아요.", en="There are more cells than columns.")
EMPTY = Text(ko="파일이 비어 있어요.", en="The file is empty.")
NO_ROWS = Text(ko="열 이름 아래에 행이 없어요.", en="There is no row below the names of the columns.")
TOO_LARGE = Text(ko="파일이 너무 커요.", en="The file is too large.")
TOO_MANY = Text(ko=f"행이 {MOST_ROWS:,}개를 넘어요.", en=f"There are more than {MOST_ROWS:,} rows.")
OLD_WORKBOOK = Text(
    ko="암호가 걸렸거나 오래된 엑셀 파일이에요. 암호 없는 .xlsx나 CSV로 저장해 주세요.",
    en="This is a workbook with a password or of the old format. Save it as .xlsx without one, or as CSV.",
)
NO_WORKBOOK = Text(ko="엑셀 파일을 읽을 수 없어요.", en="The workbook cannot be read.")
NO_CSV = Text(
    ko="UTF-8이나 CP949로 된 CSV가 아니에요. “CSV UTF-8(쉼표로 분리)”로 저장해 주세요.",
    en="This is no CSV in UTF-8 or CP949. Save it as “CSV UTF-8 (comma delimited)”.",
)
BROKEN_CSV = Text(ko="CSV의 따옴표나 줄이 어긋났어요.", en="The quotes or lines of the CSV do not match.")


class FileFault(Exception):
    """The whole file is refused; `reason` says why, `row` near which row, if there is one."""

    def __init__(self, reason: Text, row: int | None = None) -> None:
        self.reason, self.row = reason, row
        super().__init__(reason.en if row is None else f"row {row}: {reason.en}")


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet shows it, its texts by item, and the cells that hold no text."""

    number: int
    fields: dict[str, str]
    faults: list[IdentifierFault] = field(default_factory=list)


class ListFile:
    """A file that holds a list. `rows` may be read as often as needed."""

    def __init__(self, path: Path) -> None:
        """Raises FileFault when the file is of no kind that is read."""
        self.path = path
        self.size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            self.is_workbook = start.startswith(b"PK\x03\x04")
            if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
                raise FileFault(OLD_WORKBOOK)
            if self.size > (XLSX_BYTES if self.is_workbook else CSV_BYTES):
                raise FileFault(TOO_LARGE)
            self._encoding = "" if self.is_workbook else _encoding_of(file)

    def rows(self, tell: Callable[[int], None] = lambda done: None) -> Iterator[Row]:
        """Yield the rows below the heading; `tell` hears the bytes read since it was told last. Raises FileFault."""
        with self.path.open("rb") as file:
            before = 0
            with closing(_workbook_rows(file) if self.is_workbook else _csv_rows(file, self._encoding)) as cells:
                for row in _named(cells):
                    yield row
                    if not self.is_workbook and row.number % 100 == 0:
                        here = file.tell()
                        tell(here - before)
                        before = here
            tell(self.size - before)


def _named(cells: Iterable[Cells]) -> Iterator[Row]:
    columns: tuple[str, ...] | None = None
    count = 0
    for number, values in cells:
        if not any(value != "" and value is not None for value in values):
            continue
        if columns is None:
            columns = _heading(values, number)
            continue
        count += 1
        if count > MOST_ROWS:
            raise FileFault(TOO_MANY)
        yield _row(number, columns, values)
    if columns is None:
        raise FileFault(EMPTY)
    if not count:
        raise FileFault(NO_ROWS)


def _heading(values: list[Any], number: int) -> tuple[str, ...]:
    names = [str(value) if value is not None else "" for value in values]
    while names and not names[-1].strip():
        names.pop()
    try:
        return columns_of(names)
    except HeadingFault as fault:
        ko, en = (" ".join(getattr(reason, language) for reason in fault.reasons) for language in ("ko", "en"))
        raise FileFault(Text(ko=ko, en=en), number) from fault


def _row(number: int, columns: tuple[str, ...], values: list[Any]) -> Row:
    row = Row(number, {})
    for item, value in zip(columns, values, strict=False):
        text = value if isinstance(value, str) else _text_of(value)
        if text is None:
            row.faults.append(IdentifierFault(item, NO_TEXT))
        else:
            row.fields[item] = text
    if any(value != "" and value is not None for value in values[len(columns) :]):
        row.faults.append(IdentifierFault("row", MORE_CELLS))
    return row


def _text_of(value: Any) -> str | None:
    """Return the text of a cell of a workbook; None for what is none. A whole number is its digits, as it is shown."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or abs(value) >= EXACT:
        return None
    return str(int(value))


def _encoding_of(file: BinaryIO) -> str:
    file.seek(0)
    marked = file.read(3) == codecs.BOM_UTF8
    for encoding in ("utf-8-sig",) if marked else ("utf-8", "cp949"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(CHUNK):
                if b"\0" in chunk:
                    raise FileFault(NO_CSV)
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileFault(NO_CSV)


def _csv_rows(file: BinaryIO, encoding: str) -> Generator[Cells, None, None]:
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = text.readline()
        text.seek(0)
        delimiter = "\t" if "\t" in first and "," not in first else ","
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                yield number, cells
        except csv.Error as error:
            raise FileFault(BROKEN_CSV, number + 1) from error
    finally:
        text.detach()


def _workbook_rows(file: BinaryIO) -> Generator[Cells, None, None]:
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > XLSX_UNPACKED_BYTES:
                raise FileFault(TOO_LARGE)
        file.seek(0)
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
        if sheet.total_height > MOST_ROWS + 1:
            raise FileFault(TOO_MANY)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileFault(NO_WORKBOOK) from error
    yield from enumerate(rows, start=1)
