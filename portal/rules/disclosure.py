"""Disclosure: whether these items of this person may go to this recipient for this purpose, now.

Everything must say yes: the register, the policy in force, and the person. What is allowed is what both the register
and the policy name; what either leaves out stays here.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from portal.policy.model import ConsentItem, Policy, Text
from portal.rules.consent import content_hash
from portal.rules.processor import Standing, consent_item_for, is_told, named_in

MOST_ITEMS = 50
NAME = "^[a-z][a-z0-9_]{0,59}$"  # a key of the policy, of the register
REFERENCE = "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$"  # the caller's own name for one sending: no address fits it


class Reason(StrEnum):
    """Why nothing may go."""

    UNREGISTERED = "UNREGISTERED"
    ENDED = "ENDED"
    NOT_DISCLOSED = "NOT_DISCLOSED"
    PURPOSE = "PURPOSE"
    ITEMS = "ITEMS"
    NOBODY = "NOBODY"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"
    DESTRUCTION = "DESTRUCTION"
    NO_CONSENT = "NO_CONSENT"


REASONS: Mapping[Reason, Text] = {
    Reason.UNREGISTERED: Text(ko="대장에 없는 곳입니다.", en="The register has no such recipient."),
    Reason.ENDED: Text(ko="위탁·제공이 끝난 곳입니다.", en="The recipient's entry has ended."),
    Reason.NOT_DISCLOSED: Text(
        ko="시행 중인 처리방침에 공개하지 않은 곳입니다.", en="The recipient is not disclosed in the policy in force."
    ),
    Reason.PURPOSE: Text(ko="등록하고 공개한 목적이 아닙니다.", en="The purpose is not registered and published."),
    Reason.ITEMS: Text(ko="등록하고 공개하지 않은 항목이 있습니다.", en="An item is not registered and published."),
    Reason.NOBODY: Text(ko="그런 회원이 없습니다.", en="There is no such member."),
    Reason.SUSPENDED: Text(ko="처리가 정지된 회원입니다.", en="Processing is suspended for this member."),
    Reason.WITHDRAWN: Text(ko="동의를 철회한 회원입니다.", en="The member has withdrawn consent."),
    Reason.DESTRUCTION: Text(ko="파기하기로 한 회원입니다.", en="The member's data is to be destroyed."),
    Reason.NO_CONSENT: Text(ko="필요한 동의가 없습니다.", en="The consent that this needs is missing."),
}

_WITH_OFFICER = Text(
    ko="보내지 마세요. 개인정보 보호책임자가 대장과 처리방침에서 이곳을 열면 새 번호로 물어 주세요.",
    en="Send nothing. Once the privacy officer has opened the recipient in register and policy, ask with a new "
    "reference.",
)
_LESS = Text(
    ko="등록하고 공개한 것만 새 번호로 물어 주세요. 더 보내려면 개인정보 보호책임자가 대장과 처리방침에 먼저 넣어야 "
    "합니다.",
    en="Ask with a new reference for what is registered and published only. For more, the privacy officer has to put "
    "it into register and policy first.",
)
_WITH_MEMBER = Text(
    ko="보내지 마세요. 회원이 다시 동의하거나 이용을 다시 시작하면 새 번호로 물어 주세요.",
    en="Send nothing. Once the member has agreed or opened the account again, ask with a new reference.",
)
THEN: Mapping[Reason, Text] = {  # what the caller does next
    Reason.UNREGISTERED: _WITH_OFFICER,
    Reason.ENDED: Text(
        ko="보내지 마세요. 끝난 곳은 다시 열리지 않습니다. 일을 다시 맡기려면 새 이름으로 등록해야 합니다.",
        en="Send nothing. What has ended does not open again: to entrust work anew takes an entry under a new key.",
    ),
    Reason.NOT_DISCLOSED: _WITH_OFFICER,
    Reason.PURPOSE: _LESS,
    Reason.ITEMS: _LESS,
    Reason.NOBODY: Text(
        ko="host_id가 호스트의 세션에 있는 회원 ID와 같은지 확인하고 새 번호로 물어 주세요. 동의한 적도 등록된 적도 "
        "없는 회원은 알지 못합니다.",
        en="Check that host_id is the id that your session names, and ask with a new reference. Who has neither agreed "
        "nor been registered is not known.",
    ),
    Reason.SUSPENDED: _WITH_MEMBER,
    Reason.WITHDRAWN: _WITH_MEMBER,
    Reason.DESTRUCTION: Text(ko="이 회원의 것은 더는 보내지 마세요.", en="Send nothing of this member any more."),
    Reason.NO_CONSENT: _WITH_MEMBER,
}


class Asked(msgspec.Struct, frozen=True):
    """What somebody wants to send: keys of the policy's items and purpose, never a value."""

    processor: str
    items: tuple[str, ...]
    purpose: str


