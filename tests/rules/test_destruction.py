from datetime import timedelta

import pytest

from portal.rules.destruction import (
    BACK_OFF,
    LABELS,
    Attention,
    Batch,
    Kind,
    Outcome,
    Stand,
    TaskFacts,
    TaskState,
    Verdict,
    attentions,
    batch_of,
    may_certify,
    next_attempt,
    runnable,
    stand_of,
    verdict_of,
)
from portal.rules.destruction_fault import FAULTS, Fault

ORDER = (
    Kind.LEDGER,
    Kind.SEPARATE,
    Kind.HOST,
    Kind.WEBHOOK,
    Kind.HOLDING,
    Kind.KEY,
    Kind.SCAN,
    Kind.CERTIFICATE,
    Kind.END,
)
WAITING, LEASED, DONE, ATTENTION = TaskState


def tasks(done: int, then: TaskState = WAITING, attempts: int = 0) -> list[TaskFacts]:
    """Return a destruction whose first tasks are done, the next one being as given and the rest waiting."""
    states = [DONE] * done + [then] + [WAITING] * len(ORDER)
    return [
        TaskFacts(kind, state=state, attempts=attempts if place == done else 0)
        for place, (kind, state) in enumerate(zip(ORDER, states, strict=False))
    ]


RUNNABLE: dict[str, tuple[int, TaskState, bool, list[str]]] = {
    "the ledger comes first": (0, WAITING, False, ["LEDGER"]),
    "the ledger may be written under a hold": (0, WAITING, True, ["LEDGER"]),
    "keeping apart comes second": (1, WAITING, False, ["SEPARATE"]),
    "a hold stops keeping apart": (1, WAITING, True, []),
    "neighbours of a stage run together": (2, WAITING, False, ["HOST", "WEBHOOK"]),
    "a lease may have ended": (2, LEASED, False, ["HOST", "WEBHOOK"]),
    "attention stops no neighbour": (2, ATTENTION, False, ["WEBHOOK"]),
    "a neighbour in need stops the next stage": (3, ATTENTION, False, []),
    "holdings before the key": (4, WAITING, False, ["HOLDING"]),
    "a hold stops the holdings": (4, WAITING, True, []),
    "the key after the holdings": (5, WAITING, False, ["KEY"]),
    "a hold stops the key": (5, WAITING, True, []),
    "the scan after the key": (6, WAITING, False, ["SCAN"]),
    "no certificate before a scan is proved": (6, ATTENTION, False, []),
    "the certificate after the scan": (7, WAITING, False, ["CERTIFICATE"]),
    "the end comes last": (8, WAITING, False, ["END"]),
    "nothing after the end": (9, WAITING, False, []),
}


@pytest.mark.parametrize(("done", "then", "held", "turn"), RUNNABLE.values(), ids=RUNNABLE.keys())
def test_a_stage_begins_when_the_lower_ones_are_done(done: int, then: TaskState, held: bool, turn: list[str]) -> None:
    """Only the lowest stage that is not done has its turn, and under a hold none after the ledger."""
    assert [task.kind.value for task in runnable(tasks(done, then), held)] == turn


