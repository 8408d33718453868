"""Processors and recipients: how far an entry of the register has come, what it lacks for the next step, and where it
differs from what the public was told.

A processor works for us and under our supervision; a third party receives data for its own business (Supreme Court
2016do13263). No state is stored: it follows from the contract, from the officer's deeds and from the policy in force.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from portal.policy.model import ConsentItem, Key, Policy, Processor, Text
from portal.rules.retention import add_months

SUPERVISION_MONTHS = 12  # PIPA art. 26(4) sets no cycle; yearly is the practice that audits ask for
CLAUSES = {  # PIPA art. 26(1) and Decree art. 28(1); verified 2026-11-23
    "purpose_only": Text(ko="위탁 목적 외 처리 금지", en="No processing beyond the purpose"),
    "safeguards": Text(ko="기술적·관리적 보호조치", en="Technical and administrative protection"),
    "scope": Text(ko="위탁업무의 목적과 범위", en="Purpose and scope of the work"),
    "sub_entrustment": Text(ko="재위탁 제한", en="Limits on sub-entrustment"),
    "access": Text(ko="접근 제한 등 안전성 확보", en="Restricted access and other safety measures"),
    "supervision": Text(ko="관리 현황 점검 등 감독", en="Supervision, with checks of how data is handled"),
    "liability": Text(ko="의무 위반 시 손해배상 책임", en="Liability for damage when duties are broken"),
}
Relationship = Literal["PROCESSOR", "THIRD_PARTY"]
Ground = Literal["CONTRACT", "CONSENT", "STATUTE"]
RELATIONSHIPS = {
    "PROCESSOR": Text(ko="위탁", en="Processor"),
    "THIRD_PARTY": Text(ko="제3자 제공", en="Third party"),
}
GROUNDS = {
    "CONTRACT": Text(ko="계약 이행", en="Performance of a contract"),
    "CONSENT": Text(ko="정보주체의 동의", en="Consent of the person"),
    "STATUTE": Text(ko="법령", en="Statute"),
}


class State(StrEnum):
    """How far an entry has come."""

    DRAFT = "DRAFT"
    CONTRACT_COMPLETE = "CONTRACT_COMPLETE"
    DISCLOSED = "DISCLOSED"
    ENDED = "ENDED"


STATES = {
    State.DRAFT: Text(ko="작성 중", en="Draft"),
    State.CONTRACT_COMPLETE: Text(ko="계약 확인", en="Contract complete"),
    State.DISCLOSED: Text(ko="공개 중", en="Disclosed"),
    State.ENDED: Text(ko="끝남", en="Ended"),
}


class SubProcessor(msgspec.Struct, frozen=True):
    """Somebody to whom the processor hands work on; our consent is needed (PIPA art. 26(6))."""

    name: str
    task: str


class Overseas(msgspec.Struct, frozen=True):
    """What must be told of a transfer abroad (PIPA art. 28-8(2))."""

    country: str
    method: str  # when and how it goes
    period: str
    refusal: str  # how to refuse, and what follows


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one processor or recipient, as the register holds them. Who is reached there is sealed elsewhere."""

    key: Key
    name: Text
    relationship: Relationship
    task: Text
    purposes: tuple[str, ...]
    items: tuple[str, ...]
    ground: Ground = "CONTRACT"
    period: str = ""
    sub_processors: tuple[SubProcessor, ...] = ()
    overseas: Overseas | None = None
    review_required: bool = False  # whether it is entrustment or provision is still to be settled


class Contract(msgspec.Struct, frozen=True):
    """The contract on paper: its day, the digest of its file, when it ends, and which clauses were found in it."""

    signed_on: date
    file_sha256: str
    clauses: tuple[str, ...]
    expires_on: date | None = None  # the first day on which it no longer holds


class Standing(msgspec.Struct, frozen=True):
    """An entry with everything that was done to it. `disclosed_on`: the officer's deed, or the seed's."""

    entry: Entry
    contract: Contract | None = None
    disclosed_on: date | None = None
    ended_on: date | None = None
    next_supervision: date | None = None


class Lack(StrEnum):
    """What keeps an entry from its next state, or should be mended in the state that it has."""

    PERIOD = "PERIOD"
    CONTRACT = "CONTRACT"
    EXPIRED = "EXPIRED"
    CLAUSES = "CLAUSES"
    NOT_IN_POLICY = "NOT_IN_POLICY"
    OTHER_RELATIONSHIP = "OTHER_RELATIONSHIP"
    CONSENT_ITEM = "CONSENT_ITEM"
    ITEMS_UNTOLD = "ITEMS_UNTOLD"
    PURPOSES_UNTOLD = "PURPOSES_UNTOLD"
    REVIEW = "REVIEW"
    SUPERVISION = "SUPERVISION"


