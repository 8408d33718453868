"""Issuing: the ledger's last line and the certificate of what was proved, down to the last task and never before."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime

from flask import current_app

from portal.clock import seoul_day
from portal.database import db, writing
from portal.holdings import holdings
from portal.records import destructions
from portal.records.destructions import Task
from portal.rules import certificate as certificates
from portal.rules.certificate import About, Destroyed, Facts, Person
from portal.rules.destruction import Outcome, may_certify
from portal.rules.destruction_fault import Fault
from portal.rules.ledger import KeptApart, Method
from portal.services import leased, publishing
from portal.services.leased import PROVED, Passed, Work, facts_of
from portal.vault import ledger
from portal.vault.documents import sign_document
from portal.vault.ledger import Line
from portal.vault.signing import Signer

METHODS = (Method.DB_ERASE, Method.CRYPTO_SHRED)


def line_of(work: Work, tasks: Sequence[Task] = ()) -> Line:
    """Return what the ledger says of a destruction: what was planned, or what its tasks removed."""
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


def certify(works: Sequence[Work], at: datetime) -> Passed:
    """Write the ledger's second line and issue the certificate; only what is proved down to the last task is."""
    keys = db.engines["keys"]
    tasks = destructions.tasks_of([work.destruction.id for work in works])
    proved = [work for work in works if may_certify([facts_of(task) for task in tasks[work.destruction.id]])]
    lines = {work.task_id: line_of(work, tasks[work.destruction.id]) for work in proved}
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
        return leased.keep(works, outcomes, at)


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
