"""Paging: what an address asks of a list, and what the list's foot tells."""

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_babel import gettext, ngettext

from portal.services.page import PAGE

MOST_DIGITS = 15  # of a number that every engine can keep, and can multiply by the length of a page


def number_of(text: str | None) -> int | None:
    """Return the whole number that an address or a form names, None for anything else."""
    return int(text) if text and text.isdecimal() and len(text) <= MOST_DIGITS else None


def page_of(args: Mapping[str, str]) -> int:
    """Return which page of a list is asked for, the first being 1."""
    text = args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1


def counted(page: int, shown: int, total: int, *, are_people: bool = False) -> str:
    """Return which lines of how many a page shows, or that these are all; nothing where there are none."""
    if not shown:
        return ""
    numbers = {"total": f"{total:,}"}
    if shown == total:
        return gettext("모두 %(total)s명", **numbers) if are_people else gettext("모두 %(total)s건", **numbers)
    first = (page - 1) * PAGE + 1
    numbers |= {"first": f"{first:,}", "last": f"{first + shown - 1:,}"}
    if are_people:
        return gettext("%(total)s명 가운데 %(first)s–%(last)s", **numbers)
    return gettext("%(total)s건 가운데 %(first)s–%(last)s", **numbers)


def pages(endpoint: str, page: int, total: int, **places: str) -> dict[str, Any]:
    """Return where the pages before and after are, and how many lines the next one shows."""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name not in ("page", "lang")}
    kept |= places
    rest = total - page * PAGE
    return {
        "before": url_for(endpoint, **{**kept, "page": page - 1}) if page > 1 else "",
        "after": url_for(endpoint, **{**kept, "page": page + 1}) if rest > 0 else "",
        "next": ngettext("다음 %(num)s건", "다음 %(num)s건", min(PAGE, max(1, rest))),
    }
