"""What the pages of the register tell: states, differences, sums and history, as words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext

from portal.policy.model import Policy
from portal.rules import processor
from portal.rules.disclosure import REASONS, Reason
from portal.rules.processor import GROUNDS, RELATIONSHIPS, STATES, Difference, Entry, Standing, State
from portal.services import accounts
from portal.services.disclosing import Sum
from portal.services.entrusted import Done
from portal.speech import language, say_text
from portal.views.handler_lines import Due, due_of

PILLS = {
    State.DRAFT: "",
    State.CONTRACT_COMPLETE: " pill--run",
    State.DISCLOSED: " pill--done",
    State.ENDED: "",
}
WHAT: dict[str, Any] = {
    "MISSING": lazy_gettext("처리방침에 있지만 대장에 없습니다. 대장에 넣기 전에는 아무것도 보낼 수 없습니다."),
    "UNPUBLISHED": lazy_gettext("대장에서는 공개 중이지만 시행 중인 처리방침에 없습니다. 아무것도 보낼 수 없습니다."),
    "ENDED": lazy_gettext("대장에서는 끝났지만 처리방침에는 아직 있습니다."),
    "NAME": lazy_gettext("이름이 다릅니다."),
    "RELATIONSHIP": lazy_gettext("위탁·제공 구분이 다릅니다. 아무것도 보낼 수 없습니다."),
    "TASK": lazy_gettext("맡긴 일이 다릅니다."),
    "ITEMS": lazy_gettext("항목이 다릅니다. 양쪽에 모두 있는 것만 보낼 수 있습니다."),
    "PURPOSES": lazy_gettext("목적이 다릅니다. 양쪽에 모두 있는 것으로만 보낼 수 있습니다."),
    "SUB_PROCESSORS": lazy_gettext("재수탁자가 처리방침에 없습니다. 공개해야 합니다."),
    "OVERSEAS": lazy_gettext("국외 이전이 처리방침에 없습니다. 공개해야 합니다."),
}
DEEDS: dict[str, Any] = {
    "WRITTEN": lazy_gettext("대장에 적음"),
    "CONTRACT": lazy_gettext("계약 기록"),
    "DISCLOSED": lazy_gettext("공개 확인"),
    "SUPERVISED": lazy_gettext("점검"),
    "REMINDED": lazy_gettext("점검 알림 보냄"),
    "ENDED": lazy_gettext("끝냄"),
}
FACTS: dict[str, Any] = {  # what of an entry can be written anew
    "relationship": lazy_gettext("구분"),
    "review_required": lazy_gettext("위탁·제공 확인"),
    "name": lazy_gettext("이름"),
    "task": lazy_gettext("맡긴 일"),
    "purposes": lazy_gettext("목적"),
    "items": lazy_gettext("항목"),
    "ground": lazy_gettext("근거"),
    "period": lazy_gettext("보유 기간"),
    "sub_processors": lazy_gettext("재수탁자"),
    "overseas": lazy_gettext("국외 이전"),
}
HOW = {"RETURNED": lazy_gettext("돌려받음"), "DESTROYED": lazy_gettext("파기를 확인함")}


@dataclass(frozen=True)
class Line:
    """One entry as a row."""

    key: str
    name: str
    relationship: str
    task: str
    items: str
    purposes: str
    pill: str
    state: str
    lacks: list[str]
    due: Due | None


@dataclass(frozen=True)
class Differing:
    """One difference: who, what, and both sides in words."""

    who: str
    what: str
    register: str
    policy: str


@dataclass(frozen=True)
class History:
    """One line of what was done; `changes` are (what, before, after) of facts that were written anew."""

    at: Any
    deed: str
    detail: str
    by: str
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Month:
    """The sums of one recipient in one month; `refused` by reason in words."""

    month: str
    who: str
    allowed: int
    refused: list[tuple[str, int]]


def line_of(standing: Standing, policy: Policy, today: date) -> Line:
    entry = standing.entry
    state = processor.state_of(standing, policy, today)
    lacks = processor.lacks_of(standing, policy, today)
    return Line(
        key=entry.key,
        name=entry.name.in_language(language()),
        relationship=say_text(RELATIONSHIPS[entry.relationship]),
        task=entry.task.in_language(language()),
        items=items_text(policy, entry.items),
        purposes=purposes_text(policy, entry.purposes),
        pill=PILLS[state],
        state=say_text(STATES[state]),
        lacks=[say_text(processor.LACKS[lack]) for lack in lacks],
        due=due_of(standing.next_supervision, today),
    )


def differing(policy: Policy, found: Iterable[Difference], standings: Sequence[Standing]) -> list[Differing]:
    """Return the differences in words."""
    names = {standing.entry.key: standing.entry.name for standing in standings}
    names |= {told.key: told.name for told in policy.processors}
    return [
        Differing(
            names[one.key].in_language(language()),
            str(WHAT[one.what]),
            _side(policy, one.what, one.register),
            _side(policy, one.what, one.policy),
        )
        for one in found
    ]


def items_text(policy: Policy, keys: Iterable[str]) -> str:
    """Return items by the policy's own labels."""
    labels = {item.key: item.label for item in policy.items}
    return ", ".join(labels[key].in_language(language()) if key in labels else key for key in keys)


