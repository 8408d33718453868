"""Deciding: what an answer records, once, whatever the browser, the network or a second tab makes of it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.policy.model import Policy
from portal.records import consents, members, policies, receipts, standings
from portal.records.members import new_ref
from portal.rules.consent import text_shown
from portal.services import consenting, publishing
from portal.services.consenting import Filled, NothingToWithdraw, Outcome, StaleForm, Unanswered
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, another, with_purpose_added, with_words_changed

GATE_ITEMS = ("member", "access")


def a_form(policy: Policy, *, shown: tuple[str, ...] = GATE_ITEMS, language: Any = "ko", **changes: Any) -> Filled:
    """A form as a browser sends it back: everything shown is answered with yes, unless `changes` say otherwise."""
    return Filled(
        version=changes.get("version", policy.version),
        text_sha256=changes.get("text_sha256", consenting.text_hash(policy, shown, language)),
        language=language,
        shown=shown,
        nonce=changes.get("nonce", new_ref()),
        answers=changes.get("answers", dict.fromkeys(shown, "yes")),
    )


def decisions_of(host_id: str) -> list[tuple[str, str]]:
    """Return (item, decision) of every event of a member, oldest first."""
    member = members.of_host(host_id)
    return [(event.item, event.decision) for event in reversed(consents.of_member(member.ref))] if member else []


@pytest.fixture
def at(clock: FakeClock) -> datetime:
    return clock()


@pytest.fixture
def pushed(app: Flask) -> Any:
    with app.app_context():
        yield app


@pytest.mark.usefixtures("pushed")
class TestYes:
    def test_is_recorded_whole(self, policy: Policy, at: datetime) -> None:
        """A yes to both items records two events with the exact text shown, the standing and one receipt."""
        outcome = consenting.decide(JIWON, a_form(policy), at)

        assert outcome.opened
        assert outcome.recorded == 2
        assert decisions_of(JIWON) == [("member", "GRANTED"), ("access", "GRANTED")]
        event = consents.holding(outcome.member_ref)["access"]
        shown = consents.text_shown(event.text_sha256)
        assert shown is not None
        assert shown.body == text_shown(policy, policy.consent_item("access"), "ko")
        assert (event.decided_at, event.policy_version, event.method) == (at, "2021-02-04", "WEB")
        standing = standings.of_host(JIWON)
        in_force = policies.in_force(at)
        assert standing is not None
        assert in_force is not None
        assert standing.requirement_hash == in_force.requirement_hash
        assert len(receipts.of_member(outcome.member_ref)) == 1

    def test_sent_again_changes_nothing(self, policy: Policy, at: datetime) -> None:
        """The same form sent again returns the same receipt and records nothing."""
        form = a_form(policy)
        first = consenting.decide(JIWON, form, at)

        again = consenting.decide(JIWON, form, at + timedelta(minutes=1))

        assert again.receipt_ref == first.receipt_ref
        assert again.recorded == 0
        assert len(decisions_of(JIWON)) == 2

    def test_from_a_second_tab_changes_nothing(self, policy: Policy, at: datetime) -> None:
        """A second tab with a form of its own returns the first tab's receipt."""
        first = consenting.decide(JIWON, a_form(policy), at)

        second = consenting.decide(JIWON, a_form(policy), at)

        assert second.receipt_ref == first.receipt_ref
        assert len(decisions_of(JIWON)) == 2

    def test_by_two_people_is_two_consents(self, policy: Policy, at: datetime) -> None:
        """A nonce taken from another person's form gives nobody that person's receipt."""
        form = a_form(policy)
        first = consenting.decide(JIWON, form, at)

        other = consenting.decide(MINHO, form, at)

        assert other.receipt_ref != first.receipt_ref
        assert len(decisions_of(MINHO)) == 2

    def test_after_a_withdrawal_is_asked_for_anew(self, policy: Policy, at: datetime) -> None:
        """A yes sent again after a withdrawal, by Back or by a proxy, does not undo the withdrawal."""
        form = a_form(policy)
        consenting.decide(JIWON, form, at)
        consenting.withdraw(JIWON, "access", "ko", at)

        with pytest.raises(StaleForm):
            consenting.decide(JIWON, form, at)

        assert decisions_of(JIWON)[-1] == ("access", "WITHDRAWN")
        standing = standings.of_host(JIWON)
        assert standing is not None
        assert standing.requirement_hash is None


