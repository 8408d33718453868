"""Article 8: technical and administrative protection."""

from tests.articles.reading import POLICY, says


def test_five_dangers_are_guarded_against() -> None:
    """The measures are against loss, theft, leakage, alteration and damage."""
    assert says("8", "분실, 도난, 누출, 변조, 훼손", "최선의 노력")


def test_the_technical_measures_are_listed() -> None:
    """Hacking and viruses, firewalls and every possible device are the technical measures."""
    assert [one.key for one in POLICY.safeguards if one.kind == "TECHNICAL"] == ["intrusion", "firewall", "systems"]
    assert says("8", "해킹이나 컴퓨터 바이러스", "방화벽", "가능한 모든 기술적 장치")


def test_only_designated_and_trained_staff_handle_data() -> None:
    """Handling is limited to designated staff, who are trained and kept to the policy."""
    assert [one.key for one in POLICY.safeguards if one.kind == "ADMINISTRATIVE"] == ["handlers", "training"]
    assert says("8", "담당자로 한정", "수시로 교육", "항상 강조")
