"""A killed import: nothing in the main store, keys that open nothing, and a next try that comes to its end."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db
from portal.services import importing, keeping_keys
from portal.services.reading import ListFile
from portal.settings import STORES, Settings, env_name
from tests.fake_clock import FakeClock

ROOT = Path(__file__).parents[2]
PROCESS = """
import json, os, signal, sys
from pathlib import Path
from portal import create_app
from portal.records import members
from portal.services import importing
from portal.services.reading import ListFile
from portal.settings import Settings
from tests.fake_clock import FakeClock

clock = FakeClock()
importing.BATCH = 10
add, calls = members.add_many, []

def add_or_die(rows):
    calls.append(rows)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    add(rows)

members.add_many = add_or_die
app = create_app(Settings.from_environ(json.loads(sys.argv[1])), clock=clock)
with app.app_context():
    importing.carry_out(importing.preview(ListFile(Path(sys.argv[2])).rows()), "HOST", clock())
"""


def rows(table: str) -> int:
    return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.mark.crash
def test_a_killed_import_leaves_only_keys_that_open_nothing(
    app: Flask, settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    """Killed while it writes its third batch of five: no member, no company, no audit row; the keys are swept after a
    day, and the list imports whole."""
    file = tmp_path / "list.csv"
    file.write_text("host_id,email\n" + "".join(f"m-{n},m{n}@gaon.example\n" for n in range(50)), "utf-8")
    environ = {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_DRAIN": "off"}
    environ |= {env_name(store): getattr(settings, store) for store in STORES}

    killed = subprocess.run(
        [sys.executable, "-c", PROCESS, json.dumps(environ), str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    with app.app_context():
        assert (rows("members"), rows("companies"), rows("audit_events")) == (0, 0, 0)
        later = clock() + timedelta(days=1, seconds=1)
        orphans = keeping_keys.check(later).orphans
        assert len(orphans) == 50
        assert keeping_keys.sweep(orphans, later) == 50
        with closing(importing.preview(ListFile(file).rows())) as found:
            importing.carry_out(found, "HOST", later)
        assert rows("members") == 50
        assert keeping_keys.check(later + timedelta(days=2)).orphans == set()
