"""Reported: what a step of a report does to the people in it, inside the transaction of the step.

Let in, a report closes their accounts at the gate and their days to object begin; approved, each of them is marked, and
what is marked is destroyed later by a job, for a list may have thousands; refused or taken back, it gives the accounts
back that it had closed, and no others. The caller opened the transaction with `changing_standing`.
"""

from collections.abc import Sequence
from datetime import datetime

from portal.clock import seoul_day
from portal.database import in_parts
from portal.records import audit, destructions, leavers, members, requests, standings
from portal.records.requests import Request
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.progress import DESTROYING, Word
from portal.services import auditing
from portal.services.auditing import By

GATES = (Deed.ACCOUNT_SUSPENDED.value, Deed.ACCOUNT_RESUMED.value)
TOUCHING = frozenset({Word.IDENTITY_CHECK, Word.APPROVED, Word.REFUSED, Word.CANCELLED, Word.CLOSED})
"""Steps that change what the gate reads, of a report or of somebody's own deletion."""


def touches_gate(kind: Kind, word: Word) -> bool:
    """Tell whether a step of this word must be taken inside `changing_standing`."""
    return kind in DESTROYING and word in TOUCHING


def is_report(request: Request) -> bool:
    """Tell whether a request names its people one by one."""
    return request.kind == Kind.LEAVER and request.member_ref is None


def on_step(request: Request, word: Word, by: By, at: datetime) -> None:
    """Do to the people of a report what this step says; an approval does nothing before it is the last one needed."""
    if word is Word.IDENTITY_CHECK:
        leavers.let_in(request.id, seoul_day(at))
        close_accounts(leavers.refs_of(request.id), request.number, by, at)
    elif word in (Word.REFUSED, Word.CANCELLED, Word.CLOSED):
        from portal.services import judging  # it takes steps, and those come here

        refs = leavers.refs_of(request.id)
        judging.settle(request, by, at)
        leavers.end_of(request.id, "TAKEN_BACK", at)
        open_accounts(refs, request, by, at)


def give_back(request: Request, word: Word, by: By, at: datetime) -> None:
    """Open the account again that one person's own request had closed, once it was refused or taken back."""
    if request.kind in DESTROYING and request.member_ref and word in (Word.REFUSED, Word.CANCELLED, Word.CLOSED):
        ref = request.member_ref
        leavers.end_of(request.id, "TAKEN_BACK", at)
        closed_later = audit.last_about(GATES, [ref]).get(ref) != (Deed.ACCOUNT_SUSPENDED.value, request.number)
        open_accounts([ref], request, by, at)
        if closed_later and audit.found(
            limit=1, subject=ref, deed=Deed.ACCOUNT_SUSPENDED.value, about=request.number
        ):  # the company closed it as well: it stays closed, for the company alone
            auditing.note(Deed.ACCOUNT_RESUMED, by, at, subject=ref, about=request.number)


def approve(request: Request, by: By, at: datetime) -> None:
    """Mark everybody in a report whose deletion has been approved. Who was taken out by a refusal that fell comes back
    first, is told anew, and may object anew."""
    refs = leavers.refs_of(request.id, is_open=False)
    for some in in_parts(refs):
        busy = leavers.refs_open(some) | destructions.refs_destroyed(some)
        again = [ref for ref in some if ref not in busy]
        leavers.take_up(request.id, again, seoul_day(at))
        close_accounts(again, request.number, by, at)
    leavers.approve(request.id, at)


def close_accounts(refs: Sequence[str], number: str, by: By, at: datetime) -> None:
    """Close the accounts of these members that are not closed yet; the next request of each is stopped, and a
    disclosure of theirs that is being judged is waited for."""
    for some in in_parts(refs):
        people = {member.host_id: member.ref for member in members.hold_many(some)}
        closed = standings.suspended_of(people)
        fresh = {host: ref for host, ref in people.items() if host not in closed}
        standings.suspend_many(list(fresh.items()), at)
        auditing.note_each(Deed.ACCOUNT_SUSPENDED, by, at, list(fresh.values()), about=number)


def open_accounts(refs: Sequence[str], request: Request, by: By, at: datetime) -> None:
    """Open the accounts again that this report closed, and nothing has closed since: neither the member's own wish nor
    a destruction."""
    closed_here = (Deed.ACCOUNT_SUSPENDED.value, request.number)
    for some in in_parts(refs):
        last = audit.last_about(GATES, some)
        stay = requests.asked_to_stop(some, request.received_at) | destructions.refs_destroyed(some)
        opened = [ref for ref in some if last.get(ref) == closed_here and ref not in stay]
        people = [(member.host_id, member.ref) for member in members.of_refs(opened)]
        standings.suspend_many(people, at, suspended=False)
        auditing.note_each(Deed.ACCOUNT_RESUMED, by, at, [ref for _, ref in people], about=request.number)
