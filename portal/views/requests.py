"""/requests: what a member has asked for, how each request stands, and what can still be said about it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user

from portal import clock
from portal.records.members import new_ref
from portal.records.requests import Request
from portal.rules import refusal
from portal.rules.forbidden import forbidden
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.services import exercising, publishing, requesting
from portal.services.exercising import MAY_BE_SENT, WORDS_LENGTH, Asking
from portal.services.requesting import NoSuchRequest, Standing
from portal.speech import language, say_text
from portal.views import guarding
from portal.views.receipt_lines import step_of
from portal.views.standing import due_of, kind_name, pill_of

place = Blueprint("requests", __name__, url_prefix="/requests")
DUE_PATTERNS = {"ko": "M월 d일(E)", "en": "E d MMMM"}
RESULTS = frozenset({Word.FULFILLED, Word.PARTIAL, Word.REFUSED, Word.DEFERRED})
FIELDS = {"MORE_GIVEN": "give", "OBJECTED": "object"}


@dataclass(frozen=True)
class Line:
    """One request as a row; `badge` is empty once it has ended."""

    number: str
    kind: str
    received_at: datetime
    state: str
    pill: str
    badge: str
    mark: str
    due: str


@place.get("")
def overview() -> str:
    found = requesting.of_member(current_user.member_ref, clock.now()) if current_user.member_ref else []
    lines = [_line(standing) for standing in found]
    counted = ngettext("요청 %(num)s건", "요청 %(num)s건", len(lines))
    return render_template("requests/list.html", lines=lines, counted=counted)


@place.get("/<number>")
def receipt(number: str) -> Response:
    return _receipt(number)


@place.post("/<number>")
def send(number: str) -> Response:
    """Give more, object or cancel."""
    sent, words = request.form.get("word", ""), request.form.get("words", "").strip()
    if sent not in MAY_BE_SENT:
        abort(404)
    if sent in FIELDS and not words:
        return _receipt(number, sent, words, gettext("내용을 적어 주세요."))
    if fault := words_fault(words):
        return _receipt(number, sent, words, fault)
    try:
        exercising.send(asking(), number, Word(sent), words, clock.now())
    except NoSuchRequest:
        abort(404)
    except StepRefused as told:
        return _receipt(number, sent, words, say_text(told.reason), 409)
    return redirect(url_for("requests.receipt", number=number), 303)  # type: ignore[return-value]


def asking(nonce: str = "") -> Asking:
    """Return who is asking now, for the services of a member's own deeds."""
    return Asking(current_user.host_id, guarding.origin(), language(), nonce or new_ref())


def words_fault(words: str) -> str:
    """Return why a member's own words cannot be kept, or ""."""
    if len(words) > WORDS_LENGTH:
        return gettext("%(count)s자까지 적을 수 있어요.", count=WORDS_LENGTH)
    reason = forbidden(words)
    return say_text(reason) if reason else ""


def say_due(day: date) -> str:
    """Return a due day with its weekday: "11월 30일(월)" or "Mon 30 November"."""
    spoken = language()
    return format_date(day, DUE_PATTERNS[spoken], locale=spoken)


def _receipt(number: str, sent: str = "", typed: str = "", fault: str = "", status: int = 422) -> Response:
    at = clock.now()
    try:
        standing = exercising.own(current_user.host_id, number, at)
    except NoSuchRequest:
        abort(404)
    words = requesting.words_of(standing.request, standing.events)
    may = requesting.steps_for(standing, guarding.by(), current_user.roles)
    questions = [words.get(event.id, "") for event in standing.events if event.word == Word.MORE_ASKED]
    page = render_template(
        "requests/receipt.html",
        line=_line(standing),
        late=standing.state.is_open and standing.badge.kind == "late",
        basis=say_text(standing.basis),
        asked=_asked(standing.request),
        result=_result(standing, words),
        steps=[step_of(event, words.get(event.id, "")) for event in standing.events],
        is_open=standing.state.is_open,
        may_give=Word.MORE_GIVEN in may,
        may_object=Word.OBJECTED in may,
        may_cancel=Word.CANCELLED in may,
        question=questions[-1] if questions else "",
        sent=sent,
        typed=typed,
        fault=fault,
        field=FIELDS.get(sent, "main"),
    )
    return make_response(page, status if fault else 200)


def _line(standing: Standing) -> Line:
    asked, state = standing.request, standing.state
    due = due_of(standing.badge, asked.due_day)
    mark, words = pill_of(state, is_theirs=True)
    return Line(
        number=asked.number,
        kind=gettext("%(kind)s 요청", kind=kind_name(standing.kind)),
        received_at=asked.received_at,
        state=words,
        pill=mark,
        badge=due.label if state.is_open else "",
        mark=due.mark,
        due=say_due(asked.due_day),
    )


def _result(standing: Standing, words: dict[int, str]) -> list[str]:
    """Return what the last decision said, in sentences of its own voice: a notice; empty before there is one."""
    event = next((event for event in reversed(standing.events) if event.word in RESULTS), None)
    if event is None:
        return []
    said = {
        Word.FULFILLED: gettext("요청하신 대로 처리했습니다."),
        Word.PARTIAL: gettext("요청하신 일의 일부를 처리했습니다."),
        Word.REFUSED: gettext("요청을 들어드리지 못했습니다."),
        Word.DEFERRED: gettext("열람을 연기했습니다."),
    }
    parts = [said[Word(event.word)]]
    ground = refusal.ground(standing.kind, event.reason)
    if ground is not None:
        parts.append(gettext("이유: %(words)s (%(source)s)", words=say_text(ground.words), source=ground.source))
    if event.until:
        parts.append(gettext("%(day)s까지 보여드리겠습니다.", day=say_due(event.until)))
    return [*parts, *filter(None, [words.get(event.id, "")])]


def _asked(asked: Request) -> list[tuple[str, Any]]:
    """Return what was asked, as the member wrote it."""
    details = requesting.details_of(asked)
    items = publishing.in_force(clock.now()).policy
    lines = []
    if details.get("scopes"):
        names = scope_names()
        lines.append((gettext("열람할 것"), ", ".join(names[scope] for scope in details["scopes"] if scope in names)))
    if details.get("changes"):
        labels = [say_text(items.item(key).label) for key in details["changes"]]
        lines.append((gettext("고친 항목"), ", ".join(labels)))
    if details.get("text"):
        lines.append((gettext("내용"), details["text"]))
    return lines


def scope_names() -> dict[str, str]:
    """Return the five things that access may be asked of, in words (Decree art. 41(1))."""
    return {
        "ITEMS": gettext("개인정보의 항목과 내용"),
        "PURPOSES": gettext("수집·이용 목적"),
        "PERIOD": gettext("보유·이용 기간"),
        "PROVIDED": gettext("제3자 제공 현황"),
        "CONSENTS": gettext("동의한 사실과 내용"),
    }
