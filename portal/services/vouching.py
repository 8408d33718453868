"""Vouching: the staff check that a company is the one it says, and whose mail is its mail; the last check holds.

Each deed is one transaction that holds the company, so that of two at once the second sees the first, and is one more
row of a history that only grows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from portal.clock import seoul_day
from portal.database import writing
from portal.records import accounts as kept
from portal.records import companies, company_events, members
from portal.records.companies import Company as Row
from portal.records.company_events import CompanyEvent
from portal.rules.company import How
from portal.rules.deed import Deed
from portal.rules.identifier import IdentifierFault, business_number
from portal.services import auditing, company_admins, registering
from portal.services.accounts import Person
from portal.services.auditing import By
from portal.services.page import PAGE
from portal.services.registering import NUMBER
from portal.vault import person_keys


@dataclass(frozen=True)
class Found:
    """What a check found: the number on the paper, by what and when it was checked, the mail domains, which paper."""

    number: str
    how: How
    day: date
    domains: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Line:
    """One company in a list. `is_verified` is None where nobody has checked it yet."""

    ref: str
    kind: str
    name: str
    number: str
    is_verified: bool | None
    members: int
    admins: int


@dataclass(frozen=True)
class Entry:
    """One event of a company's history, opened."""

    deed: str
    how: str
    day: date
    domains: tuple[str, ...]
    words: str
    account_ref: str
    noted_by: str
    at: datetime


@dataclass(frozen=True)
class Seen:
    """One company: its line, its history newest first, its admins and whose reports wait for the staff."""

    line: Line
    history: tuple[Entry, ...]
    people: tuple[Person, ...]
    blocked: frozenset[str]


class Refused(Exception):
    """What was asked cannot be done; `why`: "NOBODY", "OTHER_NUMBER", "TO_COME", "NOT_VERIFIED" or "NOT_BLOCKED"."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def page(number: int) -> tuple[list[Line], int]:
    """Return one page of the companies, the newest first, and how many there are in all."""
    rows, total = companies.page(limit=PAGE, offset=(number - 1) * PAGE)
    return _lines(rows), total


def found(number: str) -> str:
    """Return the reference of the company with exactly this registration number, however written; "" for none."""
    row = registering.company_numbered(number)
    return row.ref if row else ""


def seen(company_ref: str) -> Seen | None:
    """Return what is known of a company."""
    row = companies.of_ref(company_ref)
    if row is None:
        return None
    people = tuple(company_admins.people_of(company_ref))
    return Seen(
        _lines([row])[0],
        tuple(_entry(event) for event in company_events.of_company(company_ref)),
        people,
        frozenset(one.ref for one in people if company_admins.reports_go_to_staff(one.ref)),
    )


def verify(company_ref: str, check: Found, by: By, at: datetime) -> None:
    """Keep that a company was checked and found to be itself. Raises Refused: "OTHER_NUMBER" when the paper names
    another registration number than the members of this company gave."""
    with writing():
        row = _held(company_ref)
        try:
            is_same = business_number(check.number) == registering.company_of(row)[NUMBER]
        except IdentifierFault:
            is_same = False
        if not is_same:
            raise Refused("OTHER_NUMBER")
        if check.day > seoul_day(at):
            raise Refused("TO_COME")
        _add(row, "VERIFIED", check.words, by, at, how=check.how.value, day=check.day, domains=check.domains)
        auditing.note(Deed.COMPANY_VERIFIED, by, at, about=company_ref, facts={"how": check.how.value})


def revoke(company_ref: str, words: str, by: By, at: datetime) -> None:
    """Take a verification back: the company's admins see and do nothing from their next request on. Raises Refused."""
    with writing():
        row = _held(company_ref)
        if company_admins.verified(company_ref) is None:
            raise Refused("NOT_VERIFIED")
        _add(row, "REVOKED", words, by, at)
        auditing.note(Deed.COMPANY_REVOKED, by, at, about=company_ref)


def clear_reports(company_ref: str, account_ref: str, words: str, by: By, at: datetime) -> None:
    """Take an admin's reports at their word again. Raises Refused."""
    with writing():
        row = _held(company_ref)
        if account_ref not in [account.ref for account in kept.of_company(company_ref)]:
            raise Refused("NOBODY")
        if not company_admins.reports_go_to_staff(account_ref):
            raise Refused("NOT_BLOCKED")
        _add(row, "REPORTS_CLEARED", words, by, at, account_ref=account_ref)
        auditing.note(Deed.REPORTS_CLEARED, by, at, about=account_ref)


def _held(company_ref: str) -> Row:
    row = companies.held(company_ref)
    if row is None:
        raise Refused("NOBODY")
    return row


def _add(
    row: Row,
    deed: str,
    words: str,
    by: By,
    at: datetime,
    *,
    how: str = "",
    day: date | None = None,
    domains: Collection[str] = (),
    account_ref: str | None = None,
) -> None:
    event = CompanyEvent(
        company_ref=row.ref,
        deed=deed,
        how=how,
        day=day or seoul_day(at),
        account_ref=account_ref,
        noted_by=by.ref,
        at=at,
    )
    facts = {"domains": list(domains), "words": words}
    event.sealed = person_keys.seal_of(row.ref).seal("company_events", "sealed", facts, company_admins.row_of(event))
    company_events.add(event)


def _lines(rows: Collection[Row]) -> list[Line]:
    refs = [row.ref for row in rows]
    checks = company_events.last_checks(refs)
    people, admins = members.count_by_company(refs), kept.count_by_company(refs)
    return [_line(row, checks.get(row.ref), people, admins) for row in rows]


def _line(row: Row, check: CompanyEvent | None, people: Mapping[str, int], admins: Mapping[str, int]) -> Line:
    facts = registering.company_of(row)
    is_verified = None if check is None else check.deed == "VERIFIED"
    name, number = facts["company_name"], facts[NUMBER]
    return Line(row.ref, row.kind, name, number, is_verified, people.get(row.ref, 0), admins.get(row.ref, 0))


def _entry(event: CompanyEvent) -> Entry:
    seal = person_keys.seal_of(event.company_ref)
    facts = seal.open("company_events", "sealed", event.sealed, company_admins.row_of(event))
    return Entry(
        deed=event.deed,
        how=event.how,
        day=event.day,
        domains=tuple(facts["domains"]),
        words=facts["words"],
        account_ref=event.account_ref or "",
        noted_by=event.noted_by,
        at=event.at,
    )
