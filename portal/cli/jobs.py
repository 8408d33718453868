"""`portal jobs`: what the portal does by itself: letters, reminders, sweeps."""

import signal
import threading
from types import FrameType

import click

from portal.cli import portal_app


@click.group()
def jobs() -> None:
    """Letters, reminders and nightly sweeps.

    On one box the portal runs them by itself (PORTAL_JOBS=thread). On many, run `portal jobs run` on one or more.
    """


@jobs.command()
@click.option("--once", is_flag=True, help="Run what is due and end; without it, go on until stopped.")
@click.option("--only", metavar="JOB", help="Run this one, whether it is due or not, and end.")
def run(once: bool, only: str | None) -> None:
    """Run the jobs that are due. Ends with status 1 when one failed."""
    from portal.services import jobs as portal_jobs

    app = portal_app()
    names = [job.name for job in portal_jobs.JOBS]
    if only is not None and only not in names:
        raise click.BadParameter(f"got {only!r}; expected one of: {', '.join(names)}", param_hint="--only")
    if not (once or only):
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        thread = portal_jobs.start_jobs(app)
        click.echo(f"Running {', '.join(names)} every {portal_jobs.INTERVAL_S:g} s; stop with Ctrl-C.")
        stop.wait()
        thread.stop()
        click.echo("Stopped after a last turn.")
        return
    ran = portal_jobs.run_due(app, click.echo, only=only)
    for one in ran:
        told = ", ".join(f"{name} {count}" for name, count in one.outcome.items())
        click.echo(f"{one.job}: {f'failed ({one.fault})' if one.fault else told or 'nothing to do'}")
    settings = app.extensions["portal.settings"]
    if not settings.smtp_url and any(one.outcome.get("sent") for one in ran):
        click.echo(f"No PORTAL_SMTP_URL is set: letters were laid in {settings.letters_dir}.")
    if any(one.fault for one in ran):
        raise SystemExit(1)


@jobs.command(name="list")
def list_jobs() -> None:
    """Tell every job and when it last ran."""
    from portal.records import runs
    from portal.services import jobs as portal_jobs

    with portal_app().app_context():
        for job in portal_jobs.JOBS:
            last = runs.newest_first(job.name, 1) if job.daily else []
            when = "at every turn" if not job.daily else f"last for {last[0].as_of}" if last else "never yet"
            click.echo(f"{job.name}: {job.words}; {when}")


@jobs.command()
def letters() -> None:
    """Tell how many letters wait, were sent, and were given up."""
    from portal.records import mails

    with portal_app().app_context():
        counts = mails.counts()
    for state in ("WAITING", "SENT", "DEAD", "CANCELLED"):
        click.echo(f"{state.lower()}: {counts.get(state, 0)}")
