"""Watching: the people of a request and how the destruction of each goes on, one page at a time.

What is shown is read and audited in one transaction, as everything that staff see of people.
"""

from dataclasses import dataclass
from datetime import date, datetime

from portal.database import writing
from portal.records import destructions, leavers, members, requests
from portal.records.destructions import Hold, Task
from portal.records.leavers import Leaver, Objection
from portal.rules.deed import Deed
from portal.rules.destruction import Attention, Stand, attentions, stand_of
from portal.services import auditing, registering
from portal.services.auditing import By
from portal.services.destroying import facts_of
from portal.services.page import PAGE
from portal.services.requesting import NoSuchRequest


@dataclass(frozen=True)
class Stuck:
    """A step that needs somebody: which, and what is the matter."""

    task_id: int
    attention: Attention


@dataclass(frozen=True)
class Person:
    """One person of a request. `known` is plain: mask it before it leaves. `stand` is None before a destruction."""

    member_ref: str
    known: dict[str, str]
    leaver: Leaver | None
    objection: Objection | None
    holds: tuple[Hold, ...]
    stand: Stand | None
    stuck: tuple[Stuck, ...]
    destruction_ref: str

    @property
    def left_on(self) -> date | None:
        return self.leaver.left_on if self.leaver else None


def people_of(number: str, page: int, by: By, at: datetime) -> tuple[list[Person], int]:
    """Return one page of the people of a request, the first being 1, and how many there are; audited.

    Raises NoSuchRequest.
    """
    with writing() as session:
        request = requests.of_number(number)
        if request is None:
            raise NoSuchRequest(number)
        reported = leavers.of_request(request.id, limit=PAGE, offset=(page - 1) * PAGE)
        total = leavers.counts_of([request.id]).get(request.id, 0)
        refs = [leaver.member_ref for leaver in reported]
        if not total and request.member_ref:
            refs, total = [request.member_ref], 1
        people = _people(refs, {leaver.member_ref: leaver for leaver in reported})
        auditing.note_views(Deed.REQUEST_VIEWED, by, at, refs, about=number)
        session.expunge_all()
    return people, total


def concerns(number: str, member_ref: str) -> bool:
    """Tell whether a request is about this member."""
    request = requests.of_number(number)
    if request is None or not member_ref:
        return False
    return request.member_ref == member_ref or leavers.names(request.id, member_ref)


def attention_count(number: str) -> int:
    """Return how many steps of a request's destructions need somebody."""
    return destructions.attention_count(number)


def try_again(task_id: int, by: By, at: datetime) -> bool:
    """Put a step that needed attention back in line; tell whether it did. It counts its attempts anew."""
    with writing():
        found = destructions.task_of(task_id)
        if found is None or not destructions.try_again(task_id, at):
            return False
        task, destruction = found
        about = destruction.request_number or destruction.ref
        facts = {"kind": task.kind, "target": task.target, "fault": task.fault}
        auditing.note(Deed.DESTRUCTION_TRIED_AGAIN, by, at, subject=destruction.member_ref, about=about, facts=facts)
        return True


def _people(refs: list[str], reported: dict[str, Leaver]) -> list[Person]:
    known = registering.profiles_of(members.of_refs(refs))
    holds = destructions.holds_on(refs)
    ordered = destructions.of_members(refs)
    tasks = destructions.tasks_of([one.id for one in ordered.values()])
    objections = leavers.objections_of([leaver.id for leaver in reported.values()])
    people = []
    for ref in refs:
        leaver, destruction = reported.get(ref), ordered.get(ref)
        steps = tasks[destruction.id] if destruction else []
        facts = [facts_of(task) for task in steps]
        people.append(
            Person(
                member_ref=ref,
                known=known.get(ref, {}),
                leaver=leaver,
                objection=objections.get(leaver.id) if leaver else None,
                holds=tuple(holds.get(ref, ())),
                stand=stand_of(facts, held=ref in holds) if destruction else None,
                stuck=_stuck(steps),
                destruction_ref=destruction.ref if destruction else "",
            )
        )
    return people


def _stuck(steps: list[Task]) -> tuple[Stuck, ...]:
    return tuple(Stuck(task.id, attention) for task in steps for attention in attentions([facts_of(task)]))
