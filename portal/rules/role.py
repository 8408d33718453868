"""Roles: who may do what, and when a handler may see personal data.

The table of permissions is the whole truth: what it does not name is allowed to nobody. A role alone opens no personal
data; whoever holds it must be designated and trained on that very day (Article 8; PIPA art. 28, ISMS-P 2.2.4).
"""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from portal.policy.model import Text
from portal.rules.retention import add_months

TRAINING_MONTHS = 12  # ISMS-P 2.2.4: at least once a year; may be set shorter, never longer


class Role(StrEnum):
    """Who somebody is here; a person may be several, and everybody is ANYONE."""

    HANDLER = "HANDLER"
    OFFICER = "OFFICER"
    AUDITOR = "AUDITOR"
    COMPANY_ADMIN = "COMPANY_ADMIN"
    MEMBER = "MEMBER"
    HOST = "HOST"  # the host's server, known by its signature and no person
    ANYONE = "ANYONE"


STAFF = frozenset({Role.HANDLER, Role.OFFICER, Role.AUDITOR})
DECIDERS = frozenset({Role.HANDLER, Role.OFFICER})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "policy.read": frozenset({Role.ANYONE}),
    "contact.write": frozenset({Role.ANYONE}),
    "me.read": frozenset({Role.MEMBER}),
    "me.exercise": frozenset({Role.MEMBER}),
    "org.read": frozenset({Role.COMPANY_ADMIN}),
    "org.request": frozenset({Role.COMPANY_ADMIN}),
    "desk.queue": STAFF,
    "desk.request.read": STAFF,
    "desk.request.decide": DECIDERS,
    "desk.request.log": DECIDERS,
    "desk.reveal": DECIDERS,
    "destructions.read": STAFF,
    "destructions.write": DECIDERS,
    "holds.read": STAFF,
    "policies.read": STAFF,
    "policies.write": frozenset({Role.OFFICER}),
    "holds.write": frozenset({Role.OFFICER}),
    "members.search": DECIDERS,
    "retention.read": STAFF,  # counts and days, nobody's data
    "ledger.read": STAFF,
    "ledger.enter": DECIDERS,
    "ledger.confirm": frozenset({Role.OFFICER}),
    "handlers.read": frozenset({Role.OFFICER, Role.AUDITOR}),
    "handlers.write": frozenset({Role.OFFICER}),
    "access.read": frozenset({Role.OFFICER, Role.AUDITOR}),
    "audit.read": frozenset({Role.OFFICER, Role.AUDITOR}),
    "audit.sign": frozenset({Role.OFFICER}),
    "inquiries.read": frozenset({Role.OFFICER, Role.AUDITOR}),
    "inquiries.write": frozenset({Role.OFFICER}),
    "registers.read": frozenset({Role.OFFICER, Role.AUDITOR}),
    "registers.write": frozenset({Role.OFFICER}),
    "staff.invite": frozenset({Role.OFFICER}),
    "companies.read": frozenset({Role.OFFICER, Role.AUDITOR}),
    "companies.write": frozenset({Role.OFFICER}),
    "staff.own": STAFF | {Role.COMPANY_ADMIN},  # one's own password, second factor and session
    "api.members": frozenset({Role.HOST}),
    "api.disclosures": frozenset({Role.HOST}),
}

SHOWS_PERSONAL_DATA = frozenset(
    {
        "desk.queue",
        "desk.request.read",
        "desk.request.decide",
        "desk.request.log",
        "desk.reveal",
        "destructions.write",
        "holds.read",
        "holds.write",
        "members.search",
        "access.read",
        "audit.read",
        "audit.sign",
        "inquiries.read",
        "inquiries.write",
        "companies.read",
        "companies.write",
    }
)
"""What opens only to the designated and trained. A masked value is personal data too."""

Why = Literal["OPEN", "NOT_DESIGNATED", "NOT_YET_DESIGNATED", "DESIGNATION_ENDED", "NOT_TRAINED", "TRAINING_LAPSED"]

