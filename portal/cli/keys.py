"""`portal keys`: the wrapping keys, what is wrapped under them, and the key that the host signs its calls with."""

import os

import click

from portal.cli import portal_app
from portal.settings import ConfigurationError, Settings

SHOWN = 20


@click.group()
def keys() -> None:
    """Wrapping keys: add, re-wrap, check; where the host's key lies."""


@keys.command()
def new() -> None:
    """Make one more wrapping key. From now on new keys are wrapped under it; `portal keys rotate` takes the others."""
    from portal import clock
    from portal.services import keeping_keys

    with portal_app().app_context():
        try:
            path = keeping_keys.add_wrapping_key(clock.now())
        except FileExistsError as error:
            raise click.ClickException("another command has just made one; nothing was done") from error
    click.echo(f"{path} made. Back it up now, apart from the stores: what is wrapped under it opens with nothing else.")
    click.echo("Where several machines serve the portal, put it on each before anything else.")


@keys.command()
@click.option("--dry-run", is_flag=True, help="Tell how many keys would be re-wrapped, and change nothing.")
def rotate(dry_run: bool) -> None:
    """Wrap every key under the newest wrapping key. May be stopped and run again; nothing is sealed anew."""
    from portal import clock
    from portal.services import keeping_keys

    with portal_app().app_context():
        count = keeping_keys.waiting()
        if dry_run:
            click.echo(f"{count:,} keys would be re-wrapped. Nothing was changed.")
            return
        with click.progressbar(length=count, label="Re-wrapping") as bar:
            stand = keeping_keys.rotate(clock.now(), tell=bar.update)
    for number, done in sorted(stand.by_wrapping_key.items()):
        click.echo(f"{done:,} keys taken over from wrapping key {number}.")
    if not stand.by_wrapping_key and not stand.broken:
        click.echo("Every key is wrapped under the newest wrapping key already.")
    _refuse_broken(stand.broken)


@keys.command()
@click.option("--sweep", is_flag=True, help="Destroy the keys that nothing names.")
@click.option("--dry-run", is_flag=True, help="With --sweep: tell what would be destroyed, and destroy nothing.")
@click.option("--yes", is_flag=True, help="With --sweep: do not ask.")
def check(sweep: bool, dry_run: bool, yes: bool) -> None:
    """Open every key; tell which wrapping keys are needed. Tells also which keys nothing names. Ends with status 1 when
    a key does not open."""
    from portal import clock
    from portal.services import keeping_keys

    with portal_app().app_context():
        at = clock.now()
        with click.progressbar(length=keeping_keys.key_count(), label="Opening") as bar:
            found = keeping_keys.check(at, bar.update)
        for number, count in sorted(found.stand.by_wrapping_key.items()):
            newest = ", the newest" if number == found.newest else ""
            click.echo(f"wrapping key {number}{newest}: {count:,} keys")
        for path in found.unused.values():
            click.echo(f"{path}: no key of this store needs it; keep it until no backup does, then destroy it")
        click.echo(f"keys that nothing names: {len(found.orphans):,}")
        if sweep and found.orphans:
            if dry_run:
                click.echo("They would be destroyed. Nothing was changed.")
            else:
                if not yes:
                    click.confirm("Destroy them? Do not, while a store is restored from a backup", abort=True)
                with click.progressbar(length=len(found.orphans), label="Destroying") as bar:
                    done = keeping_keys.sweep(found.orphans, at, tell=bar.update)
                click.echo(f"{done:,} keys destroyed.")
    _refuse_broken(found.stand.broken)


@keys.command()
def api() -> None:
    """Print where the key lies with which the host signs. Never prints the key, and makes none."""
    try:
        path = Settings.from_environ(os.environ).secrets_dir / "api_key"
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    if not path.exists():
        raise click.ClickException(f"{path} is not there; the first `portal store upgrade` makes it")
    click.echo(path)


def _refuse_broken(broken: list[str]) -> None:
    if not broken:
        return
    for name in broken[:SHOWN]:
        click.echo(f"does not open: {name}", err=True)
    raise click.ClickException(
        f"{len(broken):,} keys do not open; put the backup of their wrapping key back into the folder of secrets"
    )
