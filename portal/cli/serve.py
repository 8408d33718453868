"""`portal serve`: the whole door on one address, with a server fit for its store."""

import os
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from portal.settings import ConfigurationError, Settings

THREADS = 8


class Door(BaseApplication):
    """gunicorn told by arguments instead of by a file."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application; called in each worker, so that nothing is carried over a fork."""
        from wsgi import application

        return application


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes; more than one needs PostgreSQL.",
)
@click.option("--threads", default=THREADS, show_default=True, type=click.IntRange(1, 256), help="Threads per process.")
def serve(bind: str, workers: int, threads: int) -> None:
    """Serve the host application and the portal behind the gate."""
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    if workers > 1 and settings.main_store.startswith("sqlite"):
        raise click.UsageError(
            "SQLite has one writing process: use --workers 1, or set PORTAL_MAIN_STORE to PostgreSQL."
        )
    host = settings.host_app or "the sample MateCost (its sign-in page lists the sample members)"
    click.echo(f"Serving {host} at http://{bind}/ with the portal at http://{bind}/privacy/. Stop with Ctrl-C.")
    Door(
        {
            "bind": bind,
            "workers": workers,
            "worker_class": "gthread",
            "threads": threads,
            "control_socket_disable": True,
        }
    ).run()
