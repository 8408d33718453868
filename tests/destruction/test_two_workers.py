"""Two workers at once do each step of each destruction once, at the host, at a connected system and here."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from portal.database import db, writing
from portal.records import audit, destructions, members
from portal.services import ordering, registering
from portal.services.auditing import OPERATOR
from portal.services.destroying import destroy_due
from portal.settings import Settings
from portal.vault import certificates, ledger
from tests.destruction.receiver import Receiver, declared, receiving
from tests.fake_clock import FakeClock
from tests.members.samples import profile

PEOPLE = 500


@pytest.fixture
def crm() -> Iterator[tuple[Receiver, str]]:
    with receiving() as (receiver, url):
        yield receiver, url


@pytest.fixture
def settings(settings: Settings, crm: tuple[Receiver, str], tmp_path: Path) -> Settings:
    return replace(settings, connected=declared(tmp_path, crm[1]))


@pytest.mark.crash
def test_each_step_is_done_once(
    app: Flask, clock: FakeClock, host: Engine, settings: Settings, crm: tuple[Receiver, str]
) -> None:
    """500 people: every row of the host's, every call, every ledger line and every certificate counts once."""
    names = [f"person-{place}" for place in range(PEOPLE)]
    with host.begin() as connection:
        insert = text("INSERT INTO host_members VALUES (:name, :mail, '010', 'company', 'nick')")
        connection.execute(insert, [{"name": name, "mail": f"{name}@gaon.example"} for name in names])
    crm[0].held.update(dict.fromkeys(names, 1))
    with app.app_context():
        refs = [
            registering.register(
                name, profile(email=f"{name}@gaon.example", login_id=f"{name}-id"), "SELF", clock()
            ).member_ref
            for name in names
        ]
        for start in range(0, PEOPLE, 100):
            with writing():
                days = dict.fromkeys(refs[start : start + 100], date(2026, 11, 1))
                ordering.order_many(days, "LEFT_COMPANY", by=OPERATOR, at=clock())
        db.session.remove()
    faults: list[Exception] = []

    def work() -> None:
        try:
            while destroy_due(app, limit=50).done:
                pass
        except Exception as fault:
            faults.append(fault)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)

    with app.app_context():
        assert faults == []
        for _ in range(8):  # a look into the files is put off while the other worker writes
            db.session.remove()
            clock.advance(minutes=10)
            assert destroy_due(app).attention == 0
        assert destructions.figures() == {"open": 0, "attention": 0, "evidence": 0, "done": PEOPLE, "all": PEOPLE}
        receiver = crm[0]
        assert len(receiver.destroyed) == PEOPLE
        assert set(receiver.destroyed.values()) == {1}
        assert Counter(call["action"] for call in receiver.calls) == {"destroy": PEOPLE, "verify": PEOPLE}
        keys = db.engines["keys"]
        lines = ledger.entries(keys, limit=3 * PEOPLE)
        assert Counter(line.entry for line in lines) == {"BEGUN": PEOPLE, "DONE": PEOPLE}
        assert len({line.number for line in lines}) == PEOPLE
        issued = certificates.codes_of(keys, [line.destruction_ref for line in lines if line.entry == "DONE"])
        assert len(set(issued.values())) == PEOPLE
        proved = audit.found(limit=3 * PEOPLE, deed="destruction.proved")
        assert Counter(Counter(row.subject for row in proved).values()) == {1: PEOPLE}
        tasks = destructions.tasks_of([destructions.of_member(refs[0]).id])  # type: ignore[union-attr]
        assert {task.attempts for task in next(iter(tasks.values())) if task.kind != "SCAN"} == {1}
        assert members.of_refs(refs[:100]) == []
    with host.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM host_members WHERE id LIKE 'person-%'")) == 0
