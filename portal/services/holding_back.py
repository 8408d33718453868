"""Holding back: a legal hold keeps a person's data where it is, whatever was decided, until somebody lifts it.

A hold that is placed while a step runs lets that step end and stops before the next; lifted, the worker goes on by
itself. What is written here names a case, never a person.
"""

from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.records import destructions, members
from portal.records.destructions import Hold
from portal.rules.deed import Deed
from portal.services import accounts, auditing, registering
from portal.services.auditing import By
from portal.services.page import PAGE

LEGAL = "LEGAL"


@dataclass(frozen=True)
class Held:
    """One hold that stands. `known` is what is known of whom it protects: mask it before it leaves."""

    hold_id: int
    member_ref: str
    known: dict[str, str]
    kind: str
    reason: str
    placed_by: str
    placed_at: datetime


class Refused(Exception):
    """What was asked does not fit; `why`: "NOBODY", "STANDS", "DESTROYED", "NOT_LEGAL" or "LIFTED"."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def standing(page: int, by: By, at: datetime) -> tuple[list[Held], int]:
    """Return one page of the holds that stand, the first being 1, and how many there are in all; audited."""
    with writing() as session:
        rows, total = destructions.standing_holds(PAGE, (page - 1) * PAGE)
        found = {member.ref: member for member in members.of_refs([hold.member_ref for hold in rows])}
        known = registering.profiles_of(found.values())
        names = accounts.names_of({hold.placed_by for hold in rows})
        auditing.note_views(Deed.HOLDS_VIEWED, by, at, [hold.member_ref for hold in rows])
        session.expunge_all()
    return [
        Held(
            hold.id,
            hold.member_ref,
            known.get(hold.member_ref, {}),
            hold.kind,
            hold.reason,
            names.get(hold.placed_by, ""),
            hold.placed_at,
        )
        for hold in rows
    ], total


def place_on(text: str, reason: str, by: By, at: datetime) -> None:
    """Place a legal hold on the member with exactly this e-mail address or ID. Raises Refused."""
    found = registering.found_by("email" if "@" in text else "login_id", text)
    if not found:
        raise Refused("NOBODY")
    place(found[0].ref, reason, by, at)


def place(member_ref: str, reason: str, by: By, at: datetime) -> None:
    """Place a legal hold for a case; `reason` names it and is no person's. Raises Refused."""
    with writing():
        if members.hold(member_ref) is None:
            raise Refused("DESTROYED")
        if any(hold.kind == LEGAL for hold in destructions.holds_on([member_ref]).get(member_ref, [])):
            raise Refused("STANDS")
        destructions.place_hold(Hold(member_ref=member_ref, kind=LEGAL, reason=reason, placed_by=by.ref, placed_at=at))
        auditing.note(Deed.HOLD_PLACED, by, at, subject=member_ref, reason=LEGAL, facts={"case": reason})


def lift(hold_id: int, by: By, at: datetime) -> None:
    """Lift a legal hold; what was decided goes on at once. Raises Refused: an objection is judged, not lifted."""
    with writing():
        hold = destructions.hold_of(hold_id)
        if hold is None or hold.kind != LEGAL:
            raise Refused("NOT_LEGAL")
        if not destructions.lift_hold(hold_id, by.ref, at):
            raise Refused("LIFTED")
        auditing.note(Deed.HOLD_LIFTED, by, at, subject=hold.member_ref, reason=LEGAL, facts={"case": hold.reason})
