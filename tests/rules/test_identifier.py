from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy.model import Text
from portal.rules.forbidden import CARD_NUMBER, RESIDENT_NUMBER
from portal.rules.identifier import (
    BUSINESS_CHECK,
    BUSINESS_FORM,
    CONTACT_FORM,
    EMAIL_FORM,
    INVISIBLE,
    LOGIN_FORM,
    NEEDED,
    NORMALISED,
    TOO_LONG,
    IdentifierFault,
    business_number,
    company_name,
    contact_display,
    contact_number,
    email_address,
    forbidden,
    index_form,
    is_address,
    kind_of,
    login_id,
    personal_contact,
    shown_form,
)
from tests.policy.samples import POLICY

BUSINESS_NUMBERS = {
    "with hyphens": ("789-81-01310", "789-81-01310"),
    "digits alone": ("7898101310", "789-81-01310"),
    "with blanks": (" 130 81 49638 ", "130-81-49638"),
    "full-width digits": ("２１４－８６－３９２３９", "214-86-39239"),
    "a long dash": ("214–86–39239", "214-86-39239"),
    "a sole trader": ("123-45-67891", "123-45-67891"),
}
WRONG_BUSINESS_NUMBERS = {
    "check digit": ("789-81-01311", BUSINESS_CHECK),
    "check digit of a sole trader": ("123-45-67890", BUSINESS_CHECK),
    "zeros pass the sum": ("000-00-00000", BUSINESS_CHECK),
    "tax office 100": ("100-81-00000", BUSINESS_CHECK),
    "nine digits": ("789-81-0131", BUSINESS_FORM),
    "eleven digits": ("789-81-013100", BUSINESS_FORM),
    "hyphens elsewhere": ("78-981-01310", BUSINESS_FORM),
    "letters": ("789-81-O1310", BUSINESS_FORM),
    "digits of another script": ("٧٨٩-٨١-٠١٣١٠", BUSINESS_FORM),
    "nothing": ("  ", NEEDED),
    "a line break": ("789-81-01310\n", INVISIBLE),
}


@pytest.mark.parametrize(("text", "number"), BUSINESS_NUMBERS.values(), ids=BUSINESS_NUMBERS.keys())
def test_a_business_number_is_kept_in_one_form(text: str, number: str) -> None:
    """However a right number is typed, it is kept with hyphens and ASCII digits."""
    assert business_number(text) == number


@pytest.mark.parametrize(("text", "reason"), WRONG_BUSINESS_NUMBERS.values(), ids=WRONG_BUSINESS_NUMBERS.keys())
def test_a_wrong_business_number_is_refused(text: str, reason: Text) -> None:
    """A number of another form, prefix or check digit is refused with words that say which."""
    with pytest.raises(IdentifierFault) as caught:
        business_number(text)

    assert (caught.value.field, caught.value.reason) == ("business_registration_number", reason)


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(0, 9))
def test_one_wrong_digit_never_passes_as_the_last(right: int, wrong: int) -> None:
    """Of the ten numbers that differ in the last digit alone, only one is right."""
    passing = []
    for digit in sorted({right, wrong, 0}):
        try:
            passing.append(business_number(f"789-81-0131{digit}"))
        except IdentifierFault:
            continue

    assert passing == ["789-81-01310"]


KINDS = {
    "head office": ("789-81-01310", "CORPORATE"),
    "non-profit": ("101-82-00000", "CORPORATE"),
    "branch": ("101-85-00000", "CORPORATE"),
    "the last corporate code": ("101-88-00000", "CORPORATE"),
    "person": ("123-45-67891", "SOLE_TRADER"),
    "other persons": ("101-80-00000", "SOLE_TRADER"),
    "religious body": ("101-89-00000", "SOLE_TRADER"),
    "person free of tax": ("101-90-00000", "SOLE_TRADER"),
}


@pytest.mark.parametrize(("number", "kind"), KINDS.values(), ids=KINDS.keys())
def test_the_middle_group_tells_a_company_from_a_person(number: str, kind: str) -> None:
    """81 to 88 are corporations; every other number belongs to a person and is personal information."""
    assert kind_of(number) == kind


