"""What an operator reads before any command does anything."""

import socket
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from portal.cli import COMMANDS, main
from portal.cli.serve import serve


@pytest.mark.parametrize("name", ["", *(name for name in COMMANDS if name != "serve")])
def test_the_list_of_commands_tells_each_in_a_whole_sentence(name: str) -> None:
    """No command is told in half a sentence where a terminal of 80 columns lists it."""
    listed = CliRunner().invoke(main, [name, "--help"] if name else ["--help"]).output.partition("Commands:")[2]

    assert listed
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_a_port_that_is_taken_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who serves where another program listens is told so, and which setting chooses another place."""
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path))
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORTAL_PUBLIC_URL", f"http://127.0.0.1:{port}")

        result = CliRunner().invoke(serve, [])

    assert result.exit_code == 1
    assert f"Nothing can listen at 127.0.0.1:{port}: Address already in use." in click.unstyle(result.output)
    assert "PORTAL_PUBLIC_URL=http://127.0.0.1:8001" in result.output
