"""Evidencing: dated evidence is entered for what a person, not a machine, had destroyed elsewhere."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from portal.clock import seoul_day
from portal.database import writing
from portal.policy.model import Text
from portal.records import destructions
from portal.rules import evidence as rule
from portal.rules.deed import Deed
from portal.rules.evidence import Evidence
from portal.services import auditing
from portal.services.auditing import By
from portal.services.leased import facts_of


class EvidenceRefused(Exception):
    """This evidence cannot be entered; `faults` by field."""

    def __init__(self, faults: Mapping[str, Text]) -> None:
        self.faults = faults
        super().__init__(f"evidence refused: {', '.join(sorted(faults))}")


def enter(task_id: int, evidence: Evidence, by: By, at: datetime, *, for_batch: bool = False) -> int:
    """Enter evidence for a task and, with `for_batch`, for the same system of everybody in the list; return for how
    many people it counted, 0 where nothing waits for any. Raises EvidenceRefused, LookupError."""
    with writing():
        found = destructions.task_of(task_id)
        if found is None:
            raise LookupError(task_id)
        task, destruction = found
        faults = rule.faults(evidence, seoul_day(destruction.decided_at), seoul_day(at))
        if faults:
            raise EvidenceRefused(faults)
        waiting = [task_id]
        if for_batch and destruction.batch_ref:
            waiting = destructions.same_in_batch(destruction.batch_ref, task.kind, task.target)
        written, settled = msgspec.json.encode(evidence).decode(), 0
        for open_task, of in destructions.hold_tasks(waiting):
            if not rule.takes_evidence(facts_of(open_task)):
                continue
            open_task.state, open_task.done_at, open_task.fault = "DONE", at, ""
            open_task.evidence, settled = written, settled + 1
            auditing.note(
                Deed.EVIDENCE_ENTERED,
                by,
                at,
                subject=of.member_ref,
                about=of.ref,
                facts={"target": open_task.target, "sha256": evidence.sha256},
            )
    return settled