LACKS = {
    Lack.PERIOD: Text(ko="보유·이용 기간이 적혀 있지 않습니다.", en="No period is given."),
    Lack.CONTRACT: Text(ko="계약이 기록되어 있지 않습니다.", en="No contract is on record."),
    Lack.EXPIRED: Text(ko="계약이 만료되었습니다.", en="The contract has expired."),
    Lack.CLAUSES: Text(
        ko="계약서에 법에서 정한 일곱 가지가 모두 있어야 합니다.", en="The contract must have all seven clauses."
    ),
    Lack.NOT_IN_POLICY: Text(
        ko="시행 중인 처리방침에 없습니다. 처리방침에 먼저 넣어 주세요.",
        en="The policy in force does not name it. Put it into the policy first.",
    ),
    Lack.OTHER_RELATIONSHIP: Text(
        ko="시행 중인 처리방침에는 위탁·제공 구분이 다르게 적혀 있습니다.",
        en="The policy in force tells another relationship.",
    ),
    Lack.CONSENT_ITEM: Text(
        ko="제3자 제공에는 따로 받는 동의가 필요합니다. 이 제공의 동의 항목이 있는 처리방침이 시행되어야 합니다.",
        en="Provision needs a consent of its own: a policy with a consent item for it must be in force.",
    ),
    Lack.ITEMS_UNTOLD: Text(
        ko="처리방침에 없는 항목이 있습니다. 그 항목은 보낼 수 없습니다.",
        en="Some items are not in the policy; they cannot be sent.",
    ),
    Lack.PURPOSES_UNTOLD: Text(
        ko="처리방침에 없는 목적이 있습니다. 그 목적으로는 보낼 수 없습니다.",
        en="Some purposes are not in the policy; nothing can be sent for them.",
    ),
    Lack.REVIEW: Text(
        ko="위탁인지 제3자 제공인지 확인이 남아 있습니다.",
        en="Whether this is entrustment or provision is still to be settled.",
    ),
    Lack.SUPERVISION: Text(ko="점검 기한이 지났습니다.", en="Supervision is overdue."),
}


def missing_clauses(contract: Contract) -> tuple[str, ...]:
    """Return which of the seven clauses were not found, in the law's order."""
    return tuple(clause for clause in CLAUSES if clause not in contract.clauses)


def contract_lacks(standing: Standing, today: date) -> tuple[Lack, ...]:
    """Return what the paper side lacks. Provision is no entrustment: art. 26(1) asks for no contract there."""
    lacks = () if standing.entry.period else (Lack.PERIOD,)
    if standing.entry.relationship == "THIRD_PARTY":
        return lacks
    contract = standing.contract
    if contract is None:
        return (*lacks, Lack.CONTRACT)
    if contract.expires_on is not None and contract.expires_on <= today:
        lacks = (*lacks, Lack.EXPIRED)
    return (*lacks, Lack.CLAUSES) if missing_clauses(contract) else lacks


def told_lacks(entry: Entry, policy: Policy) -> tuple[Lack, ...]:
    """Return what keeps `policy` from covering this entry at all, or parts of it."""
    told = named_in(policy, entry.key)
    if told is None:
        return (Lack.NOT_IN_POLICY,)
    lacks: tuple[Lack, ...] = ()
    if told.relationship != entry.relationship:
        lacks = (Lack.OTHER_RELATIONSHIP,)
    if entry.relationship == "THIRD_PARTY" and consent_item_for(policy, entry.key) is None:
        lacks = (*lacks, Lack.CONSENT_ITEM)
    if not set(entry.items) <= set(told.items):
        lacks = (*lacks, Lack.ITEMS_UNTOLD)
    return lacks if set(entry.purposes) <= set(told.purposes) else (*lacks, Lack.PURPOSES_UNTOLD)


def is_told(entry: Entry, policy: Policy) -> bool:
    """Tell whether the public was told of this recipient as what it is, whatever of its items was left out."""
    return not {Lack.NOT_IN_POLICY, Lack.OTHER_RELATIONSHIP, Lack.CONSENT_ITEM} & set(told_lacks(entry, policy))


def state_of(standing: Standing, policy: Policy, today: date) -> State:
    """Return the state: an entry that the policy in force does not tell of is not disclosed, whoever said it was."""
    if standing.ended_on is not None:
        return State.ENDED
    if standing.disclosed_on is not None and is_told(standing.entry, policy):
        return State.DISCLOSED
    return State.DRAFT if contract_lacks(standing, today) else State.CONTRACT_COMPLETE


