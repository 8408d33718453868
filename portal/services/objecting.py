"""Objecting: somebody who was reported says that they have not left, and nothing is destroyed until that is judged.

Whoever has the mailed link, or is signed in, needs to say nothing more. In this order, in one transaction:
1. the row of the person is held: of an objection and the order to destroy, one comes first and the other sees it,
2. a second objection is the first one again; after the order, and after a judgement, none is taken any more,
3. the words are sealed under the person's own key, and a hold stops the destruction; the account stays closed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import cast

from flask import current_app

from portal.database import writing
from portal.policy.model import Text
from portal.records import companies, destructions, leavers, requests
from portal.records.destructions import Hold
from portal.records.leavers import Leaver, Objection
from portal.rules.deed import Deed
from portal.rules.forbidden import forbidden
from portal.rules.leaving import objection_ends_on
from portal.rules.role import Role
from portal.services import accounts, auditing, mailing, proving, registering
from portal.services.auditing import By
from portal.settings import Settings
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed

LONGEST = 1000
OBJECTION = "OBJECTION"
TOO_LONG = Text(ko="1,000자 안에서 적어 주세요.", en="Write no more than 1,000 characters.")
NO_CONTROL = Text(ko="보이지 않는 문자가 있어요. 지우고 다시 적어 주세요.", en="There are invisible characters in it.")


class Stand(StrEnum):
    """How a report stands for the person in it."""

    OPEN = "OPEN"  # an objection is heard
    OBJECTED = "OBJECTED"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"
    TAKEN_BACK = "TAKEN_BACK"
    TOO_LATE = "TOO_LATE"  # the destruction has been ordered


@dataclass(frozen=True)
class Reported:
    """What somebody who was reported is told. `last_day` is a Seoul day, up to which nothing is destroyed for certain;
    `company` is "" where none is known."""

    leaver_id: int
    company: str
    left_on: date
    last_day: date
    number: str
    stand: Stand


class CannotObject(Exception):
    """No objection is taken: `stand` says why, None where nobody was reported."""

    def __init__(self, stand: Stand | None) -> None:
        self.stand = stand
        super().__init__(stand or "nobody was reported")


class WordsFault(ValueError):
    """The words cannot be taken; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


def by_link(token: str, at: datetime) -> Reported | None:
    """Return what a mailed link is about, or None; looking uses nothing up."""
    with writing() as session:
        subject = proving.stands_for(token, OBJECTION, at)
        leaver = leavers.held(int(subject)) if subject else None
        found = _reported(leaver) if leaver else None
        session.expunge_all()
    return found


def of_member(member_ref: str) -> Reported | None:
    """Return what a company has reported of a member and is not over, or None. What waits for the staff to let it in is
    not told: it closes nothing yet."""
    leaver = leavers.open_of([member_ref]).get(member_ref) if member_ref else None
    return _reported(leaver) if leaver and leaver.reporter and leaver.telling != "HELD" else None


def object_by_link(token: str, words: str, origin: str, at: datetime) -> None:
    """Object as whoever has the mailed link. Raises CannotObject, WordsFault."""
    told = by_link(token, at)
    if told is None:
        raise CannotObject(None)
    object_to(told.leaver_id, words, By("STRANGER", "link", origin), at)


def object_as_member(member_ref: str, words: str, origin: str, at: datetime) -> None:
    """Object as the member who is signed in. Raises CannotObject, WordsFault."""
    told = of_member(member_ref)
    if told is None:
        raise CannotObject(None)
    object_to(told.leaver_id, words, By("MEMBER", member_ref, origin), at)


def object_to(leaver_id: int, words: str, by: By, at: datetime) -> None:
    """Keep an objection and stop the destruction. Raises CannotObject, WordsFault."""
    words = words.strip()
    fault = _words_fault(words)
    if fault:
        raise WordsFault(fault)
    with writing():
        # 1.
        leaver = leavers.held(leaver_id)
        stand = stand_of(leaver) if leaver else None
        # 2.
        if stand is Stand.OBJECTED:
            return
        if leaver is None or stand is not Stand.OPEN:
            raise CannotObject(stand)
        request = requests.of_ids([leaver.request_id])[0]
        # 3.
        sealed = None
        if words:
            try:
                seal = person_keys.make(leaver.member_ref, at)
            except KeyDestroyed:
                raise CannotObject(Stand.TOO_LATE) from None
            sealed = seal.seal("objections", "sealed", words, str(leaver.id))
        leavers.object_to(Objection(leaver_id=leaver.id, sealed=sealed, made_at=at))
        destructions.place_hold(
            Hold(
                member_ref=leaver.member_ref,
                kind=OBJECTION,
                reason=request.number,
                placed_by=by.ref,
                placed_at=at,
            )
        )
        _tell_staff(request.number, at)
        auditing.note(Deed.OBJECTION_MADE, by, at, subject=leaver.member_ref, about=request.number)


def stand_of(leaver: Leaver) -> Stand:
    """Return how a report stands for the person of this row."""
    if leaver.end == "TAKEN_BACK":
        return Stand.TAKEN_BACK
    if leaver.end == "WRONG":
        return Stand.UPHELD
    if leaver.end or leaver.ordered_at or destructions.refs_destroyed([leaver.member_ref]):
        return Stand.TOO_LATE
    objection = leavers.objections_of([leaver.id]).get(leaver.id)
    if objection is None:
        return Stand.OPEN
    return Stand.OBJECTED if objection.upheld is None else Stand.REJECTED


def _reported(leaver: Leaver) -> Reported:
    company = companies.of_ref(leaver.company_ref) if leaver.company_ref else None
    settings = cast(Settings, current_app.extensions["portal.settings"])
    return Reported(
        leaver_id=leaver.id,
        company=registering.company_of(company)["company_name"] if company else "",
        left_on=leaver.left_on,
        last_day=objection_ends_on(leaver.reported_on, settings.objection_days),
        number=requests.of_ids([leaver.request_id])[0].number,
        stand=stand_of(leaver),
    )


def _words_fault(words: str) -> Text | None:
    if len(words) > LONGEST:
        return TOO_LONG
    return NO_CONTROL if "\0" in words else forbidden(words)


def _tell_staff(number: str, at: datetime) -> None:
    for account_ref, address, language in accounts.addresses_of(Role.HANDLER):
        values = {"number": number, "link": mailing.link(f"/desk/requests/{number}/objections")}
        mailing.post("objection_received", address, values, key_ref=account_ref, language=language, at=at, about=number)
