"""Columns of a list of members: by which names they are known, in Korean and English, and what a heading lacks."""

import re
from collections.abc import Mapping, Sequence
from unicodedata import normalize

from portal.policy.model import Text
from portal.rules.profile import ITEMS

HOST_ID = "host_id"
LABELS: Mapping[str, Text] = {
    HOST_ID: Text(ko="회원번호", en="Member number"),
    "email": Text(ko="이메일", en="E-mail"),
    "login_id": Text(ko="아이디", en="User ID"),
    "company_name": Text(ko="회사명", en="Company"),
    "business_registration_number": Text(ko="사업자등록번호", en="Business registration number"),
    "personal_contact": Text(ko="개인 연락처", en="Personal contact"),
}
NEEDED = (HOST_ID, "email")
_SPELLINGS = {
    HOST_ID: ("회원 ID", "회원 아이디", "member id", "user number"),
    "email": ("이메일 주소", "전자우편", "메일", "email address", "mail"),
    "login_id": ("로그인 아이디", "로그인 ID", "login", "username"),
    "company_name": ("회사", "근무 회사명", "근무 회사", "업체명", "company name"),
    "business_registration_number": ("사업자번호", "business number"),
    "personal_contact": (
        "연락처",
        "휴대전화",
        "휴대폰",
        "전화번호",
        "개인 이메일",
        "개인 메일",
        "contact",
        "phone",
        "mobile",
        "personal email",
        "personal mail",
    ),
}


class HeadingFault(ValueError):
    """The first row does not name the columns of a list of members; `reasons` tells everything wrong with it."""

    def __init__(self, reasons: Sequence[Text]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(reason.en for reason in reasons))


def columns_of(heading: Sequence[str]) -> tuple[str, ...]:
    """Return the item of each column, in order. Raises HeadingFault: a column that is not taken is refused, never
    passed over, so that nobody believes it was kept."""
    found = [_KNOWN.get(_folded(name), "") for name in heading]
    reasons = [
        Text(
            ko=f"{place}번째 열 이름을 비워 둘 수 없어요." if not name.strip() else f"“{name}” 열은 받지 않아요.",
            en=f"Column {place} has no name." if not name.strip() else f"The column “{name}” is not taken.",
        )
        for place, (name, item) in enumerate(zip(heading, found, strict=True), start=1)
        if not item
    ]
    for item, label in LABELS.items():
        if found.count(item) > 1:
            reasons.append(Text(ko=f"“{label.ko}” 열이 두 번 있어요.", en=f"The column “{label.en}” stands twice."))
        elif item in NEEDED and item not in found:
            reasons.append(Text(ko=f"“{label.ko}” 열이 없어요.", en=f"The column “{label.en}” is missing."))
    if reasons:
        raise HeadingFault(reasons)
    return tuple(found)


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", normalize("NFKC", name)).casefold()


_KNOWN = {
    _folded(name): item
    for item, label in LABELS.items()
    for name in (item, label.ko, label.en, *_SPELLINGS.get(item, ()))
}
if not set(LABELS) == {HOST_ID, *ITEMS}:
    raise RuntimeError("a list has one column for the host's id and one for each item of a profile")
