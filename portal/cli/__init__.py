"""`portal`: every deed an operator can order, one module per command or group of commands.

Each is imported only when it is called, so that `portal policy check` needs no database.
"""

import os
from importlib import import_module

import click
from flask import Flask

COMMANDS = ("access", "audit", "consent", "jobs", "keys", "members", "policy", "retention", "serve", "staff", "store")


class LazyCommands(click.Group):
    """A group whose commands live in modules of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"portal.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run the privacy portal's duties from a shell."""


def portal_app(*, after_restore: bool = False) -> Flask:
    """Return the portal made from the environment, as the server would make it; for a replay also after a restore."""
    from portal import create_app
    from portal.settings import ConfigurationError, Settings

    try:
        return create_app(Settings.from_environ(os.environ), after_restore=after_restore)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
