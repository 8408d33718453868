"""A worker killed in or after any step leaves nothing that the next does not finish, and certifies nothing early."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from portal.database import db
from portal.records import audit, destructions, members, requests, standings
from portal.records.mails import Mail
from portal.rules import chain
from portal.rules.destruction import Kind, Stand, stand_of
from portal.services import destroying
from portal.services.destroying import LEASE, destroy_due
from portal.settings import Settings
from portal.vault import certificates, ledger, person_keys
from portal.vault.separated import SeparatedStore
from tests.crashing import killed
from tests.destruction.conftest import an_approved_deletion
from tests.destruction.receiver import Receiver, declared, receiving
from tests.destruction.worker import destroy_until
from tests.fake_clock import FakeClock

LAST = LEASE + timedelta(minutes=1)
CUTS: dict[Kind, tuple[str, ...]] = {
    step: ("done", "written")
    for step in Kind
    if step is not Kind.EVIDENCE  # a person's, not a worker's
}
CUTS[Kind.CERTIFICATE] = ("numbered", "done", "written")
CUTS[Kind.END] = ("told", "done", "written")


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
@pytest.mark.parametrize("step", CUTS)
def test_every_run_ends_in_the_same_state(
    app: Flask, clock: FakeClock, jiwon: str, host: Engine, settings: Settings, crm: tuple[Receiver, str], step: Kind
) -> None:
    """One worker is killed when the deed of this step is done and not written down, the next when it is; the third
    finishes: one certificate and never before its time, two ledger lines, one letter, nobody left, no key left."""
    with app.app_context():
        number = an_approved_deletion(clock, jiwon)
        destruction = destructions.of_member(jiwon)
        assert destruction is not None
        ref, ids = destruction.ref, [destruction.id]
        db.session.remove()
        keys = db.engines["keys"]

        for cut in CUTS[step]:
            killed(destroy_until, settings, clock(), step, cut)
            clock.advance(seconds=LAST.total_seconds())
            tasks = destructions.tasks_of(ids)[ids[0]]
            proved = all(task.state == "DONE" for task in tasks if task.stage < 70)
            assert proved or certificates.newest_of(keys, ref) is None
            db.session.remove()
        destroy_due(app)

        tasks = destructions.tasks_of(ids)[ids[0]]
        assert stand_of([destroying.facts_of(task) for task in tasks]) is Stand.DONE
        assert [row.entry for row in ledger.entries(keys)] == ["DONE", "BEGUN"]
        assert [stone.member_ref for stone in ledger.tombstones_after(keys)] == [jiwon]
        assert list(certificates.codes_of(keys, [ref])) == [ref]
        assert (members.of_ref(jiwon), standings.of_host("jiwon")) == (None, None)
        apart = SeparatedStore(db.engines["separated"], person_keys.opened()).of_subject(jiwon)
        assert Counter(row.rule for row in apart) == {"fraud": 1, "identity_check": 1, "dispute": 1}
        assert person_keys.opened().destroyed_of([jiwon, ref]) == {jiwon, ref}
        letters = db.session.scalars(db.select(Mail).where(Mail.about == number)).all()
        assert [letter.kind for letter in letters if letter.state == "WAITING"] == ["destroyed"]
        request = requests.of_number(number)
        assert request is not None
        words = [event.word for event in requests.events_of([request.id])[request.id]]
        assert words[-2:] == ["HANDED_TO_DESTRUCTION", "FULFILLED"]
        assert len(audit.found(limit=9, deed="destruction.proved")) == 1
        secrets = app.extensions["portal.secrets"]
        assert isinstance(chain.verify(audit.rows(), secrets.audit_key, audit.head()), chain.Intact)
        assert crm[0].destroyed == {ref: 1}
    with host.connect() as connection:
        assert connection.scalars(text("SELECT id FROM host_members")).all() == ["minho"]
        assert connection.scalar(text("SELECT count(*) FROM host_bills WHERE mail LIKE 'jiwon%'")) == 0
