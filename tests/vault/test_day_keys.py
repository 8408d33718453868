import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from portal.database import open_engine, writing_on
from portal.settings import Settings
from portal.vault.day_keys import DayKey, DayKeys, KeyLingers
from portal.vault.wrapping import WrongWrappingKey

DAY, NEXT = date(2026, 5, 1), date(2026, 5, 2)
AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
KEK = b"k" * 32


@pytest.fixture
def keys(settings: Settings) -> Iterator[DayKeys]:
    engine = open_engine(settings.keys_store)
    yield DayKeys(engine, KEK)
    engine.dispose()


def wrapped_of(keys: DayKeys, day: date) -> bytes | None:
    with keys.engine.connect() as connection:
        return connection.scalar(select(DayKey.wrapped).where(DayKey.day == day))


def test_a_day_keeps_one_key(keys: DayKeys) -> None:
    """What is sealed today opens with the key asked for again, and other days have other keys."""
    first, again, other = keys.obtain(DAY, AT), keys.obtain(DAY, AT), keys.obtain(NEXT, AT)

    assert first is not None
    assert again is not None
    assert other is not None
    assert again.open("r", first.seal("r", "ip", "agent", "")) == ("ip", "agent", "")
    assert other.index_ip("ip") != first.index_ip("ip")


def test_only_the_wrapped_key_is_stored(keys: DayKeys) -> None:
    """The store holds 40 wrapped bytes, which another wrapping key does not open."""
    keys.obtain(DAY, AT)

    wrapped = wrapped_of(keys, DAY)

    assert wrapped is not None
    assert len(wrapped) == 40
    with pytest.raises(WrongWrappingKey):
        DayKeys(keys.engine, b"x" * 32).find(DAY)


def test_drainers_that_race_use_one_key(keys: DayKeys) -> None:
    """Eight that make the key of a new day at once all get the winner's."""
    start = threading.Barrier(8)
    indexes = []

    def make() -> None:
        start.wait()
        seal = keys.obtain(DAY, AT)
        indexes.append(seal.index_ip("203.0.113.7") if seal else None)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(indexes) == 8
    assert len(set(indexes)) == 1


def test_a_destroyed_key_never_comes_back(keys: DayKeys) -> None:
    """After its destruction a day has no seal, and none is made for it; doing it again changes nothing."""
    keys.obtain(DAY, AT)

    assert keys.destroy(DAY, AT) is True
    assert keys.destroy(DAY, AT) is False

    assert keys.find(DAY) is None
    assert keys.obtain(DAY, AT) is None
    assert keys.reading()(DAY) is None


def test_a_day_without_a_key_can_be_closed(keys: DayKeys) -> None:
    """Destroying what was never made keeps it from being made."""
    assert keys.destroy(DAY, AT) is False

    assert keys.obtain(DAY, AT) is None


def test_the_table_itself_refuses_to_revive_a_key(keys: DayKeys) -> None:
    """Even SQL by hand cannot put a key back into a destroyed day."""
    keys.obtain(DAY, AT)
    wrapped = wrapped_of(keys, DAY)
    keys.destroy(DAY, AT)

    with pytest.raises(DBAPIError), writing_on(keys.engine) as connection:
        connection.execute(DayKey.__table__.update().values(wrapped=wrapped, destroyed_at=None))


def test_held_days_are_those_with_a_key(keys: DayKeys) -> None:
    """Days are listed oldest first, without the destroyed ones."""
    for day in (NEXT, DAY, date(2026, 4, 30)):
        keys.obtain(day, AT)
    keys.destroy(date(2026, 4, 30), AT)

    assert keys.held() == [DAY, NEXT]


def test_reading_opens_as_find_does(keys: DayKeys) -> None:
    """The seals of one search are the same as asked one by one; a day that was never made has none."""
    seal = keys.obtain(DAY, AT)
    assert seal is not None
    sealed = seal.seal("r", "ip", "agent", "")

    seal_of = keys.reading()

    opened = seal_of(DAY)
    assert opened is not None
    assert opened.open("r", sealed) == ("ip", "agent", "")
    assert opened is seal_of(DAY)
    assert seal_of(NEXT) is None


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_nothing_of_a_destroyed_key_stays_in_the_files(keys: DayKeys, settings: Settings) -> None:
    """After scrubbing, neither the store nor its log holds the wrapped bytes, page splits notwithstanding."""
    path = Path(make_url(settings.keys_store).database or "")
    days = [date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(300)]
    for day in days:
        keys.obtain(day, AT)
    doomed = [wrapped_of(keys, day) for day in days[:50]]
    kept = wrapped_of(keys, days[60])

    for day in days[:50]:
        keys.destroy(day, AT)
    keys.scrub()

    files = b"".join(file.read_bytes() for file in path.parent.glob("keys.db*"))
    assert [wrapped for wrapped in doomed if wrapped is None or wrapped in files] == []
    assert kept is not None
    assert kept in files


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_store_in_use_is_told(keys: DayKeys, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody reads an old state the log cannot be cut, and the sweep must not believe that it was."""
    monkeypatch.setattr("portal.database.BUSY_MS", 50)
    keys.obtain(DAY, AT)
    with sqlite3.connect(make_url(settings.keys_store).database or "") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM day_keys").fetchone()
        keys.destroy(DAY, AT)

        with pytest.raises(KeyLingers):
            keys.scrub()
    reader.close()

    keys.scrub()


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_the_table_is_rewritten(keys: DayKeys) -> None:
    """On PostgreSQL scrubbing gives the table a new file, without the old row."""
    keys.obtain(DAY, AT)
    keys.destroy(DAY, AT)
    asked = "SELECT pg_relation_filenode('day_keys')"
    with keys.engine.connect() as connection:
        before = connection.exec_driver_sql(asked).scalar()

    keys.scrub()

    with keys.engine.connect() as connection:
        assert connection.exec_driver_sql(asked).scalar() != before
