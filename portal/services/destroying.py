"""Destroying: the worker that carries out what was ordered, for many people at a time, each step until it is proved.

1. Tasks of one kind whose turn it is are leased, in a transaction of their own.
2. The step is done. What can be undone by nobody comes after what must stand first: ledger line and tombstone, then
   copies apart, then the host's tables, the portal's own holdings, the person's key, the look into the files, the
   certificate.
3. What each step brought is judged by `portal.rules.destruction`, and kept where the lease is still ours.

Killed at any line it goes on where it was: every step may be done twice, and a step that was done is never undone.
Work inside the main store is committed together with the task that it was; everywhere else a second attempt finds
what the first one left.
"""

import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app

from portal.clock import Clock, seoul_day
from portal.database import db, writing
from portal.holdings import Holding, Subject, Unreachable, holdings
from portal.records import destructions, scanning
from portal.records.destructions import Destruction, Task
from portal.rules import certificate as certificates
from portal.rules.certificate import About, Destroyed, Facts, Person
from portal.rules.deed import Deed
from portal.rules.destruction import Kind, Outcome, TaskFacts, TaskState, may_certify, verdict_of
from portal.rules.destruction_fault import Fault
from portal.rules.ledger import KeptApart, Method
from portal.services import auditing, fulfilling, ordering, publishing
from portal.services.auditing import SYSTEM
from portal.services.changing import changing_standing
from portal.vault import ledger, person_keys
from portal.vault.blind_index import BlindIndex
from portal.vault.documents import sign_document
from portal.vault.ledger import Gone, Line
from portal.vault.separated import Kept, NotVerified, SeparatedStore
from portal.vault.signing import Signer

log = logging.getLogger(__name__)

AT_ONCE = 200
LEASE = timedelta(minutes=10)
METHODS = (Method.DB_ERASE, Method.CRYPTO_SHRED)


@dataclass(frozen=True)
class Work:
    """One leased task with its destruction; `cut_short`: an earlier attempt ended without a word."""

    task_id: int
    fence: int
    facts: TaskFacts
    destruction: Destruction
    cut_short: bool

    @property
    def ref(self) -> str:
        return self.destruction.ref

    @property
    def subject(self) -> Subject:
        return Subject(self.destruction.member_ref, ordering.facts_of(self.destruction).get("host_id", ""))


@dataclass(frozen=True)
class Passed:
    """What a pass came to: steps done, put off, and in need of attention."""

    done: int = 0
    put_off: int = 0
    attention: int = 0


def destroy_due(app: Flask, tell: Callable[[str], None] = lambda line: None, *, limit: int = AT_ONCE) -> Passed:
    """Do every step whose turn it is, until none is left."""
    clock: Clock = app.extensions["portal.clock"]
    total = Passed()
    with app.app_context():
        while True:
            at = clock()
            # 1.
            works = _leased(at, limit)
            if not works:
                return total
            kind = works[0].facts.kind
            # 2. and 3.
            done = STEPS[kind](works, at)
            total = Passed(total.done + done.done, total.put_off + done.put_off, total.attention + done.attention)
            tell(f"{kind.value} {works[0].facts.target}: {len(works)} people, {done.done} done".replace("  ", " "))


def _leased(at: datetime, limit: int) -> list[Work]:
    with writing():
        leased = destructions.lease(at, at + LEASE, limit)
        owners = destructions.of_ids({task.destruction_id for task, _ in leased})
        works = [
            Work(task.id, task.fence, facts_of(task), owners[task.destruction_id], cut_short)
            for task, cut_short in leased
        ]
        for destruction in owners.values():
            db.session.refresh(destruction)
            db.session.expunge(destruction)
    return works


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


def _begin_ledger(works: Sequence[Work], at: datetime) -> Passed:
    """Write the ledger's first line and the tombstone, in the keys store; then note here that they are there."""
    index = BlindIndex(current_app.extensions["portal.secrets"].index_key)
    pairs = [
        (
            _line(work),
            Gone(
                member_ref=work.destruction.member_ref,
                host_index=index.of("host_id", work.subject.host_id),
                member_since=work.destruction.member_since,
                destruction_ref=work.ref,
            ),
        )
        for work in works
    ]
    keys = db.engines["keys"]
    ledger.begin(keys, pairs, at)
    seq = ledger.last_seq(keys)
    with writing():
        destructions.raise_mark(seq)
        return _keep(works, dict.fromkeys((work.task_id for work in works), PROVED), at)


