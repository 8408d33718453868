"""`portal staff`: who works at the privacy desk. The first officer comes in this way, and a lost one comes back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
from flask import Flask

from portal.cli import portal_app
from portal.policy.model import LANGUAGES

PATIENCE_S = 5.0  # for another worker that hands the letter over
ROLES = ("handler", "officer", "auditor")
REFUSALS = {
    "NOBODY": "nobody has this address; see `portal staff list`",
    "KNOWN": "this address has an active account; `portal staff reset` sets its sign-in again",
    "DISABLED": "this account is disabled; `portal staff invite` makes it anew",
    "LAST_OFFICER": "this is the last active officer; invite another one first",
    "HELD": "the role is held already",
    "COMPANY": "this is the account of a company's admin; see the page of the company at the desk",
    "NOT_HELD": "the role is not held",
}


@click.group()
def staff() -> None:
    """People at the desk: accounts, roles, sessions (Article 8)."""


@contextmanager
def _at_work() -> Iterator[Flask]:
    """Give the portal, and tell a refusal in an operator's words."""
    from portal.rules.identifier import IdentifierFault
    from portal.services.accounts import Refused

    app = portal_app()
    with app.app_context():
        try:
            yield app
        except Refused as refused:
            raise click.ClickException(REFUSALS[refused.why]) from refused
        except IdentifierFault as fault:
            raise click.BadParameter(fault.reason.en, param_hint="--email") from fault


def _send(app: Flask, ref: str) -> None:
    """Hand the account's newest letter over now, and tell where it went. A portal that is serving may be at it
    already; then this waits a little for it."""
    from portal.services.delivering import deliver

    deliver(app)
    deadline = time.monotonic() + PATIENCE_S
    while (letter := _letter(app, ref)) and letter[1:] == ("WAITING", "") and time.monotonic() < deadline:
        time.sleep(0.1)
    settings = app.extensions["portal.settings"]
    name, state, fault = letter
    if state != "SENT":
        click.echo(f"Its letter waits in the outbox{f' ({fault})' if fault else ''}; `portal jobs run` tries again.")
    elif settings.smtp_url:
        click.echo("Its letter was handed to the mail server.")
    else:
        click.echo(f"No PORTAL_SMTP_URL is set, so the letter is a file: {settings.letters_dir / name}.eml")


def _letter(app: Flask, ref: str) -> tuple[str, str, str]:
    """Return the newest letter about an account, read afresh: its reference, state and fault."""
    from portal.records import mails

    with app.app_context():
        letter = mails.latest_about(ref)
        return (letter.ref, letter.state, letter.fault) if letter else ("", "", "")


def _on_a_person(deed: Callable[..., None]) -> Callable[..., None]:
    """Make a command that takes --email, called with the portal and the person it names."""

    @click.option("--email", required=True, help="The address of the account.")
    @wraps(deed)
    def run(email: str, **more: Any) -> None:
        from portal.services import accounts

        with _at_work() as app:
            person = accounts.of_email(email)
            if person is None:
                raise accounts.Refused("NOBODY")
            deed(app, person, **more)

    return run


@staff.command()
@click.option("--email", required=True, help="Where the link is mailed.")
@click.option("--name", required=True, help="As colleagues know this person.")
@click.option("--role", "roles", required=True, multiple=True, type=click.Choice(ROLES), help="May be given again.")
@click.option("--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Of mails.")
def invite(email: str, name: str, roles: tuple[str, ...], language: Any) -> None:
    """Mail somebody a link to come to the desk with. It sets a password and an authenticator app, and works once, for
    three days.

    Somebody who has not come yet is mailed another link.
    """
    from portal import clock
    from portal.rules.role import Role
    from portal.services import accounts
    from portal.services.auditing import OPERATOR

    if not name.strip():
        raise click.BadParameter("a name is needed", param_hint="--name")
    with _at_work() as app:
        given = [Role(role.upper()) for role in roles]
        ref, _ = accounts.invite(email, " ".join(name.split()), given, OPERATOR, clock.now(), language)
        click.echo(f"Invited {email} as {', '.join(roles)}.")
        _send(app, ref)


@staff.command("list")
def list_everyone() -> None:
    """List the accounts with their roles. Tells whether personal data is open to each today."""
    from portal import clock
    from portal.services import accounts, handling

    with _at_work():
        people = accounts.everyone()
        if not people:
            click.echo("Nobody yet; begin with `portal staff invite --role officer`.")
            return
        today = clock.seoul_day(clock.now())
        width = max(len(person.email) for person in people)
        for person in people:
            roles = ", ".join(sorted(role.lower() for role in person.roles)) or "no role"
            verdict = handling.verdict_of(person.ref, today)
            stand = f"open until {verdict.day}" if verdict.open else verdict.code.replace("_", " ").lower()
            click.echo(f"{person.email:{width}}  {person.state.lower():8}  {roles}; personal data: {stand}")


@staff.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would end.")
@_on_a_person
def disable(app: Flask, person: Any, dry_run: bool) -> None:
    """Disable an account for good. Its session, links, roles and designation end."""
    from portal import clock
    from portal.services import accounts
    from portal.services.auditing import OPERATOR

    roles = ", ".join(sorted(role.lower() for role in person.roles)) or "no role"
    if dry_run:
        click.echo(f"Would disable {person.email} ({person.state.lower()}; {roles}) and end any session. Did nothing.")
        return
    accounts.disable(person.ref, OPERATOR, clock.now())
    click.echo(f"Disabled {person.email}; ended: {roles}, any session, link and designation.")


@staff.command("revoke-sessions")
@_on_a_person
def revoke_sessions(app: Flask, person: Any) -> None:
    """Sign somebody out wherever signed in."""
    from portal import clock
    from portal.services import accounts
    from portal.services.auditing import OPERATOR

    accounts.end_session(person.ref, OPERATOR, clock.now())
    click.echo(f"Signed {person.email} out.")


@staff.command()
@click.option("--role", required=True, type=click.Choice(ROLES))
@_on_a_person
def grant(app: Flask, person: Any, role: str) -> None:
    """Give a role; it works after the next sign-in."""
    from portal import clock
    from portal.rules.role import Role
    from portal.services import accounts
    from portal.services.auditing import OPERATOR

    accounts.grant(person.ref, Role(role.upper()), OPERATOR, clock.now())
    click.echo(f"{person.email} is {role} now, after the next sign-in.")


@staff.command()
@click.option("--role", required=True, type=click.Choice(ROLES))
@_on_a_person
def revoke(app: Flask, person: Any, role: str) -> None:
    """Take a role away and sign the person out."""
    from portal import clock
    from portal.rules.role import Role
    from portal.services import accounts
    from portal.services.auditing import OPERATOR

    accounts.revoke(person.ref, Role(role.upper()), OPERATOR, clock.now())
    click.echo(f"{person.email} is no longer {role}, and signed out.")


@staff.command()
@_on_a_person
def reset(app: Flask, person: Any) -> None:
    """Clear a person's password and app, and mail a link. Both are worthless at once; the link sets new ones."""
    from portal import clock
    from portal.services import accounts
    from portal.services.auditing import OPERATOR

    accounts.reset(person.ref, OPERATOR, clock.now())
    click.echo(f"Cleared the sign-in of {person.email}.")
    _send(app, person.ref)
