"""`portal access`: drain the journal into the access store, and sweep what has expired."""

import signal
import threading
from datetime import datetime
from types import FrameType

import click

from portal.cli import portal_app


@click.group()
def access() -> None:
    """Access records (Article 5): drain them, let them expire."""


@access.command()
@click.option(
    "--once/--follow", default=True, show_default=True, help="One pass, or a pass every interval until stopped."
)
def drain(once: bool) -> None:
    """Move this node's journal into the access store. Takes each record exactly once.

    On one box the portal does this by itself (PORTAL_DRAIN=thread). On many, run it with --follow on each.
    """
    from portal.records.access.emptying import pending_bytes
    from portal.services.draining import Drainer, drain_once

    app = portal_app()
    settings = app.extensions["portal.settings"]
    if not once:
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        drainer = Drainer(lambda: drain_once(app), settings.drain_interval_s)
        drainer.start()
        click.echo(f"Draining {settings.journal} every {settings.drain_interval_s:g} s; stop with Ctrl-C.")
        stop.wait()
        drainer.stop()
        click.echo("Stopped after a last pass.")
        return
    with click.progressbar(length=pending_bytes(settings.journal), label="Draining") as bar:
        done = drain_once(app, bar.update)
    if done.busy:
        raise click.ClickException("another drainer is at work on this journal; nothing was done")
    click.echo(f"{done.rows} records kept, {done.finished} segments finished.")
    if done.late:
        click.echo(f"{done.late} records of expired days were dropped.")
    if done.torn:
        click.echo(f"{done.torn} torn lines were passed over; the log names their places.")


@access.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The Seoul day to sweep for; today unless given.")
@click.option("--dry-run", is_flag=True, help="Tell what would be destroyed, and change nothing.")
def sweep(as_of: datetime | None, dry_run: bool) -> None:
    """Destroy the access records whose time is over. The day's key goes first, then its records."""
    from portal.services import expiring
    from portal.services.publishing import NothingInForce
    from portal.vault.day_keys import KeyLingers

    try:
        outcome = expiring.sweep(portal_app(), as_of.date() if as_of else None, dry_run=dry_run)
    except (expiring.TooEarly, NothingInForce, KeyLingers) as error:
        raise click.ClickException(str(error)) from error
    for expired in outcome.days:
        key = "with its key" if expired.had_key else "its key was destroyed before"
        click.echo(f"{expired.day}: {expired.records} records, {key}")
    deed = "would be destroyed" if dry_run else "destroyed"
    click.echo(f"As of {outcome.as_of}: {len(outcome.days)} days, {outcome.records} records {deed}.")
