"""What a page tells of somebody who handles personal data: one row, when the next course is due, and the history."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext, lazy_gettext

from portal.rules.deed import WORDS as DEEDS
from portal.rules.deed import Deed
from portal.rules.mask import mask_email
from portal.rules.role import Role, Why
from portal.services import accounts, handling
from portal.services.accounts import Person
from portal.services.handling import Handler
from portal.speech import say_text
from portal.views.rail import ROLE_NAMES

SOON_DAYS = 30
NOBODY = Handler(None, "", None, "", None, handling.UNKNOWN)
PILLS: dict[Why, tuple[str, Any]] = {  # code: (class, a few words)
    "OPEN": (" pill--done", lazy_gettext("열림")),
    "NOT_DESIGNATED": ("", lazy_gettext("지정 안 됨")),
    "NOT_YET_DESIGNATED": ("", lazy_gettext("지정 전")),
    "DESIGNATION_ENDED": ("", lazy_gettext("지정 끝남")),
    "NOT_TRAINED": (" pill--hold", lazy_gettext("교육 없음")),
    "TRAINING_LAPSED": (" pill--bad", lazy_gettext("교육 지남")),
}
STATES = {
    "INVITED": lazy_gettext("초대함, 아직 가입 전"),
    "ACTIVE": lazy_gettext("사용 중"),
    "DISABLED": lazy_gettext("중지됨"),
}


@dataclass(frozen=True)
class Line:
    """One person as a row."""

    ref: str
    name: str
    email: str
    roles: str
    state: str
    pill: str
    stand: str
    designated: str
    reason: str
    trained_on: date | None
    course: str
    due: "Due | None"


@dataclass(frozen=True)
class Due:
    """When the next course is due, with a badge."""

    day: date
    badge: str
    mark: str


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    at: datetime
    deed: str
    detail: str
    by: str


def line_of(person: Person, handler: Handler, today: date) -> Line:
    mark, stand = PILLS[handler.verdict.code]
    return Line(
        ref=person.ref,
        name=person.name,
        email=mask_email(person.email),
        roles=_roles(person.roles),
        state=str(STATES[person.state]),
        pill=mark,
        stand=str(stand),
        designated=_days(handler),
        reason=handler.reason,
        trained_on=handler.trained_on,
        course=handler.course,
        due=due_of(handler.next_due, today),
    )


def _roles(roles: frozenset[Role]) -> str:
    return " · ".join(str(name) for role, name in ROLE_NAMES.items() if role in roles)


def _days(handler: Handler) -> str:
    if handler.designation is None:
        return ""
    since, until = handler.designation.since, handler.designation.until
    return f"{since.isoformat()} – {until.isoformat()}" if until else gettext("%(day)s부터", day=since.isoformat())


def due_of(day: date | None, today: date) -> Due | None:
    if day is None:
        return None
    left = (day - today).days
    if left <= 0:
        return Due(day, gettext("D+%(days)s 지남", days=-left), " due--late")
    return Due(day, gettext("D-%(days)s", days=left), " due--soon" if left <= SOON_DAYS else "")


def history_of(ref: str) -> list[Entry]:
    entries = handling.history_of(ref)
    grants = accounts.grants_of(ref)
    names = accounts.names_of({one.given_by for one in entries} | {one.given_by for one in grants})
    lines = [
        Entry(one.at, say_text(DEEDS[one.deed]), _detail(one), names.get(one.given_by, gettext("운영자 명령")))
        for one in entries
    ]
    for grant in grants:
        deed = Deed.ROLE_GRANTED if grant.deed == "GRANTED" else Deed.ROLE_REVOKED
        by = names.get(grant.given_by, gettext("운영자 명령"))
        lines.append(Entry(grant.at, say_text(DEEDS[deed]), str(ROLE_NAMES[Role(grant.role)]), by))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _detail(entry: handling.Entry) -> str:
    if entry.minutes is not None:
        return gettext("%(day)s, %(course)s, %(minutes)s분", day=entry.day, course=entry.words, minutes=entry.minutes)
    days = f"{entry.day} – {entry.until}" if entry.until else gettext("%(day)s부터", day=entry.day)
    return f"{days}, {entry.words}" if entry.words else days
