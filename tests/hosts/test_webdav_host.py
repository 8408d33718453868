"""WsgiDAV behind the gate: an ordinary WebDAV conversation, as a file manager has it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
import requests
from wsgidav.wsgidav_app import WsgiDAVApp

from middleware import identity

from .conftest import GateStore
from .serving import Asked, Counted, Served, served, timeless

SHEET = bytes(range(256)) * 300
CONVERSATION = [
    Asked("OPTIONS", "/"),
    Asked("PROPFIND", "/", {"Depth": "1"}),
    Asked("MKCOL", "/2026"),
    Asked("MKCOL", "/2026"),
    Asked("PUT", "/2026/costs.bin", {"Content-Type": "application/octet-stream"}, SHEET),
    Asked("PUT", "/2026/%EB%B9%84%EC%9A%A9.csv", {"Content-Type": "text/csv"}, "서비스,비용\n".encode()),
    Asked("PROPFIND", "/2026", {"Depth": "1"}),
    Asked(
        "PROPFIND",
        "/2026/costs.bin",
        {"Depth": "0"},
        b'<propfind xmlns="DAV:"><prop><getcontentlength/></prop></propfind>',
    ),
    Asked("GET", "/2026/costs.bin"),
    Asked("HEAD", "/2026/costs.bin"),
    Asked("GET", "/2026/costs.bin", {"Range": "bytes=1000-1999"}),
    Asked("GET", "/2026/costs.bin", {"Range": "bytes=-100"}),
    Asked("GET", "/2026/costs.bin", {"Range": "bytes=9999999-"}),
    Asked("COPY", "/2026/costs.bin", {"Destination": "/2026/copy.bin"}),
    Asked("MOVE", "/2026/copy.bin", {"Destination": "/2026/moved.bin", "Overwrite": "F"}),
    Asked("PUT", "/nowhere/file", {}, b"x"),
    Asked("GET", "/2026/"),
    Asked("DELETE", "/2026/moved.bin"),
    Asked("GET", "/2026/moved.bin"),
    Asked("DELETE", "/2026"),
    Asked("PROPFIND", "/", {"Depth": "1"}),
]
STATUSES = [200, 207, 201, 405, 201, 201, 207, 207, 200, 200, 206, 206, 416, 201, 201, 409, 200, 204, 404, 204, 207]

# Validators and servers of the standard library do not know the methods of WebDAV.
pytestmark = pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The folder that WsgiDAV shares."""
    return tmp_path / "shared"


@pytest.fixture
def dav(shared: Path) -> Callable[[], Any]:
    """Return a maker of WsgiDAV applications that share the same folder, emptied."""

    def make() -> Any:
        shutil.rmtree(shared, ignore_errors=True)
        shared.mkdir()
        return WsgiDAVApp(
            {
                "provider_mapping": {"/": str(shared)},
                "simple_dc": {"user_mapping": {"*": True}},
                "logging": {"enable": False},
                "verbose": 0,
            }
        )

    return make


BEHIND_PROXY = identity.trusted_header("X-Forwarded-User", proxies=["127.0.0.0/8"])


def talk(server: Served, member: str | None) -> list[Any]:
    answers = server.talk(CONVERSATION, {"X-Forwarded-User": member} if member else {})
    return [timeless(answer, server.port) for answer in answers]


def test_a_consented_member_has_the_same_conversation(dav: Callable[[], Any], gated: Callable[..., Any]) -> None:
    """Folders, uploads, ranges, copies, moves and errors are the same behind the gate, but for the file times."""
    with served(dav()) as server:
        bare = talk(server, "kim")
    with served(gated(dav(), BEHIND_PROXY)) as server:
        behind = talk(server, "kim")

    for asked, one, other in zip(CONVERSATION, bare, behind, strict=True):
        assert other == one, asked
    assert [answer.status for answer in bare] == STATUSES


def test_every_step_has_its_record(dav: Callable[[], Any], gated: Callable[..., Any], gate_store: GateStore) -> None:
    """Each step of the conversation leaves its record, with WebDAV's own methods and statuses."""
    with served(gated(dav(), BEHIND_PROXY)) as server:
        talk(server, "kim")

    records = gate_store.records()
    assert [record.method for record in records] == [asked.method for asked in CONVERSATION]
    assert [record.status for record in records] == STATUSES


@pytest.mark.parametrize("member", [None, "lee", "kim,lee"], ids=["nobody", "not consented", "two people"])
def test_everybody_else_gets_nothing(
    dav: Callable[[], Any], gated: Callable[..., Any], shared: Path, member: str | None
) -> None:
    """Without standing WsgiDAV is not called once and no file appears."""
    counted = Counted(dav())
    (shared / "costs.bin").write_bytes(SHEET)

    with served(gated(counted, BEHIND_PROXY)) as server:
        answers = server.talk(CONVERSATION, {"X-Forwarded-User": member} if member else {})

    assert counted.calls == 0
    assert {answer.status for answer in answers} == {403}
    assert [path.name for path in shared.iterdir()] == ["costs.bin"]
    assert all(SHEET[:1000] not in answer.body for answer in answers)


def test_the_gate_keeps_the_protocol(dav: Callable[[], Any], gated: Callable[..., Any]) -> None:
    """`wsgiref.validate` finds no fault that WsgiDAV does not have by itself."""
    with served(validator(dav())) as server:
        talk(server, "kim")
        bare = [fault for fault in server.faults if "AssertionError" in fault]
    with served(validator(gated(dav(), BEHIND_PROXY))) as server:
        talk(server, "kim")
        behind = [fault for fault in server.faults if "AssertionError" in fault]

    assert behind == bare


def test_an_ordinary_client_works(dav: Callable[[], Any], gated: Callable[..., Any], shared: Path) -> None:
    """A client over one kept session uploads, reads a part, moves and deletes."""
    with served(gated(dav(), BEHIND_PROXY)) as server, requests.Session() as client:
        client.trust_env = False
        client.headers["X-Forwarded-User"] = "kim"
        site = f"http://127.0.0.1:{server.port}"

        assert client.put(f"{site}/costs.bin", data=SHEET).status_code == 201
        part = client.get(f"{site}/costs.bin", headers={"Range": "bytes=256-511"})
        assert part.content == bytes(range(256))
        assert (
            client.request("MOVE", f"{site}/costs.bin", headers={"Destination": f"{site}/new.bin"}).status_code == 201
        )
        assert (shared / "new.bin").read_bytes() == SHEET
        assert client.delete(f"{site}/new.bin").status_code == 204
        assert list(shared.iterdir()) == []