WORDS: Mapping[Why, Text] = {
    "OPEN": Text(ko="지정과 교육이 유효합니다.", en="Designation and training are in date."),
    "NOT_DESIGNATED": Text(
        ko="개인정보취급자로 지정되지 않아 개인정보를 볼 수 없습니다. 보호책임자에게 지정을 요청해 주세요.",
        en="You are not designated as a handler, so personal data is closed. Ask the privacy officer to designate you.",
    ),
    "NOT_YET_DESIGNATED": Text(
        ko="취급자 지정이 아직 시작되지 않아 개인정보를 볼 수 없습니다.",
        en="Your designation as a handler has not begun yet, so personal data is closed.",
    ),
    "DESIGNATION_ENDED": Text(
        ko="취급자 지정이 끝나 개인정보를 볼 수 없습니다. 보호책임자에게 문의해 주세요.",
        en="Your designation as a handler has ended, so personal data is closed. Ask the privacy officer.",
    ),
    "NOT_TRAINED": Text(
        ko="개인정보 교육 기록이 없어 개인정보를 볼 수 없습니다. 교육을 마치면 다시 열립니다.",
        en="No privacy training is on record for you, so personal data is closed. It opens once you have been trained.",
    ),
    "TRAINING_LAPSED": Text(
        ko="개인정보 교육 기한이 지나 개인정보를 볼 수 없습니다. 교육을 마치면 다시 열립니다.",
        en="Your privacy training is out of date, so personal data is closed. It opens again once you are trained.",
    ),
}


class Designation(msgspec.Struct, frozen=True):
    """The Seoul days of a designation: from `since` on; `until` is the first day on which it no longer holds."""

    since: date
    until: date | None = None


class Verdict(msgspec.Struct, frozen=True):
    """Whether personal data is open, and `why` in words; `day` is when it opens or when it closed or will close."""

    open: bool
    code: Why
    day: date | None = None

    @property
    def why(self) -> Text:
        return WORDS[self.code]


def allowed(roles: Collection[Role], permission: str) -> bool:
    """Tell whether somebody with these roles may do this; KeyError for a permission that the table does not name."""
    return not PERMISSIONS[permission].isdisjoint({*roles, Role.ANYONE})


def needs_designation(permission: str) -> bool:
    """Tell whether this also asks `may_see_personal_data`; KeyError for a permission that the table does not name."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    return permission in SHOWS_PERSONAL_DATA


def training_ends_on(trained_on: date, cycle_months: int = TRAINING_MONTHS) -> date:
    """Return the first day on which a training completed on `trained_on` no longer counts."""
    if not 1 <= cycle_months <= TRAINING_MONTHS:
        raise ValueError(f"cycle_months: got {cycle_months}, expected 1 to {TRAINING_MONTHS}")
    return add_months(trained_on, cycle_months)


def may_see_personal_data(
    designation: Designation | None, trained_on: date | None, today: date, cycle_months: int = TRAINING_MONTHS
) -> Verdict:
    """Return whether personal data is open to a handler `today`, a Seoul day, last trained on `trained_on`.

    Closed from the day on which the designation ends or the training is a cycle old. A training dated later than today
    has not been completed.
    """
    if designation is None:
        return Verdict(open=False, code="NOT_DESIGNATED")
    if today < designation.since:
        return Verdict(open=False, code="NOT_YET_DESIGNATED", day=designation.since)
    if designation.until is not None and designation.until <= today:
        return Verdict(open=False, code="DESIGNATION_ENDED", day=designation.until)
    if trained_on is None or today < trained_on:
        return Verdict(open=False, code="NOT_TRAINED")
    lapses = training_ends_on(trained_on, cycle_months)
    if lapses <= today:
        return Verdict(open=False, code="TRAINING_LAPSED", day=lapses)
    closes = lapses if designation.until is None else min(lapses, designation.until)
    return Verdict(open=True, code="OPEN", day=closes)