def _separate(works: Sequence[Work], at: datetime) -> Passed:
    """Copy what must be kept into the separate store and read it back; until then nothing else happens."""
    store = SeparatedStore(db.engines["separated"], person_keys.opened())
    outcomes = {}
    for work in works:
        try:
            store.keep(_to_keep(work, at), at)
            outcomes[work.task_id] = PROVED
        except NotVerified:
            outcomes[work.task_id] = Outcome(fault=Fault.COPY_DIFFERS)
    with writing():
        return _keep(works, outcomes, at)


def _destroy_at_host(works: Sequence[Work], at: datetime) -> Passed:
    """Destroy in one of the host's tables and ask it again; it commits by itself, so a lost count is possible."""
    holding = _holding(works[0].facts.target)
    outcomes = {}
    for work in works:
        if holding is None:
            outcomes[work.task_id] = Outcome(fault=Fault.NO_COLLECTOR)
            continue
        try:
            removed = holding.destroy(work.subject, at)
            outcomes[work.task_id] = Outcome(removed, holding.verify(work.subject), cut_short=work.cut_short)
        except Unreachable:
            outcomes[work.task_id] = Outcome(fault=Fault.UNREACHABLE)
    with writing():
        return _keep(works, outcomes, at)


def _destroy_holding(works: Sequence[Work], at: datetime) -> Passed:
    """Destroy one of the portal's own holdings and ask it again, all in the transaction that says so."""
    holding = _holding(works[0].facts.target)
    with changing_standing():
        outcomes = {}
        for work in _ours(works):
            if holding is None:
                outcomes[work.task_id] = Outcome(fault=Fault.NO_COLLECTOR)
                continue
            removed = holding.destroy(work.subject, at)
            outcomes[work.task_id] = Outcome(removed, holding.verify(work.subject))
        return _keep(works, outcomes, at)


def _shred_key(works: Sequence[Work], at: datetime) -> Passed:
    """Destroy the person's key: what was sealed under it is gone in every file, log and backup."""
    keys = person_keys.opened()
    keys.destroy_many([work.destruction.member_ref for work in works], at)
    left = keys.seals_of(work.destruction.member_ref for work in works)
    outcomes = {
        work.task_id: Outcome(found_after=int(work.destruction.member_ref in left), cut_short=work.cut_short)
        for work in works
    }
    with writing():
        return _keep(works, outcomes, at)


def _scan(works: Sequence[Work], at: datetime) -> Passed:
    """Bring every store's deletions out of its log, then look for the people in every file, all at once."""
    db.session.remove()  # a read of our own would keep the log from being cut
    engines = [db.engines[bind] for bind in (None, "keys", "separated")]
    marks = {work.task_id: ordering.facts_of(work.destruction).get("marks", []) for work in works}
    try:
        scanning.settle(engines)
        found = scanning.found_in_files(
            current_app.extensions["portal.settings"], engines, [mark for some in marks.values() for mark in some]
        )
    except scanning.StoreBusy:
        outcomes = {work.task_id: Outcome(fault=Fault.BUSY) for work in works}
    else:
        outcomes = {
            task_id: Outcome(fault=Fault.BYTES_FOUND) if found.intersection(some) else PROVED
            for task_id, some in marks.items()
        }
    with writing():
        return _keep(works, outcomes, at)


def _certify(works: Sequence[Work], at: datetime) -> Passed:
    """Write the ledger's second line and issue the certificate; only what is proved down to the last task is."""
    keys = db.engines["keys"]
    tasks = destructions.tasks_of([work.destruction.id for work in works])
    proved = [work for work in works if may_certify([facts_of(task) for task in tasks[work.destruction.id]])]
    lines = {work.task_id: _line(work, tasks[work.destruction.id]) for work in proved}
    ledger.finish(keys, list(lines.values()), at)
    policy = publishing.in_force(at).policy
    signer = Signer(current_app.extensions["portal.secrets"].receipt_key)
    numbers = ledger.numbers_of(keys, [work.ref for work in proved])
    outcomes = dict.fromkeys((work.task_id for work in works), Outcome(fault=Fault.BROKEN))
    for work in proved:
        code = certificates.code_of(secrets.token_bytes(16))
        facts = _certificate_facts(work, code, numbers[work.ref], lines[work.task_id], at)
        ledger.issue(keys, code, work.ref, sign_document(certificates.record_of(facts, policy), signer), at)
        outcomes[work.task_id] = PROVED
    with writing():
        return _keep(works, outcomes, at)