VERDICTS: dict[str, tuple[int | None, int, int, Outcome, TaskState, Fault | None]] = {
    "as many as previewed, none left": (3, 0, 1, Outcome(3, 0), DONE, None),
    "more than previewed, none left": (3, 0, 1, Outcome(4, 0), DONE, None),
    "none previewed, none left": (0, 0, 1, Outcome(0, 0), DONE, None),
    "nothing to count, none left": (None, 0, 1, Outcome(0, 0), DONE, None),
    "the rest of an earlier attempt": (3, 2, 2, Outcome(1, 0), DONE, None),
    "gone already at an earlier attempt": (3, 3, 2, Outcome(0, 0), DONE, None),
    "cut short, then none found": (3, 0, 2, Outcome(0, 0, cut_short=True), DONE, None),
    "cut short, then some found": (3, 0, 2, Outcome(0, 1, cut_short=True), ATTENTION, Fault.LEFT_OVER),
    "fewer than previewed": (3, 0, 1, Outcome(2, 0), ATTENTION, Fault.FEWER),
    "none where some were previewed": (3, 0, 1, Outcome(0, 0), ATTENTION, Fault.FEWER),
    "some left when asked again": (3, 0, 1, Outcome(3, 1), ATTENTION, Fault.LEFT_OVER),
    "not asked again": (3, 0, 1, Outcome(3, None), ATTENTION, Fault.NOT_ASKED_AGAIN),
    "no collector": (3, 0, 1, Outcome(fault=Fault.NO_COLLECTOR), ATTENTION, Fault.NO_COLLECTOR),
    "disabled": (3, 0, 1, Outcome(fault=Fault.DISABLED), ATTENTION, Fault.DISABLED),
    "disabled, though it says all is gone": (0, 0, 1, Outcome(0, 0, Fault.DISABLED), ATTENTION, Fault.DISABLED),
    "timed out once": (3, 0, 1, Outcome(fault=Fault.TIMED_OUT), WAITING, Fault.TIMED_OUT),
    "timed out six times": (3, 0, 6, Outcome(fault=Fault.TIMED_OUT), WAITING, Fault.TIMED_OUT),
    "timed out seven times": (3, 0, 7, Outcome(fault=Fault.TIMED_OUT), ATTENTION, Fault.TIMED_OUT),
    "timed out after removing all": (3, 0, 1, Outcome(3, 0, Fault.TIMED_OUT), WAITING, Fault.TIMED_OUT),
    "copy differs": (1, 0, 1, Outcome(fault=Fault.COPY_DIFFERS), ATTENTION, Fault.COPY_DIFFERS),
    "traces in a file": (None, 0, 1, Outcome(fault=Fault.BYTES_FOUND), ATTENTION, Fault.BYTES_FOUND),
    "no evidence": (None, 0, 1, Outcome(fault=Fault.NO_EVIDENCE), ATTENTION, Fault.NO_EVIDENCE),
}


@pytest.mark.parametrize(
    ("expected", "before", "attempts", "outcome", "state", "fault"), VERDICTS.values(), ids=VERDICTS.keys()
)
def test_a_task_is_done_when_it_was_proved(
    expected: int | None, before: int, attempts: int, outcome: Outcome, state: TaskState, fault: Fault | None
) -> None:
    """What was not counted, or not asked again, is never done; what may pass is tried again first."""
    verdict = verdict_of(TaskFacts(Kind.HOST, "matecost", LEASED, attempts, expected, before), outcome)

    assert (verdict.state, verdict.fault) == (state, fault)


def test_what_was_removed_adds_up_over_the_attempts() -> None:
    """A second attempt that removes the last one of three reports three."""
    task = TaskFacts(Kind.HOLDING, "profile", LEASED, 2, expected=3, removed=2)

    assert verdict_of(task, Outcome(1, 0)) == Verdict(DONE, 3)


def test_a_passing_fault_is_tried_again_after_a_while() -> None:
    """After the third attempt the next one comes half an hour later."""
    task = TaskFacts(Kind.WEBHOOK, "crm", LEASED, 3)

    verdict = verdict_of(task, Outcome(fault=Fault.UNREACHABLE))

    assert verdict == Verdict(WAITING, 0, Fault.UNREACHABLE, timedelta(minutes=30))


WAITS = {1: 1, 2: 5, 3: 30, 4: 120, 5: 360, 6: 720}


@pytest.mark.parametrize(("attempts", "minutes"), WAITS.items())
def test_the_waits_grow(attempts: int, minutes: int) -> None:
    """Each attempt waits longer than the one before it."""
    assert next_attempt(attempts) == timedelta(minutes=minutes)


def test_attempts_end_within_a_day() -> None:
    """After the seventh attempt none is made, in time for people to act within the five days."""
    assert next_attempt(7) is None
    assert sum(BACK_OFF, timedelta()) < timedelta(days=1)


def test_no_wait_follows_no_attempt() -> None:
    """To ask for the wait before the first attempt is a mistake of the caller."""
    with pytest.raises(ValueError, match="got 0, expected 1 or more"):
        next_attempt(0)


STANDS: dict[str, tuple[list[TaskFacts], bool, Stand]] = {
    "not begun": (tasks(0), False, Stand.WAITING),
    "not begun, on hold": (tasks(0), True, Stand.WAITING),
    "leased": (tasks(0, LEASED, 1), False, Stand.RUNNING),
    "tried and waiting": (tasks(0, WAITING, 1), False, Stand.RUNNING),
    "half done": (tasks(5), False, Stand.RUNNING),
    "held after the ledger": (tasks(1), True, Stand.HELD),
    "held before the key": (tasks(5), True, Stand.HELD),
    "attention": (tasks(5, ATTENTION), False, Stand.ATTENTION),
    "attention is told under a hold too": (tasks(5, ATTENTION), True, Stand.ATTENTION),
    "all done": (tasks(9), False, Stand.DONE),
    "all done, held later": (tasks(9), True, Stand.DONE),
    "the end is still to come": (tasks(8), False, Stand.RUNNING),
    "no task at all": ([], False, Stand.ATTENTION),
    "no scan was planned": ([one for one in tasks(9) if one.kind is not Kind.SCAN], False, Stand.ATTENTION),
    "nothing to keep, nothing connected": (
        [one for one in tasks(9) if one.kind not in (Kind.SEPARATE, Kind.HOST, Kind.WEBHOOK)],
        False,
        Stand.DONE,
    ),
}


