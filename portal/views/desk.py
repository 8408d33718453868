"""/desk: the queue of requests, the nearest legal deadline first (screen 13). Every filter stands in the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import format_decimal, gettext, lazy_gettext, ngettext
from flask_login import current_user

from portal import clock
from portal.clock import seoul_day
from portal.records.request_queue import Figures, Wanted
from portal.rules.deadline import SOON_DAYS, Kind
from portal.rules.mask import mask, mask_login_id
from portal.rules.request import StepRefused
from portal.services import entrusting, publishing, working
from portal.services.limiting import limit
from portal.services.requesting import NoSuchRequest
from portal.services.working import FORECAST_DAYS, ChangedMeanwhile, Line, Searched
from portal.speech import language, say_short_day, say_text
from portal.views import guarding
from portal.views.paging import counted, page_of, pages
from portal.views.standing import CHANNELS, REQUESTERS, Due, due_of, kind_name, pill_of

place = Blueprint("desk", __name__, url_prefix="/desk")
SEARCHES: dict[str, Any] = {"times": 120, "within": timedelta(hours=1)}  # enough to work, too few to try out a list
BAR_TOP = 98  # per cent of the drawing that the highest bar takes
SHOWN = {  # view: its heading in words
    "open": lazy_gettext("열린 요청, 기한이 가까운 순"),
    "mine": lazy_gettext("내 담당, 기한이 가까운 순"),
    "waiting": lazy_gettext("보완 대기, 기한이 가까운 순"),
    "attention": lazy_gettext("파기 확인이 필요한 요청, 기한이 가까운 순"),
    "ended": lazy_gettext("끝난 요청, 최근에 끝난 순"),
}
SEARCHED: dict[Searched, Any] = {
    "number": lazy_gettext("요청번호"),
    "email": lazy_gettext("회원의 이메일이나 연락처"),
    "login_id": lazy_gettext("회원의 아이디나 연락처"),
}


@dataclass(frozen=True)
class Row:
    """One request as a row. Everything in it may stand on the page."""

    number: str
    url: str
    due: Due | None
    is_late: bool
    kind: str
    is_leaver: bool
    who: str
    company: str
    channel: str
    handler: str
    pill: str
    state: str
    may_take: bool


@dataclass(frozen=True)
class Bar:
    """One day of the forecast; `height` and `top` are per cent of the drawing."""

    url: str
    count: int
    mark: str
    label: str
    told: str
    height: int
    top: int


@place.get("", strict_slashes=False)
def queue() -> str:
    at, args = clock.now(), request.args
    today = seoul_day(at)
    wanted, view = _wanted(args, today)
    page = page_of(args)
    lines, total = working.queue(wanted, page, guarding.by(), at)
    numbers = working.overview(current_user.account_ref, at)
    may_decide = guarding.allows("desk.request.decide")
    rows = [row_of(line, may_decide) for line in lines]
    return render_template(
        "desk/queue.html",
        rows=rows,
        tiles=_tiles(numbers.figures, numbers.average),
        bars=_bars(numbers.days, numbers.figures.late, today),
        chips=_chips(numbers.figures, view, wanted),
        kinds=[("", gettext("모든 유형")), *((kind.value, kind_name(kind)) for kind in Kind)],
        people=[("", gettext("모두")), ("me", gettext("나")), ("none", gettext("담당 없음"))],
        typed={"kind": wanted.kind or "", "who": args.get("who", ""), "view": view},
        caption=_caption(view, wanted),
        counted=counted(page, len(rows), total),
        pages=pages("desk.queue", page, total),
        narrowed=bool(set(args) - {"view", "page", "lang"}) or view != "open" or page > 1,
        average=_days(numbers.average),
        searched=SEARCHED.get(args.get("by", ""), ""),  # type: ignore[call-overload]
        differences=_differences(at),
        may_search=guarding.allows("members.search"),
        may_log=guarding.allows("desk.request.log"),
        is_ended=wanted.ended,
    )


def _differences(at: datetime) -> int:
    """Return in how many things register and published policy differ, for who can do something about it."""
    if not guarding.allows("registers.read"):
        return 0
    return len(entrusting.differences(publishing.in_force(at).policy))


@place.post("/search")
def search() -> Response:
    """Find requests by what stands in no address: a number, a member's e-mail or ID, each exactly."""
    text = request.form.get("q", "").strip()[:254]
    if not text:
        return _to_queue()
    at = clock.now()
    limit("search", current_user.account_ref, at, **SEARCHES)
    by, found = working.search(text, guarding.by(), at)
    if found is None:
        return _to_queue(member="-", by=by)
    if by == "number":
        return redirect(url_for("desk.case", number=found), 303)  # type: ignore[return-value]
    return _to_queue(member=found, by=by)


