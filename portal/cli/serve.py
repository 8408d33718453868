"""`portal serve`: the whole door on one address, with a server fit for its store."""

import os
import socket
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import click
from gunicorn.app.base import BaseApplication
from gunicorn.util import parse_address

from portal.settings import ConfigurationError, Settings

THREADS = 8
LOOPBACK = ("127.0.0.1", "localhost")


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
@click.option(
    "--bind", help="Address and port to listen on; else PORTAL_PUBLIC_URL's on this machine, or 127.0.0.1:8000."
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes; more than one needs PostgreSQL.",
)
@click.option("--threads", default=THREADS, show_default=True, type=click.IntRange(1, 256), help="Threads per process.")
def serve(bind: str | None, workers: int, threads: int) -> None:
    """Serve the host application and the portal behind the gate."""
    try:
        settings = Settings.from_environ(os.environ)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    if workers > 1 and settings.main_store.startswith("sqlite"):
        raise click.UsageError(
            "SQLite has one writing process: use --workers 1, or set PORTAL_MAIN_STORE to PostgreSQL."
        )
    bind = bind or _address(settings.public_url)
    _must_be_free(bind)
    host = settings.host_app or "the sample MateCost (its sign-in page lists the sample members)"
    click.echo(f"Serving {host} at http://{bind}/ with the portal at http://{bind}/privacy/. Stop with Ctrl-C.")
    if urlsplit(settings.public_url).hostname in LOOPBACK and bind != _address(settings.public_url):
        click.echo(f"Links in letters lead to {settings.public_url}; PORTAL_PUBLIC_URL changes that.")
    Door(
        {
            "bind": bind,
            "workers": workers,
            "worker_class": "gthread",
            "threads": threads,
            "control_socket_disable": True,
        }
    ).run()


def _address(public_url: str) -> str:
    """Return where a site is served that is reached at `public_url`: there, when that is this machine itself."""
    url = urlsplit(public_url)
    return f"127.0.0.1:{url.port or 80}" if url.scheme == "http" and url.hostname in LOOPBACK else "127.0.0.1:8000"


def _must_be_free(bind: str) -> None:
    """Refuse an address at which nothing can listen, before a server tries again and again."""
    try:
        address = parse_address(bind)
        if not isinstance(address, tuple):
            return  # a socket's path or a descriptor, which the server judges
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with closing(socket.socket(family)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, RuntimeError) as error:
        why = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise click.ClickException(
            f"Nothing can listen at {bind}: {why}. Choose another address, such as PORTAL_PUBLIC_URL=http://127.0.0.1:8001"
        ) from error
