"""The audit chain in the store: whole with the deed or not at all, one line of rows whoever writes, words that go."""

import threading
from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.database import writing
from portal.records import audit
from portal.rules.chain import Broken, Intact, Why, verify
from portal.rules.deed import VIEWS, WORDS, Deed
from portal.services import auditing
from portal.services.auditing import OPERATOR, By
from portal.vault import person_keys
from tests.fake_clock import FakeClock

HANDLER = By("STAFF", "account-1", "192.0.2.7")


def verdict(app: Flask) -> Intact | Broken:
    with app.app_context():
        return verify(audit.rows(), app.extensions["portal.secrets"].audit_key, audit.head())


def invite_and_fail(at: datetime) -> None:
    with writing():
        auditing.note(Deed.STAFF_INVITED, OPERATOR, at)
        raise ZeroDivisionError


def test_rows_follow_one_another(app: Flask, clock: FakeClock) -> None:
    """Rows of several transactions and of one make one chain, whose head the store knows."""
    with app.app_context():
        with writing():
            auditing.note(Deed.SIGNED_IN, HANDLER, clock())
        with writing():
            auditing.note_views(Deed.QUEUE_VIEWED, HANDLER, clock(), ["member-1", "member-2", "member-1"])

        rows = audit.found(limit=10)

    assert [(row.id, row.deed, row.subject) for row in rows] == [
        (3, "queue.viewed", "member-2"),
        (2, "queue.viewed", "member-1"),
        (1, "signed.in", ""),
    ]
    assert rows[0].segment == "2026-11"
    assert verdict(app) == Intact(3, audit.Head(3, "2026-11", rows[0].mac, 3))


def test_a_deed_that_fails_leaves_no_row(app: Flask, clock: FakeClock) -> None:
    """What is rolled back was never done, and the next row takes its place in the chain."""
    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            invite_and_fail(clock())
        with writing():
            auditing.note(Deed.SIGNED_IN, HANDLER, clock())

        assert [(row.id, row.deed) for row in audit.found(limit=10)] == [(1, "signed.in")]
    assert isinstance(verdict(app), Intact)


def test_many_writers_make_one_chain(app: Flask, clock: FakeClock) -> None:
    """Eight threads at once never fork the chain."""
    at = clock()

    def write(number: int) -> None:
        with app.app_context():
            for _ in range(5):
                with writing():
                    auditing.note(Deed.SIGNED_IN, By("STAFF", f"account-{number}"), at)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    told = verdict(app)
    assert isinstance(told, Intact)
    assert told.count == 40


def test_words_are_sealed_and_go_with_the_person(app: Flask, clock: FakeClock) -> None:
    """Free words are read back until the person's key is destroyed; the chain is whole before and after."""
    with app.app_context():
        person_keys.make("member-1", clock())
        with writing():
            auditing.note(Deed.VALUE_REVEALED, HANDLER, clock(), subject="member-1", words="전화 문의 확인")
        rows = audit.found(limit=1)

        assert auditing.words_of(rows) == {1: "전화 문의 확인"}
        assert "전화" not in rows[0].facts

        person_keys.destroy("member-1", clock())
        assert auditing.words_of(rows) == {}
    assert isinstance(verdict(app), Intact)


def test_a_clock_set_back_reopens_no_month(app: Flask) -> None:
    """The month of a row is never earlier than that of the row before it."""
    with app.app_context():
        for at in (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)):
            with writing():
                auditing.note(Deed.SIGNED_IN, HANDLER, at)

        assert [row.segment for row in audit.found(limit=10)] == ["2026-12", "2026-12"]
    assert isinstance(verdict(app), Intact)


def test_an_edited_row_is_named(app: Flask, clock: FakeClock) -> None:
    """Whoever gets past the triggers and changes a row is found out by the row."""
    with app.app_context():
        for _ in range(3):
            with writing():
                auditing.note(Deed.SIGNED_IN, HANDLER, clock())
        rows = list(audit.rows())
    edited = [rows[0], type(rows[1])(2, "2026-11", rows[1].previous, b"{}", rows[1].mac), rows[2]]

    assert verify(edited, app.extensions["portal.secrets"].audit_key) == Broken(2, Why.EDITED)


def test_every_deed_has_its_words() -> None:
    """A deed can be shown to people in both languages."""
    assert set(WORDS) == set(Deed)
    assert set(Deed) >= VIEWS
    assert all(words.ko and words.en for words in WORDS.values())
