"""Accounts: who works here, under which address and with which roles; inviting, resetting and disabling.

Whatever takes something away from somebody ends that person's session in the same transaction.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import current_app

from portal.clock import SEOUL
from portal.database import writing
from portal.policy.model import Language
from portal.records import accounts, leavers, proofs, sessions
from portal.records.accounts import Account, RoleGrant
from portal.records.members import new_ref
from portal.rules.deed import Deed
from portal.rules.identifier import IdentifierFault, email_address, index_form
from portal.rules.role import Role
from portal.services import auditing, handling, mailing, proving
from portal.services.auditing import SYSTEM, By
from portal.vault import person_keys
from portal.vault.blind_index import BlindIndex
from portal.vault.profiles import SubjectSeal

LINK_LASTS = timedelta(days=3)
GIVEN_HERE = (Role.HANDLER, Role.OFFICER, Role.AUDITOR)


@dataclass(frozen=True)
class Person:
    """One account, opened. `state` is "INVITED", "ACTIVE" or "DISABLED"."""

    ref: str
    email: str
    name: str
    language: Language
    state: str
    roles: frozenset[Role]
    made_at: datetime
    company_ref: str | None = None  # of a company's admin


class Refused(Exception):
    """What was asked cannot be done; `why`: "KNOWN", "NOBODY", "DISABLED", "LAST_OFFICER", "HELD", "NOT_HELD" or
    "COMPANY"."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def everyone() -> list[Person]:
    """Return everybody who was ever invited, oldest first."""
    return _opened(accounts.everyone(), accounts.roles_of_all())


def opened(some: Collection[Account]) -> list[Person]:
    """Return the people of these accounts, without their roles."""
    return _opened(some, {})


def of_ref(ref: str) -> Person | None:
    """Return the person of this reference."""
    account = accounts.of_ref(ref)
    people = _opened([account], {ref: accounts.roles_of(ref)}) if account else []
    return people[0] if people else None


def of_email(email: str) -> Person | None:
    """Return the person with this address, however written."""
    account = account_of_email(email)
    return of_ref(account.ref) if account else None


def of_emails(emails: Collection[str]) -> dict[str, Account]:
    """Return the accounts with these addresses, by the address as it was given."""
    indexes = {email: email_index(email) for email in emails}
    found = {account.email_index: account for account in accounts.of_emails(set(indexes.values()))}
    return {email: found[index] for email, index in indexes.items() if index in found}


def names_of(refs: Collection[str]) -> dict[str, str]:
    """Return the names of accounts, by reference, for a page that tells who did something; none of a forgotten one."""
    return {person.ref: person.name for person in _opened(accounts.of_refs(refs), {})}


def addresses_of(role: Role) -> list[tuple[str, str, Language]]:
    """Return (reference, address, language) of everybody active who holds `role`, for a notice to them."""
    return [
        (person.ref, person.email, person.language)
        for person in everyone()
        if person.state == "ACTIVE" and role in person.roles
    ]


@dataclass(frozen=True)
class Grant:
    """A role given ("GRANTED") or taken away ("REVOKED"), by whom and when."""

    role: str
    deed: str
    given_by: str
    at: datetime


def grants_of(ref: str) -> list[Grant]:
    """Return the roles given to and taken from an account, oldest first."""
    return [Grant(row.role, row.deed, row.given_by, row.at) for row in accounts.grants_of(ref)]


def account_of_email(email: str) -> Account | None:
    """Return the account with this address, however written; None for what is no address."""
    try:
        return accounts.of_email(email_index(email))
    except IdentifierFault:
        return None


def email_index(email: str) -> bytes:
    """Return the blind index of an account's address. Raises IdentifierFault."""
    index = BlindIndex(current_app.extensions["portal.secrets"].index_key)
    return index.of("account", index_form("email", email))


def seal_of(account: Account) -> SubjectSeal:
    """Return what seals the data of one account."""
    return person_keys.seal_of(account.ref)


def invite(
    email: str, name: str, roles: Iterable[Role], by: By, at: datetime, language: Language = "ko"
) -> tuple[str, str]:
    """Make an account, or one that was disabled anew, and mail a link to it; return (reference, token).

    Somebody who was invited and has not come is mailed another link, and the earlier one ends.
    Raises IdentifierFault for what is no address, Refused("KNOWN") for somebody who is active.
    """
    with writing():
        return invite_held(email, name, roles, by, at, language)


