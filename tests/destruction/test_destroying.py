"""A destruction is proved down to the bytes before it is certified, and what could not be proved says so."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from portal import holdings
from portal.database import db, writing
from portal.holdings import Subject, Unreachable
from portal.holdings.host import HostRows
from portal.records import audit, destructions, members, standings
from portal.records.destructions import Hold
from portal.rules import chain
from portal.rules.destruction import Stand, stand_of
from portal.services import destroying, requesting
from portal.services.changing import changing_standing
from portal.settings import Settings
from portal.vault import certificates, ledger, person_keys
from portal.vault.documents import open_document
from portal.vault.person_keys import KeyDestroyed
from portal.vault.separated import Kept, NotVerified, SeparatedStore
from portal.vault.signing import Signer
from tests.destruction.conftest import a_member, an_approved_deletion
from tests.fake_clock import FakeClock

MARKS = ("jiwon.seo@gaon.example", "jiwon-the-sample", "+821012345678", "왜 두 번 청구되었나요?", "전화로 문의한 회원")


def destroy_due(app: Flask, *more: Callable[[str], None]) -> destroying.Passed:
    """Make a pass as the worker does, with no read of the test's own open."""
    db.session.remove()
    return destroying.destroy_due(app, *more)


def stand(ref: str, *, held: bool = False) -> Stand:
    destruction = destructions.of_member(ref)
    assert destruction is not None
    tasks = destructions.tasks_of([destruction.id])[destruction.id]
    return stand_of([destroying.facts_of(task) for task in tasks], held)


def faults(ref: str) -> dict[str, str]:
    destruction = destructions.of_member(ref)
    assert destruction is not None
    tasks = destructions.tasks_of([destruction.id])[destruction.id]
    return {f"{task.kind} {task.target}".strip(): task.fault for task in tasks if task.fault}


def test_an_approved_deletion_is_destroyed_and_certified(
    app: Flask, clock: FakeClock, jiwon: str, host: Engine
) -> None:
    """Ledger twice, tombstone, copies apart, the host's rows and the portal's gone, the key too, one certificate that
    anybody can check, and the request fulfilled."""
    with app.app_context():
        with changing_standing():
            standings.suspend("jiwon", jiwon, clock())
        number = an_approved_deletion(clock, jiwon)
        assert stand(jiwon) is Stand.WAITING
        clock.advance(minutes=1)

        passed = destroy_due(app)

        assert (passed.put_off, passed.attention, faults(jiwon)) == (0, 0, {})
        assert stand(jiwon) is Stand.DONE
        keys = db.engines["keys"]
        assert [(row.number, row.entry) for row in ledger.entries(keys)] == [
            ("D-2026-0001", "DONE"),
            ("D-2026-0001", "BEGUN"),
        ]
        assert [stone.member_ref for stone in ledger.tombstones_after(keys)] == [jiwon]
        assert destructions.mark() == 1
        destruction = destructions.of_member(jiwon)
        assert destruction is not None
        assert (destruction.unfinished, destruction.sealed) == (False, None)
        issued = certificates.newest_of(keys, destruction.ref)
        assert issued is not None
        record = open_document(issued.body, Signer(app.extensions["portal.secrets"].receipt_key).public_pem)
        assert number in str(record)
        assert members.of_ref(jiwon) is None
        assert standings.of_host("jiwon") is None
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(jiwon)
        standing = requesting.stand_of(number, clock())
        assert (standing.state.status, standing.request.ended_at) == ("DONE", clock())
    with host.connect() as connection:
        assert connection.scalars(text("SELECT id FROM host_members")).all() == ["minho"]


