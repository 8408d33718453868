"""Inspecting: destructions as the desk sees them, by reference and never by name: where each is, and what it needs."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from portal.database import db
from portal.policy.model import Text
from portal.records import destructions
from portal.records.destructions import Destruction, Hold, Task
from portal.rules.destruction import KINDS, Kind, Stand, TaskFacts, stand_of
from portal.rules.evidence import Evidence, takes_evidence
from portal.services import accounts, certifying, connected, publishing
from portal.services.destroying_elsewhere import holding_of
from portal.services.leased import facts_of
from portal.services.page import PAGE
from portal.vault import certificates, ledger


@dataclass(frozen=True)
class Line:
    """One destruction in a list. `faults` are those of the steps that need somebody."""

    destruction: Destruction
    number: str  # of the ledger; "" before its first line
    stand: Stand
    done: int
    steps: int
    stuck: tuple[TaskFacts, ...]
    waits_for_evidence: int


@dataclass(frozen=True)
class Step:
    """One step as it stands. `where` is what people call its target, None for what is known no more."""

    task_id: int
    facts: TaskFacts
    what: Text
    where: Text | None
    takes_evidence: bool
    evidence: Evidence | None
    done_at: datetime | None
    due_at: datetime
    same_in_batch: int  # how many others of the list wait for the same evidence


@dataclass(frozen=True)
class Opened:
    """One destruction, opened."""

    line: Line
    steps: tuple[Step, ...]
    kept: tuple[tuple[Text, date], ...]
    holds: tuple[Hold, ...]
    names: Mapping[str, str]  # of staff, by account
    certificate: str  # its code


def figures() -> dict[str, int]:
    """Return how many destructions are under way, need attention, wait for evidence and are finished."""
    return destructions.figures()


def listing(view: destructions.View, number: str, page: int) -> tuple[list[Line], int]:
    """Return one page of destructions, the first being 1, and how many there are; `number` narrows to a request."""
    found, total = destructions.page(view, number, limit=PAGE, offset=(page - 1) * PAGE)
    return _lines(found), total


def opened(ref: str, at: datetime) -> Opened | None:
    """Return one destruction with all its steps, or None."""
    destruction = destructions.of_ref(ref)
    if destruction is None:
        return None
    [line] = _lines([destruction])
    tasks = destructions.tasks_of([destruction.id])[destruction.id]
    policy = publishing.in_force(at).policy
    labels = {rule.key: rule.label for rule in policy.retention_rules}
    plan = json.loads(destruction.plan)
    kept = tuple((labels[rule], date.fromisoformat(until)) for rule, until in plan["kept"] if rule in labels)
    issued = certificates.newest_of(db.engines["keys"], ref)
    return Opened(
        line=line,
        steps=tuple(_step(task, destruction, labels) for task in tasks),
        kept=kept,
        holds=tuple(destructions.holds_on([destruction.member_ref]).get(destruction.member_ref, ())),
        names=accounts.names_of({destruction.handler, destruction.approver} - {""}),
        certificate=issued.code if issued else "",
    )


def list_certificate(number: str) -> str:
    """Return the code of what proves the request that a list of destructions belongs to, "" while there is none."""
    return certifying.code_of_request(number) if number else ""


def _lines(found: Sequence[Destruction]) -> list[Line]:
    tasks = destructions.tasks_of([one.id for one in found])
    holds = destructions.holds_on([one.member_ref for one in found if one.unfinished])
    numbers = ledger.numbers_of(db.engines["keys"], [one.ref for one in found])
    lines = []
    for one in found:
        facts = [facts_of(task) for task in tasks[one.id]]
        states = Counter(task.state.value for task in facts)
        lines.append(
            Line(
                destruction=one,
                number=numbers.get(one.ref, ""),
                stand=stand_of(facts, held=one.member_ref in holds),
                done=states["DONE"],
                steps=len(facts),
                stuck=tuple(task for task in facts if task.state.value == "ATTENTION"),
                waits_for_evidence=sum(task.kind is Kind.EVIDENCE and task.state.value == "WAITING" for task in facts),
            )
        )
    return lines


def _step(task: Task, destruction: Destruction, labels: Mapping[str, Text]) -> Step:
    facts = facts_of(task)
    may_prove = takes_evidence(facts)
    others = 0
    if may_prove and destruction.batch_ref:
        others = len(destructions.same_in_batch(destruction.batch_ref, task.kind, task.target)) - 1
    return Step(
        task_id=task.id,
        facts=facts,
        what=KINDS[facts.kind],
        where=_where(facts, labels),
        takes_evidence=may_prove,
        evidence=msgspec.json.decode(task.evidence, type=Evidence) if task.evidence else None,
        done_at=task.done_at,
        due_at=task.due_at,
        same_in_batch=others,
    )


def _where(facts: TaskFacts, labels: Mapping[str, Text]) -> Text | None:
    if not facts.target:
        return None
    told = Text(ko=facts.target, en=facts.target)
    if facts.kind in (Kind.HOST, Kind.HOLDING):
        holding = holding_of(facts.target)
        return holding.name if holding else told
    if facts.kind is Kind.SEPARATE:
        return labels.get(facts.target, told)
    return connected.name_of(facts.target) or told