@pytest.mark.parametrize(("facts", "held", "stand"), STANDS.values(), ids=STANDS.keys())
def test_a_destruction_stands_as_its_tasks_do(facts: list[TaskFacts], held: bool, stand: Stand) -> None:
    """How a destruction stands follows from its tasks and holds alone, what needs a person first."""
    assert stand_of(facts, held) is stand
    assert LABELS[stand].ko


BATCHES: dict[str, tuple[list[Stand], Stand]] = {
    "all done": ([Stand.DONE, Stand.DONE], Stand.DONE),
    "one needs attention": ([Stand.DONE, Stand.HELD, Stand.ATTENTION], Stand.ATTENTION),
    "the rest is held": ([Stand.DONE, Stand.HELD], Stand.HELD),
    "some held, some waiting": ([Stand.HELD, Stand.WAITING], Stand.RUNNING),
    "nobody begun": ([Stand.WAITING, Stand.WAITING], Stand.WAITING),
    "some done, some waiting": ([Stand.DONE, Stand.WAITING], Stand.RUNNING),
    "some running": ([Stand.DONE, Stand.RUNNING], Stand.RUNNING),
}


@pytest.mark.parametrize(("stands", "whole"), BATCHES.values(), ids=BATCHES.keys())
def test_a_batch_stands_as_its_people_do(stands: list[Stand], whole: Stand) -> None:
    """A batch is done when everybody in it is, and needs attention as soon as one does."""
    assert batch_of(stands).stand is whole


def test_a_batch_counts_its_people() -> None:
    """A batch says how many people stand where."""
    batch = batch_of([Stand.DONE, Stand.RUNNING, Stand.DONE])

    assert batch == Batch({Stand.RUNNING: 1, Stand.DONE: 2}, Stand.RUNNING)
    assert batch.people == 3


def test_nobody_is_no_batch() -> None:
    """A batch of nobody is refused rather than called done."""
    with pytest.raises(ValueError, match="nobody"):
        batch_of([])


CERTIFICATES: dict[str, tuple[list[TaskFacts], bool]] = {
    "all before it done": (tasks(7), True),
    "all done": (tasks(9), True),
    "the scan is open": (tasks(6), False),
    "the scan is under way": (tasks(6, LEASED), False),
    "the scan needs attention": (tasks(6, ATTENTION), False),
    "a webhook needs attention": (tasks(3, ATTENTION), False),
    "nothing connected": ([one for one in tasks(7) if one.kind not in (Kind.HOST, Kind.WEBHOOK)], True),
    "no scan was planned": ([one for one in tasks(9) if one.kind is not Kind.SCAN], False),
    "no key was planned": ([one for one in tasks(9) if one.kind is not Kind.KEY], False),
    "no task at all": ([], False),
}


@pytest.mark.parametrize(("facts", "may"), CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_nothing_is_certified_before_it_was_proved(facts: list[TaskFacts], may: bool) -> None:
    """A certificate needs every stage before it, with every task of them done."""
    assert may_certify(facts) is may


def test_attention_says_what_and_where_and_the_next_step() -> None:
    """Whoever opens a destruction that is stuck reads where, what is the matter and what to do."""
    stuck = TaskFacts(Kind.WEBHOOK, "crm", ATTENTION, 1, fault=Fault.DISABLED)
    unnamed = TaskFacts(Kind.HOST, "matecost", ATTENTION, 1)

    found = attentions([*tasks(2), stuck, unnamed])

    assert found == (
        Attention(Kind.WEBHOOK, "crm", *FAULTS[Fault.DISABLED]),
        Attention(Kind.HOST, "matecost", *FAULTS[Fault.BROKEN]),
    )
    assert found[0].next_step.en == "Switch the connection on, then try again."


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_its_words(fault: Fault) -> None:
    """Each fault says in both languages what is the matter and what to do next."""
    assert all(text.ko.endswith(".") and text.en.endswith(".") for text in FAULTS[fault])
