"""Connected: which other systems and processors a destruction must reach, and how a task names them."""

from datetime import timedelta

from flask import current_app

from portal.holdings.connected_map import System
from portal.policy.model import Text
from portal.rules.destruction import Kind
from portal.services import disclosing, entrusted

SYSTEM, PROCESSOR = "system:", "processor:"
PROCESSOR_DAYS = 3  # of the five within which what is needless is destroyed (standard guideline art. 10)


def systems() -> tuple[System, ...]:
    """Return the connected systems of this installation, in the order of their file."""
    found: tuple[System, ...] = current_app.extensions["portal.systems"]
    return found


def system_of(target: str) -> System | None:
    """Return the system that a task names, if it is still declared."""
    return next((system for system in systems() if SYSTEM + system.key == target), None)


def tasks_for(member_ref: str) -> list[tuple[Kind, str, timedelta]]:
    """Return what a destruction of this member must have done elsewhere: the kind of task, its target and how long it
    waits for its first turn. A system that is switched off is among them, for it holds what it holds."""
    wanted = [
        (Kind.WEBHOOK, SYSTEM + system.key, timedelta(0))
        if system.kind == "webhook"
        else (Kind.EVIDENCE, SYSTEM + system.key, timedelta(days=system.evidence_days))
        for system in systems()
    ]
    return wanted + [
        (Kind.EVIDENCE, PROCESSOR + key, timedelta(days=PROCESSOR_DAYS))
        for key in disclosing.processors_that_received(member_ref)
    ]


def name_of(target: str) -> Text | None:
    """Return what people call the system or processor that a task names, or None where it is known no more."""
    if target.startswith(PROCESSOR):
        standing = entrusted.standing_of(target.removeprefix(PROCESSOR))
        return standing.entry.name if standing else None
    system = system_of(target)
    return system.name if system else None