@pytest.mark.usefixtures("pushed")
class TestNo:
    def test_is_recorded_and_opens_nothing(self, policy: Policy, at: datetime) -> None:
        """A no to everything records a refusal of each item and leaves the gate closed."""
        outcome = consenting.decline(JIWON, a_form(policy, answers={}), at)

        assert not outcome.opened
        assert decisions_of(JIWON) == [("member", "REFUSED"), ("access", "REFUSED")]
        standing = standings.of_host(JIWON)
        assert standing is None or standing.requirement_hash is None

    def test_after_a_yes_counts(self, policy: Policy, at: datetime) -> None:
        """A no from the same form after its yes is recorded, and the gate closes."""
        form = a_form(policy)
        consenting.decide(JIWON, form, at)

        outcome = consenting.decline(JIWON, form, at)

        assert outcome.recorded == 2
        assert not outcome.opened

    def test_to_one_item_is_no_to_the_service(self, policy: Policy, at: datetime) -> None:
        """An explicit no to one gate item is recorded beside the yes, and the gate stays closed."""
        outcome = consenting.decide(JIWON, a_form(policy, answers={"member": "yes", "access": "no"}), at)

        assert decisions_of(JIWON) == [("member", "GRANTED"), ("access", "REFUSED")]
        assert not outcome.opened


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"member": "yes"}, id="one is missing"),
        pytest.param({"member": "yes", "access": "on"}, id="a browser's on"),
        pytest.param({"member": "yes", "access": ""}, id="empty"),
        pytest.param({"member": "yes", "access": "YES"}, id="another spelling"),
        pytest.param({"member": "yes", "access": "?"}, id="sent twice"),
    ],
)
def test_anything_but_yes_or_no_records_nothing(policy: Policy, at: datetime, answers: dict[str, str]) -> None:
    """Anything but an explicit yes or no to each item names the item and records nothing, not even a member."""
    with pytest.raises(Unanswered) as told:
        consenting.decide(JIWON, a_form(policy, answers=answers), at)

    assert told.value.items == ("access",)
    assert members.of_host(JIWON) is None


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"version": "2020-01-01"}, id="another version"),
        pytest.param({"text_sha256": "0" * 64}, id="another text"),
        pytest.param({"nonce": ""}, id="no nonce"),
        pytest.param({"nonce": "x" * 27}, id="a nonce of another form"),
        pytest.param({"shown": ()}, id="no items"),
        pytest.param({"shown": ("member",)}, id="an item left out"),
    ],
)
def test_a_form_for_something_else_records_nothing(policy: Policy, at: datetime, changes: dict[str, Any]) -> None:
    """A form that showed something else than what is in force records nothing."""
    with pytest.raises(StaleForm):
        consenting.decide(JIWON, a_form(policy, **changes), at)

    assert decisions_of(JIWON) == []


@pytest.mark.usefixtures("pushed")
class TestWithdrawing:
    def test_closes_the_gate_and_proves_it(self, policy: Policy, at: datetime) -> None:
        """A withdrawal clears the standing and issues a receipt that names the one it follows."""
        given = consenting.decide(JIWON, a_form(policy), at)

        outcome = consenting.withdraw(JIWON, "access", "ko", at + timedelta(days=1))

        standing = standings.of_host(JIWON)
        assert standing is not None
        assert standing.requirement_hash is None
        assert outcome.receipt_ref is not None
        proof = receipts.named(outcome.receipt_ref)
        assert proof is not None
        assert json.loads(proof.body)["record"]["replaces"] == given.receipt_ref

    def test_twice_is_once(self, policy: Policy, at: datetime) -> None:
        """Withdrawing again returns the first receipt and records nothing."""
        consenting.decide(JIWON, a_form(policy), at)
        first = consenting.withdraw(JIWON, "member", "ko", at)

        again = consenting.withdraw(JIWON, "member", "ko", at)

        assert again.receipt_ref == first.receipt_ref
        assert decisions_of(JIWON).count(("member", "WITHDRAWN")) == 1

    @pytest.mark.parametrize("item", ["member", "nothing-of-the-kind"])
    def test_needs_a_consent(self, at: datetime, item: str) -> None:
        """What was never agreed to cannot be withdrawn."""
        with pytest.raises(NothingToWithdraw):
            consenting.withdraw(JIWON, item, "ko", at)


