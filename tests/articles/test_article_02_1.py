"""Article 2-1: rights of members and legal representatives."""

from tests.articles.reading import POLICY, says


def test_consent_can_be_withdrawn_at_any_time() -> None:
    """Members may withdraw consent to collection, use and provision at any time."""
    (right,) = [right for right in POLICY.rights if right.key == "WITHDRAWAL"]
    assert right.way.ko == "언제든지"
    assert says("2-1", "수집, 이용, 제공에 대한 동의", "언제든지 철회")


def test_members_may_see_receive_and_correct_their_data() -> None:
    """Access, provision and correction may be asked of CloudMate."""
    assert {"ACCESS", "PROVISION", "CORRECTION"} <= {right.key for right in POLICY.rights}
    assert says("2-1", "열람하거나 제공받고", "정정")


def test_deletion_and_change_go_through_customer_support() -> None:
    """Deletion and change are done by a request to customer support."""
    ways = {right.key: right.way.ko for right in POLICY.rights}
    assert ways["DELETION"] == ways["CHANGE"] == "고객지원에 요청"
    assert says("2-1", "고객지원에 요청", "삭제하거나 변경")


def test_the_rights_are_the_legal_representatives_too() -> None:
    """The article speaks for members and their legal representatives."""
    assert "법정대리인" in POLICY.article("2-1").title.ko
    assert says("2-1", "법정대리인의 권리")
