"""A correction is one everywhere, or it is said where it is not."""

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from portal.records import audit
from portal.rules.profile import ProfileFaults
from portal.services import registering
from portal.services.auditing import By
from portal.services.correcting import NotEverywhere, correct
from tests.fake_clock import FakeClock
from tests.members.samples import profile


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return registering.register("jiwon", profile(), "SELF", clock()).member_ref


def test_it_reaches_the_profile_and_every_table(app: Flask, clock: FakeClock, jiwon: str, host: Engine) -> None:
    """The new address stands in the portal and in both of the host's tables; each change is told with its place."""
    with app.app_context():
        changes = correct(jiwon, {"email": "jiwon@gaon.example"}, By("MEMBER", jiwon), clock())
        again = correct(jiwon, {"email": "jiwon@gaon.example"}, By("MEMBER", jiwon), clock())
        found = registering.of_email("jiwon@gaon.example")

    assert [(change.where.en, change.before, change.after) for change in changes] == [
        ("the privacy portal", "jiwon.seo@gaon.example", "jiwon@gaon.example"),
        ("MateCost's records (host_members)", "jiwon.seo@gaon.example", "jiwon@gaon.example"),
        ("MateCost's records (host_bills)", "jiwon.seo@gaon.example", "jiwon@gaon.example"),
    ]
    assert again == ()
    assert [member.ref for member in found] == [jiwon]
    with host.connect() as connection:
        assert connection.scalars(text("SELECT mail FROM host_members ORDER BY id")).all() == [
            "jiwon@gaon.example",
            "minho.park@gaon.example",
        ]


def test_a_fault_changes_nothing_anywhere(app: Flask, clock: FakeClock, jiwon: str, host: Engine) -> None:
    """What may not be kept is refused before any place is touched."""
    with app.app_context():
        with pytest.raises(ProfileFaults):
            correct(jiwon, {"email": "nobody", "personal_contact": "010-9999-9999"}, By("MEMBER", jiwon), clock())

        assert registering.of_email("jiwon.seo@gaon.example")
        assert audit.found(limit=5, deed="profile.corrected") == []
    with host.connect() as connection:
        assert connection.scalar(text("SELECT phone FROM host_members WHERE id = 'jiwon'")) == "010-1234-5678"


def test_a_place_that_cannot_be_reached_is_named_and_made_good(
    app: Flask, clock: FakeClock, jiwon: str, host: Engine
) -> None:
    """The rest is corrected; a repeat, once the table is back, corrects what was missed and nothing twice."""
    with host.begin() as connection:
        connection.execute(text("ALTER TABLE host_bills RENAME TO bills_elsewhere"))
    with app.app_context():
        with pytest.raises(NotEverywhere) as told:
            correct(jiwon, {"email": "jiwon@gaon.example"}, By("MEMBER", jiwon), clock())
        with host.begin() as connection:
            connection.execute(text("ALTER TABLE bills_elsewhere RENAME TO host_bills"))
        again = correct(jiwon, {"email": "jiwon@gaon.example"}, By("MEMBER", jiwon), clock())

    assert len(told.value.changes) == 2
    assert [change.where.en for change in again] == ["MateCost's records (host_bills)"]


def test_it_is_audited_without_a_value(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The chain tells who corrected which items of whom."""
    with app.app_context():
        correct(jiwon, {"email": "jiwon@gaon.example"}, By("MEMBER", jiwon, "192.0.2.3"), clock())
        [row] = audit.found(limit=5, deed="profile.corrected")

    assert (row.actor, row.subject, row.origin, row.facts) == (jiwon, jiwon, "192.0.2.3", '{"items":"email"}')
