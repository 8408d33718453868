"""Limiting: how often somebody may try something, counted in the store so that all workers count together.

A count is committed before the attempt is made, so that a failed attempt counts as well.
"""

import hmac
from datetime import datetime, timedelta

from flask import current_app

from portal.database import writing
from portal.records import rates

KEPT = timedelta(days=1)


class TooMany(Exception):
    """Too many attempts; `wait_s` says after how many seconds another one is heard."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(f"too many attempts; wait {wait_s} s")


def limit(what: str, who: str, at: datetime, *, times: int, within: timedelta) -> None:
    """Count one attempt of `who` (an address, an account in its canonical form) at `what`. Raises TooMany above
    `times` in one window of length `within`; windows are aligned with the clock."""
    length = int(within.total_seconds())
    began = int(at.timestamp()) // length * length
    ends_at = datetime.fromtimestamp(began + length, at.tzinfo)
    with writing():
        count = rates.count_one(_bucket(what, who, began), ends_at)
        if count == 1:
            rates.forget_before(at - KEPT)
    if count > times:
        raise TooMany(max(1, began + length - int(at.timestamp())))


def _bucket(what: str, who: str, began: int) -> bytes:
    key: bytes = current_app.extensions["portal.secrets"].index_key
    return hmac.digest(key, f"rate\0{what}\0{who}\0{began}".encode(), "sha256")[:16]
