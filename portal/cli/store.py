"""`portal store`: the tables of every store: bring them to the newest revision, check them, take one back."""

import os

import click

from ..holdings import host
from ..services import migrating
from ..settings import ConfigurationError, Settings
from . import portal_app


@click.group()
def store() -> None:
    """Make, check and change the tables of the stores."""


@store.command()
def upgrade() -> None:
    """Bring every store to the newest revision. Publishes the shipped policy where there is none."""
    try:
        changes = migrating.upgrade(_settings())
    except migrating.MigrationFailed as error:
        raise click.ClickException(str(error)) from error
    for change in changes:
        click.echo(_told(change))
    app = portal_app()
    with app.app_context():
        from .. import clock
        from ..services.publishing import publish_shipped

        for version in publish_shipped(clock.now()):
            click.echo(f"policy: {version} published")


@store.command()
def check() -> None:
    """Tell whether the stores are current and the host's map fits. Ends with status 1 when not."""
    states = migrating.states(_settings())
    for state in states:
        click.echo(f"{state.store}: {state.fault or f'at {state.revision}, the newest'} ({state.url})")
    settings = _settings()
    mapped = []
    if settings.host_map:
        try:
            mapped = host.map_faults(settings)
            click.echo("\n".join(mapped) or f"host: {settings.host_map} fits its tables")
        except host.Unreachable as error:
            click.echo(f"host: its database cannot be asked now ({error.why}); {settings.host_map} was not compared")
    if mapped or any(state.fault for state in states):
        raise SystemExit(1)


@store.command()
@click.argument("name", metavar="STORE", type=click.Choice(["main", "keys", "access", "separated"]))
@click.option("--to", "revision", default="base", show_default=True, help="The revision to go back to; base: none.")
@click.option("--dry-run", is_flag=True, help="Tell what would be destroyed, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade(name: str, revision: str, dry_run: bool, yes: bool) -> None:
    """Take STORE back to an older revision. What the undone revisions kept is destroyed."""
    settings = _settings()
    if name not in migrating.stores(settings):
        raise click.ClickException("Access records on SQLite have no tables to take back: they are files, one a day.")
    try:
        lines = migrating.undone_by(settings, name, revision)
        if not lines:
            click.echo(f"{name}: nothing to undo")
            return
        click.echo(f"{name}: to be undone, with what it keeps:")
        for line in lines:
            click.echo(f"  {line}")
        if dry_run:
            click.echo("Nothing was changed.")
            return
        if not yes:
            click.confirm("Destroy this?", abort=True)
        click.echo(_told(migrating.downgrade(settings, name, revision)))
    except migrating.MigrationFailed as error:
        raise click.ClickException(str(error)) from error


def _settings() -> Settings:
    try:
        return Settings.from_environ(os.environ)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


def _told(change: migrating.Change) -> str:
    if change.before == change.after:
        return f"{change.store}: at {change.after} already" if change.after else f"{change.store}: no tables"
    return f"{change.store}: {change.before or 'no tables'} -> {change.after or 'no tables'}"
