"""After six calendar months a day's records are gone: the key first, and for good."""

import json
import shutil
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask

from portal.database import db
from portal.records.access import Search, open_access_store
from portal.records.runs import newest_first
from portal.services import expiring
from portal.services.access_room import AccessRoom, access_records, access_room
from portal.services.draining import drain_once
from portal.services.expiring import ExpiredDay, TooEarly, sweep
from portal.services.publishing import NothingInForce
from portal.settings import Settings
from tests.access.builders import MARKED_IP, a_dead_segment, a_record, micros, text_of
from tests.fake_clock import FakeClock

MAY_23, MAY_24 = date(2026, 5, 23), date(2026, 5, 24)


@pytest.fixture
def filled(app: Flask, settings: Settings, clock: FakeClock) -> AccessRoom:
    """Records of 23 and 24 May and of today, drained in May; then the clock stands on 23 November again."""
    clock.set(datetime(2026, 5, 24, 3, tzinfo=UTC))
    for day, count in ((23, 3), (24, 2)):
        a_dead_segment(settings.journal, text_of([a_record(micros(2026, 5, day, 3), ref="anna") for _ in range(count)]))
    drain_once(app)
    clock.set(datetime(2026, 11, 23, 3, tzinfo=UTC))
    a_dead_segment(settings.journal, text_of([a_record(ref="anna", request_id="today")]))
    drain_once(app)
    return access_room(app)


def runs(app: Flask) -> list[tuple[date, object]]:
    with app.app_context():
        return [(run.as_of, json.loads(run.outcome)) for run in newest_first("access sweep", 10)]


def test_a_day_is_destroyed_after_six_months(app: Flask, filled: AccessRoom) -> None:
    """On 23 November the records of 23 May are gone with their key; those of 24 May are kept for a day more."""
    outcome = sweep(app)

    assert outcome.days == (ExpiredDay(MAY_23, 3, True, date(2026, 11, 23)),)
    assert filled.keys.held() == filled.store.days() == [MAY_24, date(2026, 11, 23)]
    assert filled.keys.find(MAY_23) is None


def test_a_second_sweep_finds_nothing(app: Flask, filled: AccessRoom) -> None:
    """Run twice, the second run destroys nothing; both are recorded."""
    sweep(app)

    assert sweep(app).days == ()

    assert runs(app) == [
        (date(2026, 11, 23), {"days": [], "records": 0, "keys": 0}),
        (date(2026, 11, 23), {"days": ["2026-05-23"], "records": 3, "keys": 1}),
    ]


def test_a_dry_run_changes_nothing(app: Flask, filled: AccessRoom) -> None:
    """It lists days and counts, may look ahead, and leaves no run behind."""
    before = (filled.keys.held(), filled.store.days())

    today = sweep(app, dry_run=True)
    ahead = sweep(app, date(2026, 11, 24), dry_run=True)

    assert today.days == (ExpiredDay(MAY_23, 3, True, date(2026, 11, 23)),)
    assert ahead.days == (
        ExpiredDay(MAY_23, 3, True, date(2026, 11, 23)),
        ExpiredDay(MAY_24, 2, True, date(2026, 11, 24)),
    )
    assert (ahead.records, ahead.keys) == (5, 2)
    assert (filled.keys.held(), filled.store.days()) == before
    assert runs(app) == []


def test_a_sweep_for_a_day_to_come_is_refused(app: Flask, filled: AccessRoom) -> None:
    """What must still be kept cannot be destroyed by a mistyped date."""
    with pytest.raises(TooEarly, match="2026-11-24"):
        sweep(app, date(2026, 11, 24))

    assert len(filled.keys.held()) == 3


def test_a_sweep_for_an_earlier_day_spares_what_expired_since(app: Flask, filled: AccessRoom) -> None:
    """As of 22 November nothing was over yet."""
    assert sweep(app, date(2026, 11, 22)).days == ()


def test_no_sweep_without_a_policy(settings: Settings, clock: FakeClock) -> None:
    """The period comes from the policy in force; without one nothing is destroyed, and draining goes on."""
    from portal import create_app

    bare = create_app(settings, clock=clock)
    a_dead_segment(settings.journal, text_of([a_record(micros(2020, 1, 1))]))

    with pytest.raises(NothingInForce):
        sweep(bare)

    assert drain_once(bare).rows == 1
    access_room(bare).store.close()
    with bare.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.mark.parametrize(
    ("recorded", "last_shown", "gone"),
    [
        pytest.param((2026, 8, 31), (2027, 2, 27), (2027, 2, 28), id="31 August to 28 February"),
        pytest.param((2027, 8, 31), (2028, 2, 28), (2028, 2, 29), id="31 August to 29 February"),
        pytest.param((2026, 8, 28), (2027, 2, 27), (2027, 2, 28), id="28 August to 28 February"),
        pytest.param((2026, 12, 31), (2027, 6, 29), (2027, 6, 30), id="31 December to 30 June"),
    ],
)
def test_expired_records_are_never_shown(
    app: Flask,
    settings: Settings,
    clock: FakeClock,
    recorded: tuple[int, int, int],
    last_shown: tuple[int, int, int],
    gone: tuple[int, int, int],
) -> None:
    """A record is shown up to the end of its last day in Seoul and not a microsecond longer, swept or not."""
    clock.set(datetime(*recorded, 3, tzinfo=UTC))
    a_dead_segment(settings.journal, text_of([a_record(micros(*recorded, 3), ref="anna")]))
    drain_once(app)
    last = datetime(*last_shown, 14, 59, 59, 999_999, tzinfo=UTC)
    first = datetime(*last_shown, 15, tzinfo=UTC)

    assert len(access_records(app, last, ref="anna")) == 1
    assert access_records(app, first, ref="anna") == []
    assert access_records(app, first, ip=MARKED_IP) == []
    clock.set(first)
    assert [expired.day for expired in sweep(app).days] == [date(*recorded)]
    assert sweep(app).as_of == date(*gone)


