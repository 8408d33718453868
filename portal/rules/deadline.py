"""Deadlines: by which day a request must be answered, and who is told as that day comes near.

All days are calendar days in Asia/Seoul. The first day is not counted and the last ends at midnight (Civil Act art. 157
and 159). The day shown and kept is the plain tenth one, the fifth where an employer reports a leaver; that the law
waits for the next working day when it falls on a Saturday or holiday (art. 161) is nothing to plan with. No state stops
the clock but the deferral of an access request.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Literal

import msgspec

from portal.policy.model import Text

ANSWER_DAYS = 10  # Decree art. 41(4), 43(3), 44(2); verified 2026-11-23
DESTROY_DAYS = 5  # Standard Guideline art. 10, ISMS-P 3.4.1: within five days
SOON_DAYS = 3
SEOUL = timezone(timedelta(hours=9))  # no summer time since 1988, so the day needs no zone file


class Kind(StrEnum):
    """What is asked for: the rights of a person, an employer's report of a leaver, a complaint."""

    ACCESS = "ACCESS"
    CORRECTION = "CORRECTION"
    DELETION = "DELETION"
    SUSPENSION = "SUSPENSION"
    WITHDRAWAL = "WITHDRAWAL"
    LEAVER = "LEAVER"
    COMPLAINT = "COMPLAINT"


class Notice(StrEnum):
    """What the staff are told once each as a request's day comes near."""

    THREE_DAYS_LEFT = "THREE_DAYS_LEFT"
    ONE_DAY_LEFT = "ONE_DAY_LEFT"
    OVERDUE = "OVERDUE"


class Term(msgspec.Struct, frozen=True):
    """Within how many days an answer is due, and where the number comes from, as it stands under the badge."""

    days: int
    basis: Text


TERMS: Mapping[Kind, Term] = {
    kind: Term(ANSWER_DAYS, Text(ko=ko, en=en))
    for kind, ko, en in (
        (Kind.ACCESS, "받은 날부터 10일 (시행령 제41조)", "10 days from receipt (Decree art. 41(4))"),
        (Kind.CORRECTION, "받은 날부터 10일 (시행령 제43조)", "10 days from receipt (Decree art. 43(3))"),
        (Kind.DELETION, "받은 날부터 10일 (시행령 제43조)", "10 days from receipt (Decree art. 43(3))"),
        (Kind.SUSPENSION, "받은 날부터 10일 (시행령 제44조)", "10 days from receipt (Decree art. 44(2))"),
        (
            Kind.WITHDRAWAL,
            "지체 없이, 늦어도 받은 날부터 10일 (법 제37조)",
            "without delay, 10 days from receipt at most (PIPA art. 37(3))",
        ),
        (
            Kind.LEAVER,
            "지체 없이, 늦어도 받은 날부터 10일 (법 제21조)",
            "without delay, 10 days from receipt at most (PIPA art. 21(1))",
        ),
        (Kind.COMPLAINT, "받은 날부터 10일 (회사의 약속)", "10 days from receipt (our promise)"),
    )
}
"""What each kind has when the person asks. Ten is our ceiling for "without delay"."""
REPORTED = Term(
    DESTROY_DAYS,
    Text(ko="받은 날부터 5일 (표준지침 제10조)", en="5 days from receipt (Standard Guideline art. 10)"),
)
"""What a leaver has whom the employer reports: the data has served its purpose, and nobody else is to be asked."""

NOTICE_DAYS: Mapping[Notice, int] = {Notice.THREE_DAYS_LEFT: 3, Notice.ONE_DAY_LEFT: 1, Notice.OVERDUE: -1}
ONLY_ACCESS = Text(
    ko="열람만 연기할 수 있습니다. 다른 요청은 기한 안에 답해야 합니다.",
    en="Only access may be deferred. Every other request is answered by its due day.",
)
REASON_NEEDED = Text(ko="연기하는 사유를 적어 주세요.", en="Give the reason for the deferral.")
TOO_LATE = Text(ko="기한이 지나 연기할 수 없습니다.", en="The due day has passed; it is too late to defer.")
NOTHING_DEFERRED = Text(ko="기한보다 뒤의 날짜를 골라 주세요.", en="Choose a day after the due day.")
DEFERRAL_SOURCE = "PIPA art. 35(3)"


