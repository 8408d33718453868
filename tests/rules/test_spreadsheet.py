import pytest

from portal.rules.spreadsheet import plain_cell, plain_row

CELLS: dict[str, tuple[object, str]] = {
    "a word": ("가온유통", "가온유통"),
    "an address": ("hana@gaon.example", "hana@gaon.example"),
    "a formula": ("=1+1", "'=1+1"),
    "a call": ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
    "a plus": ("+821012345678", "'+821012345678"),
    "a minus": ("-1+1", "'-1+1"),
    "an at": ("@SUM(A1)", "'@SUM(A1)"),
    "a tab": ("\t=1", "'\t=1"),
    "a line break": ("\n=1", "'\n=1"),
    "a return": ("\r=1", "'\r=1"),
    "a space before it": (" =1", "' =1"),
    "a wide space before it": ("\u3000=1", "'\u3000=1"),
    "a full-width sign": ("\uff1d1", "'\uff1d1"),
    "marked already": ("'=1", "'=1"),
    "inside a text": ("1=1", "1=1"),
    "a number": (-5, "-5"),
    "nothing": (None, ""),
    "an empty text": ("", ""),
}


@pytest.mark.parametrize(("value", "cell"), CELLS.values(), ids=CELLS.keys())
def test_no_cell_is_run_as_a_formula(value: object, cell: str) -> None:
    """A text that a spreadsheet could run gets an apostrophe before it; every other stays as it is."""
    assert plain_cell(value) == cell


def test_a_row_is_made_plain_cell_by_cell() -> None:
    """Every cell of a row is made plain, in its order."""
    assert plain_row(["a", "=b", 3, None]) == ["a", "'=b", "3", ""]