def test_a_late_line_of_an_expired_day_is_dropped(app: Flask, settings: Settings, filled: AccessRoom) -> None:
    """A segment found after half a year brings nothing back, before the sweep or after it."""
    late = text_of([a_record(micros(2026, 5, 23, 4), ref="anna")])
    a_dead_segment(settings.journal, late)
    before = drain_once(app)
    sweep(app)
    a_dead_segment(settings.journal, late)
    after = drain_once(app)

    assert (before.rows, before.late, before.finished) == (0, 1, 1)
    assert (after.rows, after.late, after.finished) == (0, 1, 1)
    assert filled.store.days() == [MAY_24, date(2026, 11, 23)]


def test_a_sweep_empties_the_journal_first(app: Flask, settings: Settings, filled: AccessRoom) -> None:
    """Segments that were left behind are drained, so that nothing older than the limit stays in them."""
    left = a_dead_segment(settings.journal, text_of([a_record(micros(2026, 5, 1))]))

    sweep(app)

    assert not left.exists()


@pytest.mark.parametrize("step", ["destroy key", "destroy records", "scrub", "record"])
def test_a_crash_after_any_step_is_made_good(
    app: Flask, filled: AccessRoom, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before or within any step, the sweep is finished by the next one, and a third finds nothing."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    targets: dict[str, tuple[object, str]] = {
        "destroy key": (type(filled.keys), "destroy"),
        "destroy records": (type(filled.store), "destroy"),
        "scrub": (type(filled.keys), "scrub"),
        "record": (expiring, "_record"),
    }
    with monkeypatch.context() as crash:
        crash.setattr(*targets[step], killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(app)
    shown_meanwhile = [
        record.request_id for record in access_records(app, app.extensions["portal.clock"](), ref="anna")
    ]
    sweep(app)

    assert shown_meanwhile[0] == "today"
    assert len(shown_meanwhile) == 3
    assert filled.keys.held() == filled.store.days() == [MAY_24, date(2026, 11, 23)]
    assert sweep(app).days == ()


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("written", [10, 4096, 20_000])
def test_a_file_overwritten_in_part_is_finished(
    app: Flask, filled: AccessRoom, settings: Settings, written: int
) -> None:
    """Killed while it overwrites a day's file, the sweep leaves no database; nothing stumbles over it."""
    path = settings.instance / "access" / "2026-05-23.db"
    filled.keys.destroy(MAY_23, datetime(2026, 11, 23, tzinfo=UTC))
    with path.open("r+b") as file:
        file.write(bytes(written))

    assert drain_once(app).rows == 0
    assert len(access_records(app, datetime(2026, 11, 23, 3, tzinfo=UTC), ref="anna")) == 3
    assert [expired.day for expired in sweep(app).days] == [MAY_23]
    assert not path.exists()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_backup_of_an_expired_day_cannot_be_read(app: Flask, filled: AccessRoom, settings: Settings) -> None:
    """A copy of the day's file made while it was kept opens no address once the key is gone."""
    backup = settings.instance / "backup"
    shutil.copytree(settings.instance / "access", backup)
    copied = open_access_store(f"sqlite:///{backup}")
    everything = Search(date(2026, 1, 1))
    before = len(copied.search(everything, filled.keys.reading()))

    sweep(app)

    after = copied.search(everything, filled.keys.reading())
    assert (before, len(after)) == (6, 3)
    assert all(record.at.month != 5 or record.at.day != 23 for record in after)
    assert MARKED_IP.encode() not in (backup / "2026-05-23.db").read_bytes()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_file_is_overwritten_before_it_is_unlinked(
    app: Flask, filled: AccessRoom, settings: Settings, tmp_path: Path
) -> None:
    """What a second name of the file still reaches is NULs; its log and shared memory are gone too."""
    path = settings.instance / "access" / "2026-05-23.db"
    kept_open = sqlite3.connect(path)
    kept_open.execute("SELECT count(*) FROM access_records").fetchone()
    second_name = tmp_path / "second"
    second_name.hardlink_to(path)

    sweep(app)

    assert second_name.read_bytes().strip(b"\0") == b""
    assert second_name.stat().st_size > 0
    assert list(path.parent.glob("2026-05-23*")) == []
    kept_open.close()


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_sweep_does_not_wait_for_readers(app: Flask, filled: AccessRoom, settings: Settings) -> None:
    """Somebody who looks at an expired day does not keep it alive."""
    reader = sqlite3.connect(settings.instance / "access" / "2026-05-23.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM access_records").fetchone()

    outcome = sweep(app)

    assert outcome.records == 3
    reader.close()


def test_records_show_the_policys_period(app: Flask, filled: AccessRoom) -> None:
    """The months come from the policy in force: Article 5 says six."""
    from portal.services.access_room import rule_in_force

    rule = rule_in_force(app, datetime(2026, 11, 23, tzinfo=UTC))

    assert (rule.key, rule.period.in_months) == ("access_record", 6)
