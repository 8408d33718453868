"""Identifiers: what may stand in a member's fields, and the one form in which it is kept and looked up.

Each function takes what a person or a host sent and returns the normalised form, or raises `IdentifierFault` with words
for the person; a fault never carries the value. A card number or a resident registration number is refused in every
field (PIPA art. 24-2; no card number is ever stored). Fields are named by the policy's item keys.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal
from unicodedata import normalize

from portal.policy.model import Text
from portal.rules.forbidden import forbidden as forbidden  # a field's parser and its guard are asked for together
from portal.rules.forbidden import plain_signs

Kind = Literal["CORPORATE", "SOLE_TRADER"]

BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
CORPORATE_CODES = range(81, 89)  # the National Tax Service's middle group; 01 to 80 and 89 to 99 are persons
EMAIL_LENGTH, LOCAL_LENGTH = 254, 64  # RFC 5321 §4.5.3.1
NAME_LENGTH, LOGIN_LENGTH, NUMBER_LENGTH = 100, 64, 40

NEEDED = Text(ko="값을 입력해 주세요.", en="Enter a value.")
TOO_LONG = Text(ko="더 짧게 적어 주세요.", en="This is too long.")
INVISIBLE = Text(
    ko="줄바꿈이나 보이지 않는 문자를 지워 주세요.", en="There is a line break or an invisible character in it."
)
BUSINESS_FORM = Text(
    ko="사업자등록번호 10자리를 123-45-67891처럼 입력해 주세요.",
    en="Enter the 10 digits of the business registration number, as in 123-45-67891.",
)
BUSINESS_CHECK = Text(
    ko="사업자등록번호의 숫자를 다시 확인해 주세요.",
    en="This business registration number is not right. Check its digits.",
)
EMAIL_FORM = Text(
    ko="이메일을 name@company.example처럼 입력해 주세요.", en="Enter an e-mail address such as name@company.example."
)
CONTACT_FORM = Text(
    ko="전화번호를 010-1234-5678처럼 입력하거나 이메일을 name@home.example처럼 입력해 주세요. "
    "해외 번호는 +부터 적어 주세요.",
    en="Enter a telephone number such as 010-1234-5678, one from abroad with + before it, or an e-mail address such as "
    "name@home.example.",
)
LOGIN_FORM = Text(
    ko="아이디는 글자, 숫자와 . _ - + @로만 적어 주세요.", en="An ID has only letters, digits and the signs . _ - + @."
)

_BUSINESS = re.compile(r"([0-9]{3})[- ]?([0-9]{2})[- ]?([0-9]{5})")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_LOGIN = re.compile(r"[\w.+@-]+")
_CONTACT = re.compile(r"[+(]?[0-9][0-9() .-]*[0-9]")
_AREA = r"02|03[1-3]|04[1-4]|05[1-5]|06[1-4]|01[16-9]|080|050[0-9]"
_KOREAN = re.compile(rf"(?:(010|070)([0-9]{{4}})|({_AREA})([0-9]{{3,4}}))([0-9]{{4}})")
_SHARED_LINE = re.compile(r"(1[568][0-9]{2})([0-9]{4})")  # no area code, so no E.164 form
_FOREIGN = re.compile(r"[1-9][0-9]{6,14}")  # ITU-T E.164


class IdentifierFault(ValueError):
    """What was sent cannot stand in `field`; `reason` tells the person why, without repeating the value."""

    def __init__(self, field: str, reason: Text) -> None:
        super().__init__(f"{field}: {reason.en}")
        self.field = field
        self.reason = reason


def business_number(text: str) -> str:
    """Return a business registration number as "NNN-NN-NNNNN", its form, prefix and check digit being right.

    Takes hyphens, spaces or neither, and full-width digits. Whether such a company exists is not asked.
    """
    field = "business_registration_number"
    groups = _BUSINESS.fullmatch(_cleaned(field, text, NUMBER_LENGTH))
    if groups is None:
        raise IdentifierFault(field, BUSINESS_FORM)
    office, code, serial = groups.groups()
    digits = [int(digit) for digit in office + code + serial]
    total = sum(digit * weight for digit, weight in zip(digits, BUSINESS_WEIGHTS, strict=False)) + digits[8] * 5 // 10
    # 000-00-00000 passes the sum: tax offices are numbered from 101.
    if int(office) < 101 or code == "00" or (10 - total % 10) % 10 != digits[9]:
        raise IdentifierFault(field, BUSINESS_CHECK)
    return f"{office}-{code}-{serial}"


def kind_of(number: str) -> Kind:
    """Tell whose a normalised business registration number is; a sole trader's is personal information."""
    return "CORPORATE" if int(number[4:6]) in CORPORATE_CODES else "SOLE_TRADER"


