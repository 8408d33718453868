"""Judging objections: staff find that a report was wrong, or that it was right. One outcome, told to both sides.

In this order, in one transaction:
1. the gate's readers are told; request, person and objection are held: of two who judge, the second is refused,
2. the hold of this objection is lifted, no other,
3. found wrong, the person is out of the report and the account opens again where this report had closed it; found
   right, the decision of the request counts for this person too,
4. the member is told with the reasons, the company without a word of what the member wrote.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from portal.database import writing
from portal.policy.model import Language, Text
from portal.records import destructions, leavers, members, requests
from portal.records.leavers import Leaver, Objection
from portal.records.requests import Request
from portal.rules.deed import Deed
from portal.rules.forbidden import forbidden
from portal.rules.progress import Word
from portal.rules.request import NOT_NEXT, NOT_YOURS, OWN_REQUEST, StepRefused
from portal.rules.role import Role, allowed
from portal.services import accounts, auditing, fulfilling, leaving, mailing, registering, reported, requesting
from portal.services.auditing import By
from portal.services.changing import changing_standing
from portal.services.objecting import LONGEST, OBJECTION, TOO_LONG, WordsFault
from portal.services.requesting import NoSuchRequest
from portal.vault import person_keys

REASON_NEEDED = Text(ko="결정한 이유를 적어 주세요.", en="Write why you decide so.")
JUDGED = Text(ko="이미 결정한 이의입니다.", en="This objection has been decided already.")
RESULTS = {
    True: Text(ko="이의를 받아들였어요", en="upheld"),
    False: Text(ko="이의를 받아들이지 않았어요", en="not upheld"),
}


@dataclass(frozen=True)
class Objected:
    """One objection for the staff. `known` and `words` are plain: mask them before they leave."""

    leaver: Leaver
    objection: Objection
    known: dict[str, str]
    words: str
    decider: str


def objections_to(number: str, by: By, at: datetime) -> list[Objected]:
    """Return the objections to a report, those not judged first; audited. Raises NoSuchRequest."""
    with writing() as session:
        request = requests.of_number(number)
        if request is None:
            raise NoSuchRequest(number)
        rows = leavers.objected_to(request.id)
        refs = [leaver.member_ref for leaver, _ in rows]
        known = registering.profiles_of(members.of_refs(refs))
        seals = person_keys.seals_of(refs)
        names = accounts.names_of({objection.decided_by or "" for _, objection in rows})
        found = []
        for leaver, objection in rows:
            seal, words = seals.get(leaver.member_ref), ""
            if seal is not None and objection.sealed is not None:
                words = seal.open("objections", "sealed", objection.sealed, str(leaver.id))
            decider = names.get(objection.decided_by or "", "")
            found.append(Objected(leaver, objection, known.get(leaver.member_ref, {}), words, decider))
        auditing.note_views(Deed.REQUEST_VIEWED, by, at, refs, about=number)
        session.expunge_all()
    return found


def open_count(number: str) -> int:
    """Return how many objections to a report wait to be judged."""
    request = requests.of_number(number)
    return leavers.figures_of(request.id).objected if request and reported.is_report(request) else 0


def judge(
    number: str, leaver_id: int, *, upheld: bool, words: str, by: By, roles: Collection[Role], at: datetime
) -> None:
    """Judge one objection; `words` are the reasons for the member. Raises NoSuchRequest, StepRefused, WordsFault."""
    words = words.strip()
    fault = REASON_NEEDED if not words else TOO_LONG if len(words) > LONGEST else forbidden(words)
    if fault:
        raise WordsFault(fault)
    if not allowed(roles, "desk.request.decide"):
        raise StepRefused(NOT_YOURS)
    # 1.
    with changing_standing():
        request = requests.held(number)
        leaver = leavers.held(leaver_id) if request else None
        if request is None or leaver is None or leaver.request_id != request.id:
            raise NoSuchRequest(number)
        member = members.of_ref(leaver.member_ref)
        profile = registering.profile_of(member) if member else {}
        if by.ref == leaver.reporter or _is_self(profile, by):
            raise StepRefused(OWN_REQUEST)
        if not leavers.decide(leaver.id, upheld=upheld, by=by.ref, at=at):
            raise StepRefused(JUDGED)
        if leaver.end is not None:
            raise StepRefused(NOT_NEXT)
        # 2.
        _lift(leaver.member_ref, number, by, at)
        # 3.
        is_approved = requests.events_of([request.id])[request.id][-1].word == Word.HANDED_TO_DESTRUCTION.value
        ref = leaver.member_ref
        if upheld:
            leavers.end_of(request.id, "WRONG", at, member_refs=[ref])
            reported.open_accounts([ref], request, by, at)
            _end_if_empty(request, is_approved, by=by, roles=roles, at=at)
        elif is_approved:
            leavers.approve(request.id, at, leaver_id=leaver_id)
        # 4.
        _tell(request, ref, profile, upheld, words, at)
        auditing.note(
            Deed.OBJECTION_DECIDED,
            by,
            at,
            subject=ref,
            about=number,
            reason="UPHELD" if upheld else "REJECTED",
            words=words,
        )


def settle(request: Request, by: By, at: datetime) -> None:
    """Uphold the objections that are open when a report is refused or taken back, inside the caller's transaction: its
    people stay, so nothing is left to judge."""
    for leaver, objection in leavers.objected_to(request.id):
        if objection.decided_at is None and leavers.decide(leaver.id, upheld=True, by=by.ref, at=at):
            ref = leaver.member_ref
            _lift(ref, request.number, by, at)
            leavers.end_of(request.id, "WRONG", at, member_refs=[ref])
            member = members.of_ref(ref)
            profile = registering.profile_of(member) if member else {}
            _tell(request, ref, profile, True, "", at)
            auditing.note(Deed.OBJECTION_DECIDED, by, at, subject=ref, about=request.number, reason="UPHELD")


def _lift(member_ref: str, number: str, by: By, at: datetime) -> None:
    for hold in destructions.holds_on([member_ref]).get(member_ref, []):
        if hold.kind == OBJECTION and hold.reason == number:
            destructions.lift_hold(hold.id, by.ref, at)


def _end_if_empty(request: Request, is_approved: bool, *, by: By, roles: Collection[Role], at: datetime) -> None:
    """End a report in which nobody is left: approved, in part; else it is refused, for there is nothing to approve."""
    if is_approved:
        fulfilling.end_report(request.id, at)
    elif not leavers.figures_of(request.id).still_open:
        requesting.take_step(request, Word.REFUSED, by=by, roles=roles, at=at, reason="MEMBER_OBJECTED")


def _is_self(profile: dict[str, str], by: By) -> bool:
    """Tell whether somebody of the staff judges an objection of their own: the address is the same."""
    who = accounts.of_ref(by.ref)
    return who is not None and profile.get("email", "").casefold() == who.email.casefold()


def _tell(request: Request, ref: str, profile: dict[str, str], upheld: bool, words: str, at: datetime) -> None:
    language = cast(Language, request.language)
    values = {"number": request.number, "result": RESULTS[upheld].in_language(language)}
    told = {**values, "words": words, "link": mailing.link("/me")}
    for to in leaving.addresses_of(profile):
        mailing.post("objection_decided", to, told, key_ref=ref, language=language, at=at, about=request.number)
    company = requesting.details_of(request).get("reply_to", "")
    if company:
        told = {**values, "link": mailing.link("/org")}
        mailing.post(
            "objection_judged", company, told, key_ref=request.key_ref, language=language, at=at, about=request.number
        )
