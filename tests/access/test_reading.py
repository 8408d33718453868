"""What stands in a journal's bytes, before any store is asked."""

from datetime import date

import pytest

from middleware.journal import parse_line
from portal.records.access.batch import Piece, bounds, read
from tests.access.builders import NOON, a_record, micros, text_of

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def ids(piece: Piece, day: date) -> list[str]:
    found = [parse_line(line) for line in piece.days.get(day, [])]
    return [record.request_id for record in found if record is not None]


def test_a_day_in_seoul_begins_at_three_in_the_afternoon_utc() -> None:
    """The 23rd runs from 15:00 UTC on the 22nd up to 15:00 UTC on the 23rd."""
    assert bounds(MONDAY) == (1_795_359_600_000_000, 1_795_446_000_000_000)
    assert bounds(MONDAY) == (micros(2026, 11, 22, 15), micros(2026, 11, 23, 15))


def test_midnight_in_seoul_parts_two_days() -> None:
    """The last microsecond of a day belongs to it, the next one to the next day."""
    last = a_record(micros(2026, 11, 23, 14, 59, 59, 999_999), request_id="last")
    first = a_record(micros(2026, 11, 23, 15), request_id="first")

    piece = read("s", 0, text_of([last, first]), live=True)

    assert (ids(piece, MONDAY), ids(piece, TUESDAY)) == (["last"], ["first"])


def test_interleaved_days_are_sorted_out() -> None:
    """Around midnight the lines of two days stand mixed, and each finds its day."""
    before, after = micros(2026, 11, 23, 14, 59), micros(2026, 11, 23, 15, 1)
    records = [a_record(at, request_id=name) for at, name in zip((before, after) * 2, "abcd", strict=True)]

    piece = read("s", 0, text_of(records), live=True)

    assert (ids(piece, MONDAY), ids(piece, TUESDAY)) == (["a", "c"], ["b", "d"])


def test_a_live_piece_ends_before_a_line_that_is_not_whole() -> None:
    """A line under way is left for the next pass, and so is everything behind it."""
    whole, torn, later = (text_of([a_record(request_id=name)]) for name in ("whole", "torn", "later"))
    damaged = torn[:20] + b"#" + torn[21:]

    piece = read("s", 100, whole + damaged + later, live=True)

    assert ids(piece, MONDAY) == ["whole"]
    assert (piece.start, piece.end, piece.torn) == (100, 100 + len(whole), ())


def test_a_dead_piece_passes_over_torn_lines() -> None:
    """What will never be whole is noted by its position, and the lines behind it are kept."""
    whole, torn, later = (text_of([a_record(request_id=name)]) for name in ("whole", "torn", "later"))
    data = whole + torn[:20] + b"#" + torn[21:] + later + b"half a line"

    piece = read("s", 100, data, live=False)

    assert ids(piece, MONDAY) == ["whole", "later"]
    assert piece.torn == (100 + len(whole), 100 + len(whole + torn + later))
    assert piece.end == 100 + len(data)


def test_holes_in_a_dead_segment_are_passed_over() -> None:
    """After a power cut lines may stand behind NULs, and a line may have lost its beginning."""
    first, second, third = (text_of([a_record(request_id=name)]) for name in ("first", "second", "third"))
    data = first + bytes(50) + second + b"rest of a line" + bytes(10) + third + bytes(30)

    piece = read("s", 0, data, live=False)

    assert ids(piece, MONDAY) == ["first", "second", "third"]
    assert piece.torn == (len(first) + 50 + len(second),)


GOOD = text_of([a_record()])[:-1]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\t" * 10, id="tabs only"),
        pytest.param(GOOD[:-1], id="short checksum"),
        pytest.param(GOOD[:-8] + b"zzzzzzzz", id="no checksum"),
        pytest.param(b"x" + GOOD, id="more in front"),
        pytest.param(GOOD + b"0", id="more behind"),
        pytest.param(GOOD.replace(b"GET", b"G\xc3T"), id="not ASCII"),
        pytest.param(text_of([a_record(path="/a\tb")])[:-1], id="a tab inside"),
        pytest.param(text_of([a_record(path="/a\\b")])[:-1], id="a backslash inside"),
        pytest.param(text_of([a_record(-1)])[:-1], id="before 1970"),
        pytest.param(text_of([a_record(10**18)])[:-1], id="after every calendar"),
        pytest.param(text_of([a_record("noon")])[:-1], id="no time"),  # type: ignore[arg-type]
    ],
)
def test_a_line_that_is_no_record_is_torn(line: bytes) -> None:
    """None of these becomes a record, and the good line behind it does."""
    piece = read("s", 0, line + b"\n" + GOOD + b"\n", live=False)

    assert piece.torn == (0,)
    assert piece.days == {MONDAY: [GOOD]}


def test_what_the_journal_reads_is_what_is_kept() -> None:
    """The shorter judgement of a line agrees with the journal's own on every single-byte change of a line."""
    changed = [GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :] for at in range(len(GOOD))]
    changed = [line for line in changed if b"\n" not in line]

    kept = [line for line in changed if read("s", 0, line + b"\n", live=False).days]

    assert kept == [line for line in changed if parse_line(line) is not None]


def test_a_piece_can_be_taken_from_its_middle() -> None:
    """From the start of a later line only what begins there is given again."""
    first, second = text_of([a_record(request_id="a")]), text_of([a_record(NOON + 1, request_id="b")])
    piece = read("s", 1000, first + second, live=True)

    rest = piece.since(1000 + len(first), MONDAY)

    assert rest == [second[:-1]]
    assert piece.since(500, MONDAY) == [first[:-1], second[:-1]]
