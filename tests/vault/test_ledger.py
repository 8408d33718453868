"""The destruction ledger: begun before anything goes, proved once, never changed, and without a person in it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from portal.database import open_engine, writing_on
from portal.settings import Settings
from portal.vault import certificates, ledger
from portal.vault.ledger import Gone, Line

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def keys(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.keys_store)
    yield engine
    engine.dispose()


def of(ref: str) -> tuple[Line, Gone]:
    line = Line(ref, "LEFT_COMPANY", files=("profile", "consents"), made_on=date(2026, 1, 2), counts={"profile": 1})
    return line, Gone(f"member-{ref}", ref.encode(), AT - timedelta(days=300), ref)


def test_numbers_follow_one_another_within_a_year(keys: Engine) -> None:
    """The first destruction of a Seoul year is number 1, whatever other years had."""
    assert ledger.begin(keys, [of("a"), of("b")], AT) == {"a": "D-2026-0001", "b": "D-2026-0002"}
    assert ledger.enter_paper(keys, Line("p", "PERIOD_ENDED", media="PAPER"), AT, "staff-1") == "D-2026-0003"
    assert ledger.begin(keys, [of("c")], datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) == {"c": "D-2027-0001"}


def test_a_repeat_changes_nothing(keys: Engine) -> None:
    """A worker that was killed and comes again finds its line, its number and its tombstone."""
    first = ledger.begin(keys, [of("a")], AT)
    second = ledger.begin(keys, [of("a"), of("b")], AT)
    ledger.finish(keys, [of("a")[0]], AT)
    ledger.finish(keys, [of("a")[0]], AT)

    assert first == {"a": "D-2026-0001"}
    assert second == {"a": "D-2026-0001", "b": "D-2026-0002"}
    assert [(row.number, row.entry) for row in ledger.entries(keys)] == [
        ("D-2026-0001", "DONE"),
        ("D-2026-0002", "BEGUN"),
        ("D-2026-0001", "BEGUN"),
    ]
    assert [stone.member_ref for stone in ledger.tombstones_after(keys)] == ["member-a", "member-b"]
    assert ledger.last_seq(keys) == 2


def test_what_was_not_begun_cannot_be_finished(keys: Engine) -> None:
    """The ledger's second line never stands without its first."""
    with pytest.raises(KeyError):
        ledger.finish(keys, [of("a")[0]], AT)


def test_there_is_one_certificate(keys: Engine) -> None:
    """Whoever issues second is given the first; only a newer one that names it takes its place."""
    first = certificates.issue(keys, "CODE1", "a", "{}", AT)
    again = certificates.issue(keys, "CODE2", "a", "{}", AT)
    newer = certificates.issue(keys, "CODE3", "a", "{}", AT + timedelta(days=1), supersedes="CODE1")
    certificates.revoke(keys, "CODE3", "WRONG_PERSON", AT)

    assert (first.code, again.code, newer.code) == ("CODE1", "CODE1", "CODE3")
    ends = [certificates.of_code(keys, code)[1] for code in ("CODE1", "CODE3")]  # type: ignore[index]
    assert [end.state for end in ends if end] == ["SUPERSEDED", "REVOKED"]
    assert certificates.of_code(keys, "CODE2") is None


@pytest.mark.parametrize("table", ["destruction_ledger", "tombstones", "certificates", "certificate_ends"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET at_or_code", "DELETE FROM {}"])
def test_nothing_here_is_ever_changed(keys: Engine, table: str, deed: str) -> None:
    """Whoever holds the connection is refused by the database itself."""
    ledger.begin(keys, [of("a")], AT)
    certificates.issue(keys, "CODE1", "a", "{}", AT)
    certificates.revoke(keys, "CODE1", "WRONG_PERSON", AT)
    column = {"destruction_ledger": "number", "tombstones": "member_ref"}.get(table, "code")
    statement = deed.replace("at_or_code", f"{column} = 'x'").format(table)

    with pytest.raises(DatabaseError), writing_on(keys) as connection:
        connection.execute(text(statement))
