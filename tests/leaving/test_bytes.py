"""From an uploaded list to the certificate nothing of the people in it is left: in no file of the installation, and in
no copy of the main store that was made on the way."""

import logging
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask, current_app

from middleware import ConsentGate
from portal.database import db, end_reading, writing
from portal.holdings import Subject
from portal.records import destructions, leavers, requests, scanning
from portal.records.destructions import Task
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.progress import Word
from portal.services import (
    auditing,
    certifying,
    exporting,
    judging,
    leaving,
    listing,
    objecting,
    registering,
    requesting,
)
from portal.services.auditing import By
from portal.services.delivering import deliver
from portal.services.destroying import destroy_due
from portal.services.draining import drain_once
from portal.settings import Settings
from portal.vault.profiles import KEY_ID_BYTES, NONCE_BYTES, SubjectSeal
from tests.fake_clock import FakeClock
from tests.leaving.conftest import HANDLER, HANDLERS, Join, advance
from tests.members.samples import profile
from tests.middleware.gatehouse import Host, ask, environ_of, records_in

HOST_ID, EMAIL, CONTACT = "id-of-minho-at-the-host", "minho@home.example", "+821098765432"
COMPLAINT, SEEN = "민호가 두 번 청구됐어요", "민호가 전화로 물었습니다"
OBJECTION, REASON = "민호는 휴직 중이에요", "민호는 퇴사했다고 합니다"
STRANGER = "stranger@elsewhere.example"
MARKS = (HOST_ID, EMAIL, CONTACT, COMPLAINT, SEEN, OBJECTION, REASON, STRANGER)
LIST = f"email,leave_date\n{EMAIL},2026-10-31\nsora@gaon.example,2026-10-31\n{STRANGER},2026-10-31\n"
IN_CLEAR = {"members": {HOST_ID}, "standing": {HOST_ID}}  # docs/destruction.md tells whoever has backups


@pytest.fixture
def engine_name() -> str:
    return "sqlite"  # PostgreSQL has no file of ours


def found_in(settings: Settings, marks: Collection[str] = MARKS) -> dict[str, set[str]]:
    """Return which marks stand in clear in which file of the installation."""
    contents = {path.name: path.read_bytes() for path in files_of(settings)}
    found = {name: {mark for mark in marks if mark.encode() in content} for name, content in contents.items()}
    return {name: some for name, some in found.items() if some}


def files_of(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.instance).rglob("*") if path.is_file()]


def copied(settings: Settings, to: Path) -> Path:
    """Return a copy of the main store, as somebody's backup has it."""
    with closing(sqlite3.connect(settings.instance / "portal.db")) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return to


def readable(copies: Collection[Path], marks: Collection[str] = MARKS) -> dict[str, set[str]]:
    """Return which marks can be read in which table of these copies by somebody who has every key that there is."""
    found: dict[str, set[str]] = {}
    keys = living_keys()
    for copy in copies:
        with closing(sqlite3.connect(copy)) as store:
            for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in store.execute(f'SELECT * FROM "{table}"'):
                    blobs = [opened(value, keys) for value in row if isinstance(value, bytes)]
                    content = b"\n".join([*blobs, *(str(value).encode() for value in row)])
                    found.setdefault(table, set()).update(mark for mark in marks if mark.encode() in content)
    return {table: some for table, some in found.items() if some}


def living_keys() -> dict[bytes, bytes]:
    """Return every key that is not destroyed, by what a blob says of the one it was sealed under."""
    wrapping = current_app.extensions["portal.secrets"].wrapping_keys
    with db.engines["keys"].connect() as connection:
        rows = connection.exec_driver_sql("SELECT ref, kek_id, wrapped FROM subject_keys WHERE wrapped IS NOT NULL")
        keys = {ref: wrapping.unwrap(kek_id, wrapped) for ref, kek_id, wrapped in rows}
    return {SubjectSeal(ref, key).seal("", "", "")[:KEY_ID_BYTES]: key for ref, key in keys.items()}


