"""The client that the documentation prints works as it stands."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from middleware import ConsentGate
from portal.records import members
from tests.members.calling import TOLD

PAGE = Path(__file__).parents[2] / "docs" / "members.md"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The portal under its mount behind the gate, on a real server, at the time of the machine; nobody is signed in."""
    app.extensions["portal.clock"] = lambda: datetime.fromtimestamp(time.time(), UTC)
    settings = app.extensions["portal.settings"]
    gate = ConsentGate(
        DispatcherMiddleware(_nothing, {"/privacy": app}),
        store=settings.main_store,
        journal=settings.journal,
        identify=lambda environ: None,
        digest_key=app.extensions["portal.secrets"].digest_key,
    )
    server = make_server("127.0.0.1", 0, gate)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    gate.close()


def test_the_printed_client_registers(app: Flask, address: str) -> None:
    """Ten lines of a host's program, run as they are printed, register a member; run again, they hear the same."""
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[0]
    program: dict[str, Any] = {}
    exec(code, program)
    key_file = app.extensions["portal.settings"].secrets_dir / "api_key"

    first, again = (program["register"](address, key_file, TOLD) for _ in range(2))

    assert first == again
    with app.app_context():
        assert members.of_host("7001").ref == first  # type: ignore[union-attr]


def _nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []
