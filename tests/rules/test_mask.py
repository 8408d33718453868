import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.rules.mask import MASKS, mask, mask_text

MASKED = {
    "email": ("email", "matecost@abcd.example", "ma******@abcd.example"),
    "email of four": ("email", "kims@abcd.example", "ki**@abcd.example"),
    "email of three": ("email", "kim@abcd.example", "k**@abcd.example"),
    "email of two": ("email", "ki@abcd.example", "k*@abcd.example"),
    "email of one": ("email", "k@abcd.example", "*@abcd.example"),
    "email without domain": ("email", "matecost", "***"),
    "email with two signs": ("email", "kim@park@abcd.example", "***"),
    "email with words for a domain": ("email", "kim@01012345678 전화", "***"),
    "email, nothing": ("email", "", ""),
    "ID": ("login_id", "minjikim", "mi******"),
    "ID of three": ("login_id", "kim", "k**"),
    "ID of one": ("login_id", "k", "*"),
    "ID that is an email": ("login_id", "minji@abcd.example", "mi***@abcd.example"),
    "name of one": ("name", "홍", "*"),
    "name of two": ("name", "홍길", "홍*"),
    "name of three": ("name", "홍길동", "홍*동"),
    "name of four": ("name", "남궁지민", "남**민"),
    "name of five": ("name", "남궁아름별", "남***별"),
    "name, decomposed": ("name", "\u1112\u1169\u11bc\u1100\u1175\u11af\u1103\u1169\u11bc", "홍*동"),
    "name with a blank": ("name", "홍 길동", "홍 *동"),
    "name in letters": ("name", "Kate Smith", "K*** S****"),
    "name in letters, one word": ("name", "Kim", "K**"),
    "name with an initial": ("name", "K Smith", "* S****"),
    "name, nothing": ("name", " ", ""),
    "mobile": ("personal_contact", "010-5678-1234", "010-****-1234"),
    "mobile, kept form": ("personal_contact", "+821056781234", "010-****-1234"),
    "Seoul": ("personal_contact", "82-2-2069-1980", "02-****-1980"),
    "Seoul, seven digits": ("personal_contact", "02-312-1980", "02-***-1980"),
    "no area code": ("personal_contact", "15881234", "1588-****"),
    "from abroad": ("personal_contact", "+14155550100", "+***0100"),
    "contact that is an address": ("personal_contact", "jiwon@home.example", "ji***@home.example"),
    "contact that is no address": ("personal_contact", "010@1234@5678", "***"),
    "contact with words": ("personal_contact", "010-1234-5678 (집)", "***"),
    "contact too short": ("personal_contact", "1234", "***"),
    "sole trader": ("business_registration_number", "123-45-67891", "123-**-***91"),
    "sole trader, digits alone": ("business_registration_number", "1234567891", "123-**-***91"),
    "corporation": ("business_registration_number", "7898101310", "789-81-01310"),
    "wrong business number": ("business_registration_number", "789-81-01311", "***"),
    "IP": ("ip_address", "123.124.125.126", "123.124.***.126"),
    "IPv6": ("ip_address", "2001:db8:1:2:3:4:5:6", "2001:db8:***"),
    "IPv6, one's own": ("ip_address", "::1", "0:0:***"),
    "IPv4 within IPv6": ("ip_address", "::ffff:123.124.125.126", "123.124.***.126"),
    "IP with a port": ("ip_address", "123.124.125.126:80", "***"),
    "company": ("company_name", "(주)한빛", "(주)한빛"),
    "unknown field": ("birthday", "1990-01-01", "***"),
}


@pytest.mark.parametrize(("field", "value", "shown"), MASKED.values(), ids=MASKED.keys())
def test_a_value_is_shown_under_its_mask(field: str, value: str, shown: str) -> None:
    """Each field has one mask, and a value that its mask cannot read is hidden whole."""
    assert mask(field, value) == shown


@pytest.mark.parametrize(("field", "value", "shown"), MASKED.values(), ids=MASKED.keys())
def test_masking_twice_changes_nothing(field: str, value: str, shown: str) -> None:
    """A masked value stays as it is, so that no screen can spoil it."""
    assert mask(field, shown) == shown


@settings(deadline=None)
@given(
    st.sampled_from(["email", "login_id", "name", "personal_contact", "ip_address", "anything"]), st.text(min_size=1)
)
def test_a_mask_always_hides_something(field: str, value: str) -> None:
    """Whatever stands in a field of a person, its mask hides at least one sign of it."""
    shown = mask(field, value)

    assert "*" in shown or not value.strip()


@settings(deadline=None)
@given(st.sampled_from(sorted(set(MASKS) - {"company_name"})), st.text())
def test_any_value_masked_twice_is_masked_once(field: str, value: str) -> None:
    """A mask of a mask is the mask, also of odd values."""
    once = mask(field, value)

    assert mask(field, once) == once


@settings(deadline=None)
@given(st.text(alphabet="abcdef가나다 .-", min_size=1, max_size=40))
def test_a_name_shows_two_signs_at_most(value: str) -> None:
    """Of a name in one word no more than its first and last sign are seen."""
    word = value.replace(" ", "")
    shown = [sign for sign in mask("name", word) if sign != "*"]

    assert len(shown) <= 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("메일은jiwon@home.example입니다", "메일은ji***@home.example입니다"),
        ("010-9876-5432로 전화 주세요", "010-****-5432로 전화 주세요"),
        ("+82 10 9876 5432", "010-****-5432"),
        ("계좌 110-234-567890", "계좌 ***"),
        ("2026-11-20에 퇴사, 2026. 11. 21. 연락", "2026-11-20에 퇴사, 2026. 11. 21. 연락"),
        ("R-2026-0141 요청", "R-2026-0141 요청"),
        ("3년 동안 12건", "3년 동안 12건"),
        ("", ""),
    ],
)
def test_addresses_and_numbers_in_free_text_are_masked(text: str, shown: str) -> None:
    """Days, request numbers and small numbers stay; doing it twice changes nothing."""
    assert mask_text(text) == shown
    assert mask_text(shown) == shown
