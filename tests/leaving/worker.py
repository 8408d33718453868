"""Jobs that are killed at one point, each in a process of its own (tests.crashing)."""

from datetime import datetime
from functools import partial

from portal import create_app
from portal.services import destroying, fulfilling, leaving, requesting
from portal.settings import Settings
from tests.crashing import dying
from tests.fake_clock import FakeClock

MODULES = {"fulfilling": fulfilling, "leaving": leaving, "requesting": requesting}


def die_at(place: str, *, calls: int = 1, after: bool = False) -> None:
    """Let this process die at one of the calls of "module.function", before it does anything or after it has."""
    module, _, name = place.partition(".")
    setattr(MODULES[module], name, dying(getattr(MODULES[module], name), calls, after=after))


def lead_until(settings: Settings, now: datetime, place: str, calls: int, after: bool) -> None:
    """Tell and order, two people at a time, and die."""
    app = create_app(settings, clock=FakeClock(now))
    leaving.tell_some = partial(leaving.tell_some, limit=2)
    leaving.order_some = partial(leaving.order_some, limit=2)
    die_at(place, calls=calls, after=after)
    leaving.tell_and_order(app, now)


def end_until(settings: Settings, now: datetime, place: str, after: bool) -> None:
    """Destroy, end reports, and die."""
    app = create_app(settings, clock=FakeClock(now))
    die_at(place, after=after)
    destroying.destroy_due(app)
