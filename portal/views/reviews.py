"""/desk/access: who saw and handled whose data, when and from where; and that a month was looked over (screen 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from portal import clock
from portal.clock import SEOUL, seoul_day
from portal.forms.desk import long_text
from portal.forms.handlers import Form
from portal.records.audit_search import Entry, Narrowed
from portal.rules.deed import VIEWS, Deed
from portal.rules.deed import WORDS as DEEDS
from portal.rules.mask import mask_email, mask_login_id, mask_text
from portal.rules.reveal import REASONS
from portal.services import accounts, reviewing
from portal.services.reviewing import AlreadySigned, Found
from portal.speech import say_text
from portal.views import guarding
from portal.views.paging import number_of

place = Blueprint("reviews", __name__, url_prefix="/desk/access")
MOST_DAYS = 92
NOTE_LENGTH, LEAST_NOTE = 1000, 10
HANDLED = (*sorted(VIEWS), Deed.REQUEST_ASSIGNED, Deed.REQUEST_STEP, Deed.DATA_EXPORTED, Deed.PROFILE_CORRECTED)
OTHERS = (Deed.DENIED, Deed.SIGNED_IN, Deed.SIGN_IN_FAILED, Deed.AUDIT_VIEWED, Deed.REVIEW_SIGNED)


@dataclass(frozen=True)
class Row:
    """One entry, the five statutory fields and the reason; masked."""

    at: str
    who: str
    origin: str
    whose: str
    deed: str
    about: str
    about_url: str
    reason: str
    url: str


@dataclass
class Searching(Form):
    """What is looked for: by staff member, by deed, between two Seoul days."""

    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, sent: Any, today: date) -> "Searching":
        form = cls()
        form.typed = {name: sent.get(name, "").strip() for name in ("who", "deed", "member")}
        form.since = form.day(sent, "since") if sent.get("since") else today.replace(day=1)
        form.until = form.day(sent, "until") if sent.get("until") else today
        form.typed |= {"since": sent.get("since") or f"{form.since}", "until": sent.get("until") or f"{form.until}"}
        if form.since and form.until and form.since > form.until:
            form.faults["until"] = gettext("끝나는 날이 시작하는 날보다 앞입니다.")
        elif form.since and form.until and (form.until - form.since).days >= MOST_DAYS:
            form.faults["until"] = gettext(
                "한 번에 %(days)s일까지 찾을 수 있습니다. 기간을 줄여 주세요.", days=MOST_DAYS
            )
        return form


@place.get("")
def overview() -> Response:
    return _overview(Form())


@place.post("/search")
def search() -> Response:
    """Find a member by what stands in no address, and show what was done with their data."""
    kept = {name: value for name, value in request.form.items() if name in ("who", "deed", "since", "until") and value}
    text = request.form.get("member", "").strip()[:254]
    if text:
        kept["member"] = reviewing.subject_of(text, guarding.by(), clock.now())
    return redirect(url_for("reviews.overview", **kept), 303)  # type: ignore[arg-type, return-value]


@place.post("/reviews")
def sign() -> Response:
    """Sign that this month was looked over."""
    at = clock.now()
    month = f"{seoul_day(at):%Y-%m}"
    form = Form()
    note = long_text(form, request.form, "note", NOTE_LENGTH)
    if note and len(note) < LEAST_NOTE:
        form.faults["note"] = gettext("무엇을 보았고 어떻게 조치했는지 10자 이상으로 적어 주세요.")
    if form.faults:
        return _overview(form)
    try:
        reviewing.sign(month, note, guarding.by(), at)
    except AlreadySigned:
        flash(gettext("%(month)s 점검은 이미 마쳤습니다.", month=month))
    else:
        flash(gettext("%(month)s 점검을 마쳤습니다.", month=month))
    return redirect(url_for("reviews.overview"), 303)  # type: ignore[return-value]


def _overview(signing: Form) -> Response:
    at = clock.now()
    today = seoul_day(at)
    month = f"{today:%Y-%m}"
    form = Searching.read(request.args, today)
    found, before, entry = None, number_of(request.args.get("before")), number_of(request.args.get("entry"))
    if entry is not None:
        found = reviewing.rows_of(entry, guarding.by(), at)
    elif form.since and form.until and not form.faults:
        found = reviewing.found(_narrowed(form), guarding.by(), at, before)
    signed = reviewing.reviews()
    kept = {name: value for name, value in request.args.items() if name not in ("before", "lang", "entry")}
    page = render_template(
        "desk/reviews.html",
        form=form,
        rows=_rows(found, whole=entry is not None) if found else [],
        older=url_for("reviews.overview", **{**kept, "before": found.older}) if found and found.older else "",  # type: ignore[arg-type]
        is_entry=entry is not None,
        has_member=bool(form.typed["member"]),
        newest=url_for("reviews.overview", **kept) if before or entry else "",  # type: ignore[arg-type]
        people=[("", gettext("모두")), *((one.ref, one.name) for one in accounts.everyone())],
        deeds=[
            ("", gettext("전체")),
            ("handled", gettext("개인정보를 다룬 일")),
            *((deed.value, say_text(DEEDS[deed])) for deed in (*HANDLED, *OTHERS)),
        ],
        month=month,
        figures=[(_figure_name(deed), count) for deed, count in reviewing.month_figures(month).items()],
        reviews=signed,
        is_signed=any(review.month == month for review in signed),
        may_sign=guarding.allows("audit.sign"),
        signing=signing,
        faults=[*form.summary, *signing.summary],
    )
    return make_response(page, 422 if form.faults or signing.faults else 200)


def _narrowed(form: Searching) -> Narrowed:
    if form.since is None or form.until is None:
        abort(400)
    deed = form.typed["deed"]
    return Narrowed(
        since=_midnight(form.since),
        until=_midnight(form.until + timedelta(days=1)),
        actor=form.typed["who"] or None,
        subject=form.typed["member"] or None,
        deeds=[one.value for one in HANDLED] if deed == "handled" else [deed] if deed else None,
    )


def _rows(found: Found, *, whole: bool) -> list[Row]:
    return [_row(entry, found, whole=whole) for entry in found.entries]


def _row(entry: Entry, found: Found, *, whole: bool) -> Row:
    event = entry.event
    is_case = event.about.startswith("R-")
    told = [say_text(REASONS[event.reason])] if event.reason in REASONS else []
    told += [mask_text(found.words[event.id])] if event.id in found.words else []
    many = entry.count > 1
    return Row(
        at=f"{event.at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}",
        who=found.names.get(event.actor) or (gettext("지운 계정") if event.actor_kind == "STAFF" else event.actor),
        origin=event.origin,
        whose=ngettext("%(num)s명", "%(num)s명", entry.count) if many else _whose(event.subject, found.whose),
        deed=say_text(DEEDS[Deed(event.deed)]),
        about=event.about if is_case else "",
        about_url=url_for("desk.case", number=event.about) if is_case else "",
        reason=", ".join(told),
        url=url_for("reviews.overview", entry=event.id) if many and not whole else "",
    )


def _whose(subject: str, whose: Mapping[str, str]) -> str:
    if not subject:
        return "–"
    text = whose.get(subject, "")
    if not text:
        return gettext("파기됨")
    return text if text.startswith("R-") else mask_email(text) if "@" in text else mask_login_id(text)


def _figure_name(deed: Deed) -> str:
    return gettext("개인정보 조회") if deed is Deed.QUEUE_VIEWED else say_text(DEEDS[deed])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SEOUL)