EMAILS = {
    "as it is": ("minji.kim@hanbit.example", "minji.kim@hanbit.example"),
    "domain in lower case": (" Minji.Kim@HANBIT.Example ", "Minji.Kim@hanbit.example"),
    "a tag": ("kim+bill@a-b.co.example", "kim+bill@a-b.co.example"),
    "one letter": ("k@h.example", "k@h.example"),
}
WRONG_EMAILS = {
    "line feed at the end": ("kim@hanbit.example\n", INVISIBLE),
    "a second header": ("kim@hanbit.example\r\nBcc: all@hanbit.example", INVISIBLE),
    "zero-width sign": ("kim\u200b@hanbit.example", INVISIBLE),
    "right-to-left sign": ("kim\u202e@hanbit.example", INVISIBLE),
    "blank inside": ("min ji@hanbit.example", EMAIL_FORM),
    "two signs": ("kim@park@hanbit.example", EMAIL_FORM),
    "no domain": ("kim@", EMAIL_FORM),
    "no local part": ("@hanbit.example", EMAIL_FORM),
    "one label": ("kim@localhost", EMAIL_FORM),
    "an address of digits": ("kim@127.0.0.1", EMAIL_FORM),
    "two dots": ("kim..min@hanbit.example", EMAIL_FORM),
    "leading dot": (".kim@hanbit.example", EMAIL_FORM),
    "leading hyphen of a label": ("kim@-hanbit.example", EMAIL_FORM),
    "quoted": ('"kim"@hanbit.example', EMAIL_FORM),
    "angle brackets": ("Kim <kim@hanbit.example>", EMAIL_FORM),
    "Hangul": ("김민지@hanbit.example", EMAIL_FORM),
    "local part of 65": ("k" * 65 + "@hanbit.example", EMAIL_FORM),
    "255 signs": ("k" * 64 + "@" + "a." * 91 + "example1", TOO_LONG),
    "a card number": ("4111111111111111@hanbit.example", CARD_NUMBER),
    "nothing": ("", NEEDED),
}


@pytest.mark.parametrize(("text", "address"), EMAILS.values(), ids=EMAILS.keys())
def test_an_email_is_kept_with_its_domain_in_lower_case(text: str, address: str) -> None:
    """Blanks around an address go; the local part stays as its owner writes it."""
    assert email_address(text) == address


@pytest.mark.parametrize(("text", "reason"), WRONG_EMAILS.values(), ids=WRONG_EMAILS.keys())
def test_what_is_no_plain_email_is_refused(text: str, reason: Text) -> None:
    """Nothing passes that could split a header or that no mail server of today takes."""
    with pytest.raises(IdentifierFault) as caught:
        email_address(text)

    assert caught.value.reason == reason


CONTACTS = {
    "mobile": ("010-1234-5678", "+821012345678", "010-1234-5678"),
    "mobile, digits alone": ("01012345678", "+821012345678", "010-1234-5678"),
    "full-width digits": ("０１０－１２３４－５６７８", "+821012345678", "010-1234-5678"),
    "dots": ("010.1234.5678", "+821012345678", "010-1234-5678"),
    "country code": ("+82 10-1234-5678", "+821012345678", "010-1234-5678"),
    "country code and zero": ("+82 (0)10 1234 5678", "+821012345678", "010-1234-5678"),
    "country code and bare zero": ("+82-02-2069-1980", "+82220691980", "02-2069-1980"),
    "dialled from abroad": ("0082 10 1234 5678", "+821012345678", "010-1234-5678"),
    "the policy's own": ("82-2-2069-1980", "+82220691980", "02-2069-1980"),
    "Seoul, seven digits": ("02-312-1980", "+8223121980", "02-312-1980"),
    "area code in brackets": ("(031) 123-4567", "+82311234567", "031-123-4567"),
    "Jeju": ("064-1234-5678", "+826412345678", "064-1234-5678"),
    "old mobile": ("011-123-4567", "+82111234567", "011-123-4567"),
    "internet": ("070-1234-5678", "+827012345678", "070-1234-5678"),
    "personal number": ("0505-123-4567", "+825051234567", "0505-123-4567"),
    "free of charge": ("080-123-4567", "+82801234567", "080-123-4567"),
    "no area code": ("1588-1234", "15881234", "1588-1234"),
    "no area code, from abroad": ("+82 1588-1234", "15881234", "1588-1234"),
    "from abroad": ("+1 (415) 555-0100", "+14155550100", "+14155550100"),
    "00 before another country": ("001 415 555 0100", "+14155550100", "+14155550100"),
}
WRONG_CONTACTS = {
    "mobile too short": ("010-123-4567", CONTACT_FORM),
    "mobile too long": ("010-1234-56789", CONTACT_FORM),
    "no such area": ("039-123-4567", CONTACT_FORM),
    "an agency": ("118", CONTACT_FORM),
    "no country": ("4155550100", CONTACT_FORM),
    "Korea, nothing known": ("+82 99 123 4567", CONTACT_FORM),
    "letters": ("010-CALL-MEEE", CONTACT_FORM),
    "an extension": ("02-2069-1980 내선 3", CONTACT_FORM),
    "sixteen digits": ("+4111111111111112", CONTACT_FORM),
    "a card number": ("4111-1111-1111-1111", CARD_NUMBER),
    "tab": ("010\t1234\t5678", INVISIBLE),
}


