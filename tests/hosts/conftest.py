"""A migrated main store with a published requirement, members who stand and who do not, and a gate on top of them."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from middleware import ConsentGate
from middleware.journal import Record, parse_line, segments
from middleware.standing import epoch_path
from portal.records.epoch import standing_change

from .serving import App

REQUIRED, OLDER = "b" * 64, "a" * 64
EFFECTIVE_US = 1_612_364_400_000_000  # 2021-02-04 00:00 in Seoul


class GateStore:
    """A main store on SQLite and a journal beside it."""

    def __init__(self, path: Path, journal: Path) -> None:
        self.url = f"sqlite:///{path}"
        self.journal = journal
        self._path = path

    def write(self, statement: str, *values: object) -> None:
        """Run one statement as the portal does: with the epoch odd until it is committed."""
        with standing_change(self.url):
            store = sqlite3.connect(self._path)
            with store:
                store.execute(statement, values)
            store.close()

    def publish(self, version: str = "2021-02-04", requirement: str = REQUIRED) -> None:
        """Publish a policy version that asks for `requirement`."""
        self.write(
            "INSERT INTO policy_versions (version, body, body_sha256, requirement_hash, effective_at, published_at)"
            " VALUES (?, '{}', ?, ?, ?, ?)",
            *(version, "0" * 64, requirement, EFFECTIVE_US, EFFECTIVE_US),
        )

    def stand(self, host_id: str, requirement: str | None = REQUIRED, *, suspended: bool = False) -> None:
        """Let a member stand: with the requirement in force, an older one, or none."""
        self.write(
            "INSERT OR REPLACE INTO standing (host_id, ref, requirement_hash, suspended, changed_at)"
            " VALUES (?, ?, ?, ?, ?)",
            *(host_id, f"ref-of-{host_id}", requirement, suspended, EFFECTIVE_US),
        )

    def records(self) -> list[Record]:
        """Return the access records that the gate has written, oldest first."""
        found = []
        for segment in segments(self.journal):
            for line in segment.read_bytes().split(b"\0", 1)[0].splitlines():
                record = parse_line(line)
                assert record is not None, line
                found.append(record)
        return found


@pytest.fixture
def gate_store(tmp_path: Path, sqlite_template: Path) -> GateStore:
    """A store in which kim has consented, lee has not, park has consented to an older policy, choi is suspended."""
    path = tmp_path / "store" / "portal.db"
    path.parent.mkdir()
    shutil.copyfile(sqlite_template / "portal.db", path)
    shutil.copyfile(epoch_path(sqlite_template / "portal.db"), epoch_path(path))
    store = GateStore(path, tmp_path / "journal")
    store.publish()
    store.stand("kim")
    store.stand("lee", None)
    store.stand("park", OLDER)
    store.stand("choi", suspended=True)
    return store


@pytest.fixture
def gated(gate_store: GateStore) -> Iterator[Callable[..., ConsentGate]]:
    """Return a builder of gates round an app; they are closed after the test."""
    gates: list[ConsentGate] = []

    def build(app: App, identify: Callable[[dict[str, Any]], str | None], **settings: Any) -> ConsentGate:
        gate = ConsentGate(
            app, store=gate_store.url, journal=gate_store.journal, identify=identify, digest_key=b"k" * 32, **settings
        )
        gates.append(gate)
        return gate

    yield build
    for gate in gates:
        gate.close()
