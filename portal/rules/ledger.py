"""The destruction ledger (파기 관리대장): its columns, its words and how one line reads, in both languages.

Nothing in it is personal: people stand there as opaque references, the data as the names of its files and as counts.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from portal.policy.model import Language, Policy, Text
from portal.rules.spreadsheet import plain_row


class Reason(StrEnum):
    """Why something was destroyed."""

    LEFT_COMPANY = "LEFT_COMPANY"
    ASKED = "ASKED"
    PERIOD_ENDED = "PERIOD_ENDED"
    PURPOSE_MET = "PURPOSE_MET"
    REPLAYED = "REPLAYED"  # it had come back with a restored store


class Medium(StrEnum):
    ELECTRONIC = "ELECTRONIC"
    PAPER = "PAPER"


class Method(StrEnum):
    """How it was destroyed (Decree art. 16(1), Safety Measures Standard art. 13; verified 2026-11-23)."""

    DB_ERASE = "DB_ERASE"
    CRYPTO_SHRED = "CRYPTO_SHRED"
    OVERWRITE = "OVERWRITE"
    ANONYMIZE = "ANONYMIZE"
    DEGAUSS = "DEGAUSS"
    SHRED = "SHRED"
    INCINERATE = "INCINERATE"


REASONS: Mapping[Reason, Text] = {
    Reason.LEFT_COMPANY: Text(ko="퇴사", en="Left the company"),
    Reason.ASKED: Text(ko="회원의 요청", en="Asked for by the member"),
    Reason.PERIOD_ENDED: Text(ko="보유 기간 경과", en="Retention period ended"),
    Reason.PURPOSE_MET: Text(ko="처리 목적 달성", en="Purpose met"),
    Reason.REPLAYED: Text(ko="백업 복원 뒤 다시 파기", en="Destroyed again after a restore"),
}
MEDIA: Mapping[Medium, Text] = {
    Medium.ELECTRONIC: Text(ko="전자 파일", en="Electronic"),
    Medium.PAPER: Text(ko="종이 문서", en="Paper"),
}
METHODS: Mapping[Method, Text] = {
    Method.DB_ERASE: Text(ko="행 삭제", en="Rows erased"),
    Method.CRYPTO_SHRED: Text(ko="암호키 폐기", en="Encryption key destroyed"),
    Method.OVERWRITE: Text(ko="덮어쓰기", en="Overwritten"),
    Method.ANONYMIZE: Text(ko="익명 처리", en="Anonymised"),
    Method.DEGAUSS: Text(ko="소자 장비로 삭제", en="Degaussed"),
    Method.SHRED: Text(ko="파쇄", en="Shredded"),
    Method.INCINERATE: Text(ko="소각", en="Incinerated"),
}
METHODS_OF: Mapping[Medium, tuple[Method, ...]] = {
    Medium.PAPER: (Method.SHRED, Method.INCINERATE),
    Medium.ELECTRONIC: tuple(method for method in Method if method not in (Method.SHRED, Method.INCINERATE)),
}
"""What may be chosen for each medium: paper is not overwritten, and a row is not burnt."""

COLUMNS: Mapping[str, Text] = {
    "number": Text(ko="번호", en="No."),
    "files": Text(ko="개인정보파일명", en="Name of the personal information file"),
    "medium": Text(ko="자료의 종류", en="Kind of material"),
    "made_on": Text(ko="생성일", en="Made on"),
    "destroyed_on": Text(ko="폐기일", en="Destroyed on"),
    "reason": Text(ko="폐기사유", en="Reason"),
    "methods": Text(ko="파기방법", en="Method"),
    "count": Text(ko="대상 건수", en="Count"),
    "kept": Text(ko="보존분리 여부·근거", en="Kept apart, on which ground"),
    "handler": Text(ko="처리담당자", en="Handler"),
    "approver": Text(ko="처리부서장", en="Approver"),
    "confirmed_by": Text(ko="개인정보 보호책임자 확인", en="Confirmed by the privacy officer"),
    "confirmed_on": Text(ko="확인일", en="Confirmed on"),
    "evidence": Text(ko="증빙", en="Evidence"),
}
"""The columns in their order: those of the public form first to last, with what the law wants to be known besides."""

NOTHING_KEPT = Text(ko="없음", en="None")
UNDER_WAY = Text(ko="파기 중", en="Under way")
_NUMBER = re.compile(r"D-[0-9]{4}-(?:0[0-9]{3}|[1-9][0-9]{3,})")


class KeptApart(msgspec.Struct, frozen=True):
    """What went to the separate store: the policy's rule, how many, and the first day on which they must be gone."""

    rule: str
    count: int
    until: date


