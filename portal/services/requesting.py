"""Requesting: a request is received, its steps are taken, and whoever asked is told, each in one transaction.

A step, in the order that is safety:
1. The request is held, so that of two who decide at once the second sees what the first did.
2. `portal.rules.request` judges the step by the steps so far; what it refuses is not written.
3. The step is kept, with its free words sealed; a deletion that is approved is handed to destruction, and the people
   of a report are let in, marked or taken out.
4. Whoever asked is written to, where there is an address.
5. The audit chain has its row, last, because whoever appends to it is waited for.
"""

from base64 import b32encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Literal, cast

from portal.clock import seoul_day
from portal.database import writing
from portal.policy.model import Language, Text
from portal.records import members, requests
from portal.records.requests import Request, RequestEvent
from portal.rules import deadline, refusal
from portal.rules.deadline import Badge, Kind
from portal.rules.deed import Deed
from portal.rules.progress import Event, State, Word
from portal.rules.request import Actor, StepRefused, approvals_needed, derive, next_steps
from portal.rules.request import step as judged_step
from portal.rules.role import Role
from portal.services import auditing, following, mailing, ordering, reaching, reported
from portal.services.auditing import SYSTEM, By
from portal.services.changing import changing_standing
from portal.services.reported import touches_gate
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed, NoKey

Channel = Literal["WEB", "LINK", "CONTACT", "PHONE", "EMAIL", "PAPER", "ORG"]
Requester = Literal["SELF", "AGENT", "EMPLOYER", "STRANGER"]
Details = dict[str, Any]

KIND_WORDS: dict[Kind, Text] = {
    Kind.ACCESS: Text(ko="열람", en="access"),
    Kind.CORRECTION: Text(ko="정정", en="correction"),
    Kind.DELETION: Text(ko="삭제", en="deletion"),
    Kind.SUSPENSION: Text(ko="처리정지", en="processing stop"),
    Kind.WITHDRAWAL: Text(ko="동의 철회", en="withdrawal of consent"),
    Kind.LEAVER: Text(ko="퇴사자 삭제", en="deletion after leaving"),
    Kind.COMPLAINT: Text(ko="고충 처리", en="complaint"),
}
TOLD_RESULT = frozenset({Word.FULFILLED, Word.PARTIAL, Word.REFUSED})
TOLD_STEP = frozenset({Word.MORE_ASKED, Word.DEFERRED})


@dataclass(frozen=True)
class Filed:
    """A request as it was received; `made` is false where the same form had been sent before."""

    number: str
    due_day: date
    made: bool


@dataclass(frozen=True)
class Standing:
    """How one request stands: `events` oldest first; `state`, `badge` and `basis` come from the rules."""

    request: Request
    events: tuple[RequestEvent, ...]
    state: State
    badge: Badge
    basis: Text

    @property
    def kind(self) -> Kind:
        return Kind(self.request.kind)


class NoSuchRequest(LookupError):
    """There is no request of this number, or not for the one who asks."""


def receive(
    kind: Kind,
    *,
    requester: Requester,
    channel: Channel,
    by: By,
    at: datetime,
    language: Language,
    details: Details,
    member_ref: str | None = None,
    received_at: datetime | None = None,
    nonce: str = "",
) -> Filed:
    """Receive a request in a transaction of its own; the parameters are those of `file_request`."""
    with writing():
        return file_request(
            kind,
            requester=requester,
            channel=channel,
            by=by,
            at=at,
            language=language,
            details=details,
            member_ref=member_ref,
            received_at=received_at,
            nonce=nonce,
        )


def file_request(
    kind: Kind,
    *,
    requester: Requester,
    channel: Channel,
    by: By,
    at: datetime,
    language: Language,
    details: Details,
    member_ref: str | None = None,
    received_at: datetime | None = None,
    nonce: str = "",
    approvals: int | None = None,
    letter: str = "request_received",
    values: Mapping[str, str] | None = None,
) -> Filed:
    """Receive a request inside the caller's transaction.

    `details` are sealed under the member's key, or under a key of this case where nobody is known; "reply_to" among
    them is where letters go instead of the member's own address. `received_at` starts the clock where it came by phone
    or mail; it must not lie in the future. The same `nonce` a second time gives the first request again. `letter` is
    the one that confirms it, with `values` of its own.
    """
    if received_at is not None and received_at > at:
        raise ValueError("received_at: a request cannot have been received in the future")
    known = filed_before(nonce)
    if known is not None:
        return known
    ref = _ref_of(nonce) if nonce else members.new_ref()
    began = received_at or at
    key_ref = member_ref or ref
    seal = person_keys.make(key_ref, at)
    day, by_employer = deadline.received_day(began), requester == "EMPLOYER"
    request = Request(
        number=requests.next_number(seoul_day(at).year),
        ref=ref,
        kind=kind.value,
        channel=channel,
        requester=requester,
        member_ref=member_ref,
        key_ref=key_ref,
        sealed=seal.seal("requests", "sealed", details, ref),
        language=language,
        approvals=approvals or approvals_needed(kind, through_agent=requester == "AGENT"),
        received_at=began,
        due_day=deadline.due_on(day, kind, by_employer=by_employer),
    )
    requests.add(request)
    requests.append(_event(request, Event(Word.RECEIVED, by.ref), by, at))
    basis = deadline.term(kind, by_employer=by_employer).basis
    _write_to_requester(letter, request, at, {"received": f"{day:%Y-%m-%d}", "basis": basis, **(values or {})})
    _audit(request, Word.RECEIVED, "", by, at)
    return Filed(request.number, request.due_day, made=True)