@place.post("/take")
def take() -> Response:
    """Become the one who handles a request."""
    number = request.form.get("number", "")
    try:
        working.take(number, guarding.by(), clock.now(), request.form.get("seen"))
    except NoSuchRequest:
        abort(404)
    except ChangedMeanwhile as changed:
        flash(gettext("%(name)s 님이 먼저 맡았습니다. 바뀐 담당을 확인해 주세요.", name=changed.name))
    except StepRefused as refused:
        flash(say_text(refused.reason))
    else:
        flash(gettext("%(number)s 요청을 맡았습니다.", number=number))
    return redirect(url_for("desk.case", number=number), 303)  # type: ignore[return-value]


def row_of(line: Line, may_take: bool = False) -> Row:
    """Return a request as a row, its values masked."""
    standing = line.standing
    pill, state = pill_of(standing.state)
    one, kind = standing.request, standing.kind
    is_open = standing.state.is_open
    return Row(
        number=one.number,
        url=url_for("desk.case", number=one.number),
        due=due_of(standing.badge, one.due_day) if is_open else None,
        is_late=is_open and standing.badge.kind == "late",
        kind=kind_name(Kind.DELETION if kind is Kind.LEAVER else kind),
        is_leaver=kind is Kind.LEAVER,
        who=people_of(line.people) if line.people > 1 else who_of(line.known, line.is_gone, one.requester),
        company=mask("company_name", line.company),
        channel=str(REQUESTERS[one.requester] if one.channel in ("WEB", "ORG") else CHANNELS[one.channel]),
        handler=line.handler,
        pill=pill,
        state=state,
        may_take=may_take and is_open and not line.handler,
    )


def people_of(count: int) -> str:
    """Return how many people a report names."""
    return gettext("%(count)s명", count=f"{count:,}")


def who_of(known: Mapping[str, str], is_gone: bool, requester: str) -> str:
    """Return in a masked word whom a request is about."""
    if is_gone:
        return gettext("파기됨")
    for item in ("email", "login_id", "personal_contact"):
        if known.get(item):
            return mask(item, known[item])
    if known.get("host_id"):
        return mask_login_id(known["host_id"])
    return gettext("비회원 문의") if requester == "STRANGER" else gettext("알 수 없음")


def _wanted(args: Mapping[str, str], today: date) -> tuple[Wanted, str]:
    view = args.get("view", "open")
    view = view if view in SHOWN else "open"
    kind = args.get("kind", "")
    handler = {"me": current_user.account_ref, "none": ""}.get(args.get("who", ""))
    since, until = _due_days(args.get("due", ""), today)
    wanted = Wanted(
        ended=view == "ended",
        kind=kind if kind in Kind.__members__ else None,
        handler=current_user.account_ref if view == "mine" else handler,
        waiting=view == "waiting",
        attention=view == "attention",
        since=since,
        until=until,
        member_ref=args.get("member"),
    )
    return wanted, view


def _due_days(due: str, today: date) -> tuple[date | None, date | None]:
    """Return the first and the last due day meant by "late", "soon" or a day; nothing for what cannot be read."""
    if due == "late":
        return None, today - timedelta(days=1)
    if due == "soon":
        return today, today + timedelta(days=SOON_DAYS)
    try:
        day = date.fromisoformat(due)
    except ValueError:
        return None, None
    return day, day


