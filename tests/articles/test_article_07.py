"""Article 7: automatic collection and refusing it."""

import pytest

from portal.policy.model import ConsentItem
from portal.rules.consent import judge, text_shown
from tests.articles.reading import POLICY, says


def test_the_article_gives_the_right_to_refuse_and_its_price() -> None:
    """Consent may be refused under the Personal Information Protection Act; the service cannot then be used."""
    assert says("7", "「개인정보 보호법」", "동의를 거부할 권리", "서비스를 이용할 수 없습니다")
    assert says("7", "right to refuse consent", "the service cannot be used", language="en")


@pytest.mark.parametrize("item", POLICY.consent_items, ids=lambda item: item.key)
def test_each_question_tells_the_right_to_refuse_and_its_price(item: ConsentItem) -> None:
    """Both questions say that one may refuse and that MateCost cannot then be used, in both languages."""
    assert item.refusal.closes_service
    assert "동의를 거부할 권리가 있어요" in text_shown(POLICY, item, "ko")
    assert "MateCost를 이용할 수 없어요" in text_shown(POLICY, item, "ko")
    assert "You have the right to refuse" in text_shown(POLICY, item, "en")
    assert "you cannot use MateCost" in text_shown(POLICY, item, "en")


def test_refusing_either_question_closes_the_service() -> None:
    """A no to either question keeps the service closed; a yes to both opens it."""
    answers = [("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no")]
    opens = [judge(POLICY, {"member": member, "access": access}).opens_service for member, access in answers]
    assert opens == [True, False, False, False]
