"""Article 3: purposes of collection and use."""

from datetime import date

from portal.rules.disclosure import Asked, Person, Reason, judge
from portal.rules.processor import Standing, entry_of
from tests.articles.reading import POLICY, says


def test_contact_and_company_serve_payment_information() -> None:
    """The contact number and the company name are used to give payment information, and only they are."""
    used = [item.label.ko for item in POLICY.items if "payment_notice" in item.purposes]
    assert used == ["근무 회사명", "개인 연락처"]
    assert POLICY.purpose("payment_notice").articles == ("3",)
    assert says("3", "연락처와 근무 업체명", "결제 정보를 제공")


def test_every_item_has_a_purpose() -> None:
    """No item is collected without a purpose."""
    assert [item.key for item in POLICY.items if not item.purposes] == []


def test_a_disclosure_names_a_purpose_of_the_policy() -> None:
    """For a purpose that the policy does not have nothing leaves, and the question itself is refused."""
    standing = Standing(entry_of(POLICY.processors[0]), disclosed_on=date(2026, 11, 23))
    for purpose in ("usage_alert", "marketing"):
        asked = Asked("kicc", ("card_number",), purpose)
        assert judge(asked, standing, POLICY, Person()).reason is Reason.PURPOSE
