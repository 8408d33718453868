"""Evidence: what somebody must say so that a destruction at another system or a processor counts as done.

A day, which office there confirmed it, and if there is one the digest of the document. No person is named: a ledger
that tells who was destroyed by whom outlives everybody in it.
"""

import re
from collections.abc import Mapping
from datetime import date

import msgspec

from portal.policy.model import Text
from portal.rules.destruction import Kind, Stage, TaskFacts, TaskState
from portal.rules.destruction_fault import Fault
from portal.rules.forbidden import forbidden, plain_signs

MOST_OFFICE, MOST_NOTE = 60, 200  # signs
PROVES = frozenset({Fault.NO_COLLECTOR, Fault.DISABLED, Fault.NO_EVIDENCE})
"""Where no machine can tell: what a machine denies, no paper proves."""

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_PERSONAL = re.compile(r"@|01[016789][ -]?[0-9]{3,4}[ -]?[0-9]{4}")

DAY_NEEDED = Text(ko="파기한 날을 2026-11-23처럼 적어 주세요.", en="Enter the day of the destruction as 2026-11-23.")
DAY_TOO_EARLY = Text(ko="파기를 결정한 날보다 이릅니다.", en="This is before the destruction was ordered.")
DAY_TO_COME = Text(ko="아직 오지 않은 날입니다.", en="This day is still to come.")
OFFICE_NEEDED = Text(ko="확인해 준 곳을 적어 주세요.", en="Enter which office confirmed it.")
TOO_LONG = Text(ko="너무 깁니다. 짧게 적어 주세요.", en="This is too long. Write less.")
PERSONAL = Text(ko="이메일과 전화번호는 빼고 적어 주세요.", en="Leave out e-mail addresses and telephone numbers.")
NO_DIGEST = Text(
    ko="문서의 SHA-256은 0–9와 a–f 64자입니다.", en="The SHA-256 of a document has 64 characters, 0–9 and a–f."
)


class Evidence(msgspec.Struct, frozen=True):
    """What was brought: the Seoul day, the office there, a note and the SHA-256 of a document, "" without one."""

    on: date | None
    office: str
    note: str = ""
    sha256: str = ""


def takes_evidence(task: TaskFacts) -> bool:
    """Tell whether evidence can settle a task: one that waits for a person, or one that no machine can settle."""
    if task.state in (TaskState.DONE, TaskState.LEASED):
        return False
    if task.kind is Kind.EVIDENCE:
        return True
    return task.stage is Stage.CONNECTED and task.state is TaskState.ATTENTION and task.fault in PROVES


def faults(evidence: Evidence, ordered_on: date, today: date) -> Mapping[str, Text]:
    """Return what is wrong with evidence, by field; days are Seoul days."""
    found: dict[str, Text] = {}
    if evidence.on is None:
        found["on"] = DAY_NEEDED
    elif evidence.on < ordered_on:
        found["on"] = DAY_TOO_EARLY
    elif evidence.on > today:
        found["on"] = DAY_TO_COME
    for name, text, most in (("office", evidence.office, MOST_OFFICE), ("note", evidence.note, MOST_NOTE)):
        fault = TOO_LONG if len(text) > most else forbidden(text)
        if fault is None and _PERSONAL.search(plain_signs(text)):
            fault = PERSONAL
        if fault is not None:
            found[name] = fault
    if not evidence.office:
        found["office"] = OFFICE_NEEDED
    if evidence.sha256 and not _DIGEST.match(evidence.sha256):
        found["sha256"] = NO_DIGEST
    return found
