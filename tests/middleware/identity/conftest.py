"""Builders for the adapters' tests: an environ as a WSGI server makes it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def an_environ() -> Callable[..., dict[str, Any]]:
    """Return a builder of environs; `cookie` is the whole Cookie header, other names are environ keys."""

    def build(cookie: str | None = None, path: str = "/", **more: Any) -> dict[str, Any]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "matecost.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "matecost.example",
            "HTTP_USER_AGENT": "Test/1.0",
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(b""),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if cookie is not None:
            environ["HTTP_COOKIE"] = cookie
        environ.update(more)
        return environ

    return build


class Clock:
    """A clock for everything that asks `time.time()`; seconds since 1970-01-01 UTC."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Put a clock that only moves when told in the place of `time.time`."""
    clock = Clock()
    monkeypatch.setattr("time.time", clock)
    return clock
