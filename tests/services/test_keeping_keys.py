"""Keeping keys: what is done to them is audited, and only a key that nothing names is swept."""

import subprocess
import sys
from datetime import timedelta

from flask import Flask
from sqlalchemy import String

from portal.database import db, writing
from portal.records import audit, members, references
from portal.services import keeping_keys, registering
from portal.services.registering import register
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.members.samples import JIWON, KEPT

LATER = timedelta(days=1, seconds=1)


def test_a_new_key_and_a_rotation_are_audited(app: Flask, clock: FakeClock) -> None:
    """The chain says which wrapping key was made and how many keys were taken over; profiles open as before."""
    with app.app_context():
        register("7001", JIWON, "SELF", clock())
        path = keeping_keys.add_wrapping_key(clock())
        assert keeping_keys.waiting() == 2

        keeping_keys.rotate(clock())
        keeping_keys.rotate(clock())  # nothing to do: no second row

        told = [(row.deed, row.about, row.facts) for row in audit.found(limit=2)]
        assert told == [
            ("keys.rotated", "wrapping key 2", '{"broken":0,"keys":2}'),
            ("key.added", "wrapping key 2", "{}"),
        ]
        assert path.stat().st_mode & 0o777 == 0o600
        assert registering.profile_of(members.of_host("7001")) == KEPT  # type: ignore[arg-type]


def test_a_check_tells_which_wrapping_keys_are_needed(app: Flask, clock: FakeClock) -> None:
    """The old file is unused only after the rotation."""
    with app.app_context():
        register("7001", JIWON, "SELF", clock())
        keeping_keys.add_wrapping_key(clock())

        before = keeping_keys.check(clock())
        keeping_keys.rotate(clock())
        after = keeping_keys.check(clock())

    assert (before.stand.by_wrapping_key, before.newest, before.unused) == ({"1": 2}, "2", {})
    assert (after.stand.by_wrapping_key, list(after.unused)) == ({"2": 2}, ["1"])


def test_keys_that_nothing_names_are_swept(app: Flask, clock: FakeClock) -> None:
    """A key of a deed that failed goes after a day; those of members, companies and met people stay."""
    with app.app_context():
        register("7001", JIWON, "SELF", clock())
        with writing():
            met = members.meet("7002", members.new_ref(), clock()).ref
        for ref in (met, "orphan-1", "orphan-2"):
            person_keys.make(ref, clock())

        assert keeping_keys.check(clock()).orphans == set()
        found = keeping_keys.check(clock() + LATER)
        assert found.orphans == {"orphan-1", "orphan-2"}
        with writing():
            members.meet("7003", "orphan-1", clock())

        assert keeping_keys.sweep(found.orphans, clock() + LATER) == 1

        row = audit.found(limit=1)[0]
        assert (row.deed, row.facts) == ("keys.swept", '{"keys":1}')
        assert set(person_keys.seals_of([met, "orphan-1", "orphan-2"])) == {met, "orphan-1"}
        assert registering.profile_of(members.of_host("7001")) == KEPT  # type: ignore[arg-type]


def test_every_sealed_column_stands_beside_the_name_of_its_key(app: Flask) -> None:
    """A table that seals something names the key in a column called `ref` or `..._ref`; else the sweep, which goes by
    these columns, would take a key that is needed."""
    with app.app_context():
        naming = {column.table.name for _, column in references.naming_columns() if isinstance(column.type, String)}
        sealing = {
            table.name
            for bind, metadata in db.metadatas.items()
            if bind not in references.ELSEWHERE
            for table in metadata.sorted_tables
            if any(column.name.startswith("sealed") for column in table.columns)
        }

    assert sealing >= {"members", "companies", "audit_words"}
    # A step is sealed under the key of its request, a page under its list's, an objection under its member's, what was
    # done to an entry under the entry's: the row that each belongs to names the key.
    assert sealing - {"request_events", "upload_pages", "objections", "processor_events"} <= naming


def test_a_command_that_loaded_nothing_else_knows_every_table() -> None:
    """A key of the separate store or of a destruction is never taken for an orphan because its table was not loaded."""
    program = (
        "from portal.records.references import naming_columns\n"
        "print(sorted({column.table.name for _, column in naming_columns()}))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    for table in ("separated_records", "destructions", "drafts", "members", "mails", "requests", "audit_words"):
        assert f"'{table}'" in done.stdout
