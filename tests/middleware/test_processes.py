"""A change made in one process is seen by every other one at its next request, on either engine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .gatehouse import MATERIAL, REQUIRED, Store

ROOT = Path(__file__).parents[2]
FLIPS = 50


class Asker:
    """Another process with a gate of its own, running until the end of the test."""

    def __init__(self, store: Store, journal: Path) -> None:
        environ = {"TEST_STORE": store.url, "TEST_JOURNAL": str(journal), "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("behind_gunicorn.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environ,
        )

    def code(self, member: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(member, file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def askers(either_store: Store, journal: Path) -> Iterator[list[Asker]]:
    """Three other processes."""
    made = [Asker(either_store, journal) for _ in range(3)]
    yield made
    for asker in made:
        asker.end()


def test_a_withdrawal_is_seen_in_every_process(askers: list[Asker], either_store: Store) -> None:
    """Fifty times: after a withdrawal or a consent was committed, the next request in each of three other running
    processes is answered by it."""
    seen = []
    for flip in range(FLIPS):
        either_store.stand("kim", None if flip % 2 else REQUIRED)
        seen.append([asker.code("kim") for asker in askers])

    assert seen == [[200, 200, 200], [403, 403, 403]] * (FLIPS // 2)


def test_a_publication_is_seen_in_every_process(askers: list[Asker], either_store: Store) -> None:
    """Fifty times: after a version with other requirements was published, the next request in each of three other
    running processes asks for them; after it was withdrawn or followed by another, none does."""
    either_store.stand("new", MATERIAL)
    seen, version = [], ""
    for flip in range(FLIPS):
        if flip % 4 == 3:
            either_store.withdraw(version)
        else:
            version = either_store.publish(REQUIRED if flip % 2 else MATERIAL, 1_700_000_000_000_001 + flip)
        seen.append([(asker.code("kim"), asker.code("new")) for asker in askers])

    assert seen == [[(403, 200)] * 3, [(200, 403)] * 3] * (FLIPS // 2)
