"""Companies: what shows that one is real and whose mail is whose, before one of its people may report its leavers.

Tenant and right are checked by the staff: the registration number against a document or the tax service's lookup, the
admin by an address at a domain of the company (PIPA art. 26, 36; verified 2026-11-23).
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from portal.policy.model import Text
from portal.rules.identifier import DOMAIN

MOST_DOMAINS = 10
_APART = re.compile(r"[\s,;]+")


class How(StrEnum):
    """By what a registration number was checked."""

    LOOKUP = "LOOKUP"
    DOCUMENT = "DOCUMENT"


HOW_WORDS: Mapping[How, Text] = {
    How.LOOKUP: Text(ko="국세청 사업자등록 진위확인", en="The tax service's lookup"),
    How.DOCUMENT: Text(ko="사업자등록증 사본", en="A copy of the registration certificate"),
}

# Where anybody gets an address: such a domain shows nothing about a company.
ANYBODYS = frozenset(
    {"gmail.com", "googlemail.com", "naver.com", "daum.net", "hanmail.net", "kakao.com", "nate.com", "outlook.com"}
    | {"hotmail.com", "live.com", "msn.com", "yahoo.com", "yahoo.co.kr", "icloud.com", "me.com", "proton.me", "qq.com"}
)

NEEDED = Text(ko="회사 메일 도메인을 하나 이상 적어 주세요.", en="Enter at least one mail domain.")
NO_DOMAIN = Text(ko="메일 도메인을 company.example처럼 적어 주세요.", en="Enter mail domains such as company.example.")
OF_ANYBODY = Text(
    ko="누구나 주소를 만들 수 있는 메일 도메인은 적을 수 없습니다.",
    en="A domain at which anybody gets an address cannot be entered.",
)
TOO_MANY = Text(ko="메일 도메인은 10개까지 적을 수 있습니다.", en="Enter no more than 10 mail domains.")


class DomainFault(ValueError):
    """What was typed names no mail domains; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


def domains_in(text: str) -> tuple[str, ...]:
    """Return the mail domains in a line, in lower case, each once; an "@" before one is no harm. Raises DomainFault."""
    found = tuple(dict.fromkeys(part.lower().removeprefix("@") for part in _APART.split(text.strip()) if part))
    if not found:
        raise DomainFault(NEEDED)
    if len(found) > MOST_DOMAINS:
        raise DomainFault(TOO_MANY)
    if not all(DOMAIN.fullmatch(domain) for domain in found):
        raise DomainFault(NO_DOMAIN)
    if ANYBODYS & set(found):
        raise DomainFault(OF_ANYBODY)
    return found


def is_at(address: str, domains: tuple[str, ...]) -> bool:
    """Tell whether an e-mail address is at one of these domains exactly; a subdomain is another place."""
    return address.rpartition("@")[2].lower() in domains
