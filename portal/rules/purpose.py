"""Purposes: whatever uses people's data names what for, and what names nothing that was told does not start (PIPA art.
3(2), 18).

A purpose is one of the policy in force, by its key, or a duty of the company towards the person, named by its source
before a colon: "PIPA art. 31: complaints are answered".
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from portal.policy.model import Policy, Text

DUTIES: Mapping[str, Text] = {
    "PIPA art. 21": Text(ko="파기와 그 증명", en="destruction and its proof"),
    "PIPA art. 22": Text(ko="동의를 받은 사실의 증명", en="proof of what was agreed to"),
    "PIPA art. 26": Text(ko="수탁자의 감독", en="supervision of processors"),
    "PIPA art. 30": Text(ko="처리방침의 공개와 변경 안내", en="making the policy and its changes known"),
    "PIPA art. 31": Text(ko="고충의 처리와 기한의 관리", en="handling complaints and watching deadlines"),
    "PIPA art. 35": Text(ko="열람", en="access to one's own data"),
    "PIPA art. 36": Text(ko="정정과 삭제의 결과 안내", en="telling how a correction or deletion came out"),
    "PIPA art. 38": Text(ko="권리 행사의 방법", en="ways to exercise one's rights"),
    "Decree art. 41": Text(ko="요청의 처리와 안내", en="answering requests and telling how they stand"),
    "Decree art. 45": Text(ko="대리인의 권한 확인", en="checking an agent's power"),
    "Decree art. 46": Text(ko="요청한 사람의 확인", en="checking who asks"),
    "safety standard art. 5": Text(ko="취급자 계정의 관리", en="managing the accounts of handlers"),
    "safety standard art. 8": Text(ko="접속기록의 보관과 점검", en="keeping and reviewing access records"),
    "policy art. 6": Text(ko="회사를 통한 삭제 요청", en="deletion asked for through the company"),
}


class Use(msgspec.Struct, frozen=True):
    """One use of people's data: where it is declared, what it says it is for, and the items it uses where it names
    them: an item may only be used for what the policy tells of it."""

    where: str
    purpose: str
    items: tuple[str, ...] = ()


def faults(uses: Iterable[Use], policy: Policy) -> list[str]:
    """Return every use that names no registered purpose, or an item for what the policy does not tell of it."""
    told = {purpose.key for purpose in policy.purposes}
    found = []
    for use in uses:
        if use.purpose in told:
            found += [
                f"{use.where}: got {use.purpose!r} for {item}; the policy in force tells {', '.join(of) or 'nothing'}"
                for item in use.items
                if use.purpose not in (of := _purposes_of(policy, item))
            ]
        elif not is_duty(use.purpose):
            expected = ", ".join(sorted(told))
            found.append(f"{use.where}: got the purpose {use.purpose!r}; expected {expected}, or a registered duty")
    return found


def is_duty(words: str) -> bool:
    """Tell whether this names a registered duty: its source, perhaps with a paragraph and more sources behind it."""
    source, colon, why = words.partition(":")
    return bool(colon and why.strip()) and any(_begins(source, duty) for duty in DUTIES)


def _begins(source: str, duty: str) -> bool:
    return source.startswith(duty) and not source[len(duty) : len(duty) + 1].isalnum()


def _purposes_of(policy: Policy, item: str) -> Collection[str]:
    try:
        return policy.item(item).purposes
    except KeyError:
        return ()
