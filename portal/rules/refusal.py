"""Refusals: the grounds on which a request may be refused or granted in part, kind by kind, each with its source.

A ground that is not here is no ground: "we would rather not" cannot be chosen. From PIPA articles 35 to 38, as far as
they bind a private controller; verified 2026-11-23.
"""

from collections.abc import Mapping

import msgspec

from portal.policy.model import Text
from portal.rules.deadline import Kind


class Ground(msgspec.Struct, frozen=True):
    """One ground for saying no: its code in events, its words for the person and where it stands."""

    code: str
    words: Text
    source: str


def _identity(source: str = "PIPA Decree art. 46") -> Ground:
    return Ground(
        "IDENTITY_NOT_PROVEN",
        Text(
            ko="본인이나 정당한 대리인인지 확인하지 못했어요.",
            en="We could not make sure that you are the person concerned or entitled to act for them.",
        ),
        source,
    )


def _law(words: Text, source: str) -> Ground:
    return Ground("LAW", words, source)


def _harm(source: str) -> Ground:
    return Ground(
        "HARM_TO_OTHERS",
        Text(
            ko="다른 사람의 생명·신체를 해치거나 재산과 이익을 부당하게 침해할 우려가 있어요.",
            en="It could harm another person's life or body, or unfairly infringe their property or interests.",
        ),
        source,
    )


def _kept(source: str) -> Ground:
    return Ground(
        "KEPT_APART",
        Text(
            ko="다른 법령이나 방침의 보유기간에 따라 일부를 따로 보관해요.",
            en="Part of it is kept apart for as long as another law or the policy's retention period says.",
        ),
        source,
    )


_NAMED_BY_LAW = Ground(
    "NAMED_BY_LAW",
    Text(
        ko="다른 법령이 수집하도록 정한 항목이라 삭제할 수 없어요.",
        en="Another law names this item as one to be collected, so it cannot be deleted.",
    ),
    "PIPA art. 36(1)",
)
_CONTRACT = Ground(
    "CONTRACT",
    Text(
        ko="처리하지 않으면 약속한 서비스를 제공할 수 없고, 계약을 끝내겠다는 뜻을 분명히 밝히지 않으셨어요.",
        en="Without it the service agreed on cannot be given, and you have not clearly said that you end the contract.",
    ),
    "PIPA art. 37(2)4",
)
_LAW_FORBIDS = Text(ko="법률이 열람을 금지하거나 제한해요.", en="The law forbids or limits access to it.")
_LAW_DEMANDS = Text(
    ko="법률에 특별한 규정이 있거나 법령상 의무를 지키는 데 꼭 필요해요.",
    en="The law has a special rule for it, or a legal duty cannot be met without it.",
)

GROUNDS: Mapping[Kind, tuple[Ground, ...]] = {
    Kind.ACCESS: (_law(_LAW_FORBIDS, "PIPA art. 35(4)1"), _harm("PIPA art. 35(4)2"), _identity()),
    Kind.CORRECTION: (_NAMED_BY_LAW, _identity()),
    Kind.DELETION: (_NAMED_BY_LAW, _kept("PIPA art. 21(1) and (3), policy art. 5"), _identity()),
    Kind.SUSPENSION: (_law(_LAW_DEMANDS, "PIPA art. 37(2)1"), _harm("PIPA art. 37(2)2"), _CONTRACT, _identity()),
    Kind.WITHDRAWAL: (
        _law(_LAW_DEMANDS, "PIPA art. 37(2)1"),
        _harm("PIPA art. 37(2)2"),
        _CONTRACT,
        _kept("PIPA art. 21(1) and (3), policy art. 5"),
        _identity(),
    ),
    Kind.LEAVER: (
        Ground(
            "NOT_A_LEAVER",
            Text(
                ko="퇴사한 회원으로 확인되지 않았어요.",
                en="It is not established that this member has left the company.",
            ),
            "Policy art. 6",
        ),
        Ground(
            "MEMBER_OBJECTED",
            Text(ko="회원이 이의를 제기해 받아들였어요.", en="The member objected, and the objection was upheld."),
            "PIPA art. 38(5)",
        ),
        _kept("PIPA art. 21(1) and (3), policy art. 5"),
        _identity("Policy art. 6"),
    ),
    Kind.COMPLAINT: (
        Ground(
            "NOT_OURS",
            Text(
                ko="회사의 개인정보 처리에 관한 일이 아니에요.",
                en="It is not about this company's handling of personal data.",
            ),
            "PIPA art. 31(3)",
        ),
    ),
}


def grounds(kind: Kind) -> tuple[Ground, ...]:
    """Return the grounds that a handler may choose from for this kind of request."""
    return GROUNDS[kind]


def ground(kind: Kind, code: str) -> Ground | None:
    """Return the ground of this code, or None where this kind of request knows none such."""
    return next((one for one in GROUNDS[kind] if one.code == code), None)
