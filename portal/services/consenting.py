"""Consenting: what a member is asked, what the answer changes, and taking it back.

The order that is safety, in every deed here:
1. the gate's readers are told that standings are changing, and one transaction begins as a writer,
2. the member is locked, so that what two requests do for one member happens one after the other,
3. a repeat is recognised, so that a double click, Back, a second tab or a proxy's retry changes nothing,
4. the form is held against the policy in force now: another version or another text, and nothing is recorded,
5. the decisions, the standing that the gate reads and the signed receipt are written together.

A repeat is known by the state it asks for; the nonce of the form keeps an old yes from undoing a later no. The nonce
is hashed with the member's reference, so one taken from somebody else's form means nothing.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.policy.model import ConsentItem, Language, Policy
from portal.records import consents, members, receipts, standings
from portal.records.consents import ConsentEvent
from portal.records.members import Member
from portal.rules.consent import ANSWERS, Decision, content_hash, text_shown
from portal.services import publishing, receipting
from portal.services.changing import changing_standing
from portal.services.publishing import Published

METHOD = "WEB"
_NONCE = re.compile(r"[a-z2-7]{26}\Z")


@dataclass(frozen=True)
class Filled:
    """A form as it came back. `shown` are the items it showed, `answers` what was said to each, by key."""

    version: str
    text_sha256: str
    language: Language
    shown: tuple[str, ...]
    nonce: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """What a member is asked now. `stands`: the gate would let the member in; `earlier`: the last consent to an
    item that has changed since, by item key."""

    published: Published
    items: tuple[ConsentItem, ...]
    stands: bool
    suspended: bool
    earlier: Mapping[str, ConsentEvent]


@dataclass(frozen=True)
class Outcome:
    """What a deed came to. `opened`: nothing more is asked at the gate; `recorded` counts new decisions."""

    member_ref: str
    receipt_ref: str | None
    opened: bool
    recorded: int


class StaleForm(Exception):
    """The form showed something else than what is in force now; nothing was recorded."""


class Unanswered(Exception):
    """Items without an explicit yes or no of their own; nothing was recorded."""

    def __init__(self, items: Iterable[str]) -> None:
        self.items = tuple(items)
        super().__init__(f"no explicit answer to {', '.join(self.items)}")


class NothingToWithdraw(Exception):
    """There is no consent to this item that could be withdrawn."""


def asked_of(host_id: str, at: datetime) -> Asked:
    """Return what the member is asked at `at`; changes nothing, also for a person the portal has never met."""
    published = publishing.in_force(at)
    member = members.of_host(host_id)
    held = consents.holding(member.ref) if member else {}
    standing = standings.of_host(host_id)
    return Asked(
        published=published,
        items=tuple(item for item in published.policy.consent_items if _is_due(published.policy, item, held)),
        stands=standing is not None and standing.requirement_hash == published.requirement_hash,
        suspended=standing is not None and standing.suspended,
        earlier={
            item.key: held[item.key]
            for item in published.policy.consent_items
            if item.key in held
            and held[item.key].decision == "GRANTED"
            and held[item.key].content_hash != content_hash(published.policy, item)
        },
    )


def text_hash(policy: Policy, keys: Iterable[str], language: Language) -> str:
    """Return the sha256 over the language and all texts that a form with these items shows, in their order.

    Raises KeyError for an item that the policy does not have.
    """
    digest = hashlib.sha256(language.encode())
    for key in keys:
        text = text_shown(policy, policy.consent_item(key), language).encode()
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()


def decide(host_id: str, form: Filled, at: datetime) -> Outcome:
    """Record the answers of a form: one decision per item that is new, the standing, and one receipt.

    Raises StaleForm, or Unanswered with the items that lack an explicit yes or no; nothing is recorded then.
    """
    unanswered = [key for key in form.shown if form.answers.get(key) not in ANSWERS]
    decisions = {key: ANSWERS[form.answers[key]] for key in form.shown if key not in unanswered}
    return _record(host_id, form, decisions, unanswered, at)


def decline(host_id: str, form: Filled, at: datetime) -> Outcome:
    """Record a no to every item that the form showed. Raises StaleForm."""
    return _record(host_id, form, dict.fromkeys(form.shown, "REFUSED"), [], at)


def carry_on(host_id: str, at: datetime) -> bool:
    """Renew a member's standing where a new version asks nothing new; return whether the gate is open now."""
    with changing_standing():
        member = members.of_host(host_id)
        if member is None:
            return False
        member = members.meet(host_id, member.ref, at)
        return _settle(member, publishing.in_force(at), at)


def withdraw(host_id: str, item: str, language: Language, at: datetime) -> Outcome:
    """Take back the member's consent to `item`: the gate stops the very next request when the gate asks for it.

    Withdrawing twice returns the first receipt. Raises NothingToWithdraw.
    """
    with changing_standing():
        return withdraw_held(host_id, item, language, at)


