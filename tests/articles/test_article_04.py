"""Article 4: sharing and provision."""

from tests.articles.reading import POLICY, says


def test_nobody_is_provided_with_data_without_consent() -> None:
    """No third party is registered: data is used within Article 3 and goes to nobody without prior consent."""
    assert [one.key for one in POLICY.processors if one.relationship == "THIRD_PARTY"] == []
    assert says("4", "제3조", "범위 안에서만", "사전 동의 없이는", "외부에 공개하지 않습니다")
    assert says("4", "Article 3", "prior consent", language="en")
