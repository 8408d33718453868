"""A connected system counts as done when it was asked again and holds nothing, and never because nothing was heard."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from portal import create_app
from portal.database import db
from portal.records import destructions
from portal.records.destructions import Task
from portal.rules.destruction import Stand, stand_of
from portal.rules.evidence import Evidence
from portal.services import evidencing, watching
from portal.services.destroying import Passed, destroy_due
from portal.services.evidencing import EvidenceRefused
from portal.services.leased import facts_of
from portal.services.publishing import publish_shipped
from portal.settings import Settings
from portal.vault import certificates
from tests.destruction.conftest import HANDLER, a_member, an_approved_deletion
from tests.destruction.receiver import Receiver, declared, receiving
from tests.fake_clock import FakeClock
from tests.holdings.conftest import let_go


@pytest.fixture
def crm() -> Iterator[tuple[Receiver, str]]:
    """Another system that holds two records of Jiwon."""
    with receiving() as (receiver, url):
        receiver.held["jiwon"] = 2
        yield receiver, url


@pytest.fixture
def app(settings: Settings, clock: FakeClock, crm: tuple[Receiver, str], tmp_path: Path) -> Iterator[Flask]:
    """A portal that is connected to it."""
    app = create_app(replace(settings, connected=declared(tmp_path, crm[1])), clock=clock)
    with app.app_context():
        publish_shipped(clock())
    yield app
    let_go(app)


def switched(settings: Settings, clock: FakeClock, connected: Path) -> Flask:
    """The same installation, started again with other declarations."""
    return create_app(replace(settings, connected=connected), clock=clock)


def tasks(ref: str) -> list[Task]:
    destruction = destructions.of_member(ref)
    assert destruction is not None
    return destructions.tasks_of([destruction.id])[destruction.id]


def task(ref: str, kind: str, target: str = "system:crm") -> Task:
    return next(one for one in tasks(ref) if (one.kind, one.target) == (kind, target))


def stand(ref: str) -> Stand:
    return stand_of([facts_of(one) for one in tasks(ref)])


def run(app: Flask) -> Passed:
    db.session.remove()
    return destroy_due(app)


def is_certified(ref: str) -> bool:
    destruction = destructions.of_member(ref)
    assert destruction is not None
    return certificates.newest_of(db.engines["keys"], destruction.ref) is not None


def test_it_is_told_by_ids_alone(app: Flask, clock: FakeClock, jiwon: str, crm: tuple[Receiver, str]) -> None:
    """Two signed calls, one to destroy and one to ask again, with the references and the host's id and nothing else."""
    receiver, _ = crm
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        run(app)

        destruction = destructions.of_member(jiwon)
        assert destruction is not None
        told = {"destruction": destruction.ref, "member": jiwon, "host_id": "jiwon"}
        assert receiver.calls == [{"action": "destroy", **told}, {"action": "verify", **told}]
        assert receiver.unsigned == 0
        assert task(jiwon, "WEBHOOK").removed == 2
        assert stand(jiwon) is Stand.DONE


@pytest.mark.parametrize(
    ("behaviour", "fault"),
    [
        pytest.param({"lies": True}, "LEFT_OVER", id="it lies: asked again it still has it"),
        pytest.param({"fewer": True}, "FEWER", id="it removes fewer than it found"),
        pytest.param({"odd": True}, "ODD_ANSWER", id="its answer cannot be read"),
        pytest.param({"status": 404}, "REFUSED", id="it refuses"),
        pytest.param({"status": 307}, "REFUSED", id="it sends us elsewhere"),
        pytest.param({"status": 202}, "NO_EVIDENCE", id="it will tell later"),
    ],
)
def test_what_it_cannot_prove_needs_attention(
    app: Flask, clock: FakeClock, jiwon: str, crm: tuple[Receiver, str], behaviour: dict[str, object], fault: str
) -> None:
    """Nothing after it is done and no certificate exists; tried again once it is honest, it goes to its end."""
    receiver, _ = crm
    for name, value in behaviour.items():
        setattr(receiver, name, value)
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        run(app)

        stuck = task(jiwon, "WEBHOOK")
        assert (stuck.state, stuck.fault) == ("ATTENTION", fault)
        assert stand(jiwon) is Stand.ATTENTION
        assert not is_certified(jiwon)
        assert all(one.state == "WAITING" for one in tasks(jiwon) if one.stage > 30)

        receiver.status, receiver.lies, receiver.fewer, receiver.odd = 200, False, False, False
        assert watching.try_again(stuck.id, HANDLER, clock())
        assert not watching.try_again(stuck.id, HANDLER, clock())
        run(app)
        assert stand(jiwon) is Stand.DONE


