"""Four years of nights: people join, complain, are checked, visit and leave, and everything goes on the day that is
written here, not a night before and not a night after."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from flask import Flask

from portal.clock import SEOUL, seoul_day
from portal.database import db, writing
from portal.records import destructions, requests
from portal.records.requests import Request
from portal.rules.deadline import Kind
from portal.rules.destruction import Stand, stand_of
from portal.rules.progress import Word
from portal.services import destroying, ordering, registering, sweeping
from portal.services.access_room import access_room
from portal.services.auditing import SYSTEM
from portal.services.draining import drain_once
from portal.settings import Settings
from tests.access.builders import a_dead_segment, a_record, micros, text_of
from tests.fake_clock import FakeClock
from tests.members.samples import profile
from tests.retention.conftest import asked, lines, store, taken

Step = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """What happens to somebody when (Seoul), where what is kept of it lies, and the first day on which it is gone."""

    steps: tuple[Step, ...]
    kept: str
    gone_on: str


CASES = {
    "left on 28 February": Case((("2027-01-04", "joins"), ("2027-02-28", "leaves")), "apart: fraud", "2028-02-28"),
    "left on 29 February": Case((("2027-01-05", "joins"), ("2028-02-29", "leaves")), "apart: fraud", "2029-02-28"),
    "left on 1 March": Case((("2027-01-06", "joins"), ("2028-03-01", "leaves")), "apart: fraud", "2029-03-01"),
    "left on New Year's Eve": Case((("2027-01-07", "joins"), ("2028-12-31", "leaves")), "apart: fraud", "2029-12-31"),
    "complaint settled on 28 February": Case(
        (("2027-01-08", "joins"), ("2027-02-20", "complains"), ("2027-02-28", "is answered")), "request", "2030-02-28"
    ),
    "stranger answered on 29 February": Case(
        (("2028-02-25", "complains"), ("2028-02-29", "is answered")), "request", "2031-02-28"
    ),
    "settled half an hour after midnight in Seoul": Case(
        (("2027-01-09", "joins"), ("2027-02-24", "complains"), ("2027-03-01 00:30", "is answered")),
        "request",
        "2030-03-01",
    ),
    "settled in May, left in August": Case(
        (
            ("2027-01-10", "joins"),
            ("2027-05-25", "complains"),
            ("2027-05-31", "is answered"),
            ("2027-08-31", "leaves"),
        ),
        "apart: dispute",
        "2030-05-31",
    ),
    "checked on 31 August before a leap year": Case(
        (("2027-01-11", "joins"), ("2027-08-31", "is checked")), "step", "2028-02-29"
    ),
    "checked on 31 August of a leap year": Case(
        (("2027-01-12", "joins"), ("2028-08-31", "is checked")), "step", "2029-02-28"
    ),
    "checked on New Year's Eve, left in January": Case(
        (("2027-01-13", "joins"), ("2027-12-31", "is checked"), ("2028-01-15", "leaves")),
        "apart: identity_check",
        "2028-06-30",
    ),
    "checked in the course of a complaint": Case(
        (
            ("2027-01-14", "joins"),
            ("2027-03-26", "complains"),
            ("2027-03-29", "is checked there"),
            ("2027-03-31", "is answered"),
        ),
        "request",
        "2030-03-31",
    ),
    "visited on 31 August": Case((("2027-08-31", "visits"),), "visit", "2028-02-29"),
    "visited on 29 February": Case((("2028-02-29", "visits"),), "visit", "2028-08-29"),
}


@dataclass
class Life:
    """One case as it goes on: who it is, and the number of what was asked."""

    case: Case
    name: str
    ref: str | None = None
    number: str = ""
    steps: int = 0

    @property
    def is_whole(self) -> bool:
        return self.steps == len(self.case.steps)


@dataclass
class World:
    app: Flask
    clock: FakeClock
    settings: Settings
    lives: list[Life] = field(default_factory=list)

    def happens(self, life: Life, moment: datetime, deed: str) -> None:
        self.clock.set(moment)
        life.steps += 1
        if deed == "visits":
            utc = self.clock()
            stamp = micros(utc.year, utc.month, utc.day, utc.hour)
            a_dead_segment(self.settings.journal, text_of([a_record(stamp, ref="anna", request_id=life.name)]))
            drain_once(self.app)
            return
        with self.app.app_context():
            if deed == "joins":
                mail = f"person{len(self.lives)}-{life.name}@gaon.example"
                told = profile(email=mail, login_id=f"login-{life.name}")
                life.ref = registering.register(f"host-{life.name}", told, "SELF", self.clock()).member_ref
            elif deed == "complains":
                life.number = asked(self.clock, life.ref)
            elif deed == "is answered":
                taken(self.clock, life.number, Word.IN_REVIEW)
                taken(self.clock, life.number, Word.FULFILLED, told="돌려드렸습니다")
            elif deed == "is checked":
                life.number = asked(self.clock, life.ref, Kind.ACCESS)
                taken(self.clock, life.number, Word.IDENTITY_CHECK, told="전화로 확인")
            elif deed == "is checked there":
                taken(self.clock, life.number, Word.IDENTITY_CHECK, told="전화로 확인")
            elif deed == "leaves":
                self._leaves(life)

    def _leaves(self, life: Life) -> None:
        assert life.ref is not None
        with writing():
            ordering.order(life.ref, "ASKED", event_day=seoul_day(self.clock()), by=SYSTEM, at=self.clock())
        db.session.remove()
        destroying.destroy_due(self.app)
        destruction = destructions.of_member(life.ref)
        assert destruction is not None
        tasks = destructions.tasks_of([destruction.id])[destruction.id]
        assert stand_of([destroying.facts_of(task) for task in tasks]) is Stand.DONE

    def kept(self) -> set[str]:
        """Return the cases of which something is still kept."""
        with self.app.app_context():
            return {life.name for life in self.lives if self._is_kept(life)}

    def _is_kept(self, life: Life) -> bool:
        where, _, rule = life.case.kept.partition(": ")
        if where == "visit":
            return date.fromisoformat(life.case.steps[0][0]) in access_room(self.app).store.days()
        if where == "apart":
            return any(row.rule == rule and row.sealed for row in store().of_subject(life.ref or ""))
        request = requests.of_number(life.number) if life.number else None
        if request is None:
            return False
        return bool(request.sealed) if where == "request" else _has_words(request)


def _has_words(request: Request) -> bool:
    return any(
        event.word == "IDENTITY_CHECK" and event.sealed for event in requests.events_of([request.id])[request.id]
    )


def at(day: date | str, hour: int = 12) -> datetime:
    """Return a moment in Seoul: noon, unless the text or the hour tells another."""
    told = datetime.fromisoformat(str(day))
    return told.replace(tzinfo=SEOUL) if " " in str(day) else told.replace(hour=hour, tzinfo=SEOUL)


def nights(cases: Iterable[Case]) -> set[date]:
    """Return the nights in which something may go, with the ones before and after, and one in each month."""
    days = {date.fromisoformat(case.gone_on) for case in cases}
    around = {day + timedelta(days=by) for day in days for by in (-1, 0, 1)}
    return around | {date(2027 + month // 12, month % 12 + 1, 15) for month in range(1, 50, 6)}


def figures(outcome: sweeping.Outcome) -> dict[str, int]:
    return {one.rule: one.gone for one in outcome.rules if one.gone}


def test_everything_goes_on_its_day(app: Flask, clock: FakeClock, settings: Settings) -> None:
    """Night by night exactly those are kept that the table keeps; a look ahead tells what the night then does; a second
    sweep and a clock set back by a year change nothing."""
    world = World(app, clock, settings)
    world.lives = [Life(case, f"case-{index:02}") for index, case in enumerate(CASES.values())]
    names = dict(zip((life.name for life in world.lives), CASES, strict=True))
    timetable: list[tuple[datetime, int, Callable[[], None]]] = []
    for life in world.lives:
        for day, deed in life.case.steps:
            moment = at(day)
            timetable.append((moment, 1, partial(world.happens, life, moment, deed)))
    timetable += [(at(day, 3), 0, partial(_night, world, day)) for day in nights(CASES.values())]

    for _, _, happens in sorted(timetable, key=lambda entry: entry[:2]):
        happens()
        now = clock()
        expected = {
            life.name
            for life in world.lives
            if life.is_whole and seoul_day(now) < date.fromisoformat(life.case.gone_on)
        }
        here = {life.name for life in world.lives if life.is_whole} & world.kept()
        assert {names[name] for name in here} == {names[name] for name in expected}, now

    assert world.kept() == set()
    assert len({number for number, entry, _ in lines(app) if entry == "DONE"}) == len(lines(app)) / 2


def _night(world: World, day: date) -> None:
    """One night: the eve looks ahead, the sweep does the same, twice, and once more with the clock a year back."""
    world.clock.set(at(day - timedelta(days=1)))
    foretold = figures(sweeping.sweep(world.app, day, dry_run=True))
    world.clock.set(at(day, 3))

    done = figures(sweeping.sweep(world.app))
    after = lines(world.app)
    world.clock.advance(minutes=1)
    again = figures(sweeping.sweep(world.app))
    world.clock.set(at(day, 3) - timedelta(days=365))
    back = figures(sweeping.sweep(world.app))
    world.clock.set(at(day, 3) + timedelta(minutes=2))

    assert done == foretold, day
    assert (again, back) == ({}, {}), day
    assert lines(world.app) == after
