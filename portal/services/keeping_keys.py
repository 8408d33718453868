"""Keeping keys: a new wrapping key, every key re-wrapped under it, and the look whether all is as it should be."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app

from portal.database import db, writing
from portal.records import references
from portal.rules.deed import Deed
from portal.services import auditing
from portal.services.auditing import OPERATOR, By
from portal.vault import person_keys, rewrapping
from portal.vault.rewrapping import Stand
from portal.vault.secrets import new_wrapping_key
from portal.vault.wrapping import WrappingKeys, wrapping_files

ORPHAN_AGE = timedelta(days=1)  # a younger key may belong to a deed that is not committed yet
SWEPT_AT_ONCE = 500
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Checked:
    """How the keys store stands: `unused` are files of wrapping keys that no key names; `orphans` open nothing."""

    stand: Stand
    newest: str
    unused: dict[str, Path]
    orphans: set[str]


def add_wrapping_key(at: datetime, *, by: By = OPERATOR) -> Path:
    """Make one more wrapping key and return its file; from now on new keys are wrapped under it."""
    folder = current_app.extensions["portal.settings"].secrets_dir
    with writing():
        number = new_wrapping_key(folder)
        auditing.note(Deed.KEY_ADDED, by, at, about=f"wrapping key {number}")
    return wrapping_files(folder)[number]


def waiting() -> int:
    """Return how many keys are not wrapped under the newest wrapping key."""
    return rewrapping.waiting(db.engines["keys"], _wrapping_keys())


def rotate(at: datetime, *, by: By = OPERATOR, tell: Tell = lambda done: None) -> Stand:
    """Wrap every key under the newest wrapping key; a run that was killed is finished by the next."""
    stand = rewrapping.rewrap(db.engines["keys"], _wrapping_keys(), tell)
    done = stand.by_wrapping_key.total()
    if done:
        with writing():
            about = f"wrapping key {_wrapping_keys().newest}"
            auditing.note(Deed.KEYS_ROTATED, by, at, about=about, facts={"keys": done, "broken": len(stand.broken)})
    return stand


def key_count() -> int:
    """Return how many keys there are."""
    return rewrapping.key_count(db.engines["keys"])


def check(at: datetime, tell: Tell = lambda done: None) -> Checked:
    """Open every key, and find the wrapping keys that none of them needs and the keys that nothing names."""
    wrapping_keys = _wrapping_keys()
    stand = rewrapping.check(db.engines["keys"], wrapping_keys, tell)
    files = wrapping_files(current_app.extensions["portal.settings"].secrets_dir)
    newest = wrapping_keys.newest
    unused = {number: path for number, path in files.items() if number != newest and not stand.by_wrapping_key[number]}
    orphans = references.unnamed(person_keys.opened().made_before(at - ORPHAN_AGE))
    return Checked(stand, newest, unused, orphans)


def sweep(orphans: Collection[str], at: datetime, *, by: By = OPERATOR, tell: Tell = lambda done: None) -> int:
    """Destroy keys that nothing names; asked again right before, so that one that came into use stays."""
    left = sorted(references.unnamed(set(orphans)))
    done = 0
    for start in range(0, len(left), SWEPT_AT_ONCE):
        some = left[start : start + SWEPT_AT_ONCE]
        done += person_keys.opened().destroy_many(some, at)
        tell(len(some))
    if done:
        with writing():
            auditing.note(Deed.KEYS_SWEPT, by, at, facts={"keys": done})
    return done


def _wrapping_keys() -> WrappingKeys:
    keys: WrappingKeys = current_app.extensions["portal.secrets"].wrapping_keys
    return keys
