"""Article 2: what is collected, and how."""

from tests.articles.reading import POLICY, labels, says


def test_five_things_are_collected_at_sign_up() -> None:
    """Email address, user ID, company, business registration number and contact are collected at sign-up."""
    assert [item.label.ko for item in POLICY.items if "sign_up" in item.methods] == [
        "이메일 주소",
        "아이디",
        "근무 회사명",
        "사업자등록번호",
        "개인 연락처",
    ]
    assert says("2", "이메일 주소, 아이디, 근무 회사명, 사업자등록번호, 개인 연락처", "회원 가입 시")


def test_card_data_and_business_number_are_collected_to_pay() -> None:
    """Card data and the business registration number are collected for payment, to be passed to the payment agency."""
    paid = [item.label.ko for item in POLICY.items if "payment" in item.methods]
    assert paid == ["사업자등록번호", "신용카드 번호", "신용카드 유효기간"]
    assert says("2", "카드 정보와 사업자등록번호", "결제 대행사에 제공")


def test_no_card_data_is_stored() -> None:
    """Card number and expiry date only pass through; everything else is stored."""
    assert [item.key for item in POLICY.items if not item.stored] == ["card_number", "card_expiry"]


def test_access_data_is_collected_automatically() -> None:
    """Cookies, access records and the IP address are collected automatically during use."""
    automatic = [item.label.ko for item in POLICY.items if "automatic" in item.methods]
    assert automatic == ["쿠키", "서비스 접속 기록", "IP 주소"]
    assert says("2", "쿠키 정보, 서비스 접속 기록, IP 주소", "자동으로 수집")


def test_members_may_give_data_of_their_own_accord() -> None:
    """What is collected at sign-up may also come from the member's own giving during use."""
    assert all("voluntary" in item.methods for item in POLICY.items if "sign_up" in item.methods)
    assert says("2", "회원이 스스로 제공")


def test_data_is_collected_to_bill_to_take_payment_to_alert_and_to_serve() -> None:
    """Article 2 names four purposes: sending bills, payment, usage alerts and providing the service."""
    assert [one.label.ko for one in POLICY.purposes if "2" in one.articles] == [
        "청구서 발송",
        "이용요금 결제",
        "이용량 증가 알림",
        "안전하고 원활한 서비스 제공",
    ]
    assert says("2", "청구서 발송, 청구서 결제, 이용량 증가 알림")


def test_the_gate_asks_two_questions() -> None:
    """The gate asks for member information and for access information, each apart, and not for card data."""
    asked = {item.key: labels(item.items) for item in POLICY.gate_items}
    assert asked == {
        "member": ["이메일 주소", "아이디", "근무 회사명", "사업자등록번호", "개인 연락처"],
        "access": ["쿠키", "서비스 접속 기록", "IP 주소"],
    }
    assert {item.kind for item in POLICY.gate_items} == {"consent"}
