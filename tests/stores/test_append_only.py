"""What may only be added to cannot be changed, whoever holds the connection: raw SQL on both engines."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from portal.database import open_engine, writing_on
from portal.settings import Settings

A_REQUEST = """
    INSERT INTO requests (
        id, number, ref, kind, channel, requester, key_ref, language, approvals, received_at, due_day
    ) VALUES (1, 'R-1', 'ref', 'LEAVER', 'WEB', 'SELF', 'ref', 'ko', 1, 0, '2026-12-03')
"""
ROWS = {
    "policy_versions": "(1, '2021-02-04', '{}', 'body', 'hash', 0, 0)",
    "policy_withdrawals": "('2021-02-04', 'why', 'officer', 0)",
    "shown_texts": "('sha', 'ko', 'text')",
    "consent_events": "(1, 'e1', 's1', 'ref', 'account', 'GRANTED', 'hash', 'sha', '2021-02-04', 'ko', 'WEB', 0)",
    "receipts": "(1, 'r1', 's1', 'ref', 0, '{}')",
    "runs": "(1, 'access sweep', '2026-11-23', 0, 0, '{}')",
    "processor_entries": "(1, 'kicc', '{}', 'ref', NULL, 'system', 0)",
    "processor_events": "(1, 'kicc', 'DISCLOSED', '2026-11-23', '{}', NULL, 'system', 0)",
    "company_events": "(1, 'ref', 'REVOKED', '', '2026-11-23', 'sealed', NULL, 'officer', 0)",
    "company_answers": "(1, 'admin', 'DENIED', 0)",
    "disclosures": "(1, 'charge-1', 'ref', 'kicc', 'card_number', 'payment', 'ALLOWED', '', 'digest', 0)",
}
ANY_COLUMN = {
    "policy_versions": "effective_at = 1",
    "policy_withdrawals": "because = 'another'",
    "shown_texts": "body = 'another'",
    "consent_events": "decision = 'REFUSED'",
    "receipts": "body = '[]'",
    "runs": "outcome = '[]'",
    "processor_entries": "facts = '[]'",
    "processor_events": "deed = 'ENDED'",
    "company_events": "deed = 'VERIFIED'",
    "company_answers": "answer = 'CONFIRMED'",
    "disclosures": "processor = 'another'",
}


@pytest.fixture
def main(settings: Settings) -> Iterator[Engine]:
    """The main store with one row in every append-only table."""
    engine = open_engine(settings.main_store)
    with writing_on(engine) as connection:
        connection.execute(text(A_REQUEST))
        for table, row in ROWS.items():
            connection.execute(text(f"INSERT INTO {table} VALUES {row}"))
    yield engine
    engine.dispose()


@pytest.fixture
def keys(settings: Settings) -> Iterator[Engine]:
    """The keys store with one key that lives and one that was destroyed."""
    engine = open_engine(settings.keys_store)
    with writing_on(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO day_keys (day, wrapped, made_at, destroyed_at)"
                " VALUES ('2026-11-23', :wrapped, 0, NULL), ('2026-05-01', NULL, 0, 9)"
            ),
            {"wrapped": b"wrapped"},
        )
    yield engine
    engine.dispose()


def attempt(engine: Engine, statement: str) -> None:
    with writing_on(engine) as connection:
        connection.execute(text(statement))


def count(engine: Engine, table: str, where: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {where}")) or 0)


@pytest.mark.parametrize("table", ROWS)
def test_rows_are_never_changed(main: Engine, table: str) -> None:
    """UPDATE is refused by the table itself."""
    with pytest.raises(DatabaseError, match=f"{table} is append-only"):
        attempt(main, f"UPDATE {table} SET {ANY_COLUMN[table]}")

    assert count(main, table, ANY_COLUMN[table]) == 0


@pytest.mark.parametrize("table", ROWS)
def test_rows_are_never_deleted(main: Engine, table: str) -> None:
    """DELETE is refused by the table itself, and so is PostgreSQL's TRUNCATE."""
    with pytest.raises(DatabaseError, match=f"{table} is append-only"):
        attempt(main, f"DELETE FROM {table}")
    if main.dialect.name == "postgresql":
        with pytest.raises(DatabaseError, match="is append-only"):
            attempt(main, f"TRUNCATE {table} CASCADE")

    assert count(main, table, "1 = 1") == 1


