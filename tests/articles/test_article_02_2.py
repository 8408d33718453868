"""Article 2-2: processing by others."""

from datetime import date

import msgspec

from portal.rules.disclosure import Asked, Person, Reason, judge
from portal.rules.processor import (
    CLAUSES,
    Contract,
    Standing,
    State,
    differences,
    entry_of,
    missing_clauses,
    state_of,
)
from tests.articles.reading import POLICY, labels, says


def test_payment_is_entrusted_to_one_company() -> None:
    """한국정보통신(주) is the only company that receives data, and receives it to take payment."""
    (processor,) = POLICY.processors
    assert processor.name.ko == "한국정보통신(주)"
    assert processor.task.ko == "이용요금 결제"
    assert processor.relationship == "PROCESSOR"
    assert says("2-2", "한국정보통신(주)", "이용요금 결제")


def test_three_items_are_passed_on() -> None:
    """Card number, expiry date and business registration number are passed on, and nothing else."""
    (processor,) = POLICY.processors
    assert labels(processor.items) == ["신용카드 번호", "신용카드 유효기간", "사업자등록번호"]
    assert says("2-2", "신용카드 번호, 유효기간, 사업자등록번호")


def test_contracts_make_the_handling_safe() -> None:
    """Contracts of entrustment set out what the laws require for safe management."""
    assert says("2-2", "위탁 계약", "관계 법령", "안전하게 관리")


def test_entrustment_or_provision_is_still_to_be_settled() -> None:
    """The article calls it entrustment but words it as provision, so the entry awaits the officer's review."""
    assert POLICY.processors[0].review_required


def test_the_member_is_told_when_a_card_is_added() -> None:
    """The notice at that moment names the company and the three items, in both languages."""
    notice = POLICY.processors[0].notice
    for words in (notice.ko, notice.en):
        assert "한국정보통신(주)" in words
    assert "신용카드 번호, 유효기간, 사업자등록번호" in notice.ko


def test_the_register_tells_what_the_article_tells() -> None:
    """The entry that the register begins with differs from the published article in nothing."""
    entry = entry_of(POLICY.processors[0])
    assert differences(POLICY, [Standing(entry, disclosed_on=date(2026, 11, 23))]) == ()


def test_the_contract_has_seven_clauses_or_says_which_lack() -> None:
    """'관계 법령에서 규정하고 있는 사항' are seven clauses, and a contract without one of them is not complete."""
    contract = Contract(date(2026, 1, 2), "ab" * 32, tuple(CLAUSES)[:6])
    assert missing_clauses(contract) == ("liability",)
    entry = msgspec.structs.replace(entry_of(POLICY.processors[0]), period="결제 후 5년")
    assert state_of(Standing(entry, contract), POLICY, date(2026, 11, 23)) is State.DRAFT


def test_nothing_else_is_passed_on() -> None:
    """Another item, another purpose and another company are refused, whoever asks."""
    standing = Standing(entry_of(POLICY.processors[0]), disclosed_on=date(2026, 11, 23))
    for asked, reason in (
        (Asked("kicc", ("email",), "payment"), Reason.ITEMS),
        (Asked("kicc", ("card_number",), "bill"), Reason.PURPOSE),
    ):
        assert judge(asked, standing, POLICY, Person()).reason is reason
    assert judge(Asked("another", ("card_number",), "payment"), None, POLICY, Person()).reason is Reason.UNREGISTERED
