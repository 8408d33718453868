"""Article 1: purpose."""

from datetime import date

from tests.articles.reading import POLICY, says


def test_the_policy_is_in_force_since_4_february_2021() -> None:
    """Version 2021-02-04 took effect on 4 February 2021."""
    assert POLICY.version == "2021-02-04"
    assert POLICY.effective_on == date(2021, 2, 4)
    assert says("1", "2021년 2월 4일부터 시행")
    assert says("1", "in force since 4 February 2021", language="en")


def test_cloudmate_answers_for_matecost() -> None:
    """The controller is (주)클라우드메이트, called 클라우드메이트, and its service is MateCost."""
    assert POLICY.controller.name.ko == "(주)클라우드메이트"
    assert POLICY.controller.brand.ko == "클라우드메이트"
    assert POLICY.controller.service.ko == "MateCost"
    assert says("1", "CloudMate(이하 ‘클라우드메이트’)", "MateCost(이하 ‘서비스’)")


def test_the_document_makes_the_handling_public() -> None:
    """The article says what the document makes public, from items to operation, and why: a secure, smooth service."""
    assert says("1", "안전하고 원활하게", "항목", "수집 방법", "공유", "보유", "파기", "보호", "운영", "공개")


def test_the_title_is_the_name_that_the_law_gives() -> None:
    """The document is called 개인정보 처리방침 and nothing else."""
    assert POLICY.title.ko == "개인정보 처리방침"
    assert not [a.number for a in POLICY.articles if "취급방침" in a.text.ko + a.title.ko + a.easy.ko]
