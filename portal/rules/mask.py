"""Masks: the one form in which a value is shown to staff before it is revealed, the same on every screen.

Forms of the ISMS-P guide 3.2.3 and its Korean practice (verified 2026-11-23). A mask never shows more than its form
allows: what it cannot read, it hides whole. Masking a masked value changes nothing, so that doing it twice is no harm.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from unicodedata import normalize

from portal.rules.identifier import (
    DOMAIN,
    IdentifierFault,
    business_number,
    contact_groups,
    contact_number,
    is_address,
    kind_of,
)

HIDDEN = "***"
"""Stands for a value of which nothing may be shown; says nothing of its length."""

_MASKED_CONTACT = re.compile(r"[0-9]{2,4}-\*{3,4}-[0-9]{4}|1[568][0-9]{2}-\*{4}|\+\*{3}[0-9]{4}")
_MASKED_BUSINESS = re.compile(r"[0-9]{3}-\*\*-\*{3}[0-9]{2}")
_MASKED_IP = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.\*{3}\.[0-9]{1,3}|[0-9a-f]{1,4}:[0-9a-f]{1,4}:\*{3}")
_ADDRESS_IN_TEXT = re.compile(rf"[A-Za-z0-9._%+'-]+@{DOMAIN.pattern}")
_NUMBER_IN_TEXT = re.compile(r"(?<![\w.-])\+?\(?[0-9][0-9 ().-]{5,}[0-9](?![0-9])", re.ASCII)
_DATES = re.compile(r"(?:[0-9]{4}[-. ]+[0-9]{1,2}[-. ]+[0-9]{1,2}[ ~.]*)+(?:[0-9]{1,2})?")
_SYLLABIC = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # kana, Chinese characters, Hangul


def mask_email(value: str) -> str:
    """Return "ma******@abcd.com": two signs of the local part, one of three or fewer, none of a single one."""
    local, at, domain = normalize("NFC", value).strip().rpartition("@")
    if not local or "@" in local or not DOMAIN.fullmatch(domain):
        return _hidden(value)
    return f"{_start_of(local)}{at}{domain}"


def mask_login_id(value: str) -> str:
    """Return an ID as `mask_email` shows a local part; an ID that is an e-mail is masked as one."""
    name = normalize("NFC", value).strip()
    if "@" in name:
        return mask_email(name)
    return _start_of(name)


def mask_name(value: str) -> str:
    """Return 홍*, 홍*동 or 남**민; of a name in letters the first one of each word: "K*** S****"."""
    name = " ".join(normalize("NFC", value).split())
    if not _SYLLABIC.match(name):
        return " ".join(_start_of(word, shown=1) for word in name.split())
    signs = [place for place, sign in enumerate(name) if sign != " "]
    shown = {1: [], 2: signs[:1]}.get(len(signs), [signs[0], signs[-1]])
    return "".join(sign if sign == " " or place in shown else "*" for place, sign in enumerate(name))


def mask_contact(value: str) -> str:
    """Return "010-****-1234" or "02-****-1980"; "1588-****" without area code; of a number from abroad "+***0100"; an
    address as `mask_email` shows it."""
    if is_address(value):
        return mask_email(value)
    if _MASKED_CONTACT.fullmatch(value):
        return value
    try:
        groups = contact_groups(contact_number(value))
    except IdentifierFault:
        return _hidden(value)
    if len(groups) == 1:
        return f"+***{groups[0][-4:]}"
    if len(groups) == 2:
        return f"{groups[0]}-****"
    return f"{groups[0]}-{'*' * len(groups[1])}-{groups[2]}"


def mask_business_number(value: str) -> str:
    """Return a sole trader's number as "789-**-***10"; a corporation's is public and shown whole."""
    if _MASKED_BUSINESS.fullmatch(value):
        return value
    try:
        number = business_number(value)
    except IdentifierFault:
        return _hidden(value)
    return number if kind_of(number) == "CORPORATE" else f"{number[:3]}-**-***{number[-2:]}"


def mask_ip(value: str) -> str:
    """Return "123.123.***.123", or the first 32 of an IPv6 address's 128 bits: "2001:db8:***"."""
    if _MASKED_IP.fullmatch(value):
        return value
    try:
        address = ip_address(value.strip())
    except ValueError:
        return _hidden(value)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            first, second = address.packed[:2].hex(), address.packed[2:4].hex()
            return f"{int(first, 16):x}:{int(second, 16):x}:***"
        address = address.ipv4_mapped
    octets = str(address).split(".")
    return f"{octets[0]}.{octets[1]}.***.{octets[3]}"


def _as_it_is(value: str) -> str:
    return value


MASKS: Mapping[str, Callable[[str], str]] = {
    "email": mask_email,
    "login_id": mask_login_id,
    "name": mask_name,
    "personal_contact": mask_contact,
    "business_registration_number": mask_business_number,
    "ip_address": mask_ip,
    "company_name": _as_it_is,  # a company is no person; its number tells a sole trader apart
}


def mask(field: str, value: str) -> str:
    """Return `value` under its field's mask; a field that has none is hidden whole."""
    return MASKS.get(field, _hidden)(value)


def mask_text(text: str) -> str:
    """Return free text with the addresses and long numbers in it masked; days stay. Names are not found: no rule
    tells one from another word."""
    plain = normalize("NFC", text)
    plain = _ADDRESS_IN_TEXT.sub(lambda found: mask_email(found[0]), plain)
    return _NUMBER_IN_TEXT.sub(lambda found: found[0] if _DATES.fullmatch(found[0]) else _contact(found[0]), plain)


def _contact(text: str) -> str:
    return mask_contact(text) or HIDDEN


def _hidden(value: str) -> str:
    return HIDDEN if value.strip() else ""


def _start_of(text: str, shown: int = 2) -> str:
    length = len(text)
    shown = min(shown, 0 if length <= 1 else 1 if length <= 3 else shown)
    return text[:shown] + "*" * (length - shown)