def purposes_text(policy: Policy, keys: Iterable[str]) -> str:
    """Return purposes by the policy's own labels."""
    labels = {purpose.key: purpose.label for purpose in policy.purposes}
    return ", ".join(labels[key].in_language(language()) if key in labels else key for key in keys)


def history(policy: Policy, entries: Sequence[Done]) -> list[History]:
    """Return what was done to an entry, as lines."""
    names = accounts.names_of({one.by for one in entries})
    return [
        History(one.at, str(DEEDS[one.deed]), _detail(one), names.get(one.by, gettext("자동")), _changes(policy, one))
        for one in entries
    ]


def months(sums: Iterable[Sum], names: dict[str, str]) -> list[Month]:
    """Return the sums as rows, one for each recipient and month, the newest month first."""
    found: dict[tuple[str, str], Month] = {}
    for one in sums:
        row = found.setdefault(
            (one.month, one.processor), Month(one.month, names.get(one.processor, one.processor), 0, [])
        )
        if one.verdict == "ALLOWED":
            found[one.month, one.processor] = Month(row.month, row.who, row.allowed + one.count, row.refused)
        else:
            row.refused.append((reason_text(one.reason), one.count))
    return list(found.values())


def reason_text(reason: str) -> str:
    """Return why something was refused."""
    return say_text(REASONS[Reason(reason)])


def _side(policy: Policy, what: str, keys: tuple[str, ...]) -> str:
    if what == "ITEMS":
        return items_text(policy, keys)
    if what == "PURPOSES":
        return purposes_text(policy, keys)
    if what == "RELATIONSHIP":
        return ", ".join(say_text(RELATIONSHIPS[key]) for key in keys)
    return " / ".join(dict.fromkeys(keys))


def _detail(one: Done) -> str:
    facts, words = one.facts, one.words
    if one.deed == "WRITTEN" and facts:  # the contact is sealed, and nobody reads what it was
        return gettext("연락처를 새로 적음")
    if one.deed == "CONTRACT":
        return gettext("계약일 %(day)s, 파일 SHA-256 %(hash)s", day=one.day, hash=facts["file_sha256"][:16])
    if one.deed == "DISCLOSED":
        return gettext("%(version)s 시행 방침", version=facts["policy"])
    if one.deed == "SUPERVISED":
        return f"{one.day} · {words.get('method', '')} · {words.get('findings', '')} → {facts['next_due']}"
    if one.deed == "ENDED":
        return f"{one.day} · {HOW[facts['how']]} · {words.get('evidence', '')}"
    return ""


def _changes(policy: Policy, one: Done) -> list[tuple[str, str, str]]:
    """Return what was changed when facts were written anew, with what stood there before."""
    if "before" not in one.facts:
        return []
    before, after = one.facts["before"], one.facts["after"]
    return [
        (str(label), _fact(policy, before, name), _fact(policy, after, name))
        for name, label in FACTS.items()
        if getattr(before, name) != getattr(after, name)
    ]


def _fact(policy: Policy, entry: Entry, name: str) -> str:
    value = getattr(entry, name)
    if name == "review_required":
        return gettext("남음") if value else gettext("마침")
    if name in ("name", "task"):
        return " / ".join(dict.fromkeys((value.ko, value.en)))
    if name == "relationship":
        return say_text(RELATIONSHIPS[value])
    if name == "ground":
        return say_text(GROUNDS[value])
    if name == "items":
        return items_text(policy, value)
    if name == "purposes":
        return purposes_text(policy, value)
    if name == "sub_processors":
        return ", ".join(f"{sub.name}: {sub.task}" for sub in value) or gettext("없음")
    if name == "overseas":
        return ", ".join((value.country, value.method, value.period, value.refusal)) if value else gettext("없음")
    return value or gettext("없음")
