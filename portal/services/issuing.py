"""Issuing: the ledger's last line and the certificate of what was proved, down to the last task and never before."""

import json
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from flask import current_app

from portal.clock import seoul_day
from portal.database import db, writing
from portal.holdings import holdings
from portal.records import destructions
from portal.records.destructions import Task
from portal.records.requests import Request
from portal.rules.certificate import About, Destroyed, Facts, Person, code_of, record_of
from portal.rules.destruction import Outcome, may_certify
from portal.rules.destruction_fault import Fault
from portal.rules.ledger import KeptApart, Method
from portal.services import leased, publishing
from portal.services.leased import PROVED, Passed, Work, facts_of
from portal.vault import certificates, ledger
from portal.vault.documents import sign_document
from portal.vault.ledger import LedgerEntry, Line
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
    bodies = {}
    for work in proved:
        code = code_of(secrets.token_bytes(16))
        facts = _certificate_facts(work, code, numbers[work.ref], lines[work.task_id], at)
        bodies[work.ref] = code, sign_document(record_of(facts, policy), signer)
        outcomes[work.task_id] = PROVED
    certificates.issue_many(keys, bodies, at)
    with writing():
        return leased.keep(works, outcomes, at)


def certify_list(request: Request, destruction_refs: Sequence[str], company: str, at: datetime) -> str:
    """Return the code of the one certificate for everybody of a report, issued now unless it was; "" for nobody.

    The caller holds the request, so that of two workers the second finds what the first one issued.
    """
    keys = db.engines["keys"]
    issued = certificates.newest_of(keys, request.ref)
    lines = [] if issued else ledger.proved(keys, destruction_refs)
    if issued or not lines:
        return issued.code if issued else ""
    names = {holding.key: holding.name for holding in holdings()}
    counts: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    until: dict[str, date] = {}
    for line in lines:
        counts.update(json.loads(line.counts))
        for one in json.loads(line.kept):
            kept[one["rule"]] += one["count"]
            until[one["rule"]] = max(until.get(one["rule"], date.min), date.fromisoformat(one["until"]))
    code = code_of(secrets.token_bytes(16))
    facts = Facts(
        code=code,
        about=About.BATCH,
        issued_at=at,
        finished_at=max(line.at for line in lines),
        people=people_of(lines),
        destroyed=tuple(
            Destroyed(key, names[key], counts[key], METHODS) for key in sorted(counts) if counts[key] and key in names
        ),
        kept=tuple(KeptApart(rule, kept[rule], until[rule]) for rule in sorted(kept)),
        company=company,
        request_number=request.number,
        requested_on=seoul_day(request.received_at),
        handler=lines[0].handler,
        approver=lines[0].approver,
    )
    signer = Signer(current_app.extensions["portal.secrets"].receipt_key)
    record = record_of(facts, publishing.in_force(at).policy)
    return certificates.issue(keys, code, request.ref, sign_document(record, signer), at).code


def people_of(lines: Sequence[LedgerEntry]) -> tuple[Person, ...]:
    """Return the people of a list as its certificate and its annex name them: by the ledger's number."""
    return tuple(Person(line.number) for line in lines)


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
