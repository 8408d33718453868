"""A worker killed after any step leaves nothing that the next one does not finish, and no certificate too early."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal.database import db
from portal.records import destructions, members
from portal.rules.destruction import Kind, Stand, stand_of
from portal.services import destroying
from portal.services.destroying import LEASE, destroy_due
from portal.settings import STORES, Settings, env_name
from portal.vault import ledger
from tests.destruction.conftest import an_approved_deletion
from tests.destruction.receiver import Receiver, declared, receiving
from tests.fake_clock import FakeClock

ROOT = Path(__file__).parents[2]
STEPS = [step for step in Kind if step is not Kind.EVIDENCE]  # a person's, not a worker's


def environ_of(settings: Settings) -> dict[str, str]:
    """Return the variables that give a process of its own these settings."""
    told = {env_name(name): getattr(settings, name) for name in (*STORES, "host_store")}
    told |= {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_HOST_MAP": str(settings.host_map)}
    told |= {"PORTAL_CONNECTED": str(settings.connected)}
    assert {field.name for field in fields(Settings)} >= {"host_store", "host_map"}
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}, **told}


@pytest.fixture
def crm() -> Iterator[tuple[Receiver, str]]:
    """A connected system that listens while workers die."""
    with receiving() as (receiver, url):
        receiver.held["jiwon"] = 2
        yield receiver, url


@pytest.fixture
def settings(settings: Settings, crm: tuple[Receiver, str], tmp_path: Path) -> Settings:
    return replace(settings, connected=declared(tmp_path, crm[1]))


@pytest.mark.crash
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_every_run_ends_in_the_same_state(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, crm: tuple[Receiver, str], step: Kind, when: str
) -> None:
    """Killed in or after this step; the next worker finishes: one certificate, two ledger lines, nobody left."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        db.session.remove()

    killed = subprocess.run(
        [sys.executable, "-m", "tests.destruction.worker", step.value, when],
        cwd=ROOT,
        env=environ_of(settings),
        capture_output=True,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    with app.app_context():
        destruction = destructions.of_member(jiwon)
        assert destruction is not None
        keys = db.engines["keys"]
        tasks = destructions.tasks_of([destruction.id])[destruction.id]
        proved = all(task.state == "DONE" for task in tasks if task.stage < 70)
        assert proved or ledger.certificate_of(keys, destruction.ref) is None
        db.session.remove()
        later = max(clock(), *(task.due_at for task in tasks)) + LEASE + timedelta(minutes=1)
        clock.set(later)
        destroy_due(app)

        tasks = destructions.tasks_of([destruction.id])[destruction.id]
        assert stand_of([destroying.facts_of(task) for task in tasks]) is Stand.DONE
        assert [row.entry for row in ledger.entries(keys)] == ["DONE", "BEGUN"]
        assert len(ledger.tombstones_after(keys)) == 1
        assert ledger.certificate_of(keys, destruction.ref) is not None
        assert members.of_ref(jiwon) is None
        assert crm[0].destroyed == {destruction.ref: 1}