class Badge(msgspec.Struct, frozen=True):
    """How a due day looks today; `days` are the days left, below zero when it has passed."""

    kind: Literal["neutral", "soon", "today", "late"]
    days: int

    @property
    def label(self) -> str:
        """The short form, the same in both languages: "D-3", "D-DAY", "D+2"."""
        return "D-DAY" if self.days == 0 else f"D{-self.days:+d}"


class Deferral(msgspec.Struct, frozen=True):
    """A deferral that the law allows: access is given by `until`; told with its reason no later than `tell_by`."""

    until: date
    tell_by: date


class DeferralRefused(Exception):
    """The law knows no deferral here; `reason` says why to the handler, `source` where it stands."""

    def __init__(self, reason: Text, source: str = DEFERRAL_SOURCE) -> None:
        super().__init__(f"{reason.en} ({source})")
        self.reason = reason
        self.source = source


def received_day(at: datetime) -> date:
    """Return the Seoul day of receipt. Raises ValueError for a moment without a zone."""
    if at.tzinfo is None:
        raise ValueError("a moment without a zone belongs to no day")
    return at.astimezone(SEOUL).date()


def term(kind: Kind, *, by_employer: bool = False) -> Term:
    """Return what a request of `kind` has; `by_employer` where a company, or its HR system, reports who has left."""
    return REPORTED if by_employer and kind is Kind.LEAVER else TERMS[kind]


def due_on(received: date, kind: Kind, *, by_employer: bool = False) -> date:
    """Return the day by whose end a request is answered. A moment is refused: it has no Seoul day yet."""
    if isinstance(received, datetime):
        raise TypeError("received: got a moment, expected a day; ask received_day first")
    return received + timedelta(days=term(kind, by_employer=by_employer).days)


def statutory_last_day(received: date, holidays: frozenset[date]) -> date:
    """Return the last day that the law itself allows: the tenth, or the next that is no Saturday, Sunday or holiday."""
    day = received + timedelta(days=ANSWER_DAYS)
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def days_left(due: date, today: date) -> int:
    """Return how many days are left after today; 0 on the due day, below zero when it has passed."""
    return (due - today).days


def badge(due: date, today: date) -> Badge:
    left = days_left(due, today)
    if left < 0:
        return Badge("late", left)
    if left == 0:
        return Badge("today", left)
    return Badge("soon" if left <= SOON_DAYS else "neutral", left)


def notices_due(due: date, today: date) -> tuple[Notice, ...]:
    """Return the notices whose day has come, the most urgent last. On the due day itself D-1 is still the last one."""
    left = days_left(due, today)
    return tuple(notice for notice, days in NOTICE_DAYS.items() if left <= days)


def notice_to_send(due: date, today: date, sent: Collection[Notice]) -> Notice | None:
    """Return the one notice to send now, or None: the most urgent whose day has come, unless it was sent.

    After a day without a run the milder ones are left out: nobody is told "three days" when one is left.
    """
    come = notices_due(due, today)
    return come[-1] if come and come[-1] not in sent else None


def defer(kind: Kind, due: date, today: date, until: date, reason: str) -> Deferral:
    """Return the deferral of an access request to `until`, the day by which its cause is expected to end.

    Raises DeferralRefused for every other kind, without a reason, after the due day, or when nothing would be deferred
    (PIPA art. 35(3), Decree art. 42(2); verified 2026-11-23). Once the cause ends, access is given without delay.
    """
    if kind is not Kind.ACCESS:
        raise DeferralRefused(ONLY_ACCESS)
    if not reason.strip():
        raise DeferralRefused(REASON_NEEDED)
    if today > due:
        raise DeferralRefused(TOO_LATE)
    if until <= due:
        raise DeferralRefused(NOTHING_DEFERRED)
    return Deferral(until=until, tell_by=due)
