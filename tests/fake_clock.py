"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

NOON_IN_SEOUL = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


class FakeClock:
    """Called like the real one; `now` is an aware moment in UTC."""

    def __init__(self, now: datetime = NOON_IN_SEOUL) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        """Put the clock to a moment, forwards or back."""
        if now.tzinfo is None:
            raise ValueError("a moment without a zone")
        self.now = now.astimezone(UTC)

    def advance(self, **by: float) -> datetime:
        """Move the clock on, in timedelta's words: `advance(days=1)`."""
        self.now += timedelta(**by)
        return self.now