class Person(msgspec.Struct, frozen=True):
    """Where the member stands. `decisions` holds, by consent item, the decision that holds and what it was given to
    (its content hash); `has_standing`: has satisfied a requirement of the gate and not taken it back."""

    known: bool = True
    suspended: bool = False
    to_be_destroyed: bool = False
    has_standing: bool = True
    decisions: Mapping[str, tuple[str, str]] = {}


class Verdict(msgspec.Struct, frozen=True):
    """Whether it may go. `items` are those that the reason is about, where it is about some."""

    reason: Reason | None = None
    items: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.reason is None

    @property
    def why(self) -> Text | None:
        return None if self.reason is None else REASONS[self.reason]


def judge(asked: Asked, standing: Standing | None, policy: Policy, person: Person) -> Verdict:
    """Return the verdict; the recipient's side is judged before the person's."""
    return _recipient_side(asked, standing, policy) or _person_side(asked, policy, person) or Verdict()


def _recipient_side(asked: Asked, standing: Standing | None, policy: Policy) -> Verdict | None:
    if standing is None:
        return Verdict(Reason.UNREGISTERED)
    if standing.ended_on is not None:
        return Verdict(Reason.ENDED)
    told = named_in(policy, asked.processor)
    if told is None or standing.disclosed_on is None or not is_told(standing.entry, policy):
        return Verdict(Reason.NOT_DISCLOSED)
    if asked.purpose not in standing.entry.purposes or asked.purpose not in told.purposes:
        return Verdict(Reason.PURPOSE)
    beyond = tuple(item for item in asked.items if item not in standing.entry.items or item not in told.items)
    return Verdict(Reason.ITEMS, beyond) if beyond or not asked.items else None


def _person_side(asked: Asked, policy: Policy, person: Person) -> Verdict | None:
    if not person.known:
        return Verdict(Reason.NOBODY)
    if person.to_be_destroyed:
        return Verdict(Reason.DESTRUCTION)
    if person.suspended:
        return Verdict(Reason.SUSPENDED)
    if any(person.decisions.get(item.key, ("",))[0] == "WITHDRAWN" for item in policy.gate_items):
        return Verdict(Reason.WITHDRAWN)
    lacking = tuple(item for item in asked.items if not _is_agreed(item, asked, policy, person))
    return Verdict(Reason.NO_CONSENT, lacking) if lacking or not person.has_standing else None


def _is_agreed(item: str, asked: Asked, policy: Policy, person: Person) -> bool:
    """Tell whether the ground of one item holds: provision to a third party always needs its own consent (PIPA art.
    17), anything else only where the policy rests the item on consent."""
    provision = consent_item_for(policy, asked.processor)
    if provision is not None:
        return item in provision.items and _holds(provision, policy, person)
    if policy.item(item).ground != "CONSENT":
        return True
    return any(
        item in consent.items and asked.purpose in consent.purposes and _holds(consent, policy, person)
        for consent in policy.consent_items
        if not consent.recipient
    )


def _holds(consent: ConsentItem, policy: Policy, person: Person) -> bool:
    return person.decisions.get(consent.key) == ("GRANTED", content_hash(policy, consent))