def invite_held(
    email: str,
    name: str,
    roles: Iterable[Role],
    by: By,
    at: datetime,
    language: Language,
    *,
    company_ref: str | None = None,
    letter: str = "staff_invite",
    values: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """Do what `invite` does inside the caller's transaction. `company_ref` makes the account one of that company's
    admin; `letter` brings the link, with `values` of its own. Nobody is both staff and a company's admin, nor the
    admin of two companies: whoever was invited as something else is KNOWN."""
    address, index = email_address(email), email_index(email)
    facts = {"email": address, "name": name, "language": language}
    ref = _invited(index, facts, company_ref, at)
    held = accounts.roles_of(ref)
    wanted = [role for role in roles if role.value not in held]
    for role in wanted:
        _grant(ref, role, "GRANTED", by, at)
    proofs.end_all("RESET", ref, at)
    token = proving.issue_link("INVITE", ref, at, LINK_LASTS)
    write(ref, letter, at, {"link": _link(token), "until": said(at + LINK_LASTS), **(values or {})})
    auditing.note(Deed.STAFF_INVITED, by, at, about=ref)
    for role in wanted:
        auditing.note(Deed.ROLE_GRANTED, by, at, about=ref, facts={"role": role.value})
    return ref, token


def reset(ref: str, by: By, at: datetime) -> str:
    """Make both factors of an account worthless and mail a link that sets new ones; return its token.

    Raises Refused("NOBODY") or Refused("DISABLED").
    """
    with writing():
        account = _held(ref)
        accounts.change(
            ref, at, state="INVITED", password_hash=None, totp=None, totp_step=None, failures=0, locked_until=None
        )
        sessions.end_all("STAFF", ref)
        token = proving.issue_link("RESET", ref, at, LINK_LASTS)
        proofs.end_all("INVITE", ref, at)
        write(ref, "staff_reset", at, {"link": _link(token), "until": said(at + LINK_LASTS)})
        auditing.note(Deed.FACTORS_RESET, by, at, about=account.ref)
        return token


def grant(ref: str, role: Role, by: By, at: datetime) -> None:
    """Give a role of the staff. Raises Refused: "NOBODY", "DISABLED", "HELD", or "COMPANY" for a company's admin."""
    with writing():
        if _held(ref).company_ref is not None:
            raise Refused("COMPANY")
        if role.value in accounts.roles_of(ref):
            raise Refused("HELD")
        _grant(ref, role, "GRANTED", by, at)
        sessions.end_all("STAFF", ref)
        auditing.note(Deed.ROLE_GRANTED, by, at, about=ref, facts={"role": role.value})


def revoke(ref: str, role: Role, by: By, at: datetime) -> None:
    """Take a role away and end the session. Raises Refused("NOBODY"), ("NOT_HELD") or ("LAST_OFFICER")."""
    with writing():
        _held(ref)
        if role.value not in accounts.roles_of(ref):
            raise Refused("NOT_HELD")
        _keep_an_officer(ref, {role.value})
        _grant(ref, role, "REVOKED", by, at)
        sessions.end_all("STAFF", ref)
        auditing.note(Deed.ROLE_REVOKED, by, at, about=ref, facts={"role": role.value})


def disable(ref: str, by: By, at: datetime) -> None:
    """Disable an account for good: its session, links, roles and designation end with it.

    Raises Refused("NOBODY"), ("DISABLED") or ("LAST_OFFICER").
    """
    with writing():
        disable_held(ref, by, at)


def disable_held(ref: str, by: By, at: datetime) -> None:
    """Do what `disable` does inside the caller's transaction. Raises as `disable`."""
    _held(ref)
    roles = sorted(accounts.roles_of(ref))
    _keep_an_officer(ref, set(roles))
    accounts.change(ref, at, state="DISABLED", password_hash=None, totp=None, totp_step=None)
    sessions.end_all("STAFF", ref)
    proofs.end_all("INVITE", ref, at)
    proofs.end_all("RESET", ref, at)
    for role in roles:
        _grant(ref, Role(role), "REVOKED", by, at)
    handling.end_held(ref, "", by, at)
    auditing.note(Deed.STAFF_DISABLED, by, at, about=ref)
    for role in roles:
        auditing.note(Deed.ROLE_REVOKED, by, at, about=ref, facts={"role": role})


def forget_held(refs: Iterable[str], at: datetime) -> None:
    """Blank accounts whose keys are destroyed, inside the caller's transaction, and where their reports were to be
    answered. The row stays, for what was done under its reference, and leads to nobody. One that was opened anew
    meanwhile is disabled first."""
    for ref in refs:
        account = accounts.held(ref)
        if account is not None:
            if account.state != "DISABLED":
                disable_held(ref, SYSTEM, at)
            accounts.change(ref, at, sealed=b"", email_index=ref.encode())
            leavers.forget_reporter(ref)


def end_session(ref: str, by: By, at: datetime) -> None:
    """Sign an account out, wherever it is signed in. Raises Refused("NOBODY")."""
    with writing():
        if accounts.held(ref) is None:
            raise Refused("NOBODY")
        sessions.end_all("STAFF", ref)
        auditing.note(Deed.SIGNED_OUT, by, at, about=ref)


def write(ref: str, letter: str, at: datetime, values: dict[str, str]) -> None:
    """Write a letter to the holder of an account, in that person's language, inside the caller's transaction."""
    person = of_ref(ref)
    if person is not None:
        mailing.post(
            letter,
            person.email,
            {"name": person.name, **values},
            key_ref=ref,
            language=person.language,
            at=at,
            about=ref,
        )


def said(at: datetime) -> str:
    """Return a moment as letters tell it, in Seoul time."""
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}"


