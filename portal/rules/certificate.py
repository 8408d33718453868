"""The certificate of destruction: what it says, its code, and how it stands when a stranger checks it.

No person is in it: people stand there as rows of the list that was sent and as numbers of the ledger. A digest of each
address is left out on purpose, for whoever guesses addresses could test them against it. The record is plain JSON with
ASCII keys and whole numbers, as the signing of documents wants it; the page is made from the record, not beside it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from unicodedata import normalize

import msgspec

from portal.policy.model import Policy, Text
from portal.rules.ledger import METHODS, KeptApart, Method, is_ledger_number

SCHEMA = "matecost-privacy/destruction-certificate/1"
PEOPLE_ON_PAGE = 10  # more of them do not fit on one A4 page beside the rest
CODE_BYTES = 16  # 128 bits from the system's generator
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O and U
CODE_SIGNS = 28  # 26 that hold the 128 bits, 2 that check them
_CHECK_PRIME = 1021  # below 32 squared and prime: every wrong sign and every swap of two neighbours is found
_GROUP = 4
_LOOKALIKES = str.maketrans("OILU", "011V")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212._]+")


class About(StrEnum):
    """What a certificate is about: one person, or everybody of one list."""

    PERSON = "PERSON"
    BATCH = "BATCH"


class State(StrEnum):
    """How a certificate stands today."""

    VALID = "VALID"
    SUPERSEDED = "SUPERSEDED"
    REVOKED = "REVOKED"


STATES: Mapping[State, Text] = {
    State.VALID: Text(ko="유효한 확인서입니다.", en="This certificate is valid."),
    State.SUPERSEDED: Text(
        ko="다른 확인서로 대체되었습니다. 새 확인서를 확인해 주세요.",
        en="Another certificate has taken its place. Check the new one.",
    ),
    State.REVOKED: Text(
        ko="취소된 확인서입니다. 파기를 증명하지 않습니다.",
        en="This certificate was revoked. It proves no destruction.",
    ),
}
NOT_FOUND = Text(
    ko="이 코드의 확인서를 찾지 못했습니다. 코드를 다시 확인해 주세요.",
    en="We found no certificate with this code. Check the code again.",
)
"""Said of a code that is malformed, mistyped or unknown alike."""

TITLE = Text(ko="개인정보 파기 확인서", en="Certificate of Destruction of Personal Data")
STATEMENT = Text(
    ko="아래 개인정보를 복구하거나 재생할 수 없도록 파기하였음을 확인합니다.",
    en="We certify that the data below was destroyed and cannot be recovered or reproduced.",
)
LABELS: Mapping[str, Text] = {
    "code": Text(ko="확인 코드", en="Code"),
    "issued_at": Text(ko="발급일", en="Issued on"),
    "company": Text(ko="요청 회사", en="Requested by"),
    "request": Text(ko="요청번호", en="Request no."),
    "requested_on": Text(ko="요청일", en="Requested on"),
    "people": Text(ko="대상", en="People"),
    "finished_at": Text(ko="파기 완료", en="Destroyed at"),
    "policy": Text(ko="근거", en="Basis"),
    "destroyed": Text(ko="파기한 정보", en="What was destroyed"),
    "category": Text(ko="항목", en="Item"),
    "count": Text(ko="건수", en="Records"),
    "methods": Text(ko="파기 방법", en="Method"),
    "kept": Text(ko="법령·내부 방침에 따라 남긴 정보", en="What is kept under law or our own policy"),
    "ground": Text(ko="보존 근거", en="Ground"),
    "until": Text(ko="파기 예정일", en="To be destroyed on"),
    "ledger": Text(ko="파기 관리대장 번호", en="Destruction ledger no."),
    "row": Text(ko="명단 행 번호", en="Row of the list"),
    "handler": Text(ko="실행 승인", en="Carried out by"),
    "approver": Text(ko="확인", en="Approved by"),
    "supersedes": Text(ko="대체한 확인서", en="Takes the place of"),
}
BASIS = Text(ko="처리방침 제5조·제6조", en="Privacy policy, articles 5 and 6")
NOTHING_KEPT = Text(ko="남긴 정보가 없습니다.", en="Nothing is kept.")


class Destroyed(msgspec.Struct, frozen=True):
    """One line of what was destroyed, over all people."""

    category: str
    label: Text
    count: int
    methods: tuple[Method, ...]


class Person(msgspec.Struct, frozen=True):
    """One person, as the requester finds them again: the ledger's number and the row of their list, 0 without one."""

    ledger_number: str
    row: int = 0


class Facts(msgspec.Struct, frozen=True):
    """What a certificate says. `company` is "" where a member asked alone; handler and approver are opaque references;
    moments are aware."""

    code: str
    about: About
    issued_at: datetime
    finished_at: datetime
    people: tuple[Person, ...]
    destroyed: tuple[Destroyed, ...]
    kept: tuple[KeptApart, ...] = ()
    company: str = ""
    request_number: str = ""
    requested_on: date | None = None
    handler: str = ""
    approver: str = ""
    supersedes: str = ""


