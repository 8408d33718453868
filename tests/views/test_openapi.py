"""The description of the API is true: whatever it allows or forbids is answered as it says."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from werkzeug.serving import make_server

from portal.vault.calls import HEADER
from tests.fake_clock import FakeClock
from tests.members.calling import TOLD, Host

SIGN = "sign this"
CONFIG = {
    "headers": {HEADER: SIGN},
    "generation": {"max-examples": 100, "deterministic": True, "database": "none"},
    # 422 for a well-formed text: no schema can tell a check digit or a forbidden number.
    "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "401", "403", "409", "422"]}},
}


class Signing:
    """Signs, on its way to the portal, each call that asks for it in place of a signature."""

    def __init__(self, app: Flask, host: Host) -> None:
        self.app, self.host = app, host

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_PORTAL_SIGNATURE") == SIGN:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            signature = self.host.sign(body, environ["PATH_INFO"], environ["REQUEST_METHOD"])
            environ = {**environ, "wsgi.input": io.BytesIO(body), "HTTP_PORTAL_SIGNATURE": signature}
        return self.app(environ, start_response)


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve an application on the loopback and give its address."""
    server = make_server("127.0.0.1", 0, application)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_call_is_answered_as_described(app: Flask, clock: FakeClock) -> None:
    """Valid and invalid calls, signed and unsigned, get an answer whose status, type and form are described."""
    with served(Signing(app, Host(app, clock()))) as address:
        described = schemathesis.openapi.from_url(
            f"{address}/api/openapi.json", config=SchemathesisConfig.from_dict(CONFIG)
        )
        happened = list(from_schema(described).execute())

    told = [event for event in happened if isinstance(event, events.ScenarioFinished)]

    failures = [
        f"{failure.failure_info.failure.title}: {failure.failure_info.failure.message}\n{failure.code_sample}"
        for event in told
        for failures in event.recorder.checks.values()
        for failure in failures
        if failure.status is Status.FAILURE
    ]
    answered = {
        exchange.response.status_code
        for event in told
        for exchange in event.recorder.interactions.values()
        if exchange.response is not None
    }
    assert failures == []
    assert [event for event in happened if isinstance(event, events.NonFatalError | events.FatalError)] == []
    assert answered >= {200, 400, 401, 405, 409, 415, 422}


def test_the_description_is_of_what_judges(app: Flask) -> None:
    """The served document names every field with its bound, the version and the mount, and needs no signature."""
    document = app.test_client().get("/api/openapi.json").json

    assert document["openapi"] == "3.1.0"
    fields = document["components"]["schemas"]["NewMember"]
    assert set(fields["properties"]) == {*TOLD, "source"}
    assert fields["required"] == ["host_id", "email"]
    assert fields["additionalProperties"] is False
    assert fields["properties"]["host_id"]["maxLength"] == 200
    mounted = app.test_client().get("/api/openapi.json", environ_overrides={"SCRIPT_NAME": "/privacy"}).json
    assert mounted["servers"] == [{"url": "/privacy"}]
