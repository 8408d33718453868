"""What counts as a member id, the same for every kind of host."""

from __future__ import annotations

from uuid import UUID

MEMBER_ID_CHARS = 255


def member_id(value: object) -> str | None:
    """Return `value` as the text of a member id, or None when it is none.

    Text, whole numbers and UUIDs are ids. Empty text, text over 255 characters and text with control or
    unassigned characters are not: no host hands them out, and a store or log may trip over them.
    """
    if type(value) is str:
        text = value
    elif isinstance(value, bool) or not isinstance(value, str | int | UUID):
        return None
    else:
        text = str(value)
    if not text or len(text) > MEMBER_ID_CHARS or not text.isprintable():
        return None
    return text


def header_text(value: object) -> str | None:
    """Return a WSGI header value, bytes dressed as Latin-1 (PEP 3333), as the UTF-8 text it carries, or None."""
    if not isinstance(value, str):
        return None
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
