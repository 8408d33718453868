"""Access records are found by member, address and time, newest first, and only while they may be shown."""

from datetime import UTC, date, datetime

import pytest

from portal.records.access import Cursor
from tests.access.builders import NOON, a_dead_segment, a_record, micros, text_of
from tests.access.conftest import AT, TODAY, Room

HOUR = 3_600_000_000
DAY = 24 * HOUR


@pytest.fixture
def filled(room: Room) -> Room:
    """Three days of two members at two addresses, a record every hour of the morning."""
    records = [
        a_record(
            NOON - day * DAY - hour * HOUR,
            request_id=f"d{day}h{hour}",
            ref="anna" if hour % 2 else "",
            ip="203.0.113.1" if hour < 2 else "2001:db8::1",
        )
        for day in (2, 1, 0)
        for hour in (3, 2, 1, 0)
    ]
    a_dead_segment(room.journal, text_of(records))
    room.drain()
    return room


def test_everything_comes_newest_first(filled: Room) -> None:
    """Without a question all records come, across days, the newest first."""
    assert filled.ids()[:5] == ["d0h0", "d0h1", "d0h2", "d0h3", "d1h0"]
    assert len(filled.ids()) == 12


def test_a_member_is_found_on_every_day(filled: Room) -> None:
    """A member's records of all days, and nobody else's."""
    assert filled.ids(ref="anna") == ["d0h1", "d0h3", "d1h1", "d1h3", "d2h1", "d2h3"]
    assert filled.ids(ref="nobody") == []


def test_an_address_is_found_though_it_is_sealed(filled: Room) -> None:
    """Each day has an index of its own, and one question asks them all."""
    assert filled.ids(ip="203.0.113.1") == ["d0h0", "d0h1", "d1h0", "d1h1", "d2h0", "d2h1"]
    assert filled.ids(ip="2001:db8::1", ref="anna") == ["d0h3", "d1h3", "d2h3"]
    assert filled.ids(ip="203.0.113.2") == []


def test_a_stretch_of_time_has_a_first_and_no_last_moment(filled: Room) -> None:
    """`since` is within, `until` is not."""
    since, until = datetime(2026, 11, 22, 3, tzinfo=UTC), datetime(2026, 11, 23, 1, tzinfo=UTC)

    assert filled.ids(since=since, until=until) == ["d0h3", "d1h0"]
    assert filled.ids(since=datetime(2026, 11, 23, 3, tzinfo=UTC)) == ["d0h0"]
    assert filled.ids(until=datetime(2026, 11, 21, 1, tzinfo=UTC)) == ["d2h3"]


def test_pages_follow_each_other(filled: Room) -> None:
    """A page ends at a cursor, and the next begins right behind it, also across days."""
    pages, before = [], None
    while page := filled.found(limit=5, before=before):
        pages.append([record.request_id for record in page])
        before = page[-1].cursor

    assert pages == [
        ["d0h0", "d0h1", "d0h2", "d0h3", "d1h0"],
        ["d1h1", "d1h2", "d1h3", "d2h0", "d2h1"],
        ["d2h2", "d2h3"],
    ]


def test_records_of_one_moment_are_neither_lost_nor_repeated(room: Room) -> None:
    """Equal times are told apart by the request id, in pages too."""
    a_dead_segment(room.journal, text_of([a_record(request_id=name) for name in "bdaec"]))
    room.drain()

    first = room.found(limit=2)
    rest = room.found(before=first[-1].cursor)

    assert [record.request_id for record in first + rest] == ["e", "d", "c", "b", "a"]
    assert first[-1].cursor == Cursor(NOON, "d")


def test_days_before_the_oldest_are_not_shown(filled: Room) -> None:
    """What is expired is not shown, though no sweep has come by."""
    assert filled.ids(oldest=TODAY) == ["d0h0", "d0h1", "d0h2", "d0h3"]
    assert filled.ids(oldest=TODAY, ip="203.0.113.1") == ["d0h0", "d0h1"]
    assert filled.ids(oldest=date(2026, 11, 24)) == []


def test_a_day_without_a_key_is_not_shown(filled: Room) -> None:
    """Rows whose key was destroyed do not appear, and a page is filled with what lies before them."""
    filled.keys.destroy(date(2026, 11, 22), AT)

    assert filled.ids(limit=6) == ["d0h0", "d0h1", "d0h2", "d0h3", "d2h0", "d2h1"]
    assert filled.ids(ip="203.0.113.1") == ["d0h0", "d0h1", "d2h0", "d2h1"]


def test_an_empty_store_finds_nothing(room: Room) -> None:
    """Before the first drain a search is empty, and no fault."""
    assert room.ids(ref="anna") == []
    assert (room.store.days(), room.store.count(TODAY)) == ([], 0)


def test_a_record_without_an_address_is_found_by_its_member(room: Room) -> None:
    """An unknown address has no index, and its record opens to an empty one."""
    a_dead_segment(room.journal, text_of([a_record(micros(2026, 11, 23, 1), ip="", ref="anna")]))
    room.drain()

    (record,) = room.found(ref="anna")

    assert record.ip == ""
    assert room.ids(ip="") == []
