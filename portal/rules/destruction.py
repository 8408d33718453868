"""Destruction: what its tasks may do next, when one of them counts as done, and how the whole stands.

A destruction is its tasks; no status is stored. A task is done when it was proved, never because nothing was heard:
what could not be proved needs attention, with what, where and the next step. Days, rows and leases are the worker's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import IntEnum, StrEnum

import msgspec

from portal.policy.model import Text
from portal.rules.destruction_fault import FAULTS, PASSING, Fault


class Stage(IntEnum):
    """The order that is the safety of it: a task runs when every task of every lower stage is done."""

    LEDGER = 10  # the ledger line and the tombstone, in the keys store, before anything is lost
    SEPARATE = 20  # what must be kept is copied apart and read back
    CONNECTED = 30  # the host's tables, webhooks
    HOLDING = 40  # the portal's own holdings, each asked again
    KEY = 50
    SCAN = 60  # checkpoint, then the bytes of the files
    EVIDENCE = 65  # of what others destroyed; nothing of ours waits for it but the certificate
    CERTIFICATE = 70
    END = 80  # the request is fulfilled, the notices are sent


class Kind(StrEnum):
    """What a task does."""

    LEDGER = "LEDGER"
    SEPARATE = "SEPARATE"
    HOST = "HOST"
    WEBHOOK = "WEBHOOK"
    EVIDENCE = "EVIDENCE"
    HOLDING = "HOLDING"
    KEY = "KEY"
    SCAN = "SCAN"
    CERTIFICATE = "CERTIFICATE"
    END = "END"


KINDS: Mapping[Kind, Text] = {
    Kind.LEDGER: Text(ko="관리대장 기록", en="Ledger line"),
    Kind.SEPARATE: Text(ko="분리 보관", en="Kept apart"),
    Kind.HOST: Text(ko="서비스 데이터베이스에서 파기", en="Destroyed in the service's database"),
    Kind.WEBHOOK: Text(ko="연결된 시스템에서 파기", en="Destroyed in a connected system"),
    Kind.EVIDENCE: Text(ko="파기 증빙 받기", en="Evidence from others"),
    Kind.HOLDING: Text(ko="포털에서 파기", en="Destroyed in the portal"),
    Kind.KEY: Text(ko="암호키 폐기", en="Key destroyed"),
    Kind.SCAN: Text(ko="파일에서 흔적 검색", en="Files searched"),
    Kind.CERTIFICATE: Text(ko="확인서 발급", en="Certificate issued"),
    Kind.END: Text(ko="마무리와 통지", en="Closed and told"),
}
STAGES: Mapping[Kind, Stage] = {
    Kind.LEDGER: Stage.LEDGER,
    Kind.SEPARATE: Stage.SEPARATE,
    Kind.HOST: Stage.CONNECTED,
    Kind.WEBHOOK: Stage.CONNECTED,
    Kind.EVIDENCE: Stage.EVIDENCE,
    Kind.HOLDING: Stage.HOLDING,
    Kind.KEY: Stage.KEY,
    Kind.SCAN: Stage.SCAN,
    Kind.CERTIFICATE: Stage.CERTIFICATE,
    Kind.END: Stage.END,
}
NEEDED = frozenset(Stage) - {Stage.SEPARATE, Stage.CONNECTED, Stage.EVIDENCE}
"""Stages that no destruction goes without: one that lacks a task of them is not whole, however green the rest."""
PROVED_FIRST = frozenset(stage for stage in NEEDED if stage < Stage.CERTIFICATE)
FIRST_HELD = Stage.SEPARATE  # the ledger line loses nothing, so it may stand under a hold


class TaskState(StrEnum):
    WAITING = "WAITING"
    LEASED = "LEASED"
    DONE = "DONE"
    ATTENTION = "ATTENTION"


class Stand(StrEnum):
    """How a destruction, or a batch of them, stands."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    HELD = "HELD"
    ATTENTION = "ATTENTION"
    DONE = "DONE"


LABELS: Mapping[Stand, Text] = {
    Stand.WAITING: Text(ko="파기 대기", en="Waiting"),
    Stand.RUNNING: Text(ko="파기 중", en="Under way"),
    Stand.HELD: Text(ko="보류", en="On hold"),
    Stand.ATTENTION: Text(ko="확인 필요", en="Needs attention"),
    Stand.DONE: Text(ko="파기 완료", en="Destroyed"),
}


BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
"""The waits after the 1st to the 6th attempt: under a day in all, well inside the five days of a destruction."""


class TaskFacts(msgspec.Struct, frozen=True):
    """One task. `expected` is what the preview counted, None where nothing can be counted; `removed` over all attempts;
    `attempts` counts the one under way."""

    kind: Kind
    target: str = ""
    state: TaskState = TaskState.WAITING
    attempts: int = 0
    expected: int | None = None
    removed: int = 0
    fault: Fault | None = None

    @property
    def stage(self) -> Stage:
        return STAGES[self.kind]