def record_of(facts: Facts, policy: Policy) -> dict[str, Any]:
    """Return the record to sign: plain values, texts in both languages, times in UTC.

    Raises ValueError for facts that no certificate may state: nobody, a person's certificate for several, numbers that
    are none of the ledger, a moment without a zone, or an issue before the end; KeyError for a rule the policy has not.
    """
    faults = _faults(facts)
    if faults:
        raise ValueError("; ".join(faults))
    shown = facts.people[:PEOPLE_ON_PAGE]
    return {
        "schema": SCHEMA,
        "code": facts.code,
        "about": facts.about.value,
        "title": _both(TITLE),
        "statement": _both(STATEMENT),
        "issued_at": _utc(facts.issued_at),
        "finished_at": _utc(facts.finished_at),
        "controller": {
            "name": _both(policy.controller.name),
            "business_registration_number": policy.controller.business_registration_number,
        },
        "policy": {"version": policy.version, "basis": _both(BASIS)},
        "request": {
            "number": facts.request_number,
            "requested_on": facts.requested_on.isoformat() if facts.requested_on else "",
            "company": facts.company,
        },
        "people": {
            "count": len(facts.people),
            "on_page": [{"ledger_number": person.ledger_number, "row": person.row} for person in shown],
            "in_annex": len(facts.people) - len(shown),
            "annex_sha256": annex_digest(facts.people[PEOPLE_ON_PAGE:]),
        },
        "destroyed": [
            {
                "category": line.category,
                "label": _both(line.label),
                "count": line.count,
                "methods": [{"code": method.value, "label": _both(METHODS[method])} for method in line.methods],
            }
            for line in facts.destroyed
        ],
        "kept": [_kept(one, policy) for one in facts.kept],
        "handler": facts.handler,
        "approver": facts.approver,
        "supersedes": facts.supersedes,
    }


def annex_text(people: Sequence[Person]) -> str:
    """Return the annex: a line for each person that is not on the page, "D-2026-0007 12"."""
    return "".join(f"{person.ledger_number} {person.row}\n" for person in people)


def annex_digest(people: Sequence[Person]) -> str:
    """Return the SHA-256 of the annex, which ties it to the signed page; "" without one."""
    return sha256(annex_text(people).encode()).hexdigest() if people else ""


def state_of(*, superseded: bool, revoked: bool) -> State:
    """Return how a certificate stands; a revoked one stays so, whatever took its place."""
    if revoked:
        return State.REVOKED
    return State.SUPERSEDED if superseded else State.VALID


def code_of(random: bytes) -> str:
    """Return the code for 16 random bytes: seven groups of four, "7F3K-…". ValueError for another length."""
    if len(random) != CODE_BYTES:
        raise ValueError(f"random: got {len(random)} bytes, expected {CODE_BYTES}")
    number = int.from_bytes(random, "big")
    signs = _signs(number, CODE_SIGNS - 2)
    return _grouped(signs + _signs(_check(signs), 2))


def parse_code(text: str) -> str | None:
    """Return the code that somebody typed in its one form, or None where it is none.

    Case, blanks and hyphens of any kind do not matter; O is read as 0, I and L as 1, U as V. A slip is found by the two
    signs at the end before anything is looked up.
    """
    if len(text) > 4 * CODE_SIGNS:
        return None
    signs = _BETWEEN.sub("", normalize("NFKC", text)).upper().translate(_LOOKALIKES)
    if len(signs) != CODE_SIGNS or any(sign not in CODE_ALPHABET for sign in signs):
        return None
    return _grouped(signs) if signs[-2:] == _signs(_check(signs[:-2]), 2) else None


def _faults(facts: Facts) -> list[str]:
    faults = []
    if not facts.people:
        faults.append("people: got nobody, expected one or more")
    if facts.about is About.PERSON and len(facts.people) > 1:
        faults.append(f"people: got {len(facts.people)} for one person's certificate")
    if any(not is_ledger_number(person.ledger_number) for person in facts.people):
        faults.append("people: a number that is none of the ledger")
    if parse_code(facts.code) != facts.code:
        faults.append("code: not in the form of code_of")
    if facts.issued_at.tzinfo is None or facts.finished_at.tzinfo is None:
        faults.append("issued_at, finished_at: a moment without a zone")
    elif facts.issued_at < facts.finished_at:
        faults.append("issued_at: before the destruction was finished")
    return faults


def _kept(kept: KeptApart, policy: Policy) -> dict[str, Any]:
    rule = policy.retention_rule(kept.rule)
    return {
        "rule": rule.key,
        "label": _both(rule.label),
        "ground": _both(rule.ground.name),
        "status": rule.status,
        "count": kept.count,
        "until": kept.until.isoformat(),
    }


def _signs(number: int, length: int) -> str:
    return "".join(CODE_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _check(signs: str) -> int:
    return sum(place * CODE_ALPHABET.index(sign) for place, sign in enumerate(signs, 1)) % _CHECK_PRIME


def _grouped(signs: str) -> str:
    return "-".join(signs[start : start + _GROUP] for start in range(0, len(signs), _GROUP))


def _both(text: Text) -> dict[str, str]:
    return {"ko": text.ko, "en": text.en}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
