"""Entries of the register: how far one has come, what it lacks, and where it differs from the published policy."""

from datetime import date
from typing import Any

import msgspec
import pytest

from portal.policy.loading import load, shipped
from portal.policy.model import Policy, Text
from portal.rules.processor import (
    CLAUSES,
    Contract,
    Difference,
    Entry,
    Lack,
    Overseas,
    Standing,
    State,
    SubProcessor,
    differences,
    entry_of,
    lacks_of,
    may_disclose,
    missing_clauses,
    state_of,
    supervision_due_on,
)

POLICY: Policy = load(shipped()[0])
TODAY = date(2026, 11, 23)
KICC = entry_of(POLICY.processors[0])
WHOLE = Contract(date(2026, 1, 2), "ab" * 32, tuple(CLAUSES))


def an_entry(**changes: Any) -> Entry:
    return msgspec.structs.replace(KICC, **{"period": "결제 후 5년", "review_required": False, **changes})


def provided(policy: Policy) -> Policy:
    """Return a policy that provides to kicc as a third party, with a consent item for it."""
    told = msgspec.structs.replace(policy.processors[0], relationship="THIRD_PARTY")
    item = msgspec.structs.replace(
        policy.consent_items[0], key="provision", kind="optional", items=told.items, recipient="kicc"
    )
    return msgspec.structs.replace(policy, processors=(told,), consent_items=(*policy.consent_items, item))


def test_seven_clauses_are_asked_for() -> None:
    """A contract names all that the law asks for, or what is missing is told in the law's order."""
    assert len(CLAUSES) == 7
    assert missing_clauses(Contract(TODAY, "", ("liability", "purpose_only"))) == (
        "safeguards",
        "scope",
        "sub_entrustment",
        "access",
        "supervision",
    )


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing(an_entry()), State.DRAFT),
        (Standing(an_entry(), Contract(date(2026, 1, 2), "ab", ("scope",))), State.DRAFT),
        (Standing(an_entry(), WHOLE), State.CONTRACT_COMPLETE),
        (Standing(an_entry(period=""), WHOLE), State.DRAFT),
        (
            Standing(an_entry(), msgspec.structs.replace(WHOLE, expires_on=TODAY)),
            State.DRAFT,
        ),
        (Standing(an_entry(), WHOLE, disclosed_on=TODAY), State.DISCLOSED),
        (Standing(KICC, disclosed_on=TODAY), State.DISCLOSED),
        (Standing(an_entry(key="other"), WHOLE, disclosed_on=TODAY), State.CONTRACT_COMPLETE),
        (Standing(an_entry(relationship="THIRD_PARTY"), WHOLE, disclosed_on=TODAY), State.CONTRACT_COMPLETE),
        (Standing(an_entry(), WHOLE, disclosed_on=TODAY, ended_on=TODAY), State.ENDED),
    ],
    ids=[
        "no contract",
        "a clause missing",
        "contract whole",
        "no period",
        "contract expired",
        "disclosed",
        "seeded without a contract",
        "not in the policy",
        "told as a processor",
        "ended",
    ],
)
def test_a_state_follows_from_contract_deeds_and_policy(standing: Standing, state: State) -> None:
    """No state is stored; what the public was not told of is never disclosed."""
    assert state_of(standing, POLICY, TODAY) is state


def test_the_first_entry_lacks_what_the_policy_does_not_tell() -> None:
    """The entry that the policy of 2021 names has no period, no contract on record, and awaits the officer's review."""
    assert lacks_of(Standing(KICC, disclosed_on=TODAY), POLICY, TODAY) == (
        Lack.PERIOD,
        Lack.CONTRACT,
        Lack.REVIEW,
    )


def test_provision_needs_a_consent_item_in_force() -> None:
    """An entry that became a third party's is not disclosed before a policy with a consent item for it is in force."""
    standing = Standing(an_entry(relationship="THIRD_PARTY"))

    assert Lack.CONSENT_ITEM in lacks_of(standing, POLICY, TODAY)
    assert not may_disclose(standing, POLICY, TODAY)
    assert may_disclose(standing, provided(POLICY), TODAY)


def test_overdue_supervision_is_lacking() -> None:
    """From the day on which the next check is due, it is told."""
    standing = Standing(an_entry(), WHOLE, disclosed_on=date(2025, 11, 23), next_supervision=TODAY)

    assert lacks_of(standing, POLICY, TODAY) == (Lack.SUPERVISION,)
    assert lacks_of(standing, POLICY, date(2026, 11, 22)) == ()


