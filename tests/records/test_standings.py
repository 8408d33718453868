"""What the portal writes about policy and standing is what the gate reads, at its very next question."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from middleware.errors import StoreUnavailable
from middleware.standing import StandingReader, open_standing
from portal.database import EPOCH, MICROSECOND, attach, db, writing
from portal.records import policies, standings
from portal.records.epoch import standing_change
from portal.records.policies import PolicyVersion
from portal.settings import Settings

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A bare app on ready stores, with its context pushed."""
    app = Flask("records")
    attach(app, settings)
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def gate(settings: Settings) -> Iterator[StandingReader]:
    """The gate's own reader of the main store."""
    reader = open_standing(settings.main_store)
    yield reader
    reader.close()


def publish(settings: Settings, version: str, requirement: str, effective_at: datetime) -> None:
    with standing_change(settings.main_store), writing():
        policies.add(
            PolicyVersion(
                version=version,
                body="{}",
                body_sha256="",
                requirement_hash=requirement,
                effective_at=effective_at,
                published_at=AT,
            )
        )


def satisfy(settings: Settings, requirement: str | None) -> None:
    with standing_change(settings.main_store), writing():
        standings.satisfy("kim", "ref-of-kim", requirement, AT)


def stands(gate: StandingReader, at: datetime = AT) -> bool:
    return gate.of("kim", (at - EPOCH) // MICROSECOND).stands


def test_without_a_policy_nobody_stands(app: Flask, gate: StandingReader) -> None:
    """A store with no policy in force answers nobody: the gate is closed."""
    with pytest.raises(StoreUnavailable, match="no policy is in force"):
        stands(gate)


def test_a_change_is_seen_at_the_next_question(app: Flask, settings: Settings, gate: StandingReader) -> None:
    """Consent, withdrawal, suspension and reopening each hold for the very next question of an open gate."""
    publish(settings, "2021-02-04", "r1", AT - timedelta(days=1))
    assert not stands(gate)

    satisfy(settings, "r1")
    assert stands(gate)

    satisfy(settings, None)
    assert not stands(gate)

    satisfy(settings, "r1")
    with standing_change(settings.main_store), writing():
        standings.suspend("kim", "ref-of-kim", AT)
    assert not stands(gate)

    with standing_change(settings.main_store), writing():
        standings.suspend("kim", "ref-of-kim", AT, suspended=False)
    assert stands(gate)


def test_a_new_requirement_holds_from_its_moment(app: Flask, settings: Settings, gate: StandingReader) -> None:
    """A policy published for later stops nobody before its moment, and everybody from it on."""
    publish(settings, "2021-02-04", "r1", AT - timedelta(days=1))
    satisfy(settings, "r1")
    publish(settings, "2026-12-01", "r2", AT + timedelta(hours=1))

    assert stands(gate, AT + timedelta(hours=1) - MICROSECOND)
    assert not stands(gate, AT + timedelta(hours=1))


def test_portal_and_gate_name_the_same_version(app: Flask, settings: Settings, gate: StandingReader) -> None:
    """Of two versions with one moment the later published is in force, for the portal as for the gate."""
    publish(settings, "first", "r1", AT)
    publish(settings, "second", "r2", AT)
    satisfy(settings, "r2")

    in_force = policies.in_force(AT)

    assert in_force is not None
    assert in_force.version == "second"
    assert stands(gate)
    assert [version.version for version in policies.newest_first()] == ["second", "first"]


def test_the_next_version_is_known(app: Flask, settings: Settings) -> None:
    """The version that comes into force next can be announced."""
    publish(settings, "now", "r1", AT)
    publish(settings, "later", "r3", AT + timedelta(days=2))
    publish(settings, "sooner", "r2", AT + timedelta(days=1))

    following = policies.next_after(AT)

    assert following is not None
    assert following.version == "sooner"
    assert policies.next_after(AT + timedelta(days=2)) is None


def test_suspension_leaves_what_was_satisfied(app: Flask, settings: Settings) -> None:
    """A suspended account keeps its consent; only the door is closed."""
    satisfy(settings, "r1")
    with standing_change(settings.main_store), writing():
        standings.suspend("kim", "ref-of-kim", AT + timedelta(days=1))

    standing = standings.of_host("kim")

    assert standing is not None
    assert (standing.requirement_hash, standing.suspended) == ("r1", True)
    assert standing.changed_at == AT + timedelta(days=1)
