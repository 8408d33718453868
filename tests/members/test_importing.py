"""Importing a list: all of it or none, whatever stands in it and whatever happens meanwhile."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db, writing
from portal.records import audit, companies, members
from portal.services import importing, registering
from portal.services.importing import Preview, Refusal, StoreChanged, Verdict
from portal.services.reading import ListFile
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser
from tests.members.samples import GAON, JIWON, KEPT, profile

HEADING = "회원번호,이메일,아이디,회사명,사업자등록번호,개인 연락처\n"
Write = Callable[[str], ListFile]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes a list and opens it."""

    def write(rows: str) -> ListFile:
        path = tmp_path / "members.csv"
        path.write_text(HEADING + rows, "utf-8")
        return ListFile(path)

    return write


def line(host_id: str, number: str = GAON, **changes: str) -> str:
    told = profile(business_registration_number=number, **changes)
    return ",".join((host_id, *(told[item] for item in JIWON))) + "\n"


def rows(table: str) -> int:
    return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def imported(app: Flask, table: ListFile, clock: FakeClock) -> Preview:
    with app.app_context(), closing(importing.preview(table.rows())) as found:
        importing.carry_out(found, "EMPLOYER", clock())
        return found


def test_a_list_becomes_registrations(app: Flask, written: Write, clock: FakeClock) -> None:
    """Each row is kept as a registration would keep it, colleagues share one company, and one audit row tells of the
    list."""
    imported(
        app,
        written(
            line("7001")
            + line("7002", email="b@gaon.example", personal_contact="B@HOME.example")
            + line("7003", number="")
        ),
        clock,
    )

    with app.app_context():
        first, second = members.of_host("7001"), members.of_host("7002")
        assert first is not None
        assert second is not None
        assert registering.profile_of(first) == KEPT
        assert (first.source, first.created_at, first.updated_at) == ("EMPLOYER", clock(), clock())
        assert first.company_ref == second.company_ref
        assert [member.ref for member in registering.of_email("B@gaon.example")] == [second.ref]
        assert registering.profile_of(second)["personal_contact"] == "B@home.example"
        assert [member.ref for member in registering.found_by("personal_contact", "b@home.example")] == [second.ref]
        company = registering.company_numbered(GAON)
        assert company is not None
        assert registering.company_of(company)["company_name"] == "가온유통(주)"
        told = audit.found(limit=10)
    assert [(row.deed, row.actor_kind, row.facts) for row in told] == [
        ("members.imported", "OPERATOR", '{"completed":0,"new":3,"same":0,"source":"EMPLOYER"}')
    ]


def test_a_preview_changes_nothing(app: Flask, written: Write) -> None:
    """Neither store has a row more afterwards, not even a key."""
    with app.app_context(), closing(importing.preview(written(line("7001")).rows())) as found:
        assert found.counts == Counter({Verdict.NEW: 1})
        assert (rows("members"), rows("companies"), rows("audit_events")) == (0, 0, 0)
        with db.engines["keys"].connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM subject_keys")) == 0


def test_every_row_has_its_verdict(app: Flask, written: Write, clock: FakeClock) -> None:
    """Known, different, destroyed, repeated and faulty rows are told apart, by number and column."""
    with app.app_context():
        registering.register("same", JIWON, "SELF", clock())
        registering.register("other", profile(email="was@gaon.example"), "SELF", clock())
        gone = registering.register("gone", JIWON, "SELF", clock())
        person_keys.destroy(gone.member_ref, clock())
        with writing():
            members.meet("met", members.new_ref(), clock())
    refused: list[Refusal] = []
    table = written(
        line("same")
        + line("other")
        + line("gone")
        + line("met")
        + line("new")
        + line("new")
        + line("bad", email="x", personal_contact="119")
        + ","
        + line("wide")
    )

    with app.app_context(), closing(importing.preview(table.rows(), refused.append)) as found:
        assert found.counts == {
            Verdict.SAME: 1,
            Verdict.FILLED: 1,
            Verdict.NEW: 1,
            Verdict.DIFFERENT: 1,
            Verdict.DESTROYED: 1,
            Verdict.REPEATED: 1,
            Verdict.FAULTY: 2,
        }
        told = sorted((one.number, one.verdict.name, [fault.field for fault in one.faults]) for one in refused)
        assert told[:4] == [
            (3, "DIFFERENT", ["email"]),
            (4, "DESTROYED", ["host_id"]),
            (7, "REPEATED", ["host_id"]),
            (8, "FAULTY", ["email", "personal_contact"]),
        ]
        assert (told[4][0], "row" in told[4][2]) == (9, True)
        with pytest.raises(ValueError, match="refused"):
            importing.carry_out(found, "HOST", clock())
        assert rows("members") == 4