class Outcome(msgspec.Struct, frozen=True):
    """What one attempt brought. `removed` counts this attempt alone. `found_after` is the answer when asked again (of a
    key, a webhook or a person: 0 for their proof), None when there was none. `cut_short` says that an earlier attempt
    ended without a count, as when its worker was killed."""

    removed: int = 0
    found_after: int | None = None
    fault: Fault | None = None
    cut_short: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a task: done; waiting, to be tried `again_in` a while; or in need of attention."""

    state: TaskState
    removed: int
    fault: Fault | None = None
    again_in: timedelta | None = None


class Attention(msgspec.Struct, frozen=True):
    """What somebody must look after: where it is, what is the matter and the next step."""

    kind: Kind
    where: str
    what: Text
    next_step: Text


class Batch(msgspec.Struct, frozen=True):
    """How the destructions of one list stand: how many people at each, and the whole."""

    counts: Mapping[Stand, int]
    stand: Stand

    @property
    def people(self) -> int:
        return sum(self.counts.values())


def next_attempt(attempts: int) -> timedelta | None:
    """Return the wait after so many attempts, or None when no more are made. Raises ValueError below one."""
    if attempts < 1:
        raise ValueError(f"attempts: got {attempts}, expected 1 or more")
    return BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None


def is_stopped(stage: Stage, held: bool) -> bool:
    """Tell whether a hold, legal or for an objection, stops a task of `stage` from starting."""
    return held and stage >= FIRST_HELD


def runnable(tasks: Iterable[TaskFacts], held: bool) -> tuple[TaskFacts, ...]:
    """Return the tasks whose turn it is: the open ones of the lowest stage that is not done.

    A leased one is among them, for its lease may have ended; whether a task's moment has come is the worker's question.
    One in need of attention keeps the next stage waiting, not its neighbours.
    """
    open_tasks = [task for task in tasks if task.state is not TaskState.DONE]
    stage = min((task.stage for task in open_tasks), default=Stage.END)
    if is_stopped(stage, held):
        return ()
    return tuple(task for task in open_tasks if task.stage is stage and task.state is not TaskState.ATTENTION)


def verdict_of(task: TaskFacts, outcome: Outcome) -> Verdict:
    """Return what becomes of a task after an attempt. Fewer removed than the preview counted is never done, unless an
    earlier attempt was cut short: then what it removed is not known, and that nothing is found is the proof."""
    removed = task.removed + outcome.removed
    fault = outcome.fault or _unproved(task.expected, removed, outcome)
    if fault is None:
        return Verdict(TaskState.DONE, removed)
    again_in = next_attempt(max(task.attempts, 1)) if fault in PASSING else None
    state = TaskState.ATTENTION if again_in is None else TaskState.WAITING
    return Verdict(state, removed, fault, again_in)


def attentions(tasks: Iterable[TaskFacts]) -> tuple[Attention, ...]:
    """Return what needs attention, in the order of the tasks; `where` is the task's target."""
    return tuple(
        Attention(task.kind, task.target, *FAULTS[task.fault or Fault.BROKEN])
        for task in tasks
        if task.state is TaskState.ATTENTION
    )


def stand_of(tasks: Sequence[TaskFacts], held: bool = False) -> Stand:
    """Return how a destruction stands. Whether somebody must do something is asked first; one that lacks a needed stage
    is not done but needs attention."""
    if any(task.state is TaskState.ATTENTION for task in tasks):
        return Stand.ATTENTION
    left = [task.stage for task in tasks if task.state is not TaskState.DONE]
    if not left:
        return Stand.DONE if {task.stage for task in tasks} >= NEEDED else Stand.ATTENTION
    if is_stopped(min(left), held):
        return Stand.HELD
    untouched = all(task.state is TaskState.WAITING and not task.attempts for task in tasks)
    return Stand.WAITING if untouched else Stand.RUNNING


def batch_of(stands: Iterable[Stand]) -> Batch:
    """Return how a batch stands: done when everybody is, on hold when all that is left is. ValueError for nobody."""
    counts = Counter(stands)
    if not counts:
        raise ValueError("a batch of nobody has no stand")
    left = set(counts) - {Stand.DONE}
    if Stand.ATTENTION in left:
        stand = Stand.ATTENTION
    elif len(left) < 2 and not (left == {Stand.WAITING} and Stand.DONE in counts):
        stand = next(iter(left), Stand.DONE)
    else:
        stand = Stand.RUNNING
    return Batch({stand: counts[stand] for stand in Stand if counts[stand]}, stand)


def may_certify(tasks: Sequence[TaskFacts]) -> bool:
    """Tell whether a certificate may be issued: every stage before it is there and every task of them is done."""
    before = [task for task in tasks if task.stage < Stage.CERTIFICATE]
    return {task.stage for task in before} >= PROVED_FIRST and all(task.state is TaskState.DONE for task in before)


def _unproved(expected: int | None, removed: int, outcome: Outcome) -> Fault | None:
    if outcome.found_after is None:
        return Fault.NOT_ASKED_AGAIN
    if outcome.found_after > 0:
        return Fault.LEFT_OVER
    return Fault.FEWER if removed < (expected or 0) and not outcome.cut_short else None
