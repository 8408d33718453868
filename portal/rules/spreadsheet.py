"""Spreadsheets: what a cell of an exported CSV may hold without being run as a formula by whoever opens it."""

from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # without it Korean Excel reads UTF-8 as CP949
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their wide forms
TEXT_MARK = "'"


def plain_cell(value: object) -> str:
    """Return `value` as a text that no spreadsheet takes for a formula: an apostrophe stands before one that could be.

    Spaces in front hide nothing. None is an empty cell; a number stays as it is, for it is no text of anybody's.
    """
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, int | float) or not text.lstrip(" \u00a0\u3000\ufeff").startswith(FORMULA_SIGNS):
        return text
    return TEXT_MARK + text


def plain_row(values: Iterable[object]) -> list[str]:
    """Return every cell of a row as `plain_cell` does."""
    return [plain_cell(value) for value in values]