@pytest.mark.parametrize(("text", "kept", "shown"), CONTACTS.values(), ids=CONTACTS.keys())
def test_a_number_is_kept_as_dialled_and_shown_as_written(text: str, kept: str, shown: str) -> None:
    """A number is kept in E.164 where it has such a form, and shown in its groups; keeping it twice changes nothing."""
    assert contact_number(text) == kept
    assert contact_number(kept) == kept
    assert contact_display(kept) == shown


@pytest.mark.parametrize(("text", "reason"), WRONG_CONTACTS.values(), ids=WRONG_CONTACTS.keys())
def test_what_nobody_can_be_reached_by_is_refused(text: str, reason: Text) -> None:
    """A number of no known form is refused."""
    with pytest.raises(IdentifierFault) as caught:
        contact_number(text)

    assert caught.value.reason == reason


def test_a_contact_may_be_an_address() -> None:
    """An address is kept and shown as an e-mail address is, a number as a number; what is neither is told of both."""
    for text, kept, shown in (
        (" Jiwon.Seo@HOME.example ", "Jiwon.Seo@home.example", "Jiwon.Seo@home.example"),
        ("010 1234 5678", "+821012345678", "010-1234-5678"),
    ):
        assert personal_contact(text) == kept
        assert shown_form("personal_contact", text) == shown_form("personal_contact", kept) == shown
    for text, reason in (
        ("jiwon@home", CONTACT_FORM),
        ("010-1234-5678 jiwon@home.example", CONTACT_FORM),
        ("@010-1234-5678", CONTACT_FORM),
        ("4111111111111111@home.example", CARD_NUMBER),
        ("900101-1234567@home.example", RESIDENT_NUMBER),
        ("jiwon@home.example\nBcc: all@home.example", INVISIBLE),
        ("j" * 250 + "@home.example", TOO_LONG),
    ):
        with pytest.raises(IdentifierFault) as caught:
            personal_contact(text)
        assert (caught.value.field, caught.value.reason) == ("personal_contact", reason)


_NAMES = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8})?", fullmatch=True)
ADDRESSES = st.builds("{}@{}.example".format, _NAMES, _NAMES)
NUMBERS = st.from_regex(r"010[- ]?[0-9]{4}[- ]?[0-9]{4}", fullmatch=True)


@settings(deadline=None)
@given(st.one_of(ADDRESSES, NUMBERS), st.one_of(ADDRESSES, NUMBERS))
def test_two_contacts_are_found_apart(one: str, other: str) -> None:
    """A contact is found under its own form alone, so no number is found for an address and none for another."""
    try:
        kept, others = personal_contact(one), personal_contact(other)
    except IdentifierFault:  # digits that by chance read as a forbidden number
        return

    assert is_address(kept) == ("@" in one)
    assert (index_form("personal_contact", one) == index_form("personal_contact", other)) == (kept == others)


def test_an_id_keeps_its_capitals_and_takes_hangul() -> None:
    """IDs are the host's own: letters of any script, digits and a few signs."""
    assert login_id(" MinJi.kim-3 ") == "MinJi.kim-3"
    assert login_id("\u1100\u1175\u11b7민지") == "김민지"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("min ji", LOGIN_FORM), ("<b>", LOGIN_FORM), ("k" * 65, TOO_LONG), ("9001011234567", RESIDENT_NUMBER)],
    ids=["blank", "markup", "65 signs", "resident number"],
)
def test_an_odd_id_is_refused(text: str, reason: Text) -> None:
    """Blanks, markup, great length and forbidden numbers are no ID."""
    with pytest.raises(IdentifierFault) as caught:
        login_id(text)

    assert caught.value.reason == reason


def test_a_company_name_has_single_blanks() -> None:
    """Only blanks are put in order; the name itself is the company's."""
    assert company_name(" (주)한빛\u3000 클라우드 ") == "(주)한빛 클라우드"