def test_a_repeat_changes_nothing(app: Flask, written: Write, clock: FakeClock) -> None:
    """The same list again finds everybody registered, the same."""
    table = written(line("7001") + line("7002"))
    imported(app, table, clock)

    with app.app_context(), closing(importing.preview(table.rows())) as again:
        assert again.counts == {Verdict.SAME: 2}
        assert again.to_write == 0


def test_a_member_known_from_a_consent_is_completed(
    app: Flask, written: Write, clock: FakeClock, browser: Callable[..., Browser]
) -> None:
    """Who has agreed before keeps the reference, and the consents with it."""
    browser("7001").agree()
    with app.app_context():
        ref = members.of_host("7001").ref  # type: ignore[union-attr]

    found = imported(app, written(line("7001") + line("7002")), clock)

    assert found.counts == {Verdict.FILLED: 1, Verdict.NEW: 1}
    with app.app_context():
        member = members.of_host("7001")
        assert member is not None
        assert (member.ref, registering.profile_of(member)) == (ref, KEPT)
        assert "동의함" in browser("7001").get("/me").text


@pytest.mark.parametrize("meanwhile", ["registered", "met"])
def test_somebody_registered_meanwhile_stops_all_of_it(
    app: Flask, written: Write, clock: FakeClock, meanwhile: str
) -> None:
    """Between preview and import the store may change: nothing is imported then, and a new try comes to its end."""
    table = written(line("7001") + line("7002", number="123-45-67891"))
    with app.app_context(), closing(importing.preview(table.rows())) as found:
        if meanwhile == "registered":
            registering.register("7002", JIWON, "SELF", clock())
        else:
            with writing():
                members.meet("7002", members.new_ref(), clock())
        with pytest.raises(StoreChanged):
            importing.carry_out(found, "HOST", clock())
        assert (rows("members"), members.of_host("7001")) == (1, None)


def test_a_failure_while_writing_leaves_nothing(
    app: Flask, written: Write, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second batch fails: the first one is not kept either, and the next try imports all."""
    monkeypatch.setattr(importing, "BATCH", 2)
    table = written("".join(line(f"70{number:02}") for number in range(5)))
    add, calls = members.add_many, []

    def fail_late(batch: list[dict[str, object]]) -> None:
        calls.append(len(batch))
        if len(calls) == 2:
            raise OSError("the disk is full")
        add(batch)

    with app.app_context(), closing(importing.preview(table.rows())) as found:
        with monkeypatch.context() as broken:
            broken.setattr(members, "add_many", fail_late)
            with pytest.raises(OSError, match="disk"):
                importing.carry_out(found, "HOST", clock())
        assert (calls, rows("members"), rows("companies"), rows("audit_events")) == ([2, 2], 0, 0, 0)

        importing.carry_out(found, "HOST", clock())
        assert (rows("members"), rows("companies"), rows("audit_events")) == (5, 1, 1)


def test_a_company_across_batches_is_one(
    app: Flask, written: Write, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company met in one batch, or known before, is not made again by the next."""
    monkeypatch.setattr(importing, "BATCH", 2)
    with app.app_context():
        before = registering.register("1", profile(business_registration_number="123-45-67891"), "SELF", clock())

    imported(app, written("".join(line(f"7{n}") for n in range(5)) + line("8", number="1234567891")), clock)

    with app.app_context():
        assert rows("companies") == 2
        assert members.of_host("8").company_ref == before.company_ref  # type: ignore[union-attr]
        assert companies.of_ref(members.of_host("74").company_ref or "") is not None  # type: ignore[union-attr]


def test_imports_and_consents_at_once_meet_in_one_row(
    app: Flask, written: Write, clock: FakeClock, browser: Callable[..., Browser]
) -> None:
    """Registrations, a first consent and an import of the same person at once end in one member with one profile."""
    table = written(line("7001"))
    start = threading.Barrier(4)

    def bring_in() -> None:
        with app.app_context(), closing(importing.preview(table.rows())) as found:
            start.wait()
            with suppress(StoreChanged):
                importing.carry_out(found, "HOST", clock())

    def register() -> None:
        with app.app_context():
            start.wait()
            registering.register("7001", JIWON, "SELF", clock() + timedelta(seconds=1))

    def agree() -> None:
        start.wait()
        assert browser("7001").agree().status_code == 303

    threads = [threading.Thread(target=work) for work in (bring_in, register, register, agree)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        member = members.of_host("7001")
        assert member is not None
        assert rows("members") == 1
        assert registering.profile_of(member) == KEPT
        assert [found.ref for found in registering.of_email(JIWON["email"])] == [member.ref]
    assert browser("7001").get("/me").text.count("동의함") == 2
