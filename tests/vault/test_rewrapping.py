"""Re-wrapping keys: every one opens before, meanwhile and afterwards, and a stopped run is finished by the next."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from portal.database import open_engine
from portal.settings import Settings
from portal.vault import rewrapping
from portal.vault.day_keys import DayKeys
from portal.vault.person_keys import KeyDestroyed, PersonKeys
from portal.vault.secrets import new_wrapping_key
from portal.vault.wrapping import WrappingKeys, wrapping_files

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
DAY = date(2026, 5, 1)
REFS = [f"member-{number}" for number in range(7)]


class Vault:
    """The keys of a store with seven people and two days, sealed things beside them."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.folder = engine, settings.secrets_dir
        self.wrapping_keys = WrappingKeys.of_directory(self.folder)
        self.people = PersonKeys(engine, self.wrapping_keys)
        self.days = DayKeys(engine, self.wrapping_keys)
        self.sealed = {ref: self.people.make(ref, AT).seal("t", "c", ref) for ref in REFS}
        seal = self.days.obtain(DAY, AT)
        assert seal is not None
        self.record = seal.seal("r", "192.0.2.1", "agent", "")
        self.days.destroy(DAY + timedelta(days=1), AT)

    def opens(self, *without: str) -> bool:
        """Tell whether everything sealed opens for whoever reads the secrets anew."""
        anew = WrappingKeys.of_directory(self.folder)
        people, day = PersonKeys(self.engine, anew), DayKeys(self.engine, anew).find(DAY)
        return (
            all(people.seal_of(ref).open("t", "c", self.sealed[ref]) == ref for ref in REFS if ref not in without)
            and day is not None
            and day.open("r", self.record).ip == "192.0.2.1"
        )

    def numbers(self) -> set[str]:
        with self.engine.connect() as connection:
            people = connection.execute(text("SELECT kek_id FROM subject_keys WHERE wrapped IS NOT NULL"))
            days = connection.execute(text("SELECT coalesce(kek_id, '1') FROM day_keys WHERE wrapped IS NOT NULL"))
            return {*people.scalars(), *days.scalars()}


@pytest.fixture
def vault(settings: Settings) -> Iterator[Vault]:
    engine = open_engine(settings.keys_store)
    yield Vault(engine, settings)
    engine.dispose()


def test_every_key_is_taken_over(vault: Vault) -> None:
    """After a new wrapping key and a run, nothing names the old one, which may go; everything opens."""
    new_wrapping_key(vault.folder)
    assert rewrapping.waiting(vault.engine, vault.wrapping_keys) == 8

    stand = rewrapping.rewrap(vault.engine, vault.wrapping_keys)

    assert (stand.by_wrapping_key, stand.broken) == ({"1": 8}, [])
    assert rewrapping.waiting(vault.engine, vault.wrapping_keys) == 0
    assert vault.numbers() == {"2"}
    wrapping_files(vault.folder)["1"].unlink()
    assert vault.opens()


def test_with_one_wrapping_key_there_is_nothing_to_do(vault: Vault) -> None:
    """A day key that names no wrapping key names the first; it is not re-wrapped under the same."""
    assert rewrapping.waiting(vault.engine, vault.wrapping_keys) == 0
    assert rewrapping.rewrap(vault.engine, vault.wrapping_keys).by_wrapping_key == {}


def test_new_keys_are_wrapped_under_the_newest_at_once(vault: Vault) -> None:
    """A process that runs finds a wrapping key that was added, for new keys and for those re-wrapped under it."""
    new_wrapping_key(vault.folder)
    vault.people.make("late", AT)
    rewrapping.rewrap(vault.engine, WrappingKeys.of_directory(vault.folder))

    assert vault.numbers() == {"2"}
    assert vault.people.seal_of(REFS[0]).open("t", "c", vault.sealed[REFS[0]]) == REFS[0]


def test_a_run_that_was_stopped_is_finished_by_the_next(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a batch has done stays, what it has not is left as it was, and everything opens in between."""
    monkeypatch.setattr(rewrapping, "AT_ONCE", 3)
    new_wrapping_key(vault.folder)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rewrapping.rewrap(vault.engine, vault.wrapping_keys, stop)
    assert rewrapping.waiting(vault.engine, vault.wrapping_keys) == 5
    assert vault.numbers() == {"1", "2"}
    assert vault.opens()

    assert rewrapping.rewrap(vault.engine, vault.wrapping_keys).by_wrapping_key == {"1": 5}
    assert vault.opens()


def test_a_key_destroyed_meanwhile_stays_destroyed(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A destruction between two batches is not undone."""
    monkeypatch.setattr(rewrapping, "AT_ONCE", 3)
    new_wrapping_key(vault.folder)
    told: list[int] = []

    def destroy(done: int) -> None:
        if not told:
            vault.people.destroy(REFS[5], AT)
        told.append(done)

    stand = rewrapping.rewrap(vault.engine, vault.wrapping_keys, destroy)

    assert (stand.by_wrapping_key, sum(told)) == ({"1": 7}, 7)
    with pytest.raises(KeyDestroyed):
        vault.people.seal_of(REFS[5])
    assert vault.opens(REFS[5])


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param("UPDATE subject_keys SET kek_id = '9' WHERE ref = 'member-3'", id="no such wrapping key"),
        pytest.param(
            "UPDATE subject_keys SET wrapped = (SELECT wrapped FROM day_keys WHERE wrapped IS NOT NULL),"
            " kek_id = '2' WHERE ref = 'member-3'",
            id="wrapped under another",
        ),
    ],
)
def test_a_key_that_does_not_open_is_named_and_left(vault: Vault, harm: str) -> None:
    """The others are taken over; the broken one keeps its bytes, for a backup may still open it."""
    new_wrapping_key(vault.folder)
    with vault.engine.begin() as connection:
        connection.execute(text(harm))
    new_wrapping_key(vault.folder)

    told: list[int] = []
    assert rewrapping.check(vault.engine, vault.wrapping_keys, told.append).broken == ["member-3"]
    stand = rewrapping.rewrap(vault.engine, vault.wrapping_keys)

    assert sum(told) == 8
    assert (stand.by_wrapping_key, stand.broken) == ({"1": 7}, ["member-3"])
    assert vault.opens("member-3")


def test_a_check_counts_by_wrapping_key(vault: Vault) -> None:
    """Old and new are told apart, destroyed keys are not counted, nothing is changed."""
    new_wrapping_key(vault.folder)
    vault.people.make("late", AT)
    vault.people.destroy(REFS[0], AT)

    stand = rewrapping.check(vault.engine, vault.wrapping_keys)

    assert (stand.by_wrapping_key, stand.broken) == ({"1": 7, "2": 1}, [])
    assert rewrapping.key_count(vault.engine) == 8
