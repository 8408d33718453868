"""Progress: how a request stands, read from its events and its tasks; what may happen next is `portal.rules.request`.

Status is derived and never stored, so that no concurrent writer can spoil it. The first question is whether somebody
still has something to do: a request with an open task is not done, whatever its last event says.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from portal.policy.model import Text
from portal.rules.deadline import Kind


class Word(StrEnum):
    """What can happen to a request; the name of an event."""

    RECEIVED = "RECEIVED"
    IDENTITY_CHECK = "IDENTITY_CHECK"  # it is established who asks, and that they may
    IN_REVIEW = "IN_REVIEW"
    MORE_ASKED = "MORE_ASKED"
    MORE_GIVEN = "MORE_GIVEN"
    DEFERRED = "DEFERRED"
    RESUMED = "RESUMED"
    APPROVED = "APPROVED"
    HANDED_TO_DESTRUCTION = "HANDED_TO_DESTRUCTION"
    FULFILLED = "FULFILLED"
    PARTIAL = "PARTIAL"
    REFUSED = "REFUSED"
    OBJECTED = "OBJECTED"
    RE_REVIEWED = "RE_REVIEWED"  # another person has taken up the objection
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


class Phase(StrEnum):
    """Where a request is on its way; for the rules, while people see a `Status`."""

    NEW = "NEW"
    CHECKED = "CHECKED"
    REVIEW = "REVIEW"
    WAITING = "WAITING"
    DEFERRED = "DEFERRED"
    APPROVED = "APPROVED"
    HANDED = "HANDED"
    DONE = "DONE"
    PARTLY_DONE = "PARTLY_DONE"
    REFUSED = "REFUSED"
    OBJECTED = "OBJECTED"
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


Status = Literal[
    "NEW",
    "IN_PROGRESS",
    "WAITING_FOR_REQUESTER",
    "AWAITING_APPROVAL",
    "DONE",
    "PARTLY_DONE",
    "REFUSED",
    "CANCELLED",
]
Detail = Literal["", "DEFERRED", "OBJECTED", "WAITING_FOR_DESTRUCTION"]

LABELS: Mapping[str, Text] = {
    "NEW": Text(ko="새 요청", en="New"),
    "IN_PROGRESS": Text(ko="처리 중", en="In progress"),
    "WAITING_FOR_REQUESTER": Text(ko="보완 대기", en="Waiting for requester"),
    "AWAITING_APPROVAL": Text(ko="승인 대기", en="Awaiting approval"),
    "DONE": Text(ko="완료", en="Done"),
    "PARTLY_DONE": Text(ko="일부 완료", en="Partly done"),
    "REFUSED": Text(ko="거절", en="Refused"),
    "CANCELLED": Text(ko="취소", en="Cancelled"),
    "DEFERRED": Text(ko="열람 연기", en="Deferred"),
    "OBJECTED": Text(ko="이의 검토 중", en="Objection under review"),
    "WAITING_FOR_DESTRUCTION": Text(ko="파기 대기", en="Waiting for destruction"),
}

DESTROYING = frozenset({Kind.DELETION, Kind.LEAVER})
"""What cannot be undone: approved by a person who did not ask for it, and done by the destruction pipeline alone."""
APPROVALS: Mapping[Kind, int] = {kind: 1 if kind in DESTROYING else 0 for kind in Kind}
DECISIONS = frozenset({Word.FULFILLED, Word.PARTIAL, Word.REFUSED})


class Event(msgspec.Struct, frozen=True):
    """One thing that happened: by whom (an opaque id) and why. `reason` of a refusal is a ground's code."""

    word: Word
    actor: str
    reason: str = ""


class State(msgspec.Struct, frozen=True):
    """How a request stands for people: one of eight statuses, and `detail` where a pill says it more exactly."""

    status: Status
    detail: Detail = ""
    needs_attention: bool = False
    is_open: bool = True

    @property
    def label(self) -> Text:
        """The words of the pill."""
        return LABELS[self.detail or self.status]


