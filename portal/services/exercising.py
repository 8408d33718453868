"""Exercising: what members do for themselves about their own data; each deed has a number, a day and a result.

The order that is safety, in every deed here:
1. where the gate is concerned its readers are told first; one transaction begins as a writer,
2. the member is held, so that two tabs are heard one after the other,
3. a repeat of the same form, or another request of the same kind that is still open, is shown and not made again,
4. the request is filed, the person known by being signed in, the deed done and its result told, all or nothing.

A correction also reaches the host's own database and cannot be one transaction with it: its request is filed first and
stays open until every place holds the new value, so that what was begun is not forgotten.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.policy.model import Language
from portal.records import audit, destructions, leavers, members, requests, standings
from portal.records.members import Member
from portal.records.requests import Request
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.progress import Word
from portal.rules.request import SELF_SERVED, StepRefused
from portal.rules.suspension import Closer
from portal.services import auditing, consenting, correcting, overseeing, requesting
from portal.services.auditing import SYSTEM, By
from portal.services.changing import changing_standing
from portal.services.consenting import Outcome
from portal.services.correcting import Change
from portal.services.requesting import Details, Filed, NoSuchRequest

SCOPES = ("ITEMS", "PURPOSES", "PERIOD", "PROVIDED", "CONSENTS")  # Decree art. 41(1): what access may be asked of
WORDS_LENGTH = 2000
MAY_BE_SENT = frozenset({Word.MORE_GIVEN, Word.OBJECTED, Word.CANCELLED})


@dataclass(frozen=True)
class Asking:
    """Who asks: by the host's id, from an address, in a language; `nonce` is the form's own."""

    host_id: str
    origin: str
    language: Language
    nonce: str


class CannotResume(Exception):
    """The account was suspended by somebody else as well, or a deletion is under way."""


def ask(kind: Kind, asking: Asking, details: Details, at: datetime) -> Filed:
    """File a request that people answer: access to what no page shows, or a complaint."""
    with writing():
        member = members.meet(asking.host_id, members.new_ref(), at)
        return _file(kind, member, asking, details, at)


def correct(asking: Asking, changes: Mapping[str, str], at: datetime) -> tuple[Filed, tuple[Change, ...]]:
    """Correct items wherever they are held, and tell the result; return what differs now.

    Raises ProfileFaults before anything is filed; NotEverywhere when a place could not be reached: the request then
    stays open for the staff, and sending the same form again tries again.
    """
    known = members.of_host(asking.host_id)
    if known is None:
        raise LookupError(asking.host_id)
    correcting.judge(correcting.known_of(known.ref, at), changes)
    with writing():
        member = members.meet(asking.host_id, known.ref, at)
        filed = _file(Kind.CORRECTION, member, asking, {"changes": dict(changes)}, at)
        request = requests.of_number(filed.number)
        asked = requesting.details_of(request)["changes"] if request else {}
        if request is None or request.ended_at is not None or asked != dict(changes):
            return filed, ()
        by = _by(member, asking)
    done = correcting.correct(by.ref, changes, by, at)
    with suppress(StepRefused):  # the same form, sent twice at once, has told the result already
        requesting.step(filed.number, Word.FULFILLED, by=SYSTEM, at=at)
    return filed, done


def withdraw(asking: Asking, item: str, at: datetime) -> Outcome:
    """Take back a consent and answer it as a request; a second time changes nothing. Raises NothingToWithdraw."""
    with changing_standing():
        outcome = consenting.withdraw_held(asking.host_id, item, asking.language, at)
        if outcome.recorded:
            member = members.meet(asking.host_id, outcome.member_ref, at)
            filed = _file(Kind.WITHDRAWAL, member, asking, {"item": item, "receipt": outcome.receipt_ref}, at)
            _fulfil(filed.number, at)
        return outcome


def suspend(asking: Asking, at: datetime) -> Filed:
    """Stop the processing of a member's data: the gate stops the very next request."""
    with changing_standing():
        member = members.meet(asking.host_id, members.new_ref(), at)
        closed_by = requests.of_number(_closed_by(member)) if _is_suspended(member) else None
        if closed_by is not None:
            return Filed(closed_by.number, closed_by.due_day, made=False)
        filed = _file(Kind.SUSPENSION, member, asking, {}, at)
        if filed.made:
            _close_gate(member, asking, filed.number, at)
            _fulfil(filed.number, at)
        return filed


def may_resume(host_id: str) -> bool:
    """Tell whether a member may open the account again: it was closed by the member's own request, and nothing is
    about to be destroyed."""
    member = members.of_host(host_id)
    return member is not None and _may_resume(member)


def resume(asking: Asking, at: datetime) -> None:
    """Open the account at the gate again. Raises CannotResume; a second time does nothing."""
    with changing_standing():
        known = members.of_host(asking.host_id)
        if known is None:
            raise CannotResume
        member = members.meet(asking.host_id, known.ref, at)
        if not _is_suspended(member):
            return
        if not _may_resume(member):
            raise CannotResume
        _open_gate(member, asking, "", at)