@pytest.mark.usefixtures("pushed")
class TestNewVersion:
    def test_with_another_purpose_asks_again_at_its_time(self, policy: Policy, at: datetime) -> None:
        """A material change asks for the changed item, and only for it, from the moment it takes effect."""
        consenting.decide(JIWON, a_form(policy), at)
        starts = at + timedelta(days=7)
        publishing.publish(with_purpose_added(policy, "2026-12-01"), starts, at)

        before = consenting.asked_of(JIWON, starts - timedelta(microseconds=1))
        after = consenting.asked_of(JIWON, starts)

        assert before.items == ()
        assert before.stands
        assert [item.key for item in after.items] == ["access"]
        assert not after.stands
        assert set(after.earlier) == {"access"}

    def test_with_other_words_asks_nobody(self, policy: Policy, at: datetime) -> None:
        """A change of wording leaves everybody's standing alone."""
        consenting.decide(JIWON, a_form(policy), at)
        starts = at + timedelta(days=7)
        publishing.publish(with_words_changed(policy, "2026-12-01"), starts, at)

        after = consenting.asked_of(JIWON, starts)

        assert after.items == ()
        assert after.stands

    def test_refuses_a_form_of_the_old_one(self, policy: Policy, at: datetime) -> None:
        """A form opened before a new version took effect records nothing after it."""
        form = a_form(policy)
        starts = at + timedelta(minutes=5)
        publishing.publish(with_words_changed(policy, "2026-12-01"), starts, at)

        with pytest.raises(StaleForm):
            consenting.decide(JIWON, form, starts)

    def test_that_asks_less_goes_on_by_one_press(self, policy: Policy, at: datetime) -> None:
        """A version with an item less asks nothing; the standing is renewed when the member carries on."""
        consenting.decide(JIWON, a_form(policy), at)
        starts = at + timedelta(days=1)
        fewer = another(policy, "2026-12-01", consent_items=policy.consent_items[:1])
        publishing.publish(fewer, starts, at)

        asked = consenting.asked_of(JIWON, starts)
        opened = consenting.carry_on(JIWON, starts)

        assert asked.items == ()
        assert not asked.stands
        assert opened
        assert consenting.asked_of(JIWON, starts).stands


class TestAtOnce:
    def test_twenty_times_is_once(self, app: Flask, policy: Policy, at: datetime) -> None:
        """Twenty threads with one form get one receipt, and each item has one event."""
        form = a_form(policy)

        outcomes = self._twenty(app, lambda n: consenting.decide(JIWON, form, at))

        with app.app_context():
            assert {outcome.receipt_ref for outcome in outcomes} == {outcomes[0].receipt_ref}
            assert sorted(decisions_of(JIWON)) == [("access", "GRANTED"), ("member", "GRANTED")]

    def test_twenty_tabs_are_one(self, app: Flask, policy: Policy, at: datetime) -> None:
        """Twenty tabs, each with its own form, get one receipt together."""
        forms = [a_form(policy) for _ in range(20)]

        outcomes = self._twenty(app, lambda n: consenting.decide(JIWON, forms[n], at))

        with app.app_context():
            assert len({outcome.receipt_ref for outcome in outcomes}) == 1
            assert len(decisions_of(JIWON)) == 2

    def test_twenty_withdrawals_are_one(self, app: Flask, policy: Policy, at: datetime) -> None:
        """Twenty withdrawals at once record one event with one receipt."""
        with app.app_context():
            consenting.decide(JIWON, a_form(policy), at)

        outcomes = self._twenty(app, lambda n: consenting.withdraw(JIWON, "access", "ko", at))

        with app.app_context():
            assert len({outcome.receipt_ref for outcome in outcomes}) == 1
            assert decisions_of(JIWON).count(("access", "WITHDRAWN")) == 1

    def _twenty(self, app: Flask, deed: Callable[[int], Outcome]) -> list[Outcome]:
        def in_own_context(n: int) -> Outcome:
            with app.app_context():
                return deed(n)

        with ThreadPoolExecutor(20) as pool:
            return list(pool.map(in_own_context, range(20)))
