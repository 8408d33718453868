"""What is known of today's law: notes read from `law.toml`, each with its source and the day it was last verified."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from portal.policy.model import ArticleNumber, Fact, Key, Text, Words

Severity = Literal["HIGH", "MEDIUM", "LOW"]


class LawNote(Fact, frozen=True):
    """What the law says on one point. `key` names the check in `portal.rules.law` that tells whether it applies."""

    key: Key
    article: ArticleNumber
    severity: Severity
    source: Words
    verified_on: date
    law_says: Text


class BodyToday(Fact, frozen=True):
    """A body to which people can turn today, whatever name and number the policy prints."""

    name: Text
    phone: Words
    url: Words
    verified_on: date


def notes() -> tuple[LawNote, ...]:
    """Return the notes that come with the portal, in the order of the file."""
    return msgspec.convert(_raw()["notes"], tuple[LawNote, ...])


@cache
def bodies_today() -> tuple[BodyToday, ...]:
    """Return where people can turn today, in the order of the file."""
    return msgspec.convert(_raw()["bodies_today"], tuple[BodyToday, ...])


def _raw() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "law.toml").read_text(encoding="utf-8"))
