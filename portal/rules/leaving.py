"""Leaving: who must approve, how long a member may object, when an admin's reports are no longer taken, and who is
asked when somebody who has left starts it alone.

The employer's path is an extra one, never the only one (PIPA art. 38(4), 26(8); verified 2026-11-23): a company that
does not answer, or says no, stops nothing, it only hands the request on to the staff.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from portal.rules.deadline import ANSWER_DAYS, DESTROY_DAYS, Kind
from portal.rules.request import approvals_needed

OBJECTION_DAYS = 3
LONGEST_OBJECTION = DESTROY_DAYS - 1  # so that a day is left to destroy in
WRONG_IN_A_ROW = 2
COMPANY_DAYS = ANSWER_DAYS // 2  # the staff keep as many days as the company had


class ReportEnd(StrEnum):
    """How an admin's report of one leaver ended."""

    OPEN = "OPEN"
    RIGHT = "RIGHT"
    WRONG = "WRONG"  # the member objected, and was right
    TAKEN_BACK = "TAKEN_BACK"  # by the admin, before anybody objected


class Answer(StrEnum):
    """What the former company's admin said to somebody's own word that they have left."""

    CONFIRMED = "CONFIRMED"
    DENIED = "DENIED"


class Asked(StrEnum):
    """Who has to act next."""

    COMPANY = "COMPANY"
    STAFF = "STAFF"


class Letter(StrEnum):
    """What goes out on a request that somebody who has left started: to the company's admins, at last to the staff."""

    QUESTION = "QUESTION"
    FIRST_REMINDER = "FIRST_REMINDER"
    LAST_REMINDER = "LAST_REMINDER"
    HANDED_TO_STAFF = "HANDED_TO_STAFF"


LETTER_DAYS: Mapping[Letter, int] = {
    Letter.QUESTION: 0,
    Letter.FIRST_REMINDER: 1,
    Letter.LAST_REMINDER: 3,
    Letter.HANDED_TO_STAFF: COMPANY_DAYS,
}


def approvals_for(people: int, *, with_admin: bool, two_above: int = 10) -> int:
    """Return how many people of the staff approve a report: two above a set size, or when a leaver is an admin.

    That nobody approves what they asked for, or twice, is `portal.rules.request.step`'s.
    """
    return 2 if with_admin else approvals_needed(Kind.LEAVER, people=people, two_above=two_above)


def objection_ends_on(reported: date, days: int = OBJECTION_DAYS) -> date:
    """Return the last day on which a member may object and nothing is destroyed. ValueError outside 1 to 4 days."""
    if not 1 <= days <= LONGEST_OBJECTION:
        raise ValueError(f"days to object: got {days}, expected 1 to {LONGEST_OBJECTION}")
    return reported + timedelta(days=days)


def may_destroy(reported: date, today: date, days: int = OBJECTION_DAYS) -> bool:
    """Tell whether the days to object are over, so that what was approved may run."""
    return today > objection_ends_on(reported, days)


def reports_blocked(history: Sequence[ReportEnd]) -> bool:
    """Tell whether an admin's next report goes to the staff first: the last two that ended were wrong.

    `history` is in the order of the reports. An open one, or one taken back, neither harms nor heals.
    """
    ended = [end for end in history if end in (ReportEnd.RIGHT, ReportEnd.WRONG)]
    return ended[-WRONG_IN_A_ROW:] == [ReportEnd.WRONG] * WRONG_IN_A_ROW


def company_answers_by(received: date) -> date:
    """Return the last day on which the former company is waited for; the request itself is due on the tenth."""
    return received + timedelta(days=COMPANY_DAYS - 1)


def asked_next(received: date, today: date, *, admins: int, answer: Answer | None = None) -> Asked:
    """Return who acts next on a request that somebody who has left started.

    The company while it has an admin, has not answered and its days run; then the staff, whatever it answered: a no
    must be weighed, a yes approved.
    """
    waits = admins > 0 and answer is None and today <= company_answers_by(received)
    return Asked.COMPANY if waits else Asked.STAFF


def letter_to_send(
    received: date, today: date, sent: Collection[Letter], *, admins: int, answer: Answer | None = None
) -> Letter | None:
    """Return the one letter to send now, or None: the newest whose day has come, unless it or a later one was sent.

    After days without a run the milder ones are left out.
    """
    if asked_next(received, today, admins=admins, answer=answer) is Asked.STAFF:
        newest = Letter.HANDED_TO_STAFF
    else:
        waited = max(0, (today - received).days)
        newest = [letter for letter, days in LETTER_DAYS.items() if days <= waited][-1]
    return None if any(LETTER_DAYS[letter] >= LETTER_DAYS[newest] for letter in sent) else newest