def filed_before(nonce: str) -> Filed | None:
    """Return the request that the form with this nonce has become, or None."""
    known = requests.of_ref(_ref_of(nonce)) if nonce else None
    return Filed(known.number, known.due_day, made=False) if known else None


def step(
    number: str,
    word: Word,
    *,
    by: By,
    at: datetime,
    roles: Collection[Role] = (),
    reason: str = "",
    words: str = "",
    until: date | None = None,
) -> Standing:
    """Take one step of a request. `reason` is a ground's code for a refusal, `words` are free and sealed.

    Raises NoSuchRequest, StepRefused, DeferralRefused, or KeyDestroyed.
    """
    asked = requests.of_number(number)
    with changing_standing() if asked and touches_gate(Kind(asked.kind), word) else writing():
        # 1.
        request = requests.held(number)
        if request is None:
            raise NoSuchRequest(number)
        take_step(request, word, by=by, at=at, roles=roles, reason=reason, words=words, until=until)
    return stand_of(number, at)


def take_step(
    request: Request,
    word: Word,
    *,
    by: By,
    at: datetime,
    roles: Collection[Role] = (),
    reason: str = "",
    words: str = "",
    until: date | None = None,
    tasks_open: int | None = None,
    for_requester: bool = False,
    letter: str = "request_result",
    told: Mapping[str, str | Text] | None = None,
) -> None:
    """Take one step of a request that the caller's transaction holds; `for_requester` says that `by` acts for whoever
    asked, though an account here. A result is told by `letter`, which may say more. Raises as `step`."""
    kind = Kind(request.kind)
    so_far = requests.events_of([request.id])[request.id]
    # 2.
    actor = _actor(by, roles, for_requester)
    facts = [_fact(event) for event in so_far]
    event = judged_step(
        kind, facts, word, actor=actor, reason=reason or words, approvals=request.approvals, tasks_open=tasks_open
    )
    if word is Word.DEFERRED:
        deadline.defer(kind, request.due_day, seoul_day(at), until or request.due_day, words)
    code = reason if refusal.ground(kind, reason) else ""
    kept = _event(request, Event(event.word, event.actor, code), by, at, words, until)
    # 3.
    requests.append(kept)
    if word is Word.IN_REVIEW and request.handler_ref is None:
        request.handler_ref = by.ref
    state = derive(kind, [*facts, _fact(kept)], tasks_open=tasks_open or 0, approvals=request.approvals)
    if word is Word.APPROVED and Word.HANDED_TO_DESTRUCTION in next_steps(
        kind, [*facts, _fact(kept)], _actor(SYSTEM, ()), request.approvals
    ):
        handed = _event(request, Event(Word.HANDED_TO_DESTRUCTION, SYSTEM.ref), SYSTEM, at)
        requests.append(handed)
        _order_destruction(request, by, at)
    if reported.is_report(request):
        reported.on_step(request, word, by, at)
    request.ended_at = None if state.is_open else request.ended_at or at
    reported.give_back(request, word, by, at)
    # 4.
    if word in TOLD_RESULT:
        result = {"result": state.label, "words": _why(kind, code, words), **(told or {})}
        _write_to_requester(letter, request, at, result)
    elif word in TOLD_STEP:
        _write_to_requester("request_step", request, at, {"state": state.label, "words": Text(ko=words, en=words)})
    # 5.
    _audit(request, word, code, by, at)


def stand_of(number: str, at: datetime) -> Standing:
    """Return how a request stands. Raises NoSuchRequest."""
    request = requests.of_number(number)
    if request is None:
        raise NoSuchRequest(number)
    return _standing(request, requests.events_of([request.id])[request.id], at)


def of_member(member_ref: str, at: datetime) -> list[Standing]:
    """Return a member's requests, newest first."""
    return standings(requests.of_member(member_ref), at)


def standings(found: Sequence[Request], at: datetime) -> list[Standing]:
    """Return how these requests stand, in the same order."""
    events = requests.events_of([request.id for request in found])
    return [_standing(request, events[request.id], at) for request in found]


def steps_for(standing: Standing, by: By, roles: Collection[Role]) -> tuple[Word, ...]:
    """Return the steps that somebody may take next, and no other."""
    facts = [_fact(event) for event in standing.events]
    return next_steps(standing.kind, facts, _actor(by, roles), standing.request.approvals)


