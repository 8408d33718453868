"""Inquiring: requests of investigating authorities, logged as their own kind (Article 4; PIPA art. 18).

Nothing is answered by a program: a request is logged, a person decides and hands over what is due outside of here, and
what was decided, on which ground and whether the members must be told stands on record. What it says is sealed under a
key of its own. Every view of one is written down; members are not shown it, for a law may forbid that they learn of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from portal.clock import seoul_day
from portal.database import writing
from portal.records import inquiries, members
from portal.records.inquiries import Inquiry
from portal.rules.deed import Deed
from portal.services import auditing
from portal.services.auditing import By
from portal.services.page import PAGE
from portal.vault import person_keys

Decision = Literal["ANSWERED", "REFUSED"]


class Refused(Exception):
    """This cannot be; `why` is a word."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True)
class Asked:
    """What an authority asks: by which document, on which legal ground, for what, about which of the host's ids."""

    agency: str
    document: str
    ground: str
    items: str
    host_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """One inquiry, opened: `members` are references; `reason` is why it was decided so, "" while it is open."""

    ref: str
    number: str
    received_on: date
    people: int
    asked: Asked
    members: tuple[str, ...]
    logged_by: str
    logged_at: datetime
    decision: str
    reason: str
    decided_by: str
    decided_at: datetime | None
    notice: str
    notice_on: date | None


def log(asked: Asked, received_on: date, by: By, at: datetime) -> str:
    """Log a request and return its reference. Whom the host's ids do not lead to stays a number only.

    Raises Refused for a day to come.
    """
    if received_on > seoul_day(at):
        raise Refused("TO_COME")
    ref = members.new_ref()
    with writing():
        known = members.of_hosts(asked.host_ids) if asked.host_ids else {}
        refs = [known[host_id].ref for host_id in asked.host_ids if host_id in known]
        facts = {
            "agency": asked.agency,
            "document": asked.document,
            "ground": asked.ground,
            "items": asked.items,
            "members": refs,
        }
        inquiries.add(
            Inquiry(
                ref=ref,
                received_on=received_on,
                people=len(asked.host_ids),
                sealed=person_keys.make(ref, at).seal("inquiries", "sealed", facts),
                logged_by=by.ref,
                logged_at=at,
                notice="NONE",
            )
        )
        auditing.note(Deed.INQUIRY_LOGGED, by, at, about=ref, facts={"people": len(asked.host_ids)})
    return ref


def page(by: By, at: datetime, before: int | None = None) -> tuple[list[Opened], int | None]:
    """Return inquiries, newest first, and where the next page begins; that they were read is written down."""
    with writing():
        rows = inquiries.newest_first(PAGE + 1, before)
        opened = [_opened(row) for row in rows[:PAGE]]
        seen = [member for one in opened for member in one.members]
        if opened:
            auditing.note_views(Deed.INQUIRY_VIEWED, by, at, seen or [""])
        return opened, rows[PAGE - 1].id if len(rows) > PAGE else None


def of_ref(ref: str, by: By, at: datetime) -> Opened | None:
    """Return one inquiry; that it was read is written down for everybody whom it names."""
    with writing():
        row = inquiries.of_ref(ref)
        if row is None:
            return None
        opened = _opened(row)
        auditing.note_views(Deed.INQUIRY_VIEWED, by, at, opened.members or [""], about=ref)
        return opened


def decide(ref: str, decision: Decision, reason: str, notice_by: date | None, by: By, at: datetime) -> None:
    """Keep the officer's decision: answered or refused, why, and by when the members must be told, if they must.

    Raises Refused when there is no such inquiry or it was decided.
    """
    with writing():
        sealed = person_keys.make(ref, at).seal("inquiries", "sealed_decision", {"reason": reason})
        notice = "NONE" if notice_by is None else "DUE"
        if not inquiries.decide(ref, decision, sealed, by.ref, at, notice, notice_by):
            raise Refused("DECIDED")
        auditing.note(Deed.INQUIRY_DECIDED, by, at, about=ref, reason=decision)


def note_notice(ref: str, by: By, at: datetime) -> None:
    """Keep that the members were told today. Raises Refused when that was not due."""
    with writing():
        if not inquiries.note_notice(ref, seoul_day(at)):
            raise Refused("NOT_DUE")
        auditing.note(Deed.INQUIRY_DECIDED, by, at, about=ref, reason="NOTICE_GIVEN")


def _opened(row: Inquiry) -> Opened:
    seal = person_keys.seal_of(row.ref)
    facts = seal.open("inquiries", "sealed", row.sealed)
    decided = seal.open("inquiries", "sealed_decision", row.sealed_decision) if row.sealed_decision else {}
    found: Sequence[str] = facts["members"]
    return Opened(
        ref=row.ref,
        number=f"Q-{row.received_on:%Y}-{row.id:04}",
        received_on=row.received_on,
        people=row.people,
        asked=Asked(facts["agency"], facts["document"], facts["ground"], facts["items"]),
        members=tuple(found),
        logged_by=row.logged_by,
        logged_at=row.logged_at,
        decision=row.decision or "",
        reason=decided.get("reason", ""),
        decided_by=row.decided_by or "",
        decided_at=row.decided_at,
        notice=row.notice,
        notice_on=row.notice_on,
    )
