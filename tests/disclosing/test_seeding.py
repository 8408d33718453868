"""An installation whose policy is in force gets its register with the migration, the same as a new one does."""

from flask import Flask

from portal import create_app
from portal.records import processors
from portal.services import entrusted, migrating
from portal.settings import Settings
from tests.fake_clock import FakeClock
from tests.holdings.conftest import let_go


def test_a_store_that_is_brought_up_has_the_register(app: Flask, settings: Settings, clock: FakeClock) -> None:
    """Facts and disclosure are those that publishing the policy would have entered."""
    with app.app_context():
        (fresh,) = entrusted.standings()
    let_go(app)
    migrating.downgrade(settings, "main", "main_0008")
    migrating.upgrade(settings)

    again = create_app(settings, clock=clock)
    with again.app_context():
        (brought_up,) = entrusted.standings()
        assert brought_up.entry == fresh.entry
        assert brought_up.disclosed_on is not None
        assert brought_up.contract is None
        entry = processors.entry("kicc")
        assert entry is not None
        assert entry.written_by == "system"
    let_go(again)
