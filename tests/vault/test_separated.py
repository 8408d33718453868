"""The separate store: copied, read back, kept until its day, and gone with its key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from portal.database import open_engine, writing_on
from portal.settings import Settings
from portal.vault.person_keys import PersonKeys
from portal.vault.secrets import open_secrets
from portal.vault.separated import Kept, NotVerified, SeparatedStore

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
COMPLAINT = Kept(
    ref="kept-1",
    subject="member-1",
    rule="dispute",
    source="request:R-2026-0001",
    began_on=date(2026, 11, 23),
    until=date(2029, 11, 23),
    content={"text": "요금이 두 번 나갔어요"},
)


@pytest.fixture
def store(settings: Settings) -> Iterator[SeparatedStore]:
    engine, keys = open_engine(settings.separated_store), open_engine(settings.keys_store)
    yield SeparatedStore(engine, PersonKeys(keys, open_secrets(settings.secrets_dir).wrapping_keys))
    engine.dispose()
    keys.dispose()


def test_a_record_is_kept_once(store: SeparatedStore) -> None:
    """A second copy of the same source is none, and what is read is what was given."""
    store.keep([COMPLAINT], AT)
    store.keep([replace(COMPLAINT, ref="kept-2")], AT)

    assert [(row.ref, row.rule, row.until) for row in store.of_subject("member-1")] == [
        ("kept-1", "dispute", date(2029, 11, 23))
    ]
    assert store.read("kept-1") == {"text": "요금이 두 번 나갔어요"}
    assert store.counts() == [("dispute", date(2029, 11, 23), 1)]


def test_a_copy_that_reads_otherwise_is_told(store: SeparatedStore) -> None:
    """Where another content stands under the same source nothing may be erased."""
    store.keep([COMPLAINT], AT)

    with pytest.raises(NotVerified):
        store.keep([replace(COMPLAINT, content={"text": "something else"})], AT)


def test_it_goes_on_its_day_and_not_before(store: SeparatedStore) -> None:
    """On the day before it is kept, on its day it is due; destroyed, it cannot be read, and its row says so."""
    store.keep([COMPLAINT], AT)

    assert store.expired(date(2029, 11, 22)) == []
    assert [row.ref for row in store.expired(date(2029, 11, 23))] == ["kept-1"]
    assert (store.destroy(["kept-1"], AT), store.destroy(["kept-1"], AT)) == (1, 0)
    with pytest.raises(LookupError):
        store.read("kept-1")
    assert store.expired(date(2030, 1, 1)) == []
    assert store.of_subject("member-1")[0].destroyed_at == AT


def test_its_words_stand_in_no_column(store: SeparatedStore) -> None:
    """The content is sealed under a key of its own, which lies in another store."""
    store.keep([COMPLAINT], AT)

    with writing_on(store.engine) as connection:
        row = connection.execute(text("SELECT * FROM separated_records")).one()
    assert "요금".encode() not in bytes(row.sealed)