FORBIDDEN = {
    "Visa": ("4111111111111111", CARD_NUMBER),
    "in groups": ("4111 1111 1111 1111", CARD_NUMBER),
    "with hyphens": ("4111-1111-1111-1111", CARD_NUMBER),
    "in a sentence": ("카드 4111-1111-1111-1111 로 결제", CARD_NUMBER),
    "with its expiry behind": ("4111 1111 1111 1111 12 27", CARD_NUMBER),
    "behind a telephone number": ("010-1234-5678 4111-1111-1111-1111", CARD_NUMBER),
    "American Express": ("3782-822463-10005", CARD_NUMBER),
    "thirteen digits": ("4222222222222", CARD_NUMBER),
    "nineteen digits": ("6304 0000 0000 0000 000", CARD_NUMBER),
    "uneven groups": ("41 11111 111111 111", CARD_NUMBER),
    "full-width": ("４１１１－１１１１－１１１１－１１１１", CARD_NUMBER),
    "Arabic digits": ("٤١١١١١١١١١١١١١١١", CARD_NUMBER),
    "zero-width signs": ("4111\u200b1111\u200b1111\u200b1111", CARD_NUMBER),
    "zero bytes": ("4111\x001111\x001111\x001111", CARD_NUMBER),
    "over two lines": ("4111 1111\n1111 1111", CARD_NUMBER),
    "resident": ("900101-1234567", RESIDENT_NUMBER),
    "resident without hyphen": ("9001011234567", RESIDENT_NUMBER),
    "resident with blanks": ("900101 - 1234567", RESIDENT_NUMBER),
    "resident in a sentence": ("번호는 900101-2234567입니다", RESIDENT_NUMBER),
    "resident on a leap day": ("040229-3234567", RESIDENT_NUMBER),
    "foreigner": ("900101-5234567", RESIDENT_NUMBER),
    "foreigner of this century": ("050131-8234567", RESIDENT_NUMBER),
}
ALLOWED = {
    "nothing": "",
    "words": "탈퇴하고 싶어요",
    "Luhn fails": "4111 1111 1111 1112",
    "twelve digits": "411111111111",
    "twenty digits": "41111111111111111111",
    "a mobile number": "010-1234-5678",
    "two numbers, each its own": "02-2069-1980 010-1234-5678",
    "a business number": "789-81-01310",
    "a moment": "2026-11-23 09:00:00",
    "month 13": "901301-1234567",
    "30 February": "900230-1234568",
    "29 February of no leap year": "050229-3234567",
    "ninth kind": "900101-9234568",
    "one digit too many": "1900101-12345678",
}


@pytest.mark.parametrize(("text", "reason"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_forbidden_number_is_found_however_written(text: str, reason: Text) -> None:
    """Cards and resident numbers are found through blanks, hyphens, invisible signs and other scripts' digits."""
    assert forbidden(text) == reason


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED.keys())
def test_other_text_may_be_kept(text: str) -> None:
    """What is no card number and no resident number is left alone."""
    assert forbidden(text) is None


@pytest.mark.parametrize("field", NORMALISED)
@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "900101-1234567"], ids=["card", "resident"])
def test_no_field_takes_a_forbidden_number(field: str, number: str) -> None:
    """In whichever field it stands, the refusal says that such numbers are not taken and does not repeat it."""
    with pytest.raises(IdentifierFault) as caught:
        NORMALISED[field](number)

    assert caught.value.reason in (CARD_NUMBER, RESIDENT_NUMBER)
    assert number not in str(caught.value)


@settings(deadline=None)
@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    """Whatever is sent, each field answers with a form that it takes again unchanged, or with a fault."""
    parse: Callable[[str], str]
    for parse in NORMALISED.values():
        try:
            form = parse(text)
        except IdentifierFault:
            continue
        assert parse(form) == form


INDEXED = {
    "email": ("email", "Minji.Kim@HANBIT.example", "minji.kim@hanbit.example"),
    "ID": ("login_id", "MinJi", "minji"),
    "company": ("company_name", "Hanbit\u3000CLOUD", "hanbit cloud"),
    "company, decomposed": ("company_name", "\u1112\u1161\u11ab빛", "한빛"),
    "business number": ("business_registration_number", "7898101310", "789-81-01310"),
    "contact": ("personal_contact", "010 1234 5678", "+821012345678"),
    "contact that is an address": ("personal_contact", "Jiwon@HOME.example", "jiwon@home.example"),
}


@pytest.mark.parametrize(("field", "text", "form"), INDEXED.values(), ids=INDEXED.keys())
def test_an_index_is_made_over_one_form(field: str, text: str, form: str) -> None:
    """However a value is typed into a search, its index is made over the same text."""
    assert index_form(field, text) == form


def test_fields_are_the_policys() -> None:
    """Every field that is parsed here is an item of the policy, under the same key."""
    assert {POLICY.item(field).key for field in NORMALISED} == set(NORMALISED)


def test_a_field_that_is_not_searched_has_no_index() -> None:
    """Asking for the index of a cookie is a mistake in the program, and told as one."""
    with pytest.raises(KeyError):
        index_form("cookie", "x")
