"""/desk/retention: what is kept on which ground, what must be gone when, and whether it goes (screen 16)."""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from babel.numbers import format_compact_decimal
from flask import Blueprint, current_app, render_template
from flask_babel import gettext

from portal import clock
from portal.clock import SEOUL, seoul_day
from portal.rules.keeping import STATUSES, Calendar
from portal.rules.paper import NEEDED_FOR
from portal.rules.wording import ground_text, period_text, start_text
from portal.services import foreseeing
from portal.services.foreseeing import Foreseen, Kept
from portal.services.reckoning import PAPERS, PAPERS_NAME
from portal.services.sweeping import UNKNOWN
from portal.speech import language, say_text
from portal.views import guarding

place = Blueprint("retention", __name__, url_prefix="/desk/retention")
COLUMNS = 11  # as many as the bars have room for
TALLEST = 92.0


@dataclass(frozen=True)
class Row:
    """One rule in words. `flag` is what must be said beside the ground."""

    name: str
    key: str
    ground: str
    flag: str
    start: str
    period: str
    kept: int
    this_month: int
    overdue: int
    held: int
    is_unknown: bool


@dataclass(frozen=True)
class Bar:
    """One month, or what is overdue; lengths are percentages of the tallest."""

    label: str
    count: str
    mark: str
    top: float
    height: float


@place.get("")
def overview() -> str:
    at = clock.now()
    found = foreseeing.foresee(current_app._get_current_object(), at, COLUMNS)  # type: ignore[attr-defined]
    calendar = found.calendar
    return render_template(
        "desk/retention.html",
        rows=[_row(one) for one in found.rules],
        bars=_bars(calendar),
        later=calendar.later,
        overdue=calendar.overdue,
        due=calendar.overdue + calendar.later + sum(month.total for month in calendar.months),
        held=found.held,
        last=found.last.finished_at if found.last else None,
        faults=_faults(found),
        failed_at=found.failed.started_at if found.failed else None,
        is_late=found.is_late,
        next_run=_next(found.next_at, at),
        has_ledger=guarding.allows("ledger.read"),
    )


def _row(one: Kept) -> Row:
    spoken, rule = language(), one.rule
    if rule is None:
        is_papers = one.key == PAPERS
        return Row(
            name=say_text(PAPERS_NAME) if is_papers else one.key,
            key=one.key,
            ground=gettext("처리 목적") if is_papers else "–",
            flag="",
            start=gettext("결정한 날부터") if is_papers else "–",
            period=gettext("%(days)s일", days=NEEDED_FOR.days) if is_papers else "–",
            kept=one.kept,
            this_month=one.this_month,
            overdue=one.overdue,
            held=one.held,
            is_unknown=one.is_unknown,
        )
    ground = ground_text(rule.ground, spoken)
    flag = "" if rule.status == "VALID" else say_text(STATUSES[rule.status])
    return Row(
        name=say_text(rule.label),
        key=one.key,
        ground="" if ground.casefold() == flag.casefold() else ground,
        flag=flag,
        start=start_text(rule.start_event, spoken),
        period=period_text(rule.period, spoken),
        kept=one.kept,
        this_month=one.this_month,
        overdue=one.overdue,
        held=one.held,
        is_unknown=False,
    )


def _bars(calendar: Calendar) -> list[Bar]:
    columns = [(gettext("지남"), calendar.overdue, "is-late")] if calendar.overdue else []
    columns += [(format_date(one.first_day, "MMM", locale=language()), one.total, "") for one in calendar.months][
        : COLUMNS - len(columns)
    ]
    tallest = max((count for _, count, _ in columns), default=0) or 1
    bars = []
    for label, count, mark in columns:
        height = max(round(TALLEST * count / tallest, 2), 4.0) if count else 0.0
        told = format_compact_decimal(count, locale=language(), fraction_digits=1) if count > 9999 else f"{count:,}"
        bars.append(Bar(label, told if count else "", mark, round(100 - height, 2), height))
    return bars


def _faults(found: Foreseen) -> list[tuple[str, str]]:
    names = {one.key: say_text(one.rule.label) if one.rule else one.key for one in found.rules}
    return [
        (
            names.get(rule, rule),
            gettext("처리방침 어디에도 없는 항목이라 파기하지 않았습니다.") if fault == UNKNOWN else fault,
        )
        for rule, fault in found.faults.items()
    ]


def _next(moment: datetime, at: datetime) -> str:
    local, today = moment.astimezone(SEOUL), seoul_day(at)
    if moment <= at:
        return gettext("곧")
    if local.date() == today:
        return gettext("오늘 %(time)s", time=f"{local:%H:%M}")
    return gettext("내일 %(time)s", time=f"{local:%H:%M}")