def _tiles(figures: Figures, average: float | None) -> list[dict[str, Any]]:
    return [
        {
            "url": url_for("desk.queue", due="late"),
            "value": _counted_items(figures.late),
            "words": gettext("기한 지남"),
            "mark": "is-bad" if figures.late else "",
        },
        {
            "url": url_for("desk.queue", due="soon"),
            "value": _counted_items(figures.soon),
            "words": gettext("%(days)s일 안에 마감 (오늘 포함)", days=SOON_DAYS),
            "mark": "is-warn" if figures.soon else "",
        },
        {
            "url": url_for("desk.queue", who="none"),
            "value": _counted_items(figures.unassigned),
            "words": gettext("맡은 사람 없음"),
            "mark": "",
        },
        {
            "url": url_for("desk.queue", view="ended"),
            "value": _days(average) or "–",
            "words": gettext("30일 평균 처리 기간"),
            "mark": "",
        },
    ]


def _bars(days: Mapping[date, int], late: int, today: date) -> list[Bar]:
    counts = [late, *(days.get(today + timedelta(days=ahead), 0) for ahead in range(FORECAST_DAYS + 1))]
    highest = max(counts) or 1
    labels = [gettext("지남"), gettext("오늘")]
    bars = []
    for place_, count in enumerate(counts):
        day = today + timedelta(days=place_ - 1)
        label = labels[place_] if place_ < len(labels) else _day_label(day)
        height = max(8, round(BAR_TOP * count / highest)) if count else 0
        marks = ["is-late" if place_ == 0 else "is-soon" if place_ <= SOON_DAYS + 1 else ""]
        marks += ["is-today"] if place_ == 1 else []
        due = "late" if place_ == 0 else day.isoformat()
        told = gettext("%(label)s 마감 %(count)s건", label=label, count=count)
        url = url_for("desk.queue", due=due)
        bars.append(Bar(url, count, " ".join(filter(None, marks)), label, told, height, BAR_TOP - height))
    return bars


def _day_label(day: date) -> str:
    return format_date(day, "d EEE", locale=language())


def _chips(figures: Figures, view: str, wanted: Wanted) -> list[dict[str, Any]]:
    names = {
        "open": gettext("열린 요청 %(count)s", count=figures.open),
        "mine": gettext("내 담당 %(count)s", count=figures.mine),
        "waiting": gettext("보완 대기 %(count)s", count=figures.waiting),
        "attention": gettext("확인 필요 %(count)s", count=figures.attention),
        "ended": gettext("끝난 요청"),
    }
    whole = wanted.member_ref is None and wanted.until is None
    chips = [
        {
            "url": url_for("desk.queue", view=None if name == "open" else name),
            "name": words,
            "is_here": whole and name == view,
        }
        for name, words in names.items()
    ]
    if wanted.until is not None and wanted.member_ref is None:
        kept = {key: value for key, value in request.args.items() if key not in ("due", "page", "lang")}
        chips.append({"url": url_for("desk.queue", **kept), "name": _narrowed_to(wanted), "is_here": True})  # type: ignore[arg-type]
    return chips


def _narrowed_to(wanted: Wanted) -> str:
    if wanted.since is None or wanted.until is None:
        return gettext("기한 지남만 · 모두 보기")
    if wanted.since == wanted.until:
        return gettext("%(day)s 마감만 · 모두 보기", day=say_short_day(wanted.until))
    return gettext("%(day)s까지 마감만 · 모두 보기", day=say_short_day(wanted.until))


def _caption(view: str, wanted: Wanted) -> str:
    if wanted.member_ref is not None:
        return gettext("찾은 요청, 최근에 받은 순")
    return str(SHOWN[view])


def _counted_items(count: int) -> str:
    return ngettext("%(num)s건", "%(num)s건", count)


def _days(average: float | None) -> str:
    return "" if average is None else gettext("%(days)s일", days=format_decimal(round(average, 1)))


def _to_queue(**values: str) -> Response:
    return redirect(url_for("desk.queue", **values), 303)  # type: ignore[arg-type, return-value]
