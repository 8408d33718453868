"""`portal audit`: whether the audit chain is whole, its head to be kept elsewhere, and its rows."""

from datetime import datetime
from typing import TextIO

import click

from portal.cli import portal_app
from portal.clock import SEOUL
from portal.records.audit import AuditEvent
from portal.rules.mask import mask


@click.group()
def audit() -> None:
    """The audit chain: verify it, export its head, read it."""


@audit.command()
@click.option("--head", "head_file", type=click.File("r", "utf-8"), help="A head that `portal audit head` printed.")
def verify(head_file: TextIO | None) -> None:
    """Tell whether every row is as it was written. Names the first that is not, and ends with status 1."""
    from portal.rules.chain import Broken
    from portal.services import verifying
    from portal.vault.documents import NotGenuine

    with portal_app().app_context():
        try:
            expected = verifying.imported(head_file.read()) if head_file else None
        except (NotGenuine, UnicodeDecodeError) as error:
            raise click.ClickException(f"the head proves nothing: {error}") from error
        with click.progressbar(length=verifying.row_count(), label="Verifying") as bar:
            checked = verifying.check(expected, bar.update)
        verdict = checked.verdict
        if isinstance(verdict, Broken):
            click.echo(f"Broken at row {verdict.seq}: {verifying.WORDS[verdict.why]}.")
            if checked.event is not None:
                click.echo(f"It now says: {_told(checked.event)}")
            raise SystemExit(1)
    click.echo(f"Whole: {verdict.count:,} rows, the last is row {verdict.head.seq}, MAC {verdict.head.mac.hex()[:16]}.")
    if expected is not None:
        click.echo(f"It holds the exported head, row {expected.seq}.")
    else:
        click.echo("A tail that was cut off with the store's own head is found only with --head FILE.")


@audit.command()
def head() -> None:
    """Print the head of the chain, signed. Keep it where nobody who writes the store can reach it."""
    from portal import clock
    from portal.services import verifying

    with portal_app().app_context():
        click.echo(verifying.exported(clock.now()), nl=False)


@audit.command()
@click.option("--subject", default="", help="Rows about the member of this reference.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Rows from this Seoul day on.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
def show(subject: str, since: datetime | None, limit: int) -> None:
    """Print rows, newest first. References and codes, no personal data; the look itself is audited."""
    from portal import clock
    from portal.services import verifying

    with portal_app().app_context():
        start = since.replace(tzinfo=SEOUL) if since else None
        rows = verifying.shown(clock.now(), limit=limit, subject=subject, since=start)
        for row in rows:
            click.echo(_told(row))
        if not rows:
            click.echo("No rows.")


def _told(row: AuditEvent) -> str:
    parts = [
        f"{row.id:>7}",
        row.at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S"),
        f"{row.actor_kind.lower()}:{row.actor}",
        f"from {mask('ip_address', row.origin)}" if row.origin else "",
        row.deed,
        f"of {row.subject}" if row.subject else "",
        f"on {row.about}" if row.about else "",
        row.reason,
        row.facts if row.facts != "{}" else "",
    ]
    return "  ".join(filter(None, parts))