def withdraw_held(host_id: str, item: str, language: Language, at: datetime) -> Outcome:
    """Do what `withdraw` does inside the caller's `changing_standing()`. Raises NothingToWithdraw."""
    known = members.of_host(host_id)
    if known is None:
        raise NothingToWithdraw
    member = members.meet(host_id, known.ref, at)
    published = publishing.in_force(at)
    given = consents.holding(member.ref).get(item)
    if given is None or given.decision == "REFUSED":
        raise NothingToWithdraw
    if given.decision == "WITHDRAWN":
        return _outcome(member, given.submission, _settle(member, published, at), 0)
    submission = members.new_ref()
    event = ConsentEvent(
        event_ref=members.new_ref(),
        submission=submission,
        member_ref=member.ref,
        item=item,
        decision="WITHDRAWN",
        content_hash=given.content_hash,
        text_sha256=given.text_sha256,
        policy_version=given.policy_version,
        language=language,
        method=METHOD,
        decided_at=at,
    )
    consents.add(event)
    replaced = receipts.of_submission(given.submission)
    spoken_of = publishing.version_named(given.policy_version)
    policy = spoken_of.policy if spoken_of else published.policy
    receipting.issue(member, submission, [event], policy, replaces=replaced, at=at)
    return _outcome(member, submission, _settle(member, published, at), 1)


def _record(
    host_id: str, form: Filled, decisions: Mapping[str, Decision], unanswered: Sequence[str], at: datetime
) -> Outcome:
    if not _NONCE.match(form.nonce):
        raise StaleForm
    with changing_standing():
        member = members.meet(host_id, members.new_ref(), at)
        published = publishing.in_force(at)
        policy, held = published.policy, consents.holding(member.ref)
        submission = _submission(member, form.nonce)
        used = consents.of_submission(submission)
        if used and not unanswered and all(_still_holds(event, held, decisions) for event in used):
            return _outcome(member, submission, _settle(member, published, at), 0)
        _refuse_stale(form, published, held)
        if unanswered:
            raise Unanswered(unanswered)
        new = {
            key: decision
            for key, decision in decisions.items()
            if not _holds(held.get(key), decision, content_hash(policy, policy.consent_item(key)))
        }
        if not new:
            return _outcome(member, held[form.shown[0]].submission, _settle(member, published, at), 0)
        if used:
            if "GRANTED" in new.values():
                raise StaleForm  # an old yes, sent again after a no or a withdrawal, is not a new yes
            submission = members.new_ref()
        events = [_event(member, submission, policy, key, new[key], form.language, at) for key in new]
        consents.add(*events)
        receipting.issue(member, submission, events, policy, replaces=None, at=at)
        return _outcome(member, submission, _settle(member, published, at), len(events))


def _still_holds(event: ConsentEvent, held: Mapping[str, ConsentEvent], decisions: Mapping[str, Decision]) -> bool:
    return held[event.item].id == event.id and decisions.get(event.item) == event.decision


def _refuse_stale(form: Filled, published: Published, held: Mapping[str, ConsentEvent]) -> None:
    """Raise StaleForm unless the form showed the policy in force, word for word, and everything that is due."""
    policy = published.policy
    known = {item.key for item in policy.consent_items}
    due = {item.key for item in policy.consent_items if _is_due(policy, item, held)}
    if (
        form.version != policy.version
        or not form.shown
        or len(set(form.shown)) != len(form.shown)
        or not set(form.shown) <= known
        or not due <= set(form.shown)
        or form.text_sha256 != text_hash(policy, form.shown, form.language)
    ):
        raise StaleForm


def _is_due(policy: Policy, item: ConsentItem, held: Mapping[str, ConsentEvent]) -> bool:
    """Tell whether a member must be asked: a gate item until it is agreed to as it stands, an optional one once."""
    event = held.get(item.key)
    if event is None or event.content_hash != content_hash(policy, item):
        return True
    return item.kind != "optional" and event.decision != "GRANTED"


def _holds(event: ConsentEvent | None, decision: Decision, wanted: str) -> bool:
    return event is not None and event.decision == decision and event.content_hash == wanted


def _event(
    member: Member, submission: str, policy: Policy, key: str, decision: Decision, language: Language, at: datetime
) -> ConsentEvent:
    item = policy.consent_item(key)
    text = text_shown(policy, item, language)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    consents.keep_text(sha256, language, text)
    return ConsentEvent(
        event_ref=members.new_ref(),
        submission=submission,
        member_ref=member.ref,
        item=key,
        decision=decision,
        content_hash=content_hash(policy, item),
        text_sha256=sha256,
        policy_version=policy.version,
        language=language,
        method=METHOD,
        decided_at=at,
    )


def _settle(member: Member, published: Published, at: datetime) -> bool:
    """Bring the standing in line with the decisions that hold; return whether the gate is open now."""
    held = consents.holding(member.ref)
    policy = published.policy
    satisfied = all(_holds(held.get(item.key), "GRANTED", content_hash(policy, item)) for item in policy.gate_items)
    wanted = published.requirement_hash if satisfied else None
    standing = standings.of_host(member.host_id)
    if standing is None or standing.requirement_hash != wanted:
        standings.satisfy(member.host_id, member.ref, wanted, at)
    return satisfied and not (standing is not None and standing.suspended)


def _outcome(member: Member, submission: str, opened: bool, recorded: int) -> Outcome:
    receipt = receipts.of_submission(submission)
    return Outcome(member.ref, receipt.receipt_ref if receipt else None, opened, recorded)


def _submission(member: Member, nonce: str) -> str:
    return hashlib.sha256(f"{member.ref}\n{nonce}".encode()).hexdigest()[:32]
