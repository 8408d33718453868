"""Article 2-2: processing by others."""

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
