"""The verdict on one disclosure: recipient, policy and person must all say yes."""

from datetime import date
from typing import Any

import msgspec
import pytest

from portal.policy.model import Policy
from portal.rules.consent import content_hash
from portal.rules.disclosure import Asked, Person, Reason, Verdict, judge
from portal.rules.processor import Standing
from tests.rules.test_processor import KICC, POLICY, TODAY, provided

CARD = ("card_number", "card_expiry")
ALL = (*CARD, "business_registration_number")
REGISTERED = Standing(KICC, disclosed_on=TODAY)


def asked(**changes: Any) -> Asked:
    return msgspec.structs.replace(Asked("kicc", ALL, "payment"), **changes)


def agreed(policy: Policy = POLICY, **decisions: str) -> Person:
    """Return a member who agreed to everything the gate asks for, but for what is told otherwise."""
    given = {item.key: ("GRANTED", content_hash(policy, item)) for item in policy.gate_items}
    return Person(decisions=given | {key: (word, given[key][1]) for key, word in decisions.items()})


def test_what_was_told_may_go() -> None:
    """Registered items for the registered purpose of a member who agreed go to a disclosed processor."""
    assert judge(asked(), REGISTERED, POLICY, agreed()) == Verdict()
    assert judge(asked(), REGISTERED, POLICY, agreed()).allowed


@pytest.mark.parametrize(
    ("told", "standing", "verdict"),
    [
        (asked(), None, Verdict(Reason.UNREGISTERED)),
        (asked(), Standing(KICC, disclosed_on=TODAY, ended_on=date(2026, 11, 1)), Verdict(Reason.ENDED)),
        (asked(), Standing(KICC), Verdict(Reason.NOT_DISCLOSED)),
        (
            asked(),
            Standing(msgspec.structs.replace(KICC, relationship="THIRD_PARTY"), disclosed_on=TODAY),
            Verdict(Reason.NOT_DISCLOSED),
        ),
        (asked(purpose="bill"), REGISTERED, Verdict(Reason.PURPOSE)),
        (
            asked(purpose="bill"),
            Standing(msgspec.structs.replace(KICC, purposes=("payment", "bill")), disclosed_on=TODAY),
            Verdict(Reason.PURPOSE),
        ),
        (asked(items=("card_number", "email")), REGISTERED, Verdict(Reason.ITEMS, ("email",))),
        (
            asked(items=("email",)),
            Standing(msgspec.structs.replace(KICC, items=(*ALL, "email")), disclosed_on=TODAY),
            Verdict(Reason.ITEMS, ("email",)),
        ),
        (
            asked(items=CARD),
            Standing(msgspec.structs.replace(KICC, items=("card_number",)), disclosed_on=TODAY),
            Verdict(Reason.ITEMS, ("card_expiry",)),
        ),
        (asked(items=()), REGISTERED, Verdict(Reason.ITEMS)),
    ],
    ids=[
        "unregistered",
        "ended",
        "not disclosed",
        "another relationship than told",
        "another purpose",
        "a purpose registered but not published",
        "another item",
        "an item registered but not published",
        "an item published but not registered",
        "nothing",
    ],
)
def test_outside_of_what_was_told_nothing_goes(told: Asked, standing: Standing | None, verdict: Verdict) -> None:
    """What the register or the policy in force leaves out is refused, and the items are named."""
    assert judge(told, standing, POLICY, agreed()) == verdict


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (Person(known=False), Reason.NOBODY),
        (msgspec.structs.replace(agreed(), suspended=True), Reason.SUSPENDED),
        (msgspec.structs.replace(agreed(), to_be_destroyed=True), Reason.DESTRUCTION),
        (agreed(member="WITHDRAWN"), Reason.WITHDRAWN),
        (agreed(access="WITHDRAWN"), Reason.WITHDRAWN),
        (agreed(member="REFUSED"), Reason.NO_CONSENT),
        (msgspec.structs.replace(agreed(), has_standing=False), Reason.NO_CONSENT),
        (Person(decisions={"member": ("GRANTED", "of an older version")}), Reason.NO_CONSENT),
        (Person(), Reason.NO_CONSENT),
    ],
    ids=[
        "unknown",
        "suspended",
        "to be destroyed",
        "withdrawn",
        "withdrew another",
        "refused",
        "never satisfied the gate",
        "agreed to other facts",
        "never asked",
    ],
)
def test_of_whom_nothing_may_go(person: Person, reason: Reason) -> None:
    """A member who is suspended, withdrawn, erased or has not agreed is not sent to anybody."""
    assert judge(asked(), REGISTERED, POLICY, person).reason is reason


def test_a_contract_carries_what_rests_on_it() -> None:
    """The card items rest on the contract of paying: they need no consent to themselves."""
    person = Person(decisions={"access": ("GRANTED", content_hash(POLICY, POLICY.consent_item("access")))})

    assert judge(asked(items=CARD), REGISTERED, POLICY, person).allowed
    assert judge(asked(), REGISTERED, POLICY, person) == Verdict(Reason.NO_CONSENT, ("business_registration_number",))


def test_provision_needs_its_own_consent() -> None:
    """What goes to a third party needs the consent to that provision, whatever else was agreed to."""
    policy = provided(POLICY)
    standing = Standing(msgspec.structs.replace(KICC, relationship="THIRD_PARTY"), disclosed_on=TODAY)
    item = policy.consent_item("provision")
    without = agreed(policy)
    with_it = Person(decisions={**without.decisions, "provision": ("GRANTED", content_hash(policy, item))})

    assert judge(asked(), standing, policy, without) == Verdict(Reason.NO_CONSENT, ALL)
    assert judge(asked(), standing, policy, with_it).allowed
