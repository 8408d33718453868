"""An announced version that is withdrawn: never in force for anybody, told once to whoever was told of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask

from middleware.standing import StandingReader, open_standing
from portal.database import db, writing
from portal.policy.loading import from_facts
from portal.records import audit, mails, policies, policy_drafts, standings
from portal.records.epoch import standing_change
from portal.services import announcing, drafting, publishing, recalling, registering, releasing, versioning
from portal.services.publishing import WasWithdrawn
from portal.services.recalling import NoSuchVersion, NotAhead
from portal.settings import Settings
from tests.consent.test_drafting import DAY, MIDNIGHT, OFFICER, begun, with_processor
from tests.fake_clock import FakeClock
from tests.members.samples import profile

NAME = "2027-01-04"
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def gate(settings: Settings) -> Iterator[StandingReader]:
    """The gate's own reader of the main store."""
    reader = open_standing(settings.main_store)
    yield reader
    reader.close()


def announced(clock: FakeClock) -> None:
    """Release a version that asks everybody again, for MIDNIGHT."""
    ref = begun(clock)
    rule = drafting.fact_of(drafting.draft_of(ref), "retention_rules", "dispute") | {"period": {"years": 4}}
    drafting.rewrite(ref, "retention_rules", "dispute", rule, seen=1, by=OFFICER, at=clock())
    drafting.release(ref, MIDNIGHT, "", seen=2, by=OFFICER, at=clock())


def stands(gate: StandingReader, at: datetime) -> bool:
    return gate.of("kim", (at - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // MICROSECOND).stands


def test_a_withdrawn_version_is_never_in_force(
    app: Flask, settings: Settings, clock: FakeClock, gate: StandingReader
) -> None:
    """At its moment portal and gate go on with the version before; it stays readable and says when it was withdrawn."""
    with app.app_context():
        before = publishing.in_force(clock())
        with standing_change(settings.main_store), writing():
            standings.satisfy("kim", "ref-of-kim", before.requirement_hash, clock())
        announced(clock)
        assert not stands(gate, MIDNIGHT)

        recalling.withdraw(NAME, "수탁자 이름 오류", OFFICER, clock)

        assert stands(gate, MIDNIGHT)
        assert publishing.in_force(MIDNIGHT).policy.version == before.policy.version
        assert policies.next_after(clock()) is None
        kept = publishing.version_named(NAME)
        assert kept is not None
        assert kept.withdrawn_at == clock()
        assert [one.state for one in versioning.versions(MIDNIGHT)] == ["WITHDRAWN", "EFFECTIVE"]
        assert policies.withdrawals()[NAME].because == "수탁자 이름 오류"
        assert audit.found(limit=1, deed="policy.withdrawn")[0].about == NAME


def test_its_name_is_not_used_again(app: Flask, clock: FakeClock) -> None:
    """Neither the same text nor another is released under it; another day may have it."""
    with app.app_context():
        announced(clock)
        recalling.withdraw(NAME, "오류", OFFICER, clock)

        same = publishing.version_named(NAME)
        assert same is not None
        with pytest.raises(WasWithdrawn, match="was withdrawn; give the text a new version"):
            releasing.release(same.policy, MIDNIGHT, "", OFFICER, clock())
        ref = drafting.begin(DAY + timedelta(days=1), OFFICER, clock())
        with_processor(clock, ref)
        policy = from_facts(drafting.draft_of(ref).facts, ref)
        assert releasing.plan_of(policy, clock(), "ko").before.version == "2021-02-04"
        drafting.release(ref, MIDNIGHT + timedelta(days=1), "", seen=2, by=OFFICER, at=clock())
        assert publishing.in_force(MIDNIGHT + timedelta(days=1)).policy.version == "2027-01-05"


@pytest.mark.parametrize(
    ("left", "taken"),
    [(timedelta(minutes=1), True), (timedelta(seconds=59), False), (timedelta(0), False), (-timedelta(days=9), False)],
    ids=["a minute before", "less", "at its moment", "after"],
)
def test_the_clock_decides_once_the_version_is_held(app: Flask, clock: FakeClock, left: timedelta, taken: bool) -> None:
    """The time that counts is the one after waiting for others, whatever it was when the officer asked."""
    with app.app_context():
        announced(clock)

        def now() -> datetime:
            assert db.session().in_transaction()
            return MIDNIGHT - left

        if taken:
            recalling.withdraw(NAME, "오류", OFFICER, now)
        else:
            with pytest.raises(NotAhead):
                recalling.withdraw(NAME, "오류", OFFICER, now)

        assert (publishing.in_force(MIDNIGHT).policy.version == NAME) is not taken


def test_what_is_not_announced_is_not_withdrawn(app: Flask, clock: FakeClock) -> None:
    """Not the version in force, not a withdrawn one again, not one that nobody published."""
    with app.app_context():
        announced(clock)
        recalling.withdraw(NAME, "오류", OFFICER, clock)
        for version in ("2021-02-04", NAME):
            with pytest.raises(NotAhead):
                recalling.withdraw(version, "다시", OFFICER, clock)
        with pytest.raises(NoSuchVersion):
            recalling.withdraw("2027-01-05", "없음", OFFICER, clock)
        assert policies.withdrawals()[NAME].because == "오류"


def test_who_was_told_is_told_once(app: Flask, clock: FakeClock) -> None:
    """Of three members two were written to and one letter was taken up to be sent: that member alone is told, the
    other letter is called off, and the third never hears of it. A second run writes nothing."""
    with app.app_context():
        for name in ("jiwon", "minho", "haneul"):
            registering.register(name, profile(email=f"{name}@gaon.example", login_id=f"{name}-x"), "SELF", clock())
        announced(clock)
        announcing.tell_some(clock(), limit=2)
        with writing():
            (taken,) = mails.lease(clock(), clock() + timedelta(minutes=1), 1)
            told = taken.key_ref

        recalling.withdraw(NAME, "오류", OFFICER, clock)

        assert announcing.tell_some(clock()) == 0
        assert [recalling.tell_some(clock(), limit=1) for _ in range(3)] == [1, 0, 0]
        recall = policy_drafts.recalls()[NAME]
        assert (recall.told, recall.called_off, recall.done_at) == (1, 1, clock())
        assert [(mail.kind, mail.state) for mail in mails.under_key(told)] == [
            ("policy_announced", "WAITING"),
            ("policy_withdrawn", "WAITING"),
        ]
        assert mails.counts() == {"WAITING": 2, "CANCELLED": 1}
