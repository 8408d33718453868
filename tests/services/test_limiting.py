"""Limits: shared between workers, aligned with the clock, told with the time to wait."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.services.limiting import TooMany, limit
from tests.fake_clock import FakeClock


def test_the_sixth_of_five_is_refused_until_the_window_ends(app: Flask, clock: FakeClock) -> None:
    """Noon begins a window of ten minutes: the sixth attempt waits 600 seconds, and is heard then."""
    ten_minutes = timedelta(minutes=10)
    with app.app_context():
        for _ in range(5):
            limit("sign in", "192.0.2.1", clock(), times=5, within=ten_minutes)
        with pytest.raises(TooMany) as told:
            limit("sign in", "192.0.2.1", clock(), times=5, within=ten_minutes)
        limit("sign in", "192.0.2.2", clock(), times=5, within=ten_minutes)
        limit("export", "192.0.2.1", clock(), times=5, within=ten_minutes)
        limit("sign in", "192.0.2.1", clock() + ten_minutes, times=5, within=ten_minutes)

    assert told.value.wait_s == 600
