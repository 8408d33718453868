"""Handling: who may handle personal data, since when and why, and who was trained when (Article 8).

The rules decide what follows from it (`rules.role`); nothing here can be changed afterwards, only followed by more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from portal.clock import seoul_day
from portal.database import writing
from portal.records import accounts, handlers
from portal.rules import role
from portal.rules.deed import Deed
from portal.rules.role import Verdict
from portal.services import auditing
from portal.services.auditing import By

UNKNOWN = role.may_see_personal_data(None, None, date.min)


class Refused(Exception):
    """What was asked does not fit what holds; `why` is a word, `day` the day it turns on."""

    def __init__(self, why: str, day: date | None = None) -> None:
        self.why, self.day = why, day
        super().__init__(why)


@dataclass(frozen=True)
class Handler:
    """What holds for one person on one day. `trained_on` and `course` are of the last course completed by then."""

    designation: role.Designation | None
    reason: str
    trained_on: date | None
    course: str
    next_due: date | None  # the first day on which that training no longer counts
    verdict: Verdict

    @property
    def is_designated(self) -> bool:
        return self.verdict.code not in ("NOT_DESIGNATED", "NOT_YET_DESIGNATED", "DESIGNATION_ENDED")


@dataclass(frozen=True)
class Entry:
    """One line of somebody's history: a designation, its end, or a course."""

    at: datetime
    deed: Deed
    day: date
    until: date | None
    words: str
    minutes: int | None
    given_by: str


def verdict_of(account_ref: str, today: date) -> Verdict:
    """Return whether personal data is open to this account `today`, a Seoul day, and why not."""
    return handler_of(account_ref, today).verdict


def handler_of(account_ref: str, today: date) -> Handler:
    """Return what holds for one account."""
    return _holding(handlers.designations(account_ref), handlers.trainings(account_ref), today)


def handlers_of_all(today: date) -> Mapping[str, Handler]:
    """Return what holds for everybody who was ever designated or trained, by account."""
    designations: dict[str, list[handlers.Designation]] = {}
    for row in handlers.designations():
        designations.setdefault(row.account_ref, []).append(row)
    trainings: dict[str, list[handlers.Training]] = {}
    for course in handlers.trainings():
        trainings.setdefault(course.account_ref, []).append(course)
    return {
        ref: _holding(designations.get(ref, ()), trainings.get(ref, ()), today)
        for ref in designations.keys() | trainings.keys()
    }


def history_of(account_ref: str) -> list[Entry]:
    """Return everything that was written about one account, newest first."""
    entries = [
        Entry(
            row.at,
            Deed.HANDLER_DESIGNATED if row.deed == "DESIGNATED" else Deed.DESIGNATION_ENDED,
            row.day,
            row.until,
            row.reason,
            None,
            row.given_by,
        )
        for row in handlers.designations(account_ref)
    ]
    entries += [
        Entry(row.at, Deed.HANDLER_TRAINED, row.trained_on, None, row.course, row.minutes, row.noted_by)
        for row in handlers.trainings(account_ref)
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def designate(account_ref: str, since: date, until: date | None, reason: str, by: By, at: datetime) -> None:
    """Designate an account as handler from `since` on, perhaps until a day that is set already.

    Raises Refused when nobody active has this reference, the days do not fit, or a designation holds.
    """
    with writing():
        account = accounts.held(account_ref)
        if account is None or account.state == "DISABLED":
            raise Refused("NOBODY")
        if until is not None and until <= max(since, seoul_day(at)):
            raise Refused("ENDS_BEFORE", since)
        if handler_of(account_ref, seoul_day(at)).is_designated:
            raise Refused("DESIGNATED")
        _designation(account_ref, "DESIGNATED", since, until, reason, by, at)
        days = {"since": since.isoformat(), "until": until.isoformat() if until else None}
        auditing.note(Deed.HANDLER_DESIGNATED, by, at, about=account_ref, facts=days)


def end(account_ref: str, reason: str, by: By, at: datetime) -> None:
    """End the designation of an account at once. Raises Refused when none holds or is to come."""
    with writing():
        accounts.held(account_ref)
        if not end_held(account_ref, reason, by, at):
            raise Refused("NOT_DESIGNATED")


def end_held(account_ref: str, reason: str, by: By, at: datetime) -> bool:
    """Do what `end` does inside the caller's transaction; False when there is nothing to end."""
    today = seoul_day(at)
    handler = handler_of(account_ref, today)
    if not handler.is_designated and handler.verdict.code != "NOT_YET_DESIGNATED":
        return False
    _designation(account_ref, "ENDED", today, None, reason, by, at)
    auditing.note(Deed.DESIGNATION_ENDED, by, at, about=account_ref, facts={"day": today.isoformat()})
    return True


def note_training(account_ref: str, course: str, trained_on: date, minutes: int, by: By, at: datetime) -> None:
    """Keep that an account completed a course. Raises Refused for an unknown account or a day that is still to come."""
    with writing():
        if accounts.of_ref(account_ref) is None:
            raise Refused("NOBODY")
        if trained_on > seoul_day(at):
            raise Refused("TO_COME", trained_on)
        handlers.add(
            handlers.Training(
                account_ref=account_ref,
                course=course,
                trained_on=trained_on,
                minutes=minutes,
                noted_by=by.ref,
                at=at,
            )
        )
        facts: dict[str, str | int] = {"day": trained_on.isoformat(), "minutes": minutes}
        auditing.note(Deed.HANDLER_TRAINED, by, at, about=account_ref, facts=facts)


def _designation(account_ref: str, deed: str, day: date, until: date | None, reason: str, by: By, at: datetime) -> None:
    handlers.add(
        handlers.Designation(
            account_ref=account_ref, deed=deed, day=day, until=until, reason=reason, given_by=by.ref, at=at
        )
    )


def _holding(
    designations: Iterable[handlers.Designation], trainings: Iterable[handlers.Training], today: date
) -> Handler:
    held, reason = None, ""
    for row in designations:  # the last one holds; an end takes the days of what it ends
        if row.deed == "DESIGNATED":
            held, reason = role.Designation(row.day, row.until), row.reason
        elif held is not None:
            held, reason = role.Designation(min(held.since, row.day), row.day), row.reason
    done = [row for row in trainings if row.trained_on <= today]
    last = done[-1] if done else None
    return Handler(
        designation=held,
        reason=reason,
        trained_on=last.trained_on if last else None,
        course=last.course if last else "",
        next_due=role.training_ends_on(last.trained_on) if last else None,
        verdict=role.may_see_personal_data(held, last.trained_on if last else None, today),
    )
