"""Company admins: who may report for a company, and how such a right begins and ends.

A right holds only while all of this does, asked anew at each request: the account is active and has the role, and the
last check of the company verified it. Inviting, removing and ending are the staff's; an admin may remove another one.

Removing, in the order that is safety, in one transaction:
1. the accounts of the company's admins are held, in one order, so that two who remove each other come one by one,
2. whoever removes must still be an admin, and one active admin must stay,
3. the account is disabled with its session, links and role, and the deed is audited.
"""

from dataclasses import dataclass
from datetime import datetime

from portal.database import writing
from portal.policy.model import Language
from portal.records import accounts as kept
from portal.records import companies, company_events, leavers
from portal.records.accounts import Account
from portal.records.companies import Company as Row
from portal.rules import company as rules
from portal.rules.identifier import email_address
from portal.rules.leaving import WRONG_IN_A_ROW, ReportEnd, reports_blocked
from portal.rules.role import Role
from portal.services import accounts, registering
from portal.services.accounts import Person
from portal.services.auditing import By
from portal.services.registering import NUMBER
from portal.vault import person_keys


@dataclass(frozen=True)
class Company:
    """A company that was verified: its name, its number, and the domains at which its admins have their mail."""

    ref: str
    kind: str  # "CORPORATE" or "SOLE_TRADER"
    name: str
    number: str
    domains: tuple[str, ...]


class NotVerified(Exception):
    """The company was never verified, or its verification was revoked."""


class ElsewhereAddress(ValueError):
    """An address is at none of the company's `domains`."""

    def __init__(self, domains: tuple[str, ...]) -> None:
        self.domains = domains
        super().__init__("an address outside the company's mail domains")


class LastAdmin(Exception):
    """Nobody could report for the company any more."""


def company_of(account_ref: str) -> Company | None:
    """Return the company that an account may act for at this moment: None unless the account is an active admin's and
    the company is verified."""
    account = kept.of_ref(account_ref)
    if account is None or account.company_ref is None or account.state != "ACTIVE":
        return None
    if Role.COMPANY_ADMIN.value not in kept.roles_of(account_ref) or _is_reported(account):
        return None
    return verified(account.company_ref)


def _is_reported(account: Account) -> bool:
    """Tell whether the admin is a member who was reported as having left: their colleagues decide from then on."""
    [person] = accounts.opened([account])
    people = [one.ref for one in registering.of_email(person.email) if one.company_ref == account.company_ref]
    return bool(people and leavers.open_of(people))


def verified(company_ref: str) -> Company | None:
    """Return a company whose last check verified it, else None."""
    row, check = companies.of_ref(company_ref), company_events.last_check(company_ref)
    if row is None or check is None or check.deed != "VERIFIED":
        return None
    return _opened(row, domains_of(check))


def domains_of(check: company_events.CompanyEvent) -> tuple[str, ...]:
    """Return the mail domains that a check found."""
    facts = person_keys.seal_of(check.company_ref).open("company_events", "sealed", check.sealed, row_of(check))
    return tuple(facts["domains"])


def row_of(event: company_events.CompanyEvent) -> str:
    """Return what binds an event's seal to its row."""
    return f"{event.deed} {event.at.isoformat()}"


def admins_of(company_ref: str) -> list[Person]:
    """Return the active admins of a company, oldest first; nobody unless it is verified."""
    return [one for one in people_of(company_ref) if one.state == "ACTIVE"] if verified(company_ref) else []


def people_of(company_ref: str) -> list[Person]:
    """Return the admins of a company and those invited to be one, oldest first, verified or not."""
    return accounts.opened(kept.of_company(company_ref))


def is_last_admin(account_ref: str) -> bool:
    """Tell whether an account is the only active admin of its company."""
    account = kept.of_ref(account_ref)
    if account is None or account.company_ref is None:
        return False
    return [one.ref for one in kept.of_company(account.company_ref) if one.state == "ACTIVE"] == [account_ref]


def reports_go_to_staff(account_ref: str) -> bool:
    """Tell whether the next report of an account waits for the staff: its last two that ended were wrong, and nobody
    has cleared it since."""
    since = company_events.cleared_at(account_ref)
    ends = leavers.ends_of(account_ref, WRONG_IN_A_ROW, since=since)
    return reports_blocked([ReportEnd(end) for end in ends])


def invite(company_ref: str, email: str, name: str, by: By, at: datetime, language: Language) -> tuple[str, str]:
    """Invite somebody to be an admin of a verified company and mail a link; return (reference, token).

    Raises NotVerified, IdentifierFault, ElsewhereAddress, or accounts.Refused("KNOWN").
    """
    address = email_address(email)
    with writing():
        company = verified(company_ref)
        if company is None:
            raise NotVerified
        if not rules.is_at(address, company.domains):
            raise ElsewhereAddress(company.domains)
        return accounts.invite_held(
            address,
            name,
            (Role.COMPANY_ADMIN,),
            by,
            at,
            language,
            company_ref=company_ref,
            letter="admin_invite",
            values={"company": company.name},
        )


def end(company_ref: str, account_ref: str, by: By, at: datetime) -> None:
    """End the account of a company's admin for the staff, the last one too. Raises accounts.Refused("NOBODY")."""
    with writing():
        # 1.
        held = [account.ref for account in kept.held_of_company(company_ref)]
        if account_ref not in held:
            raise accounts.Refused("NOBODY")
        # 3.
        accounts.disable_held(account_ref, by, at)


def remove(account_ref: str, by: By, at: datetime) -> None:
    """End the account of an admin of one's own company, or one's own; `by` is an admin's.

    Raises accounts.Refused("NOBODY") for who is not an admin beside oneself, NotVerified when one's own right has
    ended meanwhile, or LastAdmin.
    """
    with writing():
        # 1.
        own = kept.of_ref(by.ref)
        held = kept.held_of_company(own.company_ref) if own and own.company_ref else ()
        # 2.
        if company_of(by.ref) is None:
            raise NotVerified
        if account_ref not in [account.ref for account in held]:
            raise accounts.Refused("NOBODY")
        if not [one for one in held if one.state == "ACTIVE" and one.ref != account_ref]:
            raise LastAdmin
        # 3.
        accounts.disable_held(account_ref, by, at)


def _opened(row: Row, domains: tuple[str, ...]) -> Company:
    facts = registering.company_of(row)
    return Company(row.ref, row.kind, facts["company_name"], facts[NUMBER], domains)
