"""Unpacking: how large a workbook really is, found out before anything reads it whole.

What an archive says of itself may be a lie, and a reader of sheets lays out a rectangle up to the farthest cell. So
every part is inflated here first, in pieces that are thrown away, and the farthest cell is looked for on the way.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

UNPACKED_BYTES = 256 << 20
PIECE = 1 << 20
MOST_PARTS = 500
LONGEST_TAG = 4096
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z", re.IGNORECASE)
_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^<>]*)>")
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{0,3})([0-9]{1,9})[\"']")


class TooLarge(Exception):
    """The parts of the workbook are larger than they may be, or than they say."""


@dataclass
class Extent:
    """The farthest cells: how many rows and columns a sheet reaches."""

    rows: int = 0
    columns: int = 0


def extent_of(file: IO[bytes]) -> Extent:
    """Return how far the sheets of a workbook reach. Raises TooLarge, or zipfile.BadZipFile."""
    extent, left = Extent(), UNPACKED_BYTES
    with zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
        if len(parts) > MOST_PARTS:
            raise TooLarge
        for part in parts:
            is_sheet = bool(_SHEET.search(part.filename.replace("\\", "/")))
            rest = b""
            row = 0
            for piece in _inflated(file, part):
                left -= len(piece)
                if left < 0:
                    raise TooLarge
                if is_sheet:
                    rest += piece
                    row, end = _measure(rest, extent, row)
                    rest = rest[max(end, len(rest) - LONGEST_TAG) :]
    return extent


def _inflated(file: IO[bytes], part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part's bytes as they are, however many the archive says there are."""
    file.seek(part.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise zipfile.BadZipFile("a part begins outside the file")
    magic, name, extra = _LOCAL_HEADER.unpack(header)
    if magic != b"PK\x03\x04" or part.flag_bits & 0x1:
        raise zipfile.BadZipFile("a part is no part, or is encrypted")
    file.seek(name + extra, 1)
    left = part.compress_size
    if part.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (piece := file.read(min(left, PIECE))):
            left -= len(piece)
            yield piece
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile("a part is packed in an unusual way")
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while left > 0 and (packed := file.read(min(left, PIECE))):
            left -= len(packed)
            while packed:
                yield inflating.decompress(packed, PIECE)
                packed = inflating.unconsumed_tail
    except zlib.error as error:
        raise zipfile.BadZipFile("a part cannot be inflated") from error


def _measure(data: bytes, extent: Extent, row: int) -> tuple[int, int]:
    """Widen `extent` by the cells in `data`; return the row at its end, and where the last whole tag ends."""
    end = 0
    for tag in _TAG.finditer(data):
        end = tag.end()
        place = _PLACE.search(tag[2])
        if tag[1] == b"row":
            row = int(place[2]) if place else row + 1
            continue
        extent.rows = max(extent.rows, int(place[2]) if place else row)
        if place:
            extent.columns = max(extent.columns, _column(place[1]))
    return row, end


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
