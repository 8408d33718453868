"""Leased: the tasks of destructions that a worker holds, and what each of them came to.

A lease ends by itself, so that a worker that was killed holds nothing up; whatever it still writes afterwards finds
another fence and is dropped.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from portal.database import db, writing
from portal.holdings import Subject
from portal.records import destructions
from portal.records.destructions import Destruction, Task
from portal.rules.destruction import Kind, Outcome, Stage, TaskFacts, TaskState, verdict_of
from portal.rules.destruction_fault import Fault
from portal.services import ordering
from portal.vault import person_keys

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
NOT_TRIED = timedelta(minutes=1)  # until the next turn of a task that this pass did not come to
PROVED = Outcome(found_after=0, cut_short=True)


@dataclass(frozen=True)
class Work:
    """One leased task with its destruction; `cut_short`: an earlier attempt ended without a word; `again`: the person's
    key was destroyed before, and the store has been restored since."""

    task_id: int
    fence: int
    facts: TaskFacts
    destruction: Destruction
    known: dict[str, Any]  # what was sealed for its tasks
    cut_short: bool
    again: bool

    @property
    def ref(self) -> str:
        return self.destruction.ref

    @property
    def subject(self) -> Subject:
        return Subject(self.destruction.member_ref, self.known.get("host_id", ""))


@dataclass(frozen=True)
class Passed:
    """What a pass came to: steps done, put off, and in need of attention."""

    done: int = 0
    put_off: int = 0
    attention: int = 0


def lease(at: datetime, limit: int) -> list[Work]:
    """Lease tasks of one kind and target whose turn it is, in a transaction of its own."""
    with writing():
        leased = destructions.lease(at, at + LEASE, limit)
        owners = destructions.of_ids({task.destruction_id for task, _ in leased})
        known = ordering.facts_of_many(owners.values())
        back = _destroyed_before(owners.values(), [task for task, _ in leased])
        works = [
            Work(
                task.id,
                task.fence,
                facts_of(task),
                owners[task.destruction_id],
                known[task.destruction_id],
                cut_short or task.destruction_id in back,
                task.destruction_id in back,
            )
            for task, cut_short in leased
        ]
        for destruction in owners.values():
            db.session.expunge(destruction)
    return works


def _destroyed_before(owners: Collection[Destruction], tasks: Sequence[Task]) -> set[int]:
    """Return those of these destructions whose key is gone before its turn: they were carried out already. One that a
    replay ordered has counted what came back, and is held to it."""
    if not tasks or tasks[0].stage >= Stage.KEY:
        return set()
    ids = {one.member_ref: one.id for one in owners if one.reason != "REPLAYED"}
    return {ids[ref] for ref in person_keys.opened().destroyed_of(ids)}


def facts_of(task: Task) -> TaskFacts:
    """Return a task as the rule reads it."""
    return TaskFacts(
        kind=Kind(task.kind),
        target=task.target,
        state=TaskState(task.state),
        attempts=task.attempts,
        expected=task.expected,
        removed=task.removed,
        fault=Fault(task.fault) if task.fault else None,
    )


def keep(works: Sequence[Work], outcomes: Mapping[int, Outcome], at: datetime) -> Passed:
    """Write what each task came to, inside the caller's transaction; a lease that was lost writes nothing.

    A task without an outcome was not tried: it is given back, and the attempt does not count.
    """
    ours = destructions.still_leased({work.task_id: work.fence for work in works})
    total = Passed()
    for work in works:
        task, outcome = ours.get(work.task_id), outcomes.get(work.task_id)
        if task is None:
            continue
        if outcome is None:
            task.state, task.attempts, task.due_at = TaskState.WAITING.value, task.attempts - 1, at + NOT_TRIED
            total = replace(total, put_off=total.put_off + 1)
            continue
        verdict = verdict_of(work.facts, outcome)
        task.state, task.removed = verdict.state.value, verdict.removed
        task.fault = verdict.fault.value if verdict.fault else ""
        task.done_at = at if verdict.state is TaskState.DONE else None
        task.due_at = at + (verdict.again_in or timedelta(0))
        if verdict.state is TaskState.DONE:
            total = replace(total, done=total.done + 1)
        elif verdict.state is TaskState.ATTENTION:
            log.error("%s %s of destruction %s needs attention: %s", task.kind, task.target, work.ref, task.fault)
            total = replace(total, attention=total.attention + 1)
        else:
            total = replace(total, put_off=total.put_off + 1)
    db.session.flush()
    return total


def ours(works: Sequence[Work]) -> list[Work]:
    """Return those whose lease is still ours, held until the transaction ends."""
    leased = destructions.still_leased({work.task_id: work.fence for work in works})
    return [work for work in works if work.task_id in leased]
