"""A new version of the policy: drafted, compared, counted, released for its day, and made known to each member once."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.database import db, writing
from portal.policy.faults import PolicyFaults
from portal.policy.loading import from_facts, load, shipped, to_facts
from portal.records import audit, mails, policy_drafts
from portal.services import announcing, consenting, drafting, publishing, registering, releasing
from portal.services.auditing import By
from portal.services.drafting import ChangedMeanwhile, NoSuchDraft
from portal.services.publishing import TooLate
from portal.services.releasing import TooSoon
from tests.consent.test_deciding import a_form
from tests.fake_clock import FakeClock
from tests.members.samples import profile

OFFICER, OTHER = By("STAFF", "officer-1", "192.0.2.1"), By("STAFF", "officer-2", "192.0.2.2")
DAY = date(2027, 1, 4)
MIDNIGHT = datetime.fromisoformat("2027-01-04T00:00:00+09:00")
CARRIER = {
    "key": "carrier",
    "name": {"ko": "한빛메일(주)", "en": "Hanbit Mail"},
    "relationship": "PROCESSOR",
    "task": {"ko": "메일 발송", "en": "Sending mail"},
    "purposes": ["bill"],
    "items": ["email"],
    "notice": {"ko": "메일을 보낼 때 주소를 맡겨요.", "en": "Your address goes there to send mail."},
    "review_required": False,
    "articles": ["2-2"],
}


def begun(clock: FakeClock, day: date = DAY) -> str:
    return drafting.begin(day, OFFICER, clock())


def with_processor(clock: FakeClock, ref: str, seen: int = 1) -> None:
    drafting.rewrite(ref, "processors", "carrier", CARRIER, seen=seen, by=OFFICER, at=clock())


def with_longer_dispute(clock: FakeClock, ref: str, seen: int = 1) -> None:
    rule = drafting.fact_of(drafting.draft_of(ref), "retention_rules", "dispute") | {"period": {"years": 4}}
    drafting.rewrite(ref, "retention_rules", "dispute", rule, seen=seen, by=OFFICER, at=clock())


def agreed(host_id: str, clock: FakeClock) -> None:
    """Let a member agree to everything that is asked now."""
    registering.register(host_id, profile(email=f"{host_id}@gaon.example", login_id=f"{host_id}-x"), "SELF", clock())
    assert consenting.decide(host_id, a_form(publishing.in_force(clock()).policy), clock()).opened


def test_a_draft_holds_what_a_policy_holds() -> None:
    """Read as a draft and back, the shipped policy is the same."""
    policy = load(shipped()[-1])

    assert from_facts(to_facts(policy), "draft") == policy


def test_a_new_processor_asks_nobody_and_a_longer_period_everybody(app: Flask, clock: FakeClock) -> None:
    """Both are material and want 30 days; only the period is part of what was agreed to. Suspended members and those
    who never agreed are not counted."""
    with app.app_context():
        for name in ("jiwon", "minho"):
            agreed(name, clock)
        registering.register("haneul", profile(email="haneul@gaon.example", login_id="haneul-x"), "SELF", clock())
        first, second = begun(clock), begun(clock, date(2027, 1, 5))
        with_processor(clock, first)
        with_longer_dispute(clock, second)
        plans = []
        for ref in (first, second):
            policy = drafting.draft_of(ref).policy
            assert policy is not None
            plans.append(releasing.plan_of(policy, clock(), "ko"))

    assert [(plan.material, plan.lead_days, plan.members, plan.asked_again) for plan in plans] == [
        (True, 30, 2, 0),
        (True, 30, 2, 2),
    ]
    assert {fact.key for fact in plans[0].difference.facts if fact.section == "processors"} == {"carrier"}
    assert [(fact.before, fact.after) for fact in plans[1].difference.facts if fact.key == "dispute"] == [
        ("3년", "4년")
    ]
    assert plans[1].difference.asked_again == ("member",)


def test_a_change_of_contacts_wants_seven_days(app: Flask, clock: FakeClock) -> None:
    """A telephone number is no change of what matters to a member."""
    with app.app_context():
        ref = begun(clock)
        officer = drafting.fact_of(drafting.draft_of(ref), "officer", "") | {"phone": "02-555-0100"}
        drafting.rewrite(ref, "officer", "", officer, seen=1, by=OFFICER, at=clock())
        policy = drafting.draft_of(ref).policy
        assert policy is not None
        plan = releasing.plan_of(policy, clock(), "ko")

    assert (plan.material, plan.lead_days, plan.earliest, plan.asked_again) == (False, 7, date(2026, 11, 30), 0)


def test_a_draft_is_held_against_what_comes_before_it(app: Flask, clock: FakeClock) -> None:
    """While a version is announced, a draft for a later day that lacks its processor is seen to take it back."""
    with app.app_context():
        first = begun(clock)
        with_processor(clock, first)
        drafting.release(first, MIDNIGHT, "", seen=2, by=OFFICER, at=clock())
        policy = drafting.draft_of(begun(clock, date(2027, 2, 1))).policy
        assert policy is not None
        plan = releasing.plan_of(policy, clock(), "ko")

    assert (plan.difference.before, plan.material) == ("2027-01-04", True)
    assert {(fact.key, fact.change) for fact in plan.difference.facts if fact.section == "processors"} == {
        ("carrier", "removed")
    }


def test_a_release_takes_effect_at_its_minute(app: Flask, clock: FakeClock) -> None:
    """Until then the old version is in force, from then on the new one; the release is kept with its figures."""
    with app.app_context():
        agreed("jiwon", clock)
        ref = begun(clock)
        with_longer_dispute(clock, ref)
        drafting.release(ref, MIDNIGHT, "", seen=2, by=OFFICER, at=clock())

        assert publishing.in_force(MIDNIGHT - timedelta(microseconds=1)).policy.version == "2021-02-04"
        assert publishing.in_force(MIDNIGHT).policy.version == "2027-01-04"
        kept = policy_drafts.releases()["2027-01-04"]
        assert (kept.material, kept.asked_again, kept.early_because, kept.released_by) == (True, 1, "", "officer-1")
        assert audit.found(limit=1, deed="policy.released")[0].about == "2027-01-04"
        with pytest.raises(NoSuchDraft):
            drafting.draft_of(ref)


def test_sooner_than_usual_needs_a_reason(app: Flask, clock: FakeClock) -> None:
    """29 days before a material change is too soon; with a reason, which is kept, it is taken. The past never is."""
    soon = datetime.fromisoformat("2026-12-22T00:00:00+09:00")
    with app.app_context():
        ref = begun(clock, date(2026, 12, 22))
        with_processor(clock, ref)
        with pytest.raises(TooSoon) as refused:
            drafting.release(ref, soon, "", seen=2, by=OFFICER, at=clock())
        assert refused.value.earliest == date(2026, 12, 23)

        drafting.release(ref, soon, "법령 개정 시행일", seen=2, by=OFFICER, at=clock())
        assert policy_drafts.releases()["2026-12-22"].early_because == "법령 개정 시행일"

        late = begun(clock, date(2026, 11, 1))
        with pytest.raises(TooLate):
            drafting.release(late, clock() - timedelta(days=1), "급함", seen=1, by=OFFICER, at=clock())
        assert "2026-11-01" not in policy_drafts.releases()


def test_a_draft_with_faults_is_kept_and_not_released(app: Flask, clock: FakeClock) -> None:
    """What was typed stays, every fault is told, and nothing is published."""
    with app.app_context():
        ref = begun(clock)
        broken = CARRIER | {"items": ["shoe_size"], "name": {"ko": "한빛", "en": ""}}
        drafting.rewrite(ref, "processors", "carrier", broken, seen=1, by=OFFICER, at=clock())
        draft = drafting.draft_of(ref)

        assert draft.policy is None
        assert [fault.where for fault in draft.faults] == ["processors[carrier].name.en"]
        with pytest.raises(PolicyFaults):
            drafting.release(ref, MIDNIGHT, "", seen=2, by=OFFICER, at=clock())
        assert publishing.version_named("2027-01-04") is None


def test_of_two_officers_the_second_is_told(app: Flask, clock: FakeClock) -> None:
    """Who saw an older edition changes, releases and drops nothing."""
    with app.app_context():
        ref = begun(clock)
        with_processor(clock, ref)
        for deed in (
            lambda: drafting.rewrite(ref, "officer", "", {}, seen=1, by=OTHER, at=clock()),
            lambda: drafting.release(ref, MIDNIGHT, "", seen=1, by=OTHER, at=clock()),
            lambda: drafting.drop(ref, seen=1, by=OTHER, at=clock()),
        ):
            with pytest.raises(ChangedMeanwhile):
                deed()
        assert drafting.draft_of(ref).facts["processors"][-1]["key"] == "carrier"


def test_the_store_refuses_to_change_what_is_released(app: Flask, clock: FakeClock) -> None:
    """Neither a version nor a release nor a draft that ended is changed, by whatever program."""
    with app.app_context():
        ref = begun(clock)
        with_processor(clock, ref)
        drafting.release(ref, MIDNIGHT, "", seen=2, by=OFFICER, at=clock())
        for statement in (
            "UPDATE policy_versions SET body = '{}'",
            "UPDATE policy_releases SET early_because = 'x'",
            "UPDATE policy_drafts SET facts = '{}'",
            "DELETE FROM policy_drafts",
        ):
            with pytest.raises(DatabaseError), writing():
                db.session.execute(text(statement))


def test_every_member_is_told_once(app: Flask, clock: FakeClock) -> None:
    """In parts, going on after each; who has no address is counted, and a second run writes nothing."""
    with app.app_context():
        for name in ("jiwon", "minho", "haneul"):
            registering.register(name, profile(email=f"{name}@gaon.example", login_id=f"{name}-x"), "SELF", clock())
        ref = begun(clock)
        with_processor(clock, ref)
        drafting.release(ref, MIDNIGHT, "", seen=2, by=OFFICER, at=clock())

        assert [announcing.tell_some(clock(), limit=2) for _ in range(3)] == [2, 1, 0]
        done = policy_drafts.announcements()["2027-01-04"]
        assert (done.told, done.without_address, done.done_at) == (3, 0, clock())
        with writing():
            waiting = mails.lease(clock(), clock() + timedelta(minutes=1), 10)
            assert [mail.kind for mail in waiting] == ["policy_announced"] * 3