def _link(token: str) -> str:
    return mailing.link(f"/desk/join?token={token}")


def _invited(index: bytes, facts: dict[str, str], company_ref: str | None, at: datetime) -> str:
    """Return the reference of the account with this address, now invited, held until the transaction ends."""
    known = accounts.of_email(index)
    account = accounts.held(known.ref) if known else None
    if account is None:
        seal = person_keys.make(new_ref(), at)
        sealed = seal.seal("accounts", "sealed", facts)
        if not accounts.add(seal.ref, index, sealed, at, company_ref=company_ref):
            raise Refused("KNOWN")
        return seal.ref
    if account.state == "ACTIVE" or (account.state == "INVITED" and account.company_ref != company_ref):
        raise Refused("KNOWN")
    seal = seal_of(account)
    sealed = seal.seal("accounts", "sealed", facts)
    accounts.change(seal.ref, at, state="INVITED", sealed=sealed, company_ref=company_ref)
    return seal.ref


def _held(ref: str) -> Account:
    account = accounts.held(ref)
    if account is None:
        raise Refused("NOBODY")
    if account.state == "DISABLED":
        raise Refused("DISABLED")
    return account


def _keep_an_officer(ref: str, lost: set[str]) -> None:
    """Raise Refused when nobody could invite or designate any more."""
    if Role.OFFICER.value not in lost:
        return
    officers = {holder for holder, roles in accounts.roles_of_all().items() if Role.OFFICER.value in roles}
    active = {account.ref for account in accounts.everyone() if account.state == "ACTIVE"}
    if not (officers & active) - {ref}:
        raise Refused("LAST_OFFICER")


def _grant(ref: str, role: Role, deed: str, by: By, at: datetime) -> None:
    accounts.grant(RoleGrant(account_ref=ref, role=role.value, deed=deed, given_by=by.ref, at=at))


def _opened(some: Iterable[Account], roles: dict[str, set[str]]) -> list[Person]:
    found = list(some)
    seals = person_keys.seals_of(account.ref for account in found)
    people = []
    for account in found:
        if account.ref in seals:
            facts = seals[account.ref].open("accounts", "sealed", account.sealed)
            people.append(
                Person(
                    ref=account.ref,
                    email=facts["email"],
                    name=facts["name"],
                    language=cast(Language, facts["language"]),
                    state=account.state,
                    roles=frozenset(Role(role) for role in roles.get(account.ref, ())),
                    made_at=account.made_at,
                    company_ref=account.company_ref,
                )
            )
    return people
