"""The client that the documentation prints works as it stands."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from middleware import ConsentGate
from portal.records import disclosures, members
from tests.fixtures_portal import Browser
from tests.members.calling import TOLD

DOCS = Path(__file__).parents[2] / "docs"


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
    program = printed("members.md")
    key_file = app.extensions["portal.settings"].secrets_dir / "api_key"

    first, again = (program["register"](address, key_file, TOLD) for _ in range(2))

    assert first == again
    with app.app_context():
        assert members.of_host("7001").ref == first  # type: ignore[union-attr]


def test_the_printed_client_discloses(
    app: Flask, browser: Callable[..., Browser], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The billing run's program, as it is printed, returns for a member who has agreed and raises for anybody else;
    the refusal says what to do."""
    browser("gaon-1001").agree()
    monkeypatch.chdir(app.extensions["portal.settings"].instance.parent)
    printed("processors.md", **{"http://127.0.0.1:8000": address})

    with app.app_context():
        row = disclosures.of_reference("charge-2026-11-0001")
        assert row is not None
        assert (row.verdict, row.items) == ("ALLOWED", "card_number,card_expiry")
    with pytest.raises(HTTPError) as refused:
        printed("processors.md", **{"http://127.0.0.1:8000": address, "gaon-1001": "nobody", "11-0001": "11-0002"})
    told = json.load(refused.value)
    assert (refused.value.code, told["code"]) == (403, "NOBODY")
    assert "host_id" in told["detail"]


def printed(page: str, **instead: str) -> dict[str, Any]:
    """Run the longest program of a page with some words replaced; return what it defines."""
    code = max(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL), key=len)
    for words, others in instead.items():
        code = code.replace(words, others)
    program: dict[str, Any] = {}
    exec(code, program)
    return program


def _nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []
