"""pypiserver behind the gate, with pip itself as the client."""

import base64
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from .conftest import GateStore
from .serving import Asked, Counted, served

NAME = "matecost_sample-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: matecost-sample\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with one tiny wheel."""
    folder = tmp_path / "packages"
    folder.mkdir()
    with zipfile.ZipFile(folder / NAME, "w") as wheel:
        wheel.writestr("matecost_sample.py", "COST = 1\n")
        wheel.writestr("matecost_sample-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("matecost_sample-1.0.dist-info/WHEEL", WHEEL)
        wheel.writestr("matecost_sample-1.0.dist-info/RECORD", "")
    return folder


@pytest.fixture
def index(packages: Path) -> Any:
    """A package index as pypiserver makes it."""
    finders = list(sys.meta_path)
    with warnings.catch_warnings():
        # It imports cgi, and leaves a finder of modules behind that Python warns of at every later import.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", ImportWarning)
        import pypiserver

        sys.meta_path[:] = finders
        return pypiserver.app(roots=[packages], disable_fallback=True, server_method="wsgiref")


def basic_user(environ: dict[str, Any]) -> str | None:
    """Return the user of HTTP Basic credentials: an adapter of a host's own, as any callable can be."""
    scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return None
    return user if password == "sample" else None


def credentials(member: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{member}:sample".encode()).decode()}


def pip_download(port: int, target: Path, member: str | None) -> "subprocess.CompletedProcess[str]":
    """Run `pip download` against the index, with nothing of this machine's own pip settings."""
    who = f"{member}:sample@" if member else ""
    command = [sys.executable, "-m", "pip", "download", "--isolated", "--no-deps", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--retries", "0", "--dest", str(target)]
    command += ["--index-url", f"http://{who}127.0.0.1:{port}/simple/", "matecost-sample==1.0"]
    clean = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean, check=False)


def test_pip_downloads_for_a_consented_member(
    index: Any, gated: Callable[..., Any], gate_store: GateStore, packages: Path, tmp_path: Path
) -> None:
    """pip gets the very wheel through the gate, and its requests are recorded."""
    with served(gated(index, basic_user)) as server:
        done = pip_download(server.port, tmp_path / "got", "kim")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "got" / NAME).read_bytes() == (packages / NAME).read_bytes()
    assert ("GET", "/simple/matecost-sample/", 200, "ref-of-kim") in {
        (record.method, record.path, record.status, record.ref) for record in gate_store.records()
    }


@pytest.mark.parametrize("member", [None, "lee", "park"], ids=["nobody", "not consented", "older policy"])
def test_pip_gets_nothing_for_anybody_else(
    index: Any, gated: Callable[..., Any], tmp_path: Path, member: str | None
) -> None:
    """Without standing pip ends with an error, no file arrives and pypiserver is not called once."""
    counted = Counted(index)

    def portal(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [b"<!doctype html><title>consent</title>"]

    # pip accepts HTML, so the gate leads it to the consent page as it would a browser; there it finds no link.
    with served(gated(DispatcherMiddleware(counted, {"/privacy": portal}), basic_user)) as server:
        done = pip_download(server.port, tmp_path / "got", member)

    assert done.returncode != 0
    assert counted.calls == 0
    assert list((tmp_path / "got").glob("*")) == []


CONVERSATION = [
    Asked("GET", "/"),
    Asked("GET", "/simple/"),
    Asked("GET", "/simple"),
    Asked("GET", "/simple/matecost-sample/"),
    Asked("GET", "/simple/missing/"),
    Asked("GET", f"/packages/{NAME}"),
    Asked("HEAD", f"/packages/{NAME}"),
    Asked("GET", f"/packages/{NAME}", {"Range": "bytes=10-99"}),
    Asked("GET", "/packages/"),
    Asked("GET", "/packages/..%2f..%2fetc%2fpasswd"),
    Asked("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b":action=odd"),
]


# pypiserver's own Bottle leaves the file of a HEAD or Range request to the garbage collector, gate or no gate.
leaves_files_open = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@leaves_files_open
def test_a_consented_member_gets_the_same_bytes(index: Any, gated: Callable[..., Any]) -> None:
    """Lists, downloads, ranges and errors are the same to the byte behind the gate."""
    with served(index) as server:
        bare, port = server.talk(CONVERSATION, credentials("kim")), server.port
    with served(gated(index, basic_user)) as server:
        behind = server.talk(CONVERSATION, credentials("kim"))
        other_port = server.port

    for asked, one, other in zip(CONVERSATION, bare, behind, strict=True):
        # The welcome page names its own address.
        assert other._replace(body=other.body.replace(b"%d" % other_port, b"PORT"), headers=[]) == one._replace(
            body=one.body.replace(b"%d" % port, b"PORT"), headers=[]
        ), asked
        assert [pair for pair in other.headers if str(other_port) not in pair[1]] == [
            pair for pair in one.headers if str(port) not in pair[1]
        ], asked
    assert [answer.status for answer in bare][:8] == [200, 200, 301, 200, 404, 200, 200, 206]


@leaves_files_open
def test_the_gate_keeps_the_protocol(index: Any, gated: Callable[..., Any]) -> None:
    """`wsgiref.validate` finds no fault that pypiserver does not have by itself."""
    with served(validator(index)) as server:
        server.talk(CONVERSATION, credentials("kim"))
        bare = [fault for fault in server.faults if "AssertionError" in fault]
    with served(validator(gated(index, basic_user))) as server:
        server.talk(CONVERSATION, credentials("kim"))
        behind = [fault for fault in server.faults if "AssertionError" in fault]

    assert behind == bare