def details_of(request: Request) -> Details:
    """Return what was asked; nothing once its key was destroyed."""
    if request.sealed is None:
        return {}
    try:
        seal = person_keys.seal_of(request.key_ref)
    except (NoKey, KeyDestroyed):
        return {}
    return cast(Details, seal.open("requests", "sealed", request.sealed, request.ref))


def words_of(request: Request, events: Sequence[RequestEvent]) -> dict[int, str]:
    """Return the free words of these steps, by step; nothing once their key was destroyed."""
    sealed = {event.id: event.sealed for event in events if event.sealed}
    if not sealed:
        return {}
    try:
        seal = person_keys.seal_of(request.key_ref)
    except (NoKey, KeyDestroyed):
        return {}
    return {event_id: seal.open("request_events", "sealed", blob, request.ref) for event_id, blob in sealed.items()}


def _standing(request: Request, events: Sequence[RequestEvent], at: datetime) -> Standing:
    kind = Kind(request.kind)
    state = derive(kind, [_fact(event) for event in events], approvals=request.approvals)
    basis = deadline.term(kind, by_employer=request.requester == "EMPLOYER").basis
    return Standing(request, tuple(events), state, deadline.badge(request.due_day, seoul_day(at)), basis)


def _order_destruction(request: Request, approver: By, at: datetime) -> None:
    """Order what was approved; who is told at the end is noted now, for afterwards nobody knows."""
    if reported.is_report(request):
        reported.approve(request, approver, at)
        return
    if request.member_ref is None:
        return
    write_to = details_of(request).get("reply_to") or _address_of(request.member_ref)
    why = "LEFT_COMPANY" if request.kind == Kind.LEAVER else "ASKED"
    ordering.order(
        request.member_ref,
        cast(ordering.Why, why),
        event_day=date.fromisoformat(details_of(request).get("left_on") or seoul_day(at).isoformat()),
        by=SYSTEM,
        at=at,
        handler=request.handler_ref or "",
        approver=approver.ref,
        request_number=request.number,
        write_to=write_to,
        language=request.language,
    )


def _fact(event: RequestEvent) -> Event:
    return Event(Word(event.word), event.actor, event.reason)


def _event(
    request: Request, event: Event, by: By, at: datetime, words: str = "", until: date | None = None
) -> RequestEvent:
    sealed = None
    if words:
        sealed = person_keys.seal_of(request.key_ref).seal("request_events", "sealed", words, request.ref)
    return RequestEvent(
        request_id=request.id,
        word=event.word.value,
        actor_kind=by.kind,
        actor=event.actor,
        reason=event.reason,
        until=until,
        sealed=sealed,
        at=at,
    )


def _actor(by: By, roles: Collection[Role], for_requester: bool = False) -> Actor:
    return Actor(
        id=by.ref,
        roles=frozenset(roles),
        is_requester=for_requester or by.kind in ("MEMBER", "STRANGER"),
        is_system=by.kind == "SYSTEM",
    )


def _why(kind: Kind, code: str, words: str) -> Text:
    """Return why it came out so: the ground's words and where it stands, then what the handler wrote."""
    found = refusal.ground(kind, code)
    parts = [(f"{found.words.ko} ({found.source})", f"{found.words.en} ({found.source})")] if found else []
    parts += [(words, words)] if words else []
    return Text(ko="\n".join(ko for ko, _ in parts), en="\n".join(en for _, en in parts))


def _write_to_requester(letter: str, request: Request, at: datetime, values: dict[str, str | Text]) -> None:
    """Write to whoever asked, in the language in which they asked; nothing where no address is known."""
    to = details_of(request).get("reply_to") or _address_of(request.member_ref)
    if not to:
        return
    language = cast(Language, request.language)
    shared: dict[str, str | Text] = {
        "number": request.number,
        "kind": KIND_WORDS[Kind(request.kind)],
        "due": f"{request.due_day:%Y-%m-%d}",
        "link": following.link_of(request),
    }
    spoken = {
        name: value.in_language(language) if isinstance(value, Text) else value
        for name, value in (shared | values).items()
    }
    mailing.post(letter, to, spoken, key_ref=request.key_ref, language=language, at=at, about=request.number)


def _address_of(member_ref: str | None) -> str:
    member = members.of_ref(member_ref) if member_ref else None
    return reaching.mailbox_of(member) if member else ""


def _audit(request: Request, word: Word, code: str, by: By, at: datetime) -> None:
    facts = {"kind": request.kind, "word": word.value}
    auditing.note(
        Deed.REQUEST_STEP, by, at, subject=request.member_ref or "", about=request.number, reason=code, facts=facts
    )


def _ref_of(nonce: str) -> str:
    return b32encode(blake2b(nonce.encode(), digest_size=16).digest()).decode("ascii").rstrip("=").lower()


__all__ = [
    "KIND_WORDS",
    "Channel",
    "Details",
    "Filed",
    "NoSuchRequest",
    "Requester",
    "Standing",
    "StepRefused",
    "details_of",
    "file_request",
    "filed_before",
    "of_member",
    "receive",
    "stand_of",
    "standings",
    "step",
    "steps_for",
    "take_step",
    "words_of",
]
