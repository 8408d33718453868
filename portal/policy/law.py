"""What is known of today's law: notes read from `law.toml`, each with its source and the day it was last verified."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

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


def notes() -> tuple[LawNote, ...]:
    """Return the notes that come with the portal, in the order of the file."""
    raw = tomllib.loads((Path(__file__).parent / "law.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["notes"], tuple[LawNote, ...])