def _end(works: Sequence[Work], at: datetime) -> Passed:
    """Fulfil the request, tell whoever asked, wipe what the tasks had to know, and destroy its key last of all."""
    certificate_of = {work.ref: ledger.certificate_of(db.engines["keys"], work.ref) for work in works}
    with writing():
        ours = _ours(works)
        for work in ours:
            issued = certificate_of[work.ref]
            fulfilling.end(work.destruction, ordering.facts_of(work.destruction), issued.code if issued else "", at)
            auditing.note(Deed.DESTRUCTION_PROVED, SYSTEM, at, subject=work.destruction.member_ref, about=work.ref)
        destructions.finish([work.destruction.id for work in ours])
        done = _keep(works, dict.fromkeys((work.task_id for work in works), PROVED), at)
    person_keys.opened().destroy_many([work.ref for work in ours], at)
    return done


PROVED = Outcome(found_after=0, cut_short=True)
STEPS: Mapping[Kind, Callable[[Sequence[Work], datetime], Passed]] = {
    Kind.LEDGER: _begin_ledger,
    Kind.SEPARATE: _separate,
    Kind.HOST: _destroy_at_host,
    Kind.HOLDING: _destroy_holding,
    Kind.KEY: _shred_key,
    Kind.SCAN: _scan,
    Kind.CERTIFICATE: _certify,
    Kind.END: _end,
}


def _keep(works: Sequence[Work], outcomes: Mapping[int, Outcome], at: datetime) -> Passed:
    """Write what each task came to, inside the caller's transaction; a lease that was lost writes nothing."""
    ours = destructions.still_leased({work.task_id: work.fence for work in works})
    total = Passed()
    for work in works:
        task, outcome = ours.get(work.task_id), outcomes.get(work.task_id)
        if task is None or outcome is None:
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


def _ours(works: Sequence[Work]) -> list[Work]:
    """Return those whose lease is still ours, held until the transaction ends."""
    leased = destructions.still_leased({work.task_id: work.fence for work in works})
    return [work for work in works if work.task_id in leased]


def _holding(key: str) -> Holding | None:
    return next((holding for holding in holdings() if holding.key == key), None)


def _to_keep(work: Work, at: datetime) -> list[Kept]:
    """Return what is kept of a person under one rule, each record with its own day."""
    destruction, rule = work.destruction, work.facts.target
    policy = publishing.in_force(at).policy
    day = destruction.event_day

    def kept(source: str, content: dict[str, Any], own: Mapping[Any, Any] | None = None) -> Kept:
        until = ordering.until_of(policy, rule, destruction.reason, day, own)  # type: ignore[arg-type]
        began = next(iter((own or {}).values()), day)
        return Kept(ordering.new_ref(), destruction.member_ref, rule, source, began, until, content)

    if rule == "fraud":
        return [kept("member", ordering.facts_of(destruction)["fraud"])]
    if rule == "identity_check":
        return [
            kept(
                f"step:{event.id}",
                {"at": event.at.isoformat(), "by": event.actor_kind},
                {"COLLECTED": seoul_day(event.at)},
            )
            for event in ordering.identity_checks_of(destruction.member_ref)
        ]
    return [
        kept(
            f"request:{request.number}", fulfilling.dispute_of(request), {"SETTLED": seoul_day(request.ended_at or at)}
        )
        for request in ordering.disputes_of(destruction.member_ref)
    ]


def _line(work: Work, tasks: Sequence[Task] = ()) -> Line:
    plan = json.loads(work.destruction.plan)
    removed = {task.target: task.removed for task in tasks if task.kind in ("HOST", "HOLDING")}
    return Line(
        destruction_ref=work.ref,
        reason=work.destruction.reason,
        files=sorted(plan["counts"]),
        made_on=seoul_day(work.destruction.member_since),
        methods=[method.value for method in METHODS],
        counts=removed or {key: count or 0 for key, count in plan["counts"].items()},
        kept=[{"rule": rule, "count": 1, "until": until} for rule, until in plan["kept"]],
        handler=work.destruction.handler,
        approver=work.destruction.approver,
    )


def _certificate_facts(work: Work, code: str, number: str, line: Line, at: datetime) -> Facts:
    names = {holding.key: holding.name for holding in holdings()}
    destroyed = tuple(
        Destroyed(key, names[key], count, METHODS) for key, count in line.counts.items() if count and key in names
    )
    kept = tuple(KeptApart(one["rule"], one["count"], datetime.fromisoformat(one["until"]).date()) for one in line.kept)
    return Facts(
        code=code,
        about=About.PERSON,
        issued_at=at,
        finished_at=at,
        people=(Person(number),),
        destroyed=destroyed,
        kept=kept,
        request_number=work.destruction.request_number or "",
        requested_on=seoul_day(work.destruction.decided_at),
        handler=work.destruction.handler,
        approver=work.destruction.approver,
    )


__all__ = ["Passed", "destroy_due", "facts_of"]