def test_supervision_is_due_within_a_year() -> None:
    """A next day may be set sooner than a year, never later."""
    assert supervision_due_on(date(2026, 2, 28)) == date(2027, 2, 28)
    assert supervision_due_on(TODAY, date(2027, 1, 1)) == date(2027, 1, 1)
    assert supervision_due_on(TODAY, date(2030, 1, 1)) == date(2027, 11, 23)


def test_register_and_policy_that_agree_differ_in_nothing() -> None:
    """The seeded register tells what the policy tells."""
    assert differences(POLICY, [Standing(KICC, disclosed_on=TODAY)]) == ()


@pytest.mark.parametrize(
    ("standings", "found"),
    [
        ([], [Difference("kicc", "MISSING", (), ("한국정보통신(주)",))]),
        (
            [Standing(KICC, ended_on=TODAY)],
            [Difference("kicc", "ENDED", ("2026-11-23",), ("한국정보통신(주)",))],
        ),
        (
            [Standing(an_entry(name=Text(ko="새 이름", en="New name")))],
            [
                Difference(
                    "kicc",
                    "NAME",
                    ("새 이름", "New name"),
                    ("한국정보통신(주)", "Korea Information & Communications Co., Ltd. (한국정보통신(주))"),
                )
            ],
        ),
        (
            [Standing(an_entry(relationship="THIRD_PARTY"))],
            [Difference("kicc", "RELATIONSHIP", ("THIRD_PARTY",), ("PROCESSOR",))],
        ),
        (
            [Standing(an_entry(items=("card_number",)))],
            [
                Difference(
                    "kicc", "ITEMS", ("card_number",), ("card_number", "card_expiry", "business_registration_number")
                )
            ],
        ),
        (
            [Standing(an_entry(purposes=("bill",)))],
            [Difference("kicc", "PURPOSES", ("bill",), ("payment",))],
        ),
        (
            [Standing(an_entry(sub_processors=(SubProcessor("가온전산", "전산 운영"),)))],
            [Difference("kicc", "SUB_PROCESSORS", ("가온전산",), ())],
        ),
        (
            [Standing(an_entry(task=Text(ko="정산", en="Settlement")))],
            [Difference("kicc", "TASK", ("정산", "Settlement"), ("이용요금 결제", "Payment of charges"))],
        ),
        (
            [Standing(an_entry(overseas=Overseas("일본", "보낼 때마다", "30일", "메일로 거부")))],
            [Difference("kicc", "OVERSEAS", ("일본",), ())],
        ),
        ([Standing(an_entry(name=Text(ko="한국정보통신(주)", en="한국정보통신(주)")))], []),
        (
            [Standing(KICC), Standing(an_entry(key="other"), disclosed_on=TODAY), Standing(an_entry(key="planned"))],
            [Difference("other", "UNPUBLISHED", ("한국정보통신(주)",), ())],
        ),
    ],
    ids=[
        "missing",
        "ended",
        "name",
        "relationship",
        "items",
        "purposes",
        "sub-processors",
        "task",
        "abroad",
        "no English",
        "unpublished",
    ],
)
def test_every_difference_is_told(standings: list[Standing], found: list[Difference]) -> None:
    """Whatever register and policy tell differently is named, with both sides; a plan is no difference."""
    assert list(differences(POLICY, standings)) == found


def test_what_an_article_tells_is_no_difference() -> None:
    """A sub-processor and a country that an article of the policy names are published."""
    last = POLICY.articles[-1]
    words = Text(ko=f"{last.text.ko}\n가온전산은 일본에서 전산을 운영합니다.", en=last.text.en)
    policy = msgspec.structs.replace(
        POLICY, articles=(*POLICY.articles[:-1], msgspec.structs.replace(last, text=words))
    )
    entry = an_entry(
        sub_processors=(SubProcessor("가온전산", "전산 운영"), SubProcessor("누리전산", "백업")),
        overseas=Overseas("일본 (도쿄)", "보낼 때마다", "30일", "메일로 거부"),
    )

    assert list(differences(policy, [Standing(entry)])) == [Difference("kicc", "SUB_PROCESSORS", ("누리전산",), ())]
