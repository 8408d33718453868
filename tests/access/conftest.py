"""An access room of one's own: store, keys and journal on either engine, without an app round them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from portal.database import open_engine
from portal.records.access import AccessRecord, AccessStore, Kept, Piece, Seal, Search, open_access_store
from portal.records.access.emptying import Drained, drain
from portal.settings import Settings
from portal.vault.day_keys import DayKeys

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@dataclass
class Room:
    """The parts, and the few deeds that tests repeat."""

    settings: Settings
    journal: Path
    store: AccessStore
    keys: DayKeys

    def seal_of(self, day: date) -> Seal | None:
        return self.keys.obtain(day, AT)

    def drain(self) -> Drained:
        return drain(self.journal, self.store, self.seal_of, TODAY)

    def keep(self, pieces: Sequence[Piece]) -> Kept:
        with self.store.keeping() as keep:
            return keep(pieces, self.seal_of)

    def found(self, **wanted: object) -> list[AccessRecord]:
        search = Search(**{"oldest": date(2000, 1, 1), "limit": 100_000, **wanted})  # type: ignore[arg-type]
        return self.store.search(search, self.keys.reading())

    def ids(self, **wanted: object) -> list[str]:
        return [record.request_id for record in self.found(**wanted)]


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    """An empty room."""
    settings.journal.mkdir(exist_ok=True)
    engine = open_engine(settings.keys_store)
    store = open_access_store(settings.access_store)
    yield Room(settings, settings.journal, store, DayKeys(engine, b"k" * 32))
    store.close()
    engine.dispose()
