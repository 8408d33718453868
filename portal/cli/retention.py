"""`portal retention`: what must be gone, and stay gone."""

from datetime import datetime

import click

from portal.cli import portal_app


@click.group()
def retention() -> None:
    """Destroy what is kept no longer; after a restore, again."""


@retention.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The Seoul day to sweep for; today unless given.")
@click.option("--dry-run", is_flag=True, help="Tell what would be destroyed, under which rule, and change nothing.")
def sweep(as_of: datetime | None, dry_run: bool) -> None:
    """Destroy what Article 5 keeps no longer. Goes rule by rule, each with its line in the ledger.

    Ends with status 1 when something was refused: a category that no version of the policy names, or a rule that
    failed. The portal does this by itself every night.
    """
    from portal.services import reckoning, sweeping
    from portal.services.publishing import NothingInForce

    app = portal_app()
    try:
        outcome = sweeping.sweep(
            app, as_of.date() if as_of else None, dry_run=dry_run, tell=lambda line: click.echo(line, err=True)
        )
        with app.app_context():
            words = reckoning.words_of_rules(app.extensions["portal.clock"]())
    except (sweeping.TooEarly, sweeping.SweepFailed, NothingInForce) as error:
        raise click.ClickException(str(error)) from error
    deed = "would be destroyed" if dry_run else "destroyed"
    for one in outcome.rules:
        if one.fault:
            click.echo(f"{one.rule}: REFUSED, no version of the policy names this category; nothing of it was touched")
            continue
        told = [f"{one.gone} {deed}", f"{one.held} held"]
        told += [f"{one.overdue} of them overdue"] if one.overdue else []
        told += [f"{count} of them also under {shorter}" for shorter, count in one.also]
        told += [f"ledger {', '.join(one.numbers)}"] if one.numbers else []
        click.echo(f"{one.rule} ({words[one.rule]}): {', '.join(told)}")
    click.echo(f"As of {outcome.as_of}: {outcome.gone} records {deed}.")
    if outcome.faults:
        raise SystemExit(1)


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
