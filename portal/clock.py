"""What time it is, asked through the app so that a test can tell another; and which day that is in Seoul.

A view calls `now()` once and hands the moment down; rules and services never ask.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app

SEOUL = ZoneInfo("Asia/Seoul")
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """Return the current app's time, aware, in UTC."""
    return cast(Clock, current_app.extensions["portal.clock"])()


def seoul_day(at: datetime) -> date:
    """Return the calendar day in Seoul at the moment `at`. Raises ValueError for a moment without a zone."""
    if at.tzinfo is None:
        raise ValueError("a moment without a zone belongs to no day")
    return at.astimezone(SEOUL).date()