def test_what_must_be_kept_lies_apart_with_its_day(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The complaint for three years, the identity check for six months, a keyed digest against misuse for one year."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        destroy_due(app)
        store = SeparatedStore(db.engines["separated"], person_keys.opened())
        kept = {row.rule: row for row in store.of_subject(jiwon)}

        assert {rule: row.until for rule, row in kept.items()} == {
            "fraud": date(2027, 11, 23),
            "identity_check": date(2027, 5, 23),
            "dispute": date(2029, 11, 23),
        }
        assert store.read(kept["dispute"].ref)["details"] == {"text": "왜 두 번 청구되었나요?"}
        assert "jiwon" not in str(store.read(kept["fraud"].ref))


def test_no_byte_of_the_person_is_left(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, engine_name: str
) -> None:
    """Nothing of what was told stands in any file of the stores, the journal or the letters; yesterday's copy of the
    main store cannot be opened for this person any more."""
    if engine_name == "postgresql":
        return  # PostgreSQL has no file of ours; docs/destruction.md tells what is left to its operator
    with app.app_context():
        member = members.of_ref(jiwon)
        assert member is not None
        yesterday = member.sealed
        an_approved_deletion(clock, jiwon)
        destroy_due(app)
        db.session.remove()

        for path in Path(settings.instance).rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert [mark for mark in MARKS if mark.encode() in content] == [], path
        assert yesterday is not None
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(jiwon).open("members", "sealed", yesterday)


def test_the_audit_chain_is_whole_afterwards(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The words of who looked are gone, and every row still fits."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        destroy_due(app)

        assert isinstance(
            chain.verify(audit.rows(), app.extensions["portal.secrets"].audit_key, audit.head()), chain.Intact
        )


def test_a_second_pass_changes_nothing(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """What is done is done once: one certificate, two ledger lines, no step."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        destroy_due(app)
        clock.advance(days=1)

        assert destroy_due(app) == destroying.Passed()
        assert len(ledger.entries(db.engines["keys"])) == 2


class Lying:
    """A collector of the host's that does not do what it says."""

    def __init__(self, honest: HostRows, *, removes: int = 1, leaves: int = 0, fails: bool = False) -> None:
        self._honest, self._removes, self._leaves, self._fails = honest, removes, leaves, fails
        self.key, self.name, self.articles, self.kept = honest.key, honest.name, honest.articles, honest.kept

    def __getattr__(self, name: str) -> object:
        if name.endswith("_many"):
            raise AttributeError(name)
        return getattr(self._honest, name)

    def destroy(self, subject: Subject, at: object) -> int:
        if self._fails:
            raise Unreachable(self.name, "TimeoutError")
        return self._removes

    def verify(self, subject: Subject) -> int:
        return self._leaves


@pytest.mark.parametrize(
    ("behaviour", "fault"),
    [
        pytest.param({"leaves": 1}, "LEFT_OVER", id="it lies: asked again it still has it"),
        pytest.param({"removes": 0}, "FEWER", id="it removes fewer than previewed"),
        pytest.param({"fails": True}, "UNREACHABLE", id="it times out"),
        pytest.param(None, "NO_COLLECTOR", id="it is switched off"),
    ],
)
def test_a_collector_that_fails_never_lets_it_be_done(
    app: Flask, clock: FakeClock, jiwon: str, behaviour: dict[str, int] | None, fault: str
) -> None:
    """Whatever it says, nothing after it is done, no key is destroyed and no certificate exists; tried again once the
    collector is honest, the destruction goes to its end."""
    with app.app_context():
        number = an_approved_deletion(clock, jiwon)
        honest = tuple(holdings.holdings())
        dishonest = [
            (Lying(one, **behaviour) if behaviour is not None else None)  # type: ignore[arg-type]
            if one.key == "host:host_members"
            else one
            for one in honest
        ]
        app.extensions["portal.holdings"] = tuple(one for one in dishonest if one is not None)
        for _ in range(8):
            destroy_due(app)
            clock.advance(hours=13)

        assert faults(jiwon) == {"HOST host:host_members": fault}
        assert stand(jiwon) is Stand.ATTENTION
        assert requesting.stand_of(number, clock()).state.detail == "WAITING_FOR_DESTRUCTION"
        assert person_keys.seal_of(jiwon)
        destruction = destructions.of_member(jiwon)
        assert destruction is not None
        assert certificates.newest_of(db.engines["keys"], destruction.ref) is None

        app.extensions["portal.holdings"] = honest
        stuck = next(task for task in destructions.tasks_of([destruction.id])[destruction.id] if task.fault)
        with writing():
            destructions.try_again(stuck.id, clock())
        destroy_due(app)
        assert stand(jiwon) is Stand.DONE


def test_a_hold_stops_it_and_lets_it_go_on(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Under a legal hold nothing but the ledger line is done; lifted, it goes on by itself."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        with writing():
            destructions.place_hold(
                Hold(member_ref=jiwon, kind="LEGAL", reason="CASE-7", placed_by="officer-1", placed_at=clock())
            )
        destroy_due(app)
        assert stand(jiwon, held=True) is Stand.HELD
        assert members.of_ref(jiwon) is not None

        with writing():
            [hold] = destructions.holds_on([jiwon])[jiwon]
            destructions.lift_hold(hold.id, "officer-1", clock())
        destroy_due(app)
        assert stand(jiwon) is Stand.DONE


def test_nobody_is_destroyed_twice(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """A second deletion of the same member leads to the destruction that there is."""
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        an_approved_deletion(clock, jiwon)

        assert len(destructions.unfinished(10)) == 1


def test_a_reader_that_holds_the_log_open_keeps_it_waiting(
    app: Flask, clock: FakeClock, jiwon: str, settings: Settings, engine_name: str
) -> None:
    """While somebody reads, the bytes cannot be proved gone, and no certificate is issued."""
    if engine_name == "postgresql":
        return  # PostgreSQL keeps no log beside a file
    import sqlite3

    with app.app_context():
        an_approved_deletion(clock, jiwon)
        reader = sqlite3.connect(settings.instance / "portal.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM members").fetchone()
        destroy_due(app)
        assert faults(jiwon) == {"SCAN": "BUSY"}
        reader.close()
        clock.advance(minutes=1)
        destroy_due(app)
        assert stand(jiwon) is Stand.DONE


def test_its_steps_come_in_order(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The ledger stands before anything goes, the key goes before the scan, the certificate comes last but one."""
    told: list[str] = []
    with app.app_context():
        an_approved_deletion(clock, jiwon)
        destroy_due(app, told.append)

    kinds = list(dict.fromkeys(line.split()[0] for line in told))
    assert kinds == ["LEDGER", "SEPARATE", "HOST", "HOLDING", "KEY", "SCAN", "CERTIFICATE", "END"]


def test_a_copy_that_differs_stops_its_own_destruction_only(
    app: Flask, clock: FakeClock, jiwon: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied apart and reads otherwise needs attention: nothing of that person goes, and nobody else waits."""
    with app.app_context():
        minho = a_member(clock, "minho", email="minho.park@gaon.example", login_id="minho-the-sample")
        for ref in (jiwon, minho):
            an_approved_deletion(clock, ref)
        honest = SeparatedStore._verify

        def verify(store: SeparatedStore, records: Sequence[Kept]) -> None:
            if any(record.subject == jiwon for record in records):
                raise NotVerified(jiwon)
            honest(store, records)

        monkeypatch.setattr(SeparatedStore, "_verify", verify)

        destroy_due(app)

        assert faults(jiwon) == {f"SEPARATE {rule}": "COPY_DIFFERS" for rule in ("fraud", "identity_check", "dispute")}
        assert (stand(jiwon), stand(minho)) == (Stand.ATTENTION, Stand.DONE)
        assert members.of_ref(jiwon) is not None
        assert person_keys.seal_of(jiwon)