def test_what_the_gate_asks_follows_versions_and_withdrawals(main: Engine) -> None:
    """The requirement of a version that stands is neither changed nor deleted; that of a withdrawn one is gone."""
    attempt(main, "INSERT INTO policy_versions VALUES (2, '2027-01-04', '{}', 'body', 'other', 9, 0)")

    for statement in ("UPDATE requirements SET effective_at = 1", "DELETE FROM requirements"):
        with pytest.raises(DatabaseError, match="requirement"):
            attempt(main, statement)
    assert count(main, "requirements", "requirement_hash = 'other' AND effective_at = 9") == 1
    assert count(main, "requirements", "1 = 1") == 1


@pytest.mark.parametrize("table", ROWS)
def test_rows_are_never_replaced(main: Engine, table: str) -> None:
    """SQLite's INSERT OR REPLACE, which deletes without saying so, is refused as well."""
    if main.dialect.name == "postgresql":
        return  # it has no such statement; ON CONFLICT DO UPDATE is an UPDATE
    with pytest.raises(DatabaseError, match=f"{table} is append-only"):
        attempt(main, f"INSERT OR REPLACE INTO {table} VALUES {ROWS[table]}")


def test_the_guard_stands_in_the_file(settings: Settings, main: Engine) -> None:
    """The table refuses a program that is not ours, too."""
    if main.dialect.name == "postgresql":
        return  # every statement above went through the server, which knows no other way in
    with (
        closing(sqlite3.connect(settings.instance / "portal.db")) as stranger,
        pytest.raises(sqlite3.IntegrityError, match="consent_events is append-only"),
    ):
        stranger.execute("DELETE FROM consent_events")


def test_a_decision_is_one_of_three_words(main: Engine) -> None:
    """A decision that is neither GRANTED, REFUSED nor WITHDRAWN is refused by the table."""
    row = ROWS["consent_events"].replace("1, 'e1'", "2, 'e2'").replace("GRANTED", "granted")

    with pytest.raises(DatabaseError, match="ck_consent_events_decision"):
        attempt(main, f"INSERT INTO consent_events VALUES {row}")


def test_a_decision_needs_the_text_that_was_shown(main: Engine) -> None:
    """A decision on a text that is not kept is refused by the table."""
    row = ROWS["consent_events"].replace("1, 'e1'", "2, 'e2'").replace("'sha'", "'unknown'")

    with pytest.raises(DatabaseError, match=r"(?i)foreign key"):
        attempt(main, f"INSERT INTO consent_events VALUES {row}")


def test_a_day_key_can_be_destroyed(keys: Engine) -> None:
    """A living key is destroyed by an UPDATE that empties it and notes the moment."""
    attempt(keys, "UPDATE day_keys SET wrapped = NULL, destroyed_at = 5 WHERE day = '2026-11-23'")

    assert count(keys, "day_keys", "destroyed_at = 5") == 1


@pytest.mark.parametrize(
    "change",
    ["wrapped = 'abc', destroyed_at = NULL", "destroyed_at = 10", "made_at = 1", "day = '2026-05-02'"],
    ids=["revived", "later", "made at", "day"],
)
def test_a_destroyed_day_key_is_never_changed(keys: Engine, change: str) -> None:
    """Nothing of a destroyed key's row changes again."""
    with pytest.raises(DatabaseError, match="a destroyed day key is never changed again"):
        attempt(keys, f"UPDATE day_keys SET {change} WHERE day = '2026-05-01'")


@pytest.mark.parametrize("day", ["2026-11-23", "2026-05-01"], ids=["living", "destroyed"])
def test_a_day_key_row_stays(keys: Engine, day: str) -> None:
    """The row of a key is never deleted, so that no second key can be made for a day that is over."""
    with pytest.raises(DatabaseError, match="its row is not deleted"):
        attempt(keys, f"DELETE FROM day_keys WHERE day = '{day}'")


def test_a_day_key_is_either_wrapped_or_destroyed(keys: Engine) -> None:
    """A key that is both, or neither, is refused by the table."""
    with pytest.raises(DatabaseError, match="ck_day_keys_gone_when_destroyed"):
        attempt(keys, "UPDATE day_keys SET destroyed_at = 5 WHERE day = '2026-11-23'")
    with pytest.raises(DatabaseError, match="ck_day_keys_gone_when_destroyed"):
        attempt(keys, "UPDATE day_keys SET wrapped = NULL WHERE day = '2026-11-23'")
