"""`portal retention`: what must be gone, and stay gone."""

import click

from portal.cli import portal_app


@click.group()
def retention() -> None:
    """Destroyed data stays destroyed, also after a restore."""


@retention.command()
@click.option("--dry-run", is_flag=True, help="Tell who has come back, by reference, and change nothing.")
def replay(dry_run: bool) -> None:
    """Destroy again whoever a restored main store has brought back. The portal does not serve until this has run."""
    from portal import clock
    from portal.services import destroying, replaying

    app = portal_app(after_restore=True)
    with app.app_context():
        back = replaying.come_back()
        for stone in back:
            click.echo(f"{stone.member_ref}: destroyed {clock.seoul_day(stone.at)}, ledger of {stone.destruction_ref}")
        if dry_run:
            click.echo(f"{len(back)} tombstones to replay. Nothing was changed.")
            return
        again, nobody = replaying.replay(clock.now())
    click.echo(f"{again} people are destroyed again, {nobody} tombstones found nobody.")
    passed = destroying.destroy_due(app, click.echo)
    click.echo(f"{passed.done} steps done, {passed.put_off} put off, {passed.attention} need attention.")
    if passed.put_off or passed.attention:
        raise SystemExit(1)