def test_one_that_hangs_is_tried_again_later(
    app: Flask, settings: Settings, clock: FakeClock, jiwon: str, crm: tuple[Receiver, str], tmp_path: Path
) -> None:
    """A call that takes too long is put off, whoever waits behind it is not asked in the same pass, and when it answers
    again both are done."""
    receiver, url = crm
    receiver.released.clear()
    again = switched(settings, clock, declared(tmp_path, url, timeout_s=0.2))
    with again.app_context():
        minho = a_member(clock, "minho", email="minho.park@gaon.example", login_id="minho-the-sample")
        an_approved_deletion(clock, jiwon)
        an_approved_deletion(clock, minho)
        run(again)

        slow, behind = task(jiwon, "WEBHOOK"), task(minho, "WEBHOOK")
        assert (slow.state, slow.fault, slow.attempts) == ("WAITING", "TIMED_OUT", 1)
        assert (behind.state, behind.fault, behind.attempts) == ("WAITING", "", 0)
        receiver.released.set()
        clock.advance(minutes=2)
        run(again)
        assert (stand(jiwon), stand(minho)) == (Stand.DONE, Stand.DONE)
    let_go(again)


def test_one_that_never_answers_needs_attention(
    app: Flask, clock: FakeClock, jiwon: str, crm: tuple[Receiver, str]
) -> None:
    """After a day of attempts somebody is called."""
    crm[0].status = 503
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        for _ in range(8):
            run(app)
            clock.advance(hours=13)

        assert (task(jiwon, "WEBHOOK").state, task(jiwon, "WEBHOOK").fault) == ("ATTENTION", "UNREACHABLE")
        assert not is_certified(jiwon)


@pytest.mark.parametrize(("enabled", "fault"), [(False, "DISABLED"), (None, "NO_COLLECTOR")])
def test_one_that_is_switched_off_stays_a_task(
    app: Flask,
    settings: Settings,
    clock: FakeClock,
    jiwon: str,
    crm: tuple[Receiver, str],
    tmp_path: Path,
    enabled: bool | None,
    fault: str,
) -> None:
    """Switched off, or declared no more, it holds what it holds: attention, until somebody brings evidence."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
    path = declared(tmp_path, crm[1], enabled=bool(enabled))
    if enabled is None:
        path.write_text("system = []\n", "ascii")
    later = switched(settings, clock, path)
    with later.app_context():
        run(later)
        stuck = task(jiwon, "WEBHOOK")
        assert (stuck.state, stuck.fault) == ("ATTENTION", fault)
        assert crm[0].calls == []

        told = Evidence(on=date(2026, 11, 23), office="고객지원팀", note="화면에서 지움", sha256="ab" * 32)
        assert evidencing.enter(stuck.id, told, HANDLER, clock()) == 1
        run(later)
        assert stand(jiwon) is Stand.DONE
    let_go(later)


def test_a_person_brings_evidence(
    app: Flask, settings: Settings, clock: FakeClock, jiwon: str, crm: tuple[Receiver, str], tmp_path: Path
) -> None:
    """Everything of ours is destroyed at once; the certificate waits for the evidence, after three days somebody is
    called, and what was entered settles it."""
    later = switched(settings, clock, declared(tmp_path, crm[1], person=True))
    with later.app_context():
        an_approved_deletion(clock, jiwon)
        run(later)
        waits = task(jiwon, "EVIDENCE", "system:archive")
        assert (waits.state, stand(jiwon)) == ("WAITING", Stand.RUNNING)
        assert task(jiwon, "KEY", "").state == "DONE"
        assert not is_certified(jiwon)

        clock.advance(days=3)
        run(later)
        assert (task(jiwon, "EVIDENCE", "system:archive").fault, stand(jiwon)) == ("NO_EVIDENCE", Stand.ATTENTION)

        with pytest.raises(EvidenceRefused) as refused:
            evidencing.enter(waits.id, Evidence(date(2026, 11, 22), "", "010-1234-5678", "x"), HANDLER, clock())
        assert sorted(refused.value.faults) == ["note", "office", "on", "sha256"]
        assert evidencing.enter(waits.id, Evidence(date(2026, 11, 26), "문서관리팀"), HANDLER, clock()) == 1
        assert evidencing.enter(waits.id, Evidence(date(2026, 11, 26), "문서관리팀"), HANDLER, clock()) == 0
        run(later)
        assert (stand(jiwon), is_certified(jiwon)) == (Stand.DONE, True)
    let_go(later)


def test_what_was_gone_before_it_was_asked_is_gone(
    app: Flask, clock: FakeClock, jiwon: str, crm: tuple[Receiver, str]
) -> None:
    """A worker that died after the call: the system finds nothing the second time, and that is the proof."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        receiver = crm[0]
        receiver.status = 503
        run(app)
        receiver.status, receiver.held["jiwon"] = 200, 0
        clock.advance(minutes=5)
        run(app)

        assert (task(jiwon, "WEBHOOK").removed, stand(jiwon)) == (0, Stand.DONE)