class Progress(msgspec.Struct, frozen=True):
    """What the events amount to. `deciders` approved, deferred or decided in this round; `objected_to` in the first."""

    phase: Phase = Phase.NEW
    before: Phase = Phase.NEW  # where a wait for the requester goes back to
    decided: Phase | None = None  # how the last decision left it
    identified: bool = False
    approvers: tuple[str, ...] = ()
    deciders: tuple[str, ...] = ()
    objected: bool = False
    objected_to: tuple[str, ...] = ()


ENDS: Mapping[Phase, Status] = {
    Phase.DONE: "DONE",
    Phase.PARTLY_DONE: "PARTLY_DONE",
    Phase.REFUSED: "REFUSED",
    Phase.CANCELLED: "CANCELLED",
}
LEADS_TO: Mapping[Word, Phase] = {
    Word.IN_REVIEW: Phase.REVIEW,
    Word.DEFERRED: Phase.DEFERRED,
    Word.RESUMED: Phase.REVIEW,
    Word.HANDED_TO_DESTRUCTION: Phase.HANDED,
    Word.FULFILLED: Phase.DONE,
    Word.PARTIAL: Phase.PARTLY_DONE,
    Word.REFUSED: Phase.REFUSED,
    Word.RE_REVIEWED: Phase.REVIEW,
    Word.CANCELLED: Phase.CANCELLED,
    Word.CLOSED: Phase.CLOSED,
}


def progress_of(events: Sequence[Event], approvals: int) -> Progress:
    """Fold the events, oldest first. Raises ValueError unless the first one is RECEIVED and no other is."""
    words = [event.word for event in events]
    if words[:1] != [Word.RECEIVED] or words.count(Word.RECEIVED) > 1:
        raise ValueError("events: a request begins with RECEIVED, once")
    progress = Progress()
    for event in events[1:]:
        progress = _after(progress, event, approvals)
    return progress


def state_of(progress: Progress, approvals: int, tasks_open: int, tasks_need_attention: int) -> State:
    """Return how a request stands, `tasks_open` being those not yet done, the ones in need of attention among them."""
    phase = progress.phase
    if phase is Phase.CLOSED:
        phase = progress.decided or Phase.CANCELLED
    attention = tasks_need_attention > 0
    unfinished = tasks_open > 0 or attention
    if phase in ENDS and not unfinished:
        return State(ENDS[phase], is_open=False)
    if phase is Phase.HANDED or phase in ENDS:
        detail: Detail = "WAITING_FOR_DESTRUCTION" if phase is Phase.HANDED else ""
        return State("IN_PROGRESS", detail, attention)
    detail = "OBJECTED" if progress.objected else "DEFERRED" if phase is Phase.DEFERRED else ""
    if phase in (Phase.NEW, Phase.CHECKED):
        return State("NEW", detail, attention)
    if phase is Phase.WAITING:
        return State("WAITING_FOR_REQUESTER", "", attention)
    if phase is Phase.REVIEW and len(progress.approvers) < approvals:
        return State("AWAITING_APPROVAL", detail, attention)
    return State("IN_PROGRESS", detail, attention)


def _after(progress: Progress, event: Event, approvals: int) -> Progress:
    phase = progress.phase
    if event.word is Word.IDENTITY_CHECK:
        return replace(progress, identified=True, phase=Phase.CHECKED if phase is Phase.NEW else phase)
    if event.word is Word.MORE_ASKED:
        return replace(progress, phase=Phase.WAITING, before=phase)
    if event.word is Word.MORE_GIVEN:
        return replace(progress, phase=progress.before)
    if event.word is Word.OBJECTED:
        return replace(
            progress, phase=Phase.OBJECTED, objected=True, objected_to=progress.deciders, approvers=(), deciders=()
        )
    if event.word is Word.APPROVED:
        approvers = (*progress.approvers, event.actor)
        reached = Phase.APPROVED if len(approvers) >= approvals else Phase.REVIEW
        return replace(progress, phase=reached, approvers=approvers, deciders=(*progress.deciders, event.actor))
    phase = LEADS_TO[event.word]
    if event.word in DECISIONS:
        return replace(progress, phase=phase, decided=phase, deciders=(*progress.deciders, event.actor))
    if event.word is Word.DEFERRED:
        return replace(progress, phase=phase, deciders=(*progress.deciders, event.actor))
    return replace(progress, phase=phase)
