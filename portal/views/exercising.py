"""/me/<act>: what members do about their own data. One form, one page to check it, one deed, one receipt."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.policy.model import Policy
from portal.records.members import new_ref
from portal.rules.deadline import Kind, due_on, received_day
from portal.rules.identifier import is_address, shown_form
from portal.rules.keeping import Fate
from portal.rules.profile import ITEMS, ProfileFaults
from portal.rules.wording import ground_text, length_text
from portal.services import consenting, correcting, exercising, foretelling, publishing
from portal.services.correcting import NotEverywhere
from portal.services.exercising import SCOPES, WORDS_LENGTH, CannotResume
from portal.services.limiting import limit
from portal.services.requesting import Details, Filed
from portal.speech import language, say_text
from portal.views import step_up
from portal.views.requests import asking, say_due, scope_names, words_fault

place = Blueprint("exercising", __name__, url_prefix="/me")
_NONCE = re.compile(r"[a-z2-7]{26}\Z")
FORMS_AN_HOUR = 30


@dataclass(frozen=True)
class Fault:
    """One line of the error summary, which leads to its field."""

    field: str
    words: str


@dataclass(frozen=True)
class Edit:
    """One item of the form, or of the page that checks it."""

    item: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Kept:
    """What stays for a time: its name, how long, on which ground, and the day where it is known."""

    label: str
    length: str
    ground: str
    article: str
    flag: str
    day: str


@place.get("/correct")
def correct() -> Response:
    return _correct_page(_known(), {}, [])


@place.post("/correct")
def corrected() -> Response:
    """Check what was typed, or do it."""
    known, at = _known(), clock.now()
    typed = {item: request.form[item].strip() for item in ITEMS if item in request.form}
    changes = {item: text for item, text in typed.items() if text != known.get(item, "")}
    if request.form.get("step") == "edit":
        return _correct_page(known, typed, [])
    if not changes:
        return _correct_page(known, typed, [Fault(ITEMS[0], gettext("고친 내용이 없어요. 바꿀 항목을 고쳐 주세요."))])
    try:
        wanted = correcting.judge(known, changes)
    except ProfileFaults as told:
        return _correct_page(known, typed, [Fault(fault.field, say_text(fault.reason)) for fault in told.faults])
    if _is_check():
        edits = [
            Edit(item, _label(item), known.get(item, ""), shown_form(item, wanted.get(item, ""))) for item in changes
        ]
        return _page("correct_check", edits=edits, typed=typed, nonce=new_ref(), due=_due(Kind.CORRECTION, at))
    # Codes and links go to these: only who reads a mailbox on record may name another.
    if "email" in changes or ("personal_contact" in changes and is_address(wanted.get("personal_contact", ""))):
        step_up.require("correct")
    _count()
    try:
        filed, _ = exercising.correct(asking(_nonce()), changes, at)
    except NotEverywhere:
        return _to_open(Kind.CORRECTION)
    return _to(filed)


@place.get("/suspend")
def suspend() -> Response:
    return _page(
        "suspend",
        may_resume=exercising.may_resume(current_user.host_id),
        is_suspended=_is_suspended(),
        nonce=new_ref(),
    )


@place.post("/suspend")
def suspended() -> Response:
    _count()
    return _to(exercising.suspend(asking(_nonce()), clock.now()))


@place.post("/resume")
def resume() -> Response:
    try:
        exercising.resume(asking(), clock.now())
    except CannotResume:
        abort(404)
    return redirect(url_for("exercising.suspend"), 303)  # type: ignore[return-value]


@place.get("/delete")
def delete() -> Response:
    at = clock.now()
    number = exercising.open_number(current_user.host_id, Kind.DELETION)
    if number:
        return redirect(url_for("requests.receipt", number=number), 303)  # type: ignore[return-value]
    policy, foretold = publishing.in_force(at).policy, foretelling.foretell(current_user.host_id, at)
    return _page(
        "delete",
        gone=[(say_text(label), ", ".join(say_text(where) for where in places)) for label, places in foretold.gone],
        kept=[_kept(policy, fate) for fate in foretold.kept],
        unreachable=[say_text(where) for where in foretold.unreachable],
        due=_due(Kind.DELETION, at),
        nonce=new_ref(),
    )


@place.post("/delete")
def deleted() -> Response:
    number = exercising.open_number(current_user.host_id, Kind.DELETION)
    if number:
        return redirect(url_for("requests.receipt", number=number), 303)  # type: ignore[return-value]
    step_up.require("delete")
    filed = exercising.delete(asking(_nonce()), clock.now())
    return _to(filed)


@place.get("/ask")
def ask() -> Response:
    return _ask_page(Kind.ACCESS, "", [], [])


@place.post("/ask")
def asked() -> Response:
    scopes = [scope for scope in SCOPES if scope in request.form.getlist("scope")]
    faults = [] if scopes else [Fault("scope", gettext("열람할 것을 하나 이상 골라 주세요."))]
    return _asked(Kind.ACCESS, scopes, faults, needs_text=False)


@place.get("/complain")
def complain() -> Response:
    return _ask_page(Kind.COMPLAINT, "", [], [])


@place.post("/complain")
def complained() -> Response:
    return _asked(Kind.COMPLAINT, [], [], needs_text=True)


def _asked(kind: Kind, scopes: list[str], faults: list[Fault], *, needs_text: bool) -> Response:
    text = request.form.get("text", "").strip().replace("\r\n", "\n")
    if needs_text and not text:
        faults = [*faults, Fault("text", gettext("무슨 일이 있었는지 적어 주세요."))]
    if fault := words_fault(text):
        faults = [*faults, Fault("text", fault)]
    if faults or request.form.get("step") == "edit":
        return _ask_page(kind, text, scopes, faults)
    at = clock.now()
    if _is_check():
        names = scope_names()
        return _page(
            "ask_check",
            act=_act(kind),
            scopes=[(scope, names[scope]) for scope in scopes],
            text=text,
            nonce=new_ref(),
            due=_due(kind, at),
        )
    _count()
    details: Details = {"text": text, **({"scopes": scopes} if scopes else {})}
    return _to(exercising.ask(kind, asking(_nonce()), details, at))


def _ask_page(kind: Kind, text: str, scopes: list[str], faults: list[Fault]) -> Response:
    number = exercising.open_number(current_user.host_id, kind)
    return _page(
        "ask",
        faults=faults,
        act=_act(kind),
        open_number=number,
        scopes=list(scope_names().items()) if kind is Kind.ACCESS else [],
        chosen=scopes,
        text=text,
        length=WORDS_LENGTH,
    )


def _act(kind: Kind) -> str:
    return "ask" if kind is Kind.ACCESS else "complain"


def _correct_page(known: dict[str, str], typed: dict[str, str], faults: list[Fault]) -> Response:
    fields = [Edit(item, _label(item), known.get(item, ""), typed.get(item, known.get(item, ""))) for item in ITEMS]
    number = exercising.open_number(current_user.host_id, Kind.CORRECTION)
    return _page("correct", faults=faults, fields=fields, open_number=number)


def _known() -> dict[str, str]:
    ref = current_user.member_ref
    known = correcting.known_of(ref, clock.now()) if ref else {}
    return {item: shown_form(item, value) for item, value in known.items()}


def _label(item: str) -> str:
    return say_text(publishing.in_force(clock.now()).policy.item(item).label)


def _kept(policy: Policy, fate: Fate) -> Kept:
    rules = {rule.key: rule.label for rule in policy.retention_rules}
    label = rules[fate.category] if fate.category in rules else policy.item(fate.category).label
    ground = fate.grounds[0] if fate.grounds else None
    spoken = language()
    return Kept(
        label=say_text(label),
        length=length_text(ground.rule, spoken) if ground else "",
        ground=ground_text(ground.rule.ground, spoken) if ground else "",
        article="5",
        flag=say_text(ground.flag) if ground and ground.flag else "",
        day=say_due(fate.gone_on) if fate.gone_on else "",
    )


def _is_suspended() -> bool:
    return consenting.asked_of(current_user.host_id, clock.now()).suspended


def _due(kind: Kind, at: datetime) -> str:
    return say_due(due_on(received_day(at), kind))


def _is_check() -> bool:
    return request.form.get("step") != "send"


def _nonce() -> str:
    nonce = request.form.get("nonce", "")
    if not _NONCE.match(nonce):
        abort(400)
    return nonce


def _count() -> None:
    """Count one form of this member. Raises TooMany."""
    limit("request", current_user.host_id, clock.now(), times=FORMS_AN_HOUR, within=timedelta(hours=1))


def _to(filed: Filed) -> Response:
    return redirect(url_for("requests.receipt", number=filed.number), 303)  # type: ignore[return-value]


def _to_open(kind: Kind) -> Response:
    number = exercising.open_number(current_user.host_id, kind)
    return redirect(url_for("requests.receipt", number=number), 303)  # type: ignore[return-value]


def _page(name: str, *, faults: list[Fault] | None = None, **values: Any) -> Response:
    told = faults or []
    at_field = {fault.field: fault.words for fault in told}
    page = render_template(f"exercising/{name}.html", faults=at_field, summary_of=told, **values)
    return make_response(page, 422 if told else 200)
