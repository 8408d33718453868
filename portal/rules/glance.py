"""The policy at a glance: the short labels at the top of the page, derived from the facts and from nothing else.

The set follows the Commission's labelling of principal processing (2022 guideline; a recommendation).
"""

from collections.abc import Callable, Mapping

import msgspec

from portal.policy.model import Language, Policy, Text

GROUPS: Mapping[str, Text] = {
    "MEMBER": Text(ko="회원", en="member"),
    "ACCESS": Text(ko="접속", en="access"),
    "PAYMENT": Text(ko="결제", en="payment"),
}


class Label(msgspec.Struct, frozen=True):
    """One cell of the grid: `key` picks the icon, `term` and `said` are its words, `article` is where to read on."""

    key: str
    term: str
    said: str
    article: str


def at_a_glance(policy: Policy, language: Language) -> tuple[Label, ...]:
    """Return the eight labels in their fixed order."""
    rows: tuple[tuple[str, Text, str, Callable[[Policy, Language], str]], ...] = (
        ("items", Text(ko="수집 항목", en="What we collect"), "2", _items),
        ("purposes", Text(ko="처리 목적", en="Purposes"), "3", _purposes),
        ("retention", Text(ko="보유 기간", en="Retention"), "5", _retention),
        ("destruction", Text(ko="파기", en="Destruction"), "6", _destruction),
        ("third_parties", Text(ko="제3자 제공", en="Third parties"), "4", _third_parties),
        ("processors", Text(ko="처리 위탁", en="Processors"), "2-2", _processors),
        ("rights", Text(ko="정보주체 권리", en="Your rights"), "2-1", _rights),
        ("officer", policy.officer.title, "10", _officer),
    )
    return tuple(Label(key, term.in_language(language), said(policy, language), at) for key, term, at, said in rows)


def _items(policy: Policy, language: Language) -> str:
    counts = {group: sum(item.group == group for item in policy.items) for group in GROUPS}
    cells = [(GROUPS[group], count) for group, count in counts.items() if count]
    if language == "ko":
        return " · ".join(f"{name.ko} {count}" for name, count in cells)
    return ", ".join(f"{count} {name.en}" for name, count in cells)


def _purposes(policy: Policy, language: Language) -> str:
    first, rest = policy.purposes[0].label.in_language(language), len(policy.purposes) - 1
    if not rest:
        return first
    return f"{first} 외 {rest}가지" if language == "ko" else f"{first[0].upper()}{first[1:]} and {rest} more"


def _retention(policy: Policy, language: Language) -> str:
    count = len(policy.retention_rules)
    return f"퇴사까지, 기록 {count}가지는 더" if language == "ko" else f"Until you leave; {count} records longer"


def _destruction(policy: Policy, language: Language) -> str:
    return "지체 없이, 복구 불가" if language == "ko" else "Without delay, beyond recovery"


def _third_parties(policy: Policy, language: Language) -> str:
    count = sum(one.relationship == "THIRD_PARTY" for one in policy.processors)
    if count:
        return f"{count}곳" if language == "ko" else f"{count} recipient{'s' if count > 1 else ''}"
    return "동의 없이 안 함" if language == "ko" else "Never without consent"


def _processors(policy: Policy, language: Language) -> str:
    found = [one for one in policy.processors if one.relationship == "PROCESSOR"]
    if not found:
        return "없음" if language == "ko" else "None"
    tasks = ", ".join(dict.fromkeys(one.task.in_language(language) for one in found))
    return f"{len(found)}곳 ({tasks})" if language == "ko" else f"{len(found)} ({tasks[0].lower()}{tasks[1:]})"


def _rights(policy: Policy, language: Language) -> str:
    names: Mapping[str, Text] = {
        "ACCESS": Text(ko="열람", en="access"),
        "CORRECTION": Text(ko="정정", en="correction"),
        "DELETION": Text(ko="삭제", en="deletion"),
        "WITHDRAWAL": Text(ko="철회", en="withdrawal"),
    }
    held = {right.key for right in policy.rights}
    words = [text.in_language(language) for key, text in names.items() if key in held]
    return "·".join(words) if language == "ko" else ", ".join(words).capitalize()


def _officer(policy: Policy, language: Language) -> str:
    return policy.officer.phone