def delete(asking: Asking, at: datetime) -> Filed:
    """Ask for everything to be deleted: the gate closes at once, a person approves, and destruction takes it over."""
    with changing_standing():
        member = members.meet(asking.host_id, members.new_ref(), at)
        filed = _file(Kind.DELETION, member, asking, {}, at)
        if filed.made:
            _close_gate(member, asking, filed.number, at)
        return filed


def send(asking: Asking, number: str, word: Word, words: str, at: datetime) -> None:
    """Take a step of one's own request: give more, object or cancel. A cancelled deletion opens the account again.

    Raises NoSuchRequest for what is missing or somebody else's, and StepRefused.
    """
    if word not in MAY_BE_SENT:
        raise NoSuchRequest(number)
    with changing_standing():
        known = members.of_host(asking.host_id)
        request = requests.held(number) if known else None
        if known is None or request is None or request.member_ref != known.ref:
            raise NoSuchRequest(number)
        requesting.take_step(request, word, by=_by(known, asking), at=at, words=words)


def own(host_id: str, number: str, at: datetime) -> requesting.Standing:
    """Return how one's own request stands. Raises NoSuchRequest, for somebody else's exactly as for a missing one."""
    member = members.of_host(host_id)
    standing = requesting.stand_of(number, at)
    if member is None or standing.request.member_ref != member.ref:
        raise NoSuchRequest(number)
    return standing


def open_number(host_id: str, kind: Kind) -> str:
    """Return the number of a member's own open request of this kind, "" for none."""
    member = members.of_host(host_id)
    found = requests.open_of(member.ref, kind.value, requester="SELF") if member else None
    return found.number if found else ""


def _file(kind: Kind, member: Member, asking: Asking, details: Details, at: datetime) -> Filed:
    """File a request, unless one of its kind is open; who is signed in is the person (Decree art. 46).

    One that somebody else made in the member's name does not count: whoever writes first must not be in the way.
    """
    is_open = requests.open_of(member.ref, kind.value, requester="SELF")
    if is_open is not None and kind is not Kind.WITHDRAWAL:
        return Filed(is_open.number, is_open.due_day, made=False)
    filed = requesting.file_request(
        kind,
        requester="SELF",
        channel="WEB",
        by=_by(member, asking),
        at=at,
        language=asking.language,
        details=details,
        member_ref=member.ref,
        nonce=f"{member.ref}\n{kind.value}\n{asking.nonce}",
    )
    if filed.made and kind is not Kind.COMPLAINT:
        requesting.take_step(_held(filed.number), Word.IDENTITY_CHECK, by=SYSTEM, at=at)
    return filed


def _fulfil(number: str, at: datetime) -> None:
    request = _held(number)
    if Kind(request.kind) not in SELF_SERVED:
        raise ValueError(f"{request.kind} is not fulfilled by the system")
    requesting.take_step(request, Word.FULFILLED, by=SYSTEM, at=at)


def _held(number: str) -> Request:
    request = requests.held(number)
    if request is None:
        raise NoSuchRequest(number)
    return request


def _close_gate(member: Member, asking: Asking, number: str, at: datetime) -> None:
    """Close the account for the member; it is noted even where the company has closed it, for each opens only what
    that one closed."""
    if Closer.SELF not in _closers(member) or not _is_suspended(member):
        standings.suspend(member.host_id, member.ref, at)
        auditing.note(Deed.ACCOUNT_SUSPENDED, _by(member, asking), at, subject=member.ref, about=number)


def _open_gate(member: Member, asking: Asking, number: str, at: datetime) -> None:
    if Closer.COMPANY not in _closers(member):
        standings.suspend(member.host_id, member.ref, at, suspended=False)
    auditing.note(Deed.ACCOUNT_RESUMED, _by(member, asking), at, subject=member.ref, about=number)


def _may_resume(member: Member) -> bool:
    return _is_suspended(member) and set(_closers(member)) == {Closer.SELF} and not _is_leaving(member)


def _is_leaving(member: Member) -> bool:
    """Tell whether a destruction was ordered or may be: an agent's deletion counts once it is approved, not before."""
    return (
        requests.open_of(member.ref, Kind.DELETION.value, requester="SELF") is not None
        or requests.open_of(member.ref, Kind.LEAVER.value) is not None
        or bool(leavers.open_of([member.ref]))
        or destructions.of_member(member.ref) is not None
    )


def _closed_by(member: Member) -> str:
    """Return the number of the member's own request that keeps the account closed, "" where none does."""
    if Closer.SELF not in _closers(member):
        return ""
    last = audit.found(limit=1, subject=member.ref, deed=Deed.ACCOUNT_SUSPENDED.value, actor_kind="MEMBER")
    return last[0].about if last else ""


def _closers(member: Member) -> dict[Closer, str]:
    return overseeing.closers_of([member.ref])[member.ref]


def _is_suspended(member: Member) -> bool:
    standing = standings.of_host(member.host_id)
    return standing is not None and standing.suspended


def _by(member: Member, asking: Asking) -> By:
    return By("MEMBER", member.ref, asking.origin)
