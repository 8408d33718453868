"""Requests: what may happen next to a request, and how it stands, both told by its events alone.

A request is its events, oldest first; no status is stored. One judgement (`_fault`) answers both what is offered and
what is tried, so that a step that is not offered cannot be taken either. Waiting for the requester stops no clock.
"""

from collections.abc import Mapping, Sequence

import msgspec

from portal.policy.model import Text
from portal.rules.deadline import DEFERRAL_SOURCE, ONLY_ACCESS, Kind
from portal.rules.progress import (
    APPROVALS,
    DECISIONS,
    DESTROYING,
    Event,
    Phase,
    Progress,
    State,
    Word,
    progress_of,
    state_of,
)
from portal.rules.refusal import ground
from portal.rules.role import Role, allowed

MOVES: Mapping[Phase, frozenset[Word]] = {
    Phase.NEW: frozenset({Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.MORE_ASKED, Word.REFUSED, Word.CANCELLED}),
    Phase.CHECKED: frozenset({Word.IN_REVIEW, Word.MORE_ASKED, Word.CANCELLED, *DECISIONS}),
    Phase.REVIEW: frozenset(
        {Word.MORE_ASKED, Word.DEFERRED, Word.APPROVED, Word.CANCELLED, Word.CLOSED, *DECISIONS},
    ),
    Phase.WAITING: frozenset({Word.MORE_GIVEN, Word.REFUSED, Word.CANCELLED}),
    Phase.DEFERRED: frozenset({Word.RESUMED, Word.OBJECTED, Word.CANCELLED}),
    Phase.APPROVED: frozenset({Word.HANDED_TO_DESTRUCTION, Word.FULFILLED, Word.PARTIAL}),
    Phase.HANDED: frozenset({Word.FULFILLED, Word.PARTIAL}),
    Phase.DONE: frozenset({Word.CLOSED}),
    Phase.PARTLY_DONE: frozenset({Word.OBJECTED, Word.CLOSED}),
    Phase.REFUSED: frozenset({Word.OBJECTED, Word.CLOSED}),
    Phase.OBJECTED: frozenset({Word.RE_REVIEWED}),
    Phase.CANCELLED: frozenset(),
    Phase.CLOSED: frozenset(),
}

SELF_SERVED = frozenset({Kind.ACCESS, Kind.CORRECTION, Kind.SUSPENSION, Kind.WITHDRAWAL})
"""What the system fulfils at once for a member who has proved who they are."""
OF_THE_REQUESTER = frozenset({Word.RECEIVED, Word.MORE_GIVEN, Word.OBJECTED, Word.CANCELLED})
OF_THE_SYSTEM = frozenset(
    {Word.RECEIVED, Word.IDENTITY_CHECK, Word.HANDED_TO_DESTRUCTION, Word.FULFILLED, Word.PARTIAL, Word.CLOSED}
)
JUDGING = frozenset({Word.APPROVED, Word.DEFERRED, Word.RE_REVIEWED, Word.CLOSED, *DECISIONS})

NOT_NEXT = Text(
    ko="요청이 이미 다른 단계에 있으니 화면을 새로 고쳐 주세요.", en="The request is at another step. Reload the page."
)
NOT_YOURS = Text(ko="이 단계를 진행할 권한이 없습니다.", en="You are not the one to take this step.")
OWN_REQUEST = Text(ko="본인이 낸 요청은 직접 처리할 수 없습니다.", en="You cannot handle a request of your own.")
OTHER_APPROVER = Text(
    ko="요청을 접수했거나 이미 승인한 사람은 승인할 수 없습니다. 다른 사람이 승인해야 합니다.",
    en="Whoever made, logged or already approved the request cannot approve it. Somebody else must.",
)
OTHER_REVIEWER = Text(
    ko="처음 결정한 사람은 이의를 검토할 수 없습니다. 다른 사람이 검토해야 합니다.",
    en="Whoever decided first cannot review the objection. Somebody else must.",
)
IDENTITY_FIRST = Text(ko="본인 또는 대리인 확인이 먼저입니다.", en="First establish who asks and that they may.")
APPROVAL_FIRST = Text(ko="승인이 먼저 필요합니다.", en="It must be approved first.")
DESTRUCTION_FIRST = Text(
    ko="파기가 끝났다고 확인되기 전에는 완료할 수 없습니다.", en="It is not done before its destruction is proved."
)
REASON_NEEDED = Text(ko="사유를 적어 주세요.", en="Give the reason.")
GROUND_NEEDED = Text(ko="거절하거나 일부만 들어줄 근거를 골라 주세요.", en="Choose the ground on which it is refused.")


class Actor(msgspec.Struct, frozen=True):
    """Who takes a step: an opaque id, staff roles, whether it is the requester (or for them), or the system itself."""

    id: str
    roles: frozenset[Role] = frozenset()
    is_requester: bool = False
    is_system: bool = False


class StepRefused(Exception):
    """A step that may not be taken: `reason` for the one who tried, `source` where it stands, "" for our own order."""

    def __init__(self, reason: Text, source: str = "") -> None:
        super().__init__(f"{reason.en} ({source})" if source else reason.en)
        self.reason = reason
        self.source = source


def approvals_needed(kind: Kind, *, through_agent: bool = False, people: int = 1, two_above: int = 10) -> int:
    """Return how many people approve: two through an agent or for more than `two_above` leavers, one to destroy."""
    if through_agent or (kind is Kind.LEAVER and people > two_above):
        return 2
    return APPROVALS[kind]


