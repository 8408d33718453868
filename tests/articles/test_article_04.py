"""Article 4: sharing and provision."""

from datetime import date

import msgspec
import pytest
from flask import Flask

from portal.policy.checks import KEYED, Draft, check
from portal.rules.consent import content_hash
from portal.rules.disclosure import Asked, Person, Reason, judge
from portal.rules.processor import Standing, entry_of
from portal.services import disclosing, inquiring
from portal.services.auditing import By
from tests.articles.reading import POLICY, says
from tests.fake_clock import FakeClock
from tests.rules.test_processor import provided


def test_nobody_is_provided_with_data_without_consent() -> None:
    """No third party is registered: data is used within Article 3 and goes to nobody without prior consent."""
    assert [one.key for one in POLICY.processors if one.relationship == "THIRD_PARTY"] == []
    assert says("4", "제3조", "범위 안에서만", "사전 동의 없이는", "외부에 공개하지 않습니다")
    assert says("4", "Article 3", "prior consent", language="en")


def test_provision_needs_the_prior_consent_of_the_very_person() -> None:
    """As a third party even the registered company receives nothing without the member's consent to that provision."""
    policy = provided(POLICY)
    entry = msgspec.structs.replace(entry_of(POLICY.processors[0]), relationship="THIRD_PARTY")
    standing = Standing(entry, disclosed_on=date(2026, 11, 23))
    consent = policy.consent_item("provision")
    asked = Asked("kicc", ("card_number",), "payment")

    assert judge(asked, standing, policy, Person()).reason is Reason.NO_CONSENT
    agreed = Person(decisions={"provision": ("GRANTED", content_hash(policy, consent))})
    assert judge(asked, standing, policy, agreed).allowed
    taken_back = Person(decisions={"provision": ("WITHDRAWN", content_hash(policy, consent))})
    assert judge(asked, standing, policy, taken_back).reason is Reason.NO_CONSENT


def test_a_policy_that_provides_asks_for_consent() -> None:
    """A policy with a third party and no consent item for it cannot be loaded."""
    told = msgspec.structs.replace(POLICY.processors[0], relationship="THIRD_PARTY")
    draft = Draft(
        file="a.toml",
        facts={**msgspec.structs.asdict(POLICY), "processors": (told,)},
        keys={section: tuple(one.key for one in getattr(POLICY, section)) for section in KEYED}
        | {"articles": tuple(one.number for one in POLICY.articles)},
    )

    assert [fault.where for fault in check(draft)] == ["processors[kicc]"]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_authorities_are_answered_by_a_person_alone(app: Flask, clock: FakeClock) -> None:
    """A request of an investigating authority is logged and stays open; nothing is disclosed by logging it, and the
    decision is a person's, made once with its ground."""
    officer = By("STAFF", "officer")
    with app.app_context():
        asked = inquiring.Asked("가온경찰서", "사이버-2026-0123", "형사소송법 제215조", "접속 기록", ())
        ref = inquiring.log(asked, date(2026, 11, 20), officer, clock())
        found = inquiring.of_ref(ref, officer, clock())
        assert found is not None
        assert (found.decision, disclosing.sums(date(2026, 11, 23), None)) == ("", [])

        inquiring.decide(ref, "REFUSED", "영장이 없습니다.", None, officer, clock())
        with pytest.raises(inquiring.Refused):
            inquiring.decide(ref, "ANSWERED", "다시", None, officer, clock())
