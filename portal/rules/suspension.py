"""Suspension: who closed an account at the gate, and who may therefore open it again.

A member and the company close it each for themselves, and each opens only what they closed: the account is open once
neither keeps it closed. A report of leaving and a destruction close it, too; they end by ways of their own.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from portal.policy.model import Text


class Closer(StrEnum):
    """Who keeps an account closed."""

    SELF = "SELF"
    COMPANY = "COMPANY"


REASONS: Mapping[str, Text] = {  # why a company closes one of its members' accounts
    "ON_LEAVE": Text(ko="휴직·파견", en="On leave or seconded"),
    "OTHER_DUTIES": Text(ko="담당 업무 변경", en="Other duties now"),
    "SECURITY": Text(ko="계정 도용 의심", en="The account may be in wrong hands"),
    "DEVICE_LOST": Text(ko="기기 분실", en="A device was lost"),
}


class Change(msgspec.Struct, frozen=True):
    """An account closed or opened again, as the audit has it; `reason` is one of REASONS where the company did it."""

    closed: bool
    by_member: bool
    reason: str


def closers(changes: Iterable[Change]) -> dict[Closer, str]:
    """Return who keeps an account closed after these changes, oldest first, each with the reason."""
    found: dict[Closer, str] = {}
    for change in changes:
        closer = Closer.SELF if change.by_member else Closer.COMPANY if change.reason in REASONS else None
        if closer is not None and change.closed:
            found[closer] = change.reason
        elif closer is not None:
            found.pop(closer, None)
    return found