class Line(msgspec.Struct, frozen=True):
    """One destruction as the ledger tells it. Days are Seoul days; `files` and people are names without a person's
    data; `destroyed_on` is None while it is under way."""

    number: str
    files: tuple[Text, ...]
    medium: Medium
    reason: Reason
    methods: tuple[Method, ...] = ()
    count: int = 0
    kept: tuple[KeptApart, ...] = ()
    made_on: date | None = None
    destroyed_on: date | None = None
    handler: str = ""
    approver: str = ""
    confirmed_by: str = ""
    confirmed_on: date | None = None
    evidence: str = ""


def ledger_number(year: int, serial: int) -> str:
    """Return the number of the `serial`-th destruction of a Seoul year: "D-2026-0007". ValueError below one."""
    if serial < 1:
        raise ValueError(f"serial: got {serial}, expected 1 or more")
    return f"D-{year:04}-{serial:04}"


def is_ledger_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def methods_fault(medium: Medium, methods: Iterable[Method]) -> Text | None:
    """Return why these methods cannot stand for this medium, or None."""
    chosen = list(methods)
    if not chosen:
        return Text(ko="파기 방법을 골라 주세요.", en="Choose how it was destroyed.")
    if any(method not in METHODS_OF[medium] for method in chosen):
        return Text(
            ko="자료의 종류에 맞는 파기 방법을 골라 주세요.", en="Choose a method that fits the kind of material."
        )
    return None


def header(language: Language) -> list[str]:
    return [name.in_language(language) for name in COLUMNS.values()]


def cells(line: Line, policy: Policy, language: Language) -> list[str]:
    """Return one line under `header`, every cell safe in a spreadsheet. KeyError for a rule the policy has not."""
    shown = {
        "number": line.number,
        "files": _joined(line.files, language),
        "medium": MEDIA[line.medium].in_language(language),
        "made_on": _day(line.made_on),
        "destroyed_on": _day(line.destroyed_on) or UNDER_WAY.in_language(language),
        "reason": REASONS[line.reason].in_language(language),
        "methods": _joined((METHODS[method] for method in line.methods), language),
        "count": line.count,
        "kept": kept_text(line.kept, policy, language),
        "handler": line.handler,
        "approver": line.approver,
        "confirmed_by": line.confirmed_by,
        "confirmed_on": _day(line.confirmed_on),
        "evidence": line.evidence,
    }
    return plain_row(shown[column] for column in COLUMNS)


def kept_text(kept: Iterable[KeptApart], policy: Policy, language: Language) -> str:
    """Return what was kept apart: "부정 이용 방지 기록 10건(내부 방침, 2027-11-26 파기 예정)", or that nothing was."""
    parts = []
    for one in kept:
        rule = policy.retention_rule(one.rule)
        label, ground = rule.label.in_language(language), rule.ground.short.in_language(language)
        if language == "ko":
            parts.append(f"{label} {one.count:,}건({ground}, {_day(one.until)} 파기 예정)")
        else:
            parts.append(f"{label}: {one.count:,} ({ground}, to be destroyed on {_day(one.until)})")
    return "; ".join(parts) or NOTHING_KEPT.in_language(language)


def _joined(texts: Iterable[Text], language: Language) -> str:
    return ", ".join(text.in_language(language) for text in texts)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