def derive(
    kind: Kind, events: Sequence[Event], tasks_open: int = 0, tasks_need_attention: int = 0, approvals: int = 0
) -> State:
    """Return how a request stands; ValueError for events that do not begin with RECEIVED.

    `tasks_open` counts all tasks that are not yet done, those in need of attention among them; `approvals` is what
    `approvals_needed` said at receipt, or 0 for the kind's own number.
    """
    needed = max(approvals, APPROVALS[kind])
    return state_of(progress_of(events, needed), needed, tasks_open, tasks_need_attention)


def next_steps(
    kind: Kind, events: Sequence[Event], actor: Actor, approvals: int = 0, tasks_open: int | None = None
) -> tuple[Word, ...]:
    """Return the words that this actor may add now, and no other; the reason that some need is asked for by `step`."""
    return tuple(word for word in Word if _fault(kind, events, word, actor, approvals, tasks_open) is None)


def step(
    kind: Kind,
    events: Sequence[Event],
    word: Word,
    *,
    actor: Actor,
    reason: str = "",
    approvals: int = 0,
    tasks_open: int | None = None,
) -> Event:
    """Return the event to append, or raise StepRefused with the reason and its source.

    `reason` is a ground's code for REFUSED and PARTIAL, words for DEFERRED, MORE_ASKED, a cancellation entered by staff
    and an objection that is turned down. `tasks_open` None means that nobody knows, so nothing counts as destroyed.
    """
    fault = _fault(kind, events, word, actor, approvals, tasks_open) or _reason_fault(kind, events, word, actor, reason)
    if fault is not None:
        raise fault
    return Event(word, actor.id, reason.strip())


def _fault(
    kind: Kind, events: Sequence[Event], word: Word, actor: Actor, approvals: int, tasks_open: int | None
) -> StepRefused | None:
    # The kind speaks before the moment: that a deletion is never deferred is the truer answer than "not now".
    if word is Word.DEFERRED and kind is not Kind.ACCESS:
        return StepRefused(ONLY_ACCESS, DEFERRAL_SOURCE)
    if not events:
        return _actor_fault(word, actor) if word is Word.RECEIVED else StepRefused(NOT_NEXT)
    needed = max(approvals, APPROVALS[kind])
    progress = progress_of(events, needed)
    if word not in MOVES[progress.phase]:
        return StepRefused(NOT_NEXT)
    return (
        _actor_fault(word, actor)
        or _four_eyes_fault(progress, events, word, actor)
        or _order_fault(kind, progress, word, actor, needed, tasks_open)
    )


def _actor_fault(word: Word, actor: Actor) -> StepRefused | None:
    if actor.is_system:
        return None if word in OF_THE_SYSTEM else StepRefused(NOT_YOURS)
    if actor.is_requester:
        if word in OF_THE_REQUESTER:
            return None
        return StepRefused(OWN_REQUEST if allowed(actor.roles, "desk.request.decide") else NOT_YOURS)
    permission = "desk.request.log" if word in OF_THE_REQUESTER else "desk.request.decide"
    return None if allowed(actor.roles, permission) else StepRefused(NOT_YOURS)


def _four_eyes_fault(progress: Progress, events: Sequence[Event], word: Word, actor: Actor) -> StepRefused | None:
    if actor.is_system:
        return None
    if word is Word.APPROVED and actor.id in (events[0].actor, *progress.approvers):
        return StepRefused(OTHER_APPROVER)
    files_away = word is Word.CLOSED and progress.phase is not Phase.REVIEW
    if word in JUDGING and actor.id in progress.objected_to and not files_away:
        return StepRefused(OTHER_REVIEWER, "PIPA art. 38(5)")
    return None


def _order_fault(
    kind: Kind, progress: Progress, word: Word, actor: Actor, needed: int, tasks_open: int | None
) -> StepRefused | None:
    phase, approved = progress.phase, len(progress.approvers) >= needed
    if word is Word.IN_REVIEW and not progress.identified and kind is not Kind.COMPLAINT:
        return StepRefused(IDENTITY_FIRST, "PIPA Decree art. 46")
    not_now = {
        Word.APPROVED: approved,
        Word.OBJECTED: progress.objected,  # once; who still disagrees turns to the agencies
        Word.CANCELLED: progress.decided is not None,
        Word.CLOSED: phase is Phase.REVIEW and progress.decided is None,
        Word.HANDED_TO_DESTRUCTION: kind not in DESTROYING,
    }
    if not_now.get(word, False):
        return StepRefused(NOT_NEXT)
    if word in (Word.FULFILLED, Word.PARTIAL):
        if not approved:
            return StepRefused(APPROVAL_FIRST)
        if kind in DESTROYING and not (phase is Phase.HANDED and actor.is_system and tasks_open == 0):
            return StepRefused(DESTRUCTION_FIRST)
        if phase is Phase.CHECKED and not (actor.is_system and kind in SELF_SERVED):
            return StepRefused(NOT_NEXT)
        if phase is Phase.REVIEW and actor.is_system:
            return StepRefused(NOT_YOURS)
    return None


def _reason_fault(kind: Kind, events: Sequence[Event], word: Word, actor: Actor, reason: str) -> StepRefused | None:
    if word in (Word.REFUSED, Word.PARTIAL):
        found = ground(kind, reason.strip())
        if found is None:
            return StepRefused(GROUND_NEEDED, "PIPA art. 35(4), 36(4), 37(2)")
        identified = any(event.word is Word.IDENTITY_CHECK for event in events)
        if not identified and kind is not Kind.COMPLAINT and found.code != "IDENTITY_NOT_PROVEN":
            return StepRefused(IDENTITY_FIRST, "PIPA Decree art. 46")
        return None
    needed = word in (Word.DEFERRED, Word.MORE_ASKED)
    needed |= word is Word.CANCELLED and not actor.is_requester
    needed |= word is Word.CLOSED and events[-1].word not in DECISIONS
    return StepRefused(REASON_NEEDED) if needed and not reason.strip() else None