def email_address(text: str) -> str:
    """Return an e-mail address with its domain in lower case. Quoted local parts and non-ASCII are refused."""
    return _address("email", text, EMAIL_FORM)


def personal_contact(text: str) -> str:
    """Return where somebody is reached outside the company: an e-mail address, else a telephone number, each in the
    form of its own."""
    return _address("personal_contact", text, CONTACT_FORM) if "@" in text else contact_number(text)


def is_address(contact: str) -> bool:
    """Tell whether a personal contact in its kept form is an e-mail address: no telephone number has an @."""
    return "@" in contact


def contact_number(text: str) -> str:
    """Return a telephone number in E.164 ("+821012345678"), or a line without area code as its 8 digits ("15881234").

    Takes Korean numbers with or without country code and numbers from abroad that start with + or 00. The agencies'
    three- and four-digit numbers are refused: nobody is reached personally by them.
    """
    number = _cleaned("personal_contact", text, NUMBER_LENGTH)
    if _CONTACT.fullmatch(number):
        digits = re.sub(r"[^0-9]", "", number.replace("(0)", ""))
        abroad = number.startswith("+") or digits.startswith("00")
        digits = digits.removeprefix("00")
        if digits.startswith("82"):
            abroad, digits = False, digits[2:]
            digits = digits if digits.startswith("0") or _SHARED_LINE.fullmatch(digits) else f"0{digits}"
        if abroad and _FOREIGN.fullmatch(digits):
            return f"+{digits}"
        if not abroad and _KOREAN.fullmatch(digits):
            return f"+82{digits[1:]}"
        if not abroad and _SHARED_LINE.fullmatch(digits):
            return digits
    raise IdentifierFault("personal_contact", CONTACT_FORM)


def contact_groups(number: str) -> tuple[str, ...]:
    """Return the groups in which a normalised contact is written: ("010", "1234", "5678"); one for a foreign number
    and for an address."""
    korean = _KOREAN.fullmatch(f"0{number.removeprefix('+82')}") if number.startswith("+82") else None
    found = korean or _SHARED_LINE.fullmatch(number)
    return tuple(group for group in found.groups() if group) if found else (number,)


def contact_display(number: str) -> str:
    """Return a normalised contact as people here write it: "010-1234-5678", "1588-1234", "+14155550100"; an address as
    it is."""
    return "-".join(contact_groups(number))


def login_id(text: str) -> str:
    """Return an ID of the host: letters, digits and . _ - + @, as long as an ID may be; capitals stay."""
    name = _cleaned("login_id", text, LOGIN_LENGTH)
    if not _LOGIN.fullmatch(name):
        raise IdentifierFault("login_id", LOGIN_FORM)
    return name


def company_name(text: str) -> str:
    """Return a company's name with single spaces; no form is asked of it but that it is no forbidden number."""
    return " ".join(_cleaned("company_name", text, NAME_LENGTH).split())


NORMALISED: Mapping[str, Callable[[str], str]] = {
    "email": email_address,
    "login_id": login_id,
    "company_name": company_name,
    "business_registration_number": business_number,
    "personal_contact": personal_contact,
}


def shown_form(field: str, text: str) -> str:
    """Return the form in which people write a value: "010-1234-5678"; what cannot be read comes back as it is. Two
    forms of one value come out alike."""
    try:
        kept = NORMALISED[field](text)
    except (IdentifierFault, KeyError):
        return text
    return contact_display(kept) if field == "personal_contact" else kept


def index_form(field: str, text: str) -> str:
    """Return what a blind index of `field` is made over: the normalised form, casefolded, in NFC.

    Raises IdentifierFault where nothing of this form can be kept, so that a search finds nothing; KeyError for a field
    that is not searched.
    """
    return normalize("NFC", NORMALISED[field](text).casefold())


def _address(field: str, text: str, reason: Text) -> str:
    address = _cleaned(field, text, EMAIL_LENGTH)
    local, _, domain = address.partition("@")
    if len(local) > LOCAL_LENGTH or not _LOCAL.fullmatch(local) or not DOMAIN.fullmatch(domain):
        raise IdentifierFault(field, reason)
    return f"{local}@{domain.lower()}"


def _cleaned(field: str, text: str, longest: int) -> str:
    plain = (text if text.isascii() else normalize("NFC", plain_signs(text))).strip(" ")
    if not plain:
        raise IdentifierFault(field, NEEDED)
    if not plain.isprintable():  # a line break here could become a second header of a mail
        raise IdentifierFault(field, INVISIBLE)
    if len(plain) > longest:
        raise IdentifierFault(field, TOO_LONG)
    reason = forbidden(plain)
    if reason is not None:
        raise IdentifierFault(field, reason)
    return plain