def opened(blob: bytes, keys: dict[bytes, bytes]) -> bytes:
    """Return what was sealed, whatever it was bound to; nothing without its key."""
    key = keys.get(blob[:KEY_ID_BYTES])
    if key is None:
        return b""
    nonce = blob[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
    counting = Cipher(algorithms.AES(key), modes.CTR(nonce + (2).to_bytes(4, "big")))  # GCM without its tag
    return counting.decryptor().update(blob[KEY_ID_BYTES + NONCE_BYTES :])


def test_a_list_leaves_no_byte_behind(
    app: Flask,
    clock: FakeClock,
    settings: Settings,
    gaon: str,
    admin: By,
    join: Join,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever has the store and the keys reads profile, complaint, letters, the words of who looked, the list, the
    objection and its judgement; letters lie as files, and keep the certificate waiting. Afterwards no file
    and no line of the log has a byte of it, and nothing that was sealed in a copy of the store can be opened."""
    caplog.set_level(logging.DEBUG)
    join("sora")
    with app.app_context():
        told = profile(email=EMAIL, login_id="minho-the-sample", personal_contact=CONTACT)
        ref = registering.register(HOST_ID, told, "SELF", clock()).member_ref
        by = By("MEMBER", ref)
        complaint = {"requester": "SELF", "channel": "WEB", "details": {"text": COMPLAINT}}
        requesting.receive(Kind.COMPLAINT, by=by, at=clock(), language="ko", member_ref=ref, **complaint)  # type: ignore
        with writing():
            auditing.note(Deed.VALUE_REVEALED, HANDLER, clock(), subject=ref, words=SEEN)
        exported = exporting.export(Subject(ref, HOST_ID), "json", by, clock(), "ko").pieces
        assert EMAIL in b"".join(exported).decode()
        upload = listing.upload("leavers.csv", LIST.encode(), company_ref=gaon, account_ref=admin.ref, at=clock())
        uploaded = copied(settings, tmp_path / "uploaded.db")
        assert readable([uploaded])["upload_pages"] == {EMAIL, STRANGER}
        end_reading()
        scanning.settle([db.engine])  # so that both the file and its log have something of it
        number = listing.send(upload, by=admin, at=clock(), language="ko", reply_to="hr@gaon.example").number
        assert not any(STRANGER in marks for marks in readable([uploaded]).values())
        leaving.tell_some(clock())
        request = requests.of_number(number)
        assert request is not None
        leaver = leavers.of_request(request.id)[0].id
        objecting.object_to(leaver, OBJECTION, by, clock())
        objected = copied(settings, tmp_path / "objected.db")
        deliver(app)
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        judging.judge(number, leaver, upheld=False, words=REASON, by=HANDLER, roles=HANDLERS, at=clock())
        clock.advance(days=4)
        assert leaving.order_some(clock()) == 2
        copies = [uploaded, objected, copied(settings, tmp_path / "ordered.db")]
        gate = ConsentGate(
            Host(),
            store=settings.main_store,
            journal=settings.journal,
            identify=lambda environ: HOST_ID,
            digest_key=b"k" * 32,
        )
        ask(gate, environ_of(f"/people/{EMAIL}"))
        assert [record.path for record in records_in(settings.journal)] == ["/people/@"]

        letters = {path.name for path in settings.letters_dir.iterdir() if EMAIL.encode() in path.read_bytes()}
        assert len(letters) == 2
        assert found_in(settings).keys() == {"portal.db", "portal.db-wal", *letters}
        assert readable(copies) == {
            "members": {HOST_ID, EMAIL, CONTACT},
            "standing": {HOST_ID},
            "requests": {COMPLAINT},
            "audit_words": {SEEN, REASON},
            "mails": {EMAIL, REASON},
            "objections": {OBJECTION},
            "destructions": {HOST_ID, EMAIL, CONTACT},
        }

        for path in list(settings.letters_dir.iterdir()):
            path.with_name(f"copy-of-{path.name}").write_bytes(path.read_bytes())
        end_reading()
        assert destroy_due(app).attention == 2
        assert certifying.code_of_request(number) == ""
        assert not letters & {path.name for path in settings.letters_dir.iterdir()}
        for path in settings.letters_dir.iterdir():
            path.unlink()
        drain_once(app)
        stuck = db.session.scalars(db.select(Task).where(Task.state == "ATTENTION")).all()
        assert {(task.kind, task.fault) for task in stuck} == {("SCAN", "BYTES_FOUND")}
        ids = [task.id for task in stuck]
        with writing():
            assert all(destructions.try_again(task_id, clock()) for task_id in ids)
        end_reading()
        destroy_due(app)
        copies.append(copied(settings, tmp_path / "destroyed.db"))
        deliver(app)
        end_reading()

        assert certifying.code_of_request(number)
        assert found_in(settings) == {}
        assert [mark for mark in MARKS if mark in caplog.text] == []
        assert readable(copies) == IN_CLEAR
        there = {path.relative_to(settings.instance).parts[0] for path in files_of(settings)}
        assert there >= {"portal.db", "portal.db-wal", "keys.db", "separated.db", "access", "journal", "mail"}
    gate.close()