def lacks_of(standing: Standing, policy: Policy, today: date) -> tuple[Lack, ...]:
    """Return everything that the entry lacks, for its next state or in the one it has; nothing once it is ended."""
    if standing.ended_on is not None:
        return ()
    lacks = (*contract_lacks(standing, today), *told_lacks(standing.entry, policy))
    if standing.entry.review_required:
        lacks = (*lacks, Lack.REVIEW)
    due = standing.next_supervision
    return (*lacks, Lack.SUPERVISION) if due is not None and due <= today else lacks


def may_disclose(standing: Standing, policy: Policy, today: date) -> bool:
    """Tell whether the officer may say now that this entry is disclosed."""
    return (
        standing.ended_on is None
        and not contract_lacks(standing, today)
        and not told_lacks(standing.entry, policy)
        and not standing.entry.review_required
    )


def supervision_due_on(last: date, next_due: date | None = None) -> date:
    """Return when to look again: the day that was set, else a year after `last` (the check, or the disclosure)."""
    latest = add_months(last, SUPERVISION_MONTHS)
    return latest if next_due is None else min(next_due, latest)


def named_in(policy: Policy, key: str) -> Processor | None:
    """Return what the policy tells of a recipient."""
    return next((one for one in policy.processors if one.key == key), None)


def consent_item_for(policy: Policy, key: str) -> ConsentItem | None:
    """Return the consent item by which members agree to provision to this recipient."""
    return next((item for item in policy.consent_items if item.recipient == key), None)


class Difference(msgspec.Struct, frozen=True):
    """One thing in which register and published policy tell two stories; `register` and `policy` are keys or names."""

    key: str
    what: Literal[
        "MISSING",
        "UNPUBLISHED",
        "ENDED",
        "NAME",
        "RELATIONSHIP",
        "TASK",
        "ITEMS",
        "PURPOSES",
        "SUB_PROCESSORS",
        "OVERSEAS",
    ]
    register: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()


def differences(policy: Policy, standings: Sequence[Standing]) -> tuple[Difference, ...]:
    """Return every difference between the register and this policy, the policy's recipients first.

    Sub-processors and a country abroad are told by the policy's articles, in words: the public must read of them (art.
    26(2), art. 28-8(2)). An entry that was never disclosed is no difference, it is a plan.
    """
    entered = {standing.entry.key: standing for standing in standings}
    found: list[Difference] = []
    for told in policy.processors:
        standing = entered.get(told.key)
        if standing is None:
            found.append(Difference(told.key, "MISSING", (), (told.name.ko,)))
        elif standing.ended_on is not None:
            found.append(Difference(told.key, "ENDED", (standing.ended_on.isoformat(),), (told.name.ko,)))
        else:
            found += _differing(told, standing.entry, "\n".join(article.text.ko for article in policy.articles))
    known = {told.key for told in policy.processors}
    found += [
        Difference(standing.entry.key, "UNPUBLISHED", (standing.entry.name.ko,), ())
        for standing in standings
        if standing.entry.key not in known and standing.ended_on is None and standing.disclosed_on is not None
    ]
    return tuple(found)


def _differing(told: Processor, entry: Entry, articles: str) -> list[Difference]:
    found = []
    if _is_another(entry.name, told.name):
        found.append(Difference(told.key, "NAME", (entry.name.ko, entry.name.en), (told.name.ko, told.name.en)))
    if told.relationship != entry.relationship:
        found.append(Difference(told.key, "RELATIONSHIP", (entry.relationship,), (told.relationship,)))
    if _is_another(entry.task, told.task):
        found.append(Difference(told.key, "TASK", (entry.task.ko, entry.task.en), (told.task.ko, told.task.en)))
    if set(told.items) != set(entry.items):
        found.append(Difference(told.key, "ITEMS", entry.items, told.items))
    if set(told.purposes) != set(entry.purposes):
        found.append(Difference(told.key, "PURPOSES", entry.purposes, told.purposes))
    untold = tuple(one.name for one in entry.sub_processors if one.name not in articles)
    if untold:
        found.append(Difference(told.key, "SUB_PROCESSORS", untold, ()))
    if entry.overseas and entry.overseas.country.partition("(")[0].strip() not in articles:
        found.append(Difference(told.key, "OVERSEAS", (entry.overseas.country,), ()))
    return found


def _is_another(entered: Text, told: Text) -> bool:
    """Tell whether these are other words; English that was left out of the register is none."""
    return entered.ko != told.ko or entered.en not in (entered.ko, told.en)


def entry_of(told: Processor) -> Entry:
    """Return the entry that a policy tells of: what the register begins with."""
    return Entry(
        key=told.key,
        name=told.name,
        relationship=told.relationship,
        task=told.task,
        purposes=told.purposes,
        items=told.items,
        review_required=told.review_required,
    )
