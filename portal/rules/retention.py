"""Retention: on which day a record must be gone.

Days are calendar days in Asia/Seoul. A record is gone on the day of the month with the same number as the day its clock
started, or on the month's last day where there is none. That is never later than the Civil Act's count (art. 157, 160),
which leaves out the first day: a promise to keep no longer than six months is kept to the day.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from portal.policy.model import RetentionRule


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later (earlier when negative), clamped to that month's end."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def expires_on(day: date, rule: RetentionRule) -> date:
    """Return the first day on which a record must be gone, `day` being the Seoul day of the rule's start event.

    A record of 31 August under a rule of 6 months is gone on 28 February, in a leap year on the 29th.
    """
    return add_months(day, rule.period.in_months)


def is_expired(day: date, rule: RetentionRule, today: date) -> bool:
    """Tell whether a record whose clock started on `day` may no longer exist, or be shown, `today`."""
    return expires_on(day, rule) <= today


def last_kept_until(day: date, rules: Iterable[RetentionRule]) -> date:
    """Return the latest expiry under several rules: where grounds overlap, the longest one wins."""
    return max(expires_on(day, rule) for rule in rules)
