"""What the tests of the gate may ask for: a store with a policy in force, a host, and the gate round it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from middleware import ConsentGate
from portal.settings import Settings

from .gatehouse import IN_FORCE_SINCE, REQUIRED, Host, MicroClock, Store, make_gate


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Store:
    """A SQLite store with a policy in force; kim has consented to it, lee has not, park is suspended."""
    for name in ("portal.db", "portal.db.epoch"):
        shutil.copy(sqlite_template / name, tmp_path / name)
    return peopled(Store(f"sqlite:///{tmp_path / 'portal.db'}"))


@pytest.fixture
def either_store(settings: Settings) -> Store:
    """The same on either engine."""
    return peopled(Store(settings.main_store))


def peopled(store: Store) -> Store:
    store.publish(REQUIRED, IN_FORCE_SINCE)
    store.stand("kim", REQUIRED)
    store.stand("lee", None)
    store.stand("park", REQUIRED, suspended=True)
    return store


@pytest.fixture
def micro() -> MicroClock:
    """A clock at noon in Seoul on 23 November 2026, in microseconds."""
    return MicroClock()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The journal's directory."""
    return tmp_path / "journal"


@pytest.fixture
def host() -> Host:
    """The application behind the gate."""
    return Host()


@pytest.fixture
def gates() -> Iterator[Callable[..., ConsentGate]]:
    """Make gates that are closed after the test."""
    made: list[ConsentGate] = []

    def build(*given: Any, **more: Any) -> ConsentGate:
        made.append(make_gate(*given, **more))
        return made[-1]

    yield build
    for gate in made:
        gate.close()


@pytest.fixture
def gate(gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path, micro: MicroClock) -> ConsentGate:
    """The gate round the host, on SQLite, with the clock of the test."""
    return gates(host, store, journal, clock=micro)
