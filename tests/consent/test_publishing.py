"""Publishing: which version is in force, and what may not be published."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal.policy.model import Policy
from portal.services import publishing
from portal.services.publishing import NothingInForce, TooLate, VersionTaken
from tests.fake_clock import FakeClock
from tests.fixtures_portal import with_purpose_added, with_words_changed


def test_nothing_is_in_force_before_the_first_version(app: Flask) -> None:
    """Before the first version takes effect nothing can be asked, and the fault says what to do."""
    with app.app_context(), pytest.raises(NothingInForce, match="portal policy publish"):
        publishing.in_force(datetime.fromisoformat("2021-02-03T23:59:59+09:00"))


def test_the_first_version_starts_at_midnight_in_seoul(app: Flask) -> None:
    """The shipped version is in force from the first moment of 4 February 2021 in Seoul."""
    with app.app_context():
        published = publishing.in_force(datetime.fromisoformat("2021-02-04T00:00:00+09:00"))

    assert published.policy.version == "2021-02-04"


def test_publishing_the_same_text_again_changes_nothing(app: Flask, policy: Policy, clock: FakeClock) -> None:
    """The same text under the same name is published once."""
    with app.app_context():
        assert publishing.publish_shipped(clock()) == []
        again = publishing.publish(policy, clock() + timedelta(days=1), clock())

        assert again.effective_at == datetime.fromisoformat("2021-02-04T00:00:00+09:00")
        assert len(publishing.versions()) == 1


def test_a_published_name_never_gets_another_text(app: Flask, policy: Policy, clock: FakeClock) -> None:
    """Another text under a published name is refused."""
    with app.app_context(), pytest.raises(VersionTaken):
        publishing.publish(with_words_changed(policy, "2021-02-04"), clock() + timedelta(days=1), clock())


def test_a_version_does_not_start_in_the_past(app: Flask, policy: Policy, clock: FakeClock) -> None:
    """A later version that would start in the past is refused, for it would rewrite what members were told."""
    with app.app_context(), pytest.raises(TooLate):
        publishing.publish(with_words_changed(policy, "2026-12-01"), clock() - timedelta(seconds=1), clock())


@pytest.mark.parametrize(
    ("change", "same"),
    [pytest.param(with_words_changed, True, id="wording"), pytest.param(with_purpose_added, False, id="material")],
)
def test_only_a_material_change_asks_again(app: Flask, policy: Policy, clock: FakeClock, change, same) -> None:
    """The requirement hash alone tells a material change from a change of wording."""
    with app.app_context():
        first = publishing.in_force(clock())
        second = publishing.publish(change(policy, "2026-12-01"), clock() + timedelta(days=1), clock())

    assert (first.requirement_hash == second.requirement_hash) is same
