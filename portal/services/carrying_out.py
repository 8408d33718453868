"""Carrying out at the desk: what a step says is done is done with it, or the step is not taken.

A processing stop closes the gate and a withdrawal takes the consent back in the transaction of the step. A correction
reaches the host's own database and cannot be one transaction with it, so it goes first and may be repeated; the step
says "done" only when every place holds the new value.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from portal.database import writing
from portal.policy.model import Language, Text
from portal.records import consents, members, standings
from portal.records.members import Member
from portal.records.requests import Request
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.progress import DESTROYING, Word
from portal.services import auditing, consenting, correcting, requesting
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.reported import is_report, touches_gate

NO_CHANGES = Text(ko="바꿀 값을 하나 이상 적어 주세요.", en="Give at least one value to change.")
NO_MEMBER = Text(
    ko="누구의 정보인지 알 수 없어 이렇게 처리할 수 없습니다.",
    en="It is not known whose data this is, so it cannot be done.",
)
NO_CONSENT = Text(ko="철회할 동의가 남아 있지 않습니다.", en="There is no consent left to withdraw.")


class CannotCarryOut(Exception):
    """What the step says cannot be done; `reason` says why. Nothing was changed."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


def at_the_gate(kind: Kind, word: Word) -> bool:
    """Tell whether a step changes what the gate reads."""
    stops = word is Word.FULFILLED and kind in (Kind.SUSPENSION, Kind.WITHDRAWAL)
    return stops or (word is Word.APPROVED and kind in DESTROYING) or touches_gate(kind, word)


@contextmanager
def transaction(kind: Kind, word: Word) -> Iterator[None]:
    """Open the transaction of a step, the gate's readers told first where it concerns them."""
    with changing_standing() if at_the_gate(kind, word) else writing():
        yield


def correct(request: Request, changes: Mapping[str, str], by: By, at: datetime) -> None:
    """Correct what was asked, or these values where none stand in the request, in every place that holds them.

    Raises CannotCarryOut, ProfileFaults, KeyDestroyed, or NotEverywhere.
    """
    wanted = requesting.details_of(request).get("changes") or {item: text for item, text in changes.items() if text}
    if request.member_ref is None:
        raise CannotCarryOut(NO_MEMBER)
    if not wanted:
        raise CannotCarryOut(NO_CHANGES)
    correcting.correct(request.member_ref, wanted, by, at)


def carry_out(request: Request, word: Word, by: By, at: datetime) -> None:
    """Do what a step of this word says, inside its `transaction`, before the step. Raises CannotCarryOut."""
    kind = Kind(request.kind)
    if not at_the_gate(kind, word) or is_report(request) or (kind in DESTROYING and word is not Word.APPROVED):
        return
    member = members.hold(request.member_ref) if request.member_ref else None
    if member is None:
        raise CannotCarryOut(NO_MEMBER)
    if kind is Kind.WITHDRAWAL:
        _withdraw(request, member, at)
    else:
        _close_gate(request, member, by, at)


def _withdraw(request: Request, member: Member, at: datetime) -> None:
    """Take back the consent that was named, else every one that holds."""
    named = requesting.details_of(request).get("item")
    given = [item for item, event in consents.holding(member.ref).items() if event.decision == "GRANTED"]
    taken = [item for item in given if named in (None, item)]
    if not taken:
        raise CannotCarryOut(NO_CONSENT)
    for item in taken:
        consenting.withdraw_held(member.host_id, item, cast(Language, request.language), at)


def _close_gate(request: Request, member: Member, by: By, at: datetime) -> None:
    standing = standings.of_host(member.host_id)
    if standing is None or not standing.suspended:
        standings.suspend(member.host_id, member.ref, at)
        auditing.note(Deed.ACCOUNT_SUSPENDED, by, at, subject=member.ref, about=request.number)
