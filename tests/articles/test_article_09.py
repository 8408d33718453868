"""Article 9: links to other sites."""

from tests.articles.reading import POLICY, says


def test_the_article_disclaims_other_sites() -> None:
    """CloudMate controls no third party's site; its policy and terms are not CloudMate's; the user answers for it."""
    assert says("9", "통제할 권한이 없습니다", "무관합니다", "정책을 확인", "물질적 손해", "전적으로 이용자")


def test_the_notice_is_ready_for_every_outgoing_link() -> None:
    """What is said before leaving tells both: no control, and to check the policy of the site visited."""
    assert "통제하지 않습니다" in POLICY.outbound.body.ko
    assert "정책을 직접 확인" in POLICY.outbound.body.ko
    assert "no control" in POLICY.outbound.body.en
