"""/org/lists and /org/requests: reporting people who have left, one or a list, and following what became of it
(screens 10 and 11). Nothing happens to anybody before the list that was checked is sent."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from portal import clock
from portal.clock import seoul_day
from portal.policy.model import Text
from portal.rules.deadline import Kind, due_on
from portal.rules.leaver import LABELS, Verdict, date_fault, read_row
from portal.rules.leaver_list import ATTESTATION, NOTHING_YET, SAMPLE_HEADER, ListRefused, Totals
from portal.rules.mask import mask_email, mask_login_id
from portal.rules.request import StepRefused
from portal.services import leaving, listing, reporting
from portal.services.leaving import NobodyToReport
from portal.services.list_file import MOST_BYTES, TOO_LARGE, Line
from portal.services.list_pages import Judged
from portal.services.listing import Listed, NoSuchList, NothingToSend
from portal.services.requesting import NoSuchRequest
from portal.speech import language, say_text
from portal.views import downloads, errors, guarding
from portal.views.paging import page_of
from portal.views.standing import due_of, pill_of

place = Blueprint("org_lists", __name__, url_prefix="/org")
PAGE = 50
LONGEST = 320
SHOWN = 60  # signs of an address: what no mistake is needs more
PILLS = {Verdict.REQUEST: " pill--go", Verdict.CONFIRM: " pill--hold", Verdict.FIX: " pill--bad", Verdict.EXCLUDE: ""}
BARS = {Verdict.REQUEST: "", Verdict.CONFIRM: "w", Verdict.FIX: "x", Verdict.EXCLUDE: "k"}
SEEN: dict[str, tuple[Verdict, ...]] = {
    "": tuple(Verdict),
    "check": (Verdict.CONFIRM, Verdict.FIX),
    "request": (Verdict.REQUEST,),
    "out": (Verdict.EXCLUDE,),
}
SEEN_WORDS: dict[str, Any] = {
    "": lazy_gettext("모든 행"),
    "check": lazy_gettext("확인할 것"),
    "request": lazy_gettext("삭제 요청"),
    "out": lazy_gettext("제외"),
}


@dataclass(frozen=True)
class Shown:
    """One judged row as the page shows it."""

    number: int
    who: str
    left_on: str
    pill: str
    verdict: str
    reason: str
    next_step: str
    may_confirm: bool
    is_confirmed: bool
    is_out: bool


@place.get("/leavers/one")
def one() -> Response:
    return _one_form({}, {})


@place.post("/leavers/one")
def check_one() -> Response:
    """Take one person through the same check as a list."""
    typed = {name: request.form.get(name, "").strip()[:LONGEST] for name in ("who", "left_on")}
    faults = {}
    email, login_id = (typed["who"], "") if "@" in typed["who"] else ("", typed["who"])
    if not typed["who"]:
        faults["who"] = gettext("회원의 이메일이나 아이디를 적어 주세요.")
    elif fault := read_row(email=email, login_id=login_id).fault:
        faults["who"] = _both(fault)
    if not typed["left_on"]:
        faults["left_on"] = gettext("퇴사일을 적어 주세요.")
    elif fault := date_fault(typed["left_on"], seoul_day(clock.now())):
        faults["left_on"] = _both(fault)
    if faults:
        return _one_form(typed, faults, 422)
    line = Line(1, email, login_id, typed["left_on"])
    ref = listing.keep("", [line], company_ref=_company(), account_ref=current_user.account_ref, at=clock.now())
    return redirect(url_for("org_lists.check", ref=ref), 303)  # type: ignore[return-value]


@place.get("/lists/new")
def upload() -> Response:
    return _upload_form("")


@place.post("/lists/new")
def uploaded() -> Response:
    sent = request.files.get("file")
    content = sent.read(MOST_BYTES + 1) if sent else b""
    name = (sent.filename or "") if sent else ""
    if not name:
        return _upload_form(gettext("올릴 파일을 골라 주세요."), 422)
    try:
        ref = listing.upload(
            name[-100:],
            content,
            company_ref=_company(),
            account_ref=current_user.account_ref,
            at=clock.now(),
        )
    except ListRefused as refused:
        return _upload_form(say_text(refused.reason), 422)
    return redirect(url_for("org_lists.check", ref=ref), 303)  # type: ignore[return-value]


@place.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response:
    """Tell at the field that a file is too large, though nothing of it was read; elsewhere as everywhere."""
    is_admin = guarding.allows("org.request") and guarding.company() is not None
    if request.endpoint != "org_lists.uploaded" or not is_admin or not errors.wants_page():
        return errors.refused(error)
    return _upload_form(say_text(TOO_LARGE), 413)


@place.get("/list-sample.csv")
def sample() -> Response:
    return downloads.table([SAMPLE_HEADER], "leavers-sample.csv")


@place.get("/lists/<ref>")
def check(ref: str) -> Response:
    """Show how far reading has come, then every row with its verdict."""
    return _check_page(ref)


@place.post("/lists/<ref>/rows")
def tick(ref: str) -> Response:
    """Keep the ticks of the page that was left, and go on to another."""
    try:
        listing.confirm(ref, current_user.account_ref, _numbers("shown"), _numbers("ok"), clock.now())
    except NoSuchList:
        return _gone()
    page = request.form.get("page", "")
    seen = request.form.get("see", "")
    where = url_for(
        "org_lists.check", ref=ref, page=page if page.isdecimal() else None, see=seen if seen in SEEN else None
    )
    return redirect(where, 303)  # type: ignore[return-value]


@place.post("/lists/<ref>/send")
def send(ref: str) -> Response:
    """Send the list: the second factor first, then whether it was attested."""
    at, account_ref = clock.now(), current_user.account_ref
    try:
        listing.confirm(ref, account_ref, _numbers("shown"), _numbers("ok"), at)
        if not request.form.get("authority"):
            return _check_page(ref, gettext("퇴사와 권한을 확인하고 표시해 주세요."))
        guarding.require_fresh()
        filed = listing.send(ref, by=guarding.by(), at=at, language=language(), reply_to=current_user.email)
    except NoSuchList:
        return _gone()
    except (NothingToSend, NobodyToReport):
        return _check_page(ref, gettext("지금 삭제를 요청할 수 있는 회원이 없어요."))
    if filed.made:
        flash(gettext("요청을 받았어요. 이 회원들은 지금부터 MateCost를 쓸 수 없어요."))
    return redirect(url_for("org_lists.report", number=filed.number), 303)  # type: ignore[return-value]


@place.post("/lists/<ref>/discard")
def discard(ref: str) -> Response:
    try:
        listing.discard(ref, current_user.account_ref, clock.now())
    except NoSuchList:
        return _gone()
    flash(gettext("명단을 지웠어요. 아무것도 요청하지 않았어요."))
    return redirect(url_for("org.overview"), 303)  # type: ignore[return-value]


@place.get("/lists/<ref>/fix.csv")
def fix(ref: str) -> Response:
    """Give back the rows that must be put right, as they were typed, each with its reason and the next step."""
    try:
        found = listing.listed(ref, current_user.account_ref, clock.now())
    except NoSuchList:
        return _gone()
    rows = [
        (row.line.email or row.line.login_id, row.line.left_on, f"{say_text(row.reason)} {say_text(row.next_step)}")
        for row in listing.to_fix(found)
    ]
    header = (*SAMPLE_HEADER, gettext("설명"))
    return downloads.table([header, *rows], "leavers-to-fix.csv")


@place.get("/requests/<number>")
def report(number: str) -> str:
    """Show how a report stands, in numbers: it names nobody."""
    at = clock.now()
    try:
        found = reporting.of_company(number, _company(), at)
    except NoSuchRequest:
        abort(404)
    standing = found.standing
    pill, state = pill_of(standing.state, is_theirs=True)
    return render_template(
        "org_lists/report.html",
        number=number,
        mark=pill,
        state=state,
        received_at=standing.request.received_at,
        due=due_of(standing.badge, standing.request.due_day) if standing.state.is_open else None,
        due_day=standing.request.due_day,
        basis=say_text(standing.basis),
        people=ngettext("%(num)s명", "%(num)s명", found.figures.people),
        figures=found.figures,
        stages=_stages(found),
        attention=found.attention,
        waits_for_staff=found.waits_for_staff,
        objection_ends=found.objection_ends,
        certificate=url_for("certificates.page", code=found.certificate) if found.certificate else "",
        may_take_back=found.may_take_back,
    )


@place.post("/requests/<number>/take-back")
def take_back(number: str) -> Response:
    guarding.require_fresh()
    try:
        leaving.take_back(number, company_ref=_company(), by=guarding.by(), at=clock.now())
        flash(gettext("요청을 취소했어요. 멈췄던 이용을 다시 열었어요."))
    except NoSuchRequest:
        abort(404)
    except StepRefused as refused:
        flash(say_text(refused.reason))
    return redirect(url_for("org_lists.report", number=number), 303)  # type: ignore[return-value]


def _company() -> str:
    ref: str = current_user.company_ref
    return ref


def _both(fault: tuple[Text, Text]) -> str:
    reason, next_step = fault
    return f"{say_text(reason)} {say_text(next_step)}"


def _one_form(typed: dict[str, str], faults: dict[str, str], status: int = 200) -> Response:
    summary = [{"field": name, "words": words} for name, words in faults.items()]
    page = render_template("org_lists/one.html", typed=typed, faults=faults, fault_list=summary)
    return make_response(page, status)


def _upload_form(fault: str, status: int = 200) -> Response:
    return make_response(render_template("org_lists/upload.html", fault=fault), status)


def _gone() -> Response:
    return make_response(render_template("org_lists/gone.html"), 404)


def _check_page(ref: str, fault: str = "") -> Response:
    at = clock.now()
    try:
        found = listing.listed(ref, current_user.account_ref, at)
    except NoSuchList:
        return _gone()
    if found.state == "SENT":
        return redirect(url_for("org_lists.report", number=found.request_number), 303)  # type: ignore[return-value]
    if found.state == "READING":
        return make_response(render_template("org_lists/reading.html", ref=ref, name=found.name, counts=found.counts))
    if found.state != "READY":
        return _gone()
    seen = request.values.get("see", "") if request.values.get("see", "") in SEEN else ""
    page = page_of(request.values)
    rows, total = listing.rows_of(found, page=page, size=PAGE, verdicts=SEEN[seen], by=guarding.by(), at=at)
    if page > 1 and not rows:
        abort(404)
    totals, people = found.counts.totals, found.counts.to_request
    is_one = not found.name and totals.rows == 1
    first = (page - 1) * PAGE
    left = min(PAGE, total - first - len(rows))
    answer = render_template(
        "org_lists/check.html",
        ref=ref,
        name=found.name,
        is_one=is_one,
        heading_words=_heading(totals, people, is_one),
        lead=_lead(totals, people),
        counted=ngettext("%(num)s행", "%(num)s행", totals.rows),
        made_at=found.made_at,
        expires_at=found.expires_at,
        bar=_bar(totals),
        chips=_chips(found, seen),
        rows=[_shown(row, found) for row in rows],
        shown=" ".join(str(row.line.number) for row in rows if row.verdict is Verdict.CONFIRM),
        see=seen,
        page=page,
        more=ngettext("다음 %(num)s행", "다음 %(num)s행", left) if left > 0 else "",
        stretch=gettext(
            "%(total)s행 가운데 %(first)s–%(last)s",
            total=f"{total:,}",
            first=f"{first + 1:,}",
            last=f"{first + len(rows):,}",
        ),
        has_to_fix=bool(totals.counts[Verdict.FIX]),
        people=people,
        send=ngettext("%(num)s명 삭제 요청", "%(num)s명 삭제 요청", people),
        due_day=due_on(seoul_day(at), Kind.LEAVER, by_employer=True),
        attestation=say_text(ATTESTATION),
        fault=fault,
    )
    return make_response(answer, 422 if fault else 200)


def _heading(totals: Totals, people: int, is_one: bool) -> str:
    """Return what can be requested: of the rows of a list, or of the one person who was typed."""
    to_confirm = not people and totals.counts[Verdict.CONFIRM]
    if is_one and to_confirm:
        return gettext("퇴사한 회원이 맞는지 확인해 주세요")
    if is_one:
        return gettext("이 회원의 삭제를 요청할 수 있어요") if people else gettext("이 회원의 삭제를 요청할 수 없어요")
    if to_confirm:
        return gettext("%(rows)s행을 확인했어요. 확인할 것을 골라 주세요", rows=f"{totals.rows:,}")
    return say_text(totals.sentence)


def _lead(totals: Totals, people: int) -> str:
    if people or totals.counts[Verdict.CONFIRM]:
        return say_text(NOTHING_YET)
    return gettext("아무 일도 일어나지 않았어요. 아래에서 이유를 확인해 주세요.")


def _shown(row: Judged, found: Listed) -> Shown:
    verdict = row.verdict or Verdict.EXCLUDE
    return Shown(
        number=row.line.number,
        who=_who(row.line),
        left_on=f"{row.left_on:%Y-%m-%d}" if row.left_on else row.line.left_on.strip()[:40],
        pill=PILLS[verdict],
        verdict=say_text(LABELS[verdict]),
        reason=say_text(row.reason),
        next_step=say_text(row.next_step) if verdict in (Verdict.FIX, Verdict.EXCLUDE) else "",
        may_confirm=verdict is Verdict.CONFIRM,
        is_confirmed=row.line.number in found.counts.confirmed,
        is_out=verdict is Verdict.EXCLUDE,
    )


def _who(line: Line) -> str:
    """Return whom a row names, masked as everywhere: who typed it knows the row by its number."""
    email, login_id = line.email.strip(), line.login_id.strip()
    who = (mask_email(email) if "@" in email else mask_login_id(email or login_id)) or "–"
    return f"{who[:SHOWN]}…" if len(who) > SHOWN else who


def _bar(totals: Totals) -> dict[str, Any]:
    """Return the lengths and the words of the bar of verdicts, in percent of the rows."""
    at, parts = 0.0, []
    for verdict in Verdict:
        count = totals.counts[verdict]
        if count:
            width = 100 * count / totals.rows
            gap = 0.3 if at + width < 99.99 else 0
            parts.append({"at": f"{at:.2f}", "width": f"{max(width - gap, 0.2):.2f}", "kind": BARS[verdict]})
            at += width
    words = [
        {"kind": BARS[verdict], "words": f"{say_text(LABELS[verdict])} {totals.counts[verdict]:,}"}
        for verdict in Verdict
        if totals.counts[verdict]
    ]
    return {"parts": parts, "words": words, "label": ", ".join(one["words"] for one in words)}


def _chips(found: Listed, seen: str) -> list[dict[str, Any]]:
    counts = found.counts.by_verdict
    return [
        {
            "see": key,
            "words": f"{SEEN_WORDS[key]} {sum(counts.get(verdict, 0) for verdict in verdicts):,}",
            "is_here": key == seen,
        }
        for key, verdicts in SEEN.items()
        if not key or any(counts.get(verdict) for verdict in verdicts)
    ]


def _stages(found: reporting.Reported) -> list[dict[str, Any]]:
    """Return how far the people of a report have come, stage by stage, each as a count and a share."""
    figures = found.figures
    taking_part = figures.people - figures.taken_back - figures.wrong
    stages = [
        (gettext("이용을 멈춤"), taking_part if not found.waits_for_staff else 0),
        (gettext("회원에게 알림"), figures.told),
        (gettext("파기 승인"), figures.approved),
        (gettext("파기 시작"), figures.ordered),
        (gettext("파기 완료"), figures.right),
    ]
    return [{"name": name, "count": min(count, figures.people), "of": figures.people} for name, count in stages]


def _numbers(name: str) -> set[int]:
    texts = " ".join(request.form.getlist(name)).split()
    return {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 8}
