"""/contact: writing to the privacy officer without signing in, and following what became of it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext

from portal import clock
from portal.policy.law import bodies_today
from portal.policy.model import Text
from portal.rules.paper import MOST_BYTES, NEEDED_FOR
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.wording import period_text
from portal.services import certifying, contacting, publishing, representing, requesting
from portal.services.contacting import LONGEST, TOPICS, ContactFaults, Written
from portal.services.representing import RELATIONS, Represented
from portal.services.requesting import Standing
from portal.speech import language, say_text
from portal.views import guarding
from portal.views.receipt_lines import lines_of, told

place = Blueprint("contact", __name__, url_prefix="/contact")
TOKEN, FOLLOWED = "contact_token", "contact_followed"
FIELDS = ("kind", "member", "agent", "relation", "reply_to", "text")
LACKING: dict[str, Any] = {
    "kind": lazy_gettext("무엇을 요청하는지 골라 주세요."),
    "member": lazy_gettext("회원의 메일 주소나 아이디를 적어 주세요."),
    "agent": lazy_gettext("대리인 이름을 적어 주세요."),
    "relation": lazy_gettext("회원과의 관계를 골라 주세요."),
    "reply_to": lazy_gettext("답을 받을 메일 주소를 적어 주세요."),
    "text": lazy_gettext("내용을 적어 주세요."),
    "words": lazy_gettext("내용을 적어 주세요."),
}
WORDS = {"object": Word.OBJECTED, "give": Word.MORE_GIVEN, "cancel": Word.CANCELLED}


@place.get("")
def form() -> Response:
    return _form(Written("", "", ""), {})


@place.post("")
def send() -> Response:
    written = Written(*(request.form.get(name, "") for name in ("topic", "reply_to", "text")))
    try:
        contacting.write(written, language(), guarding.origin(), clock.now())
    except ContactFaults as told:
        return _form(written, _said(told.faults, asdict(written)), 422)
    session["contact_sent"] = True
    return redirect(url_for("contact.sent"), 303)  # type: ignore[return-value]


@place.get("/agent")
def agent() -> Response:
    return _agent_form(dict.fromkeys(FIELDS, ""), {})


@place.post("/agent")
def send_as_agent() -> Response:
    told = {name: request.form.get(name, "") for name in FIELDS}
    paper = b""
    if upload := request.files.get("paper"):
        paper = upload.read(MOST_BYTES + 1)
        upload.close()
    try:
        representing.write(Represented(**told, paper=paper), language(), guarding.origin(), clock.now())
    except ContactFaults as faulty:
        return _agent_form(told, _said(faulty.faults, told), 422)
    session["contact_sent"] = True
    return redirect(url_for("contact.sent"), 303)  # type: ignore[return-value]


@place.get("/sent")
def sent() -> str | Response:
    if not session.get("contact_sent"):
        return redirect(url_for("contact.form"), 303)  # type: ignore[return-value]
    return render_template("contact/sent.html", days=contacting.LASTS.days)


@place.get("/confirm")
def confirm() -> str | Response:
    """Take the token out of the address, then ask for one press: mail programs open links by themselves."""
    if "token" in request.args:
        session[TOKEN] = request.args["token"]
        return redirect(url_for("contact.confirm"), 303)  # type: ignore[return-value]
    if not contacting.is_open(session.get(TOKEN, ""), clock.now()):
        return make_response(render_template("contact/gone.html"), 410)
    return render_template("contact/confirm.html")


@place.post("/confirm")
def confirmed() -> Response:
    token = contacting.confirm(session.pop(TOKEN, ""), language(), guarding.origin(), clock.now())
    if token is None:
        return make_response(render_template("contact/gone.html"), 410)
    session[FOLLOWED] = token
    return redirect(url_for("contact.follow"), 303)  # type: ignore[return-value]


@place.get("/follow")
def follow() -> str | Response:
    if "token" in request.args:
        session[FOLLOWED] = request.args["token"]
        return redirect(url_for("contact.follow"), 303)  # type: ignore[return-value]
    return _followed({}, "")


@place.post("/follow")
def answer() -> Response | str:
    word = WORDS.get(request.form.get("step", ""))
    if word is None:
        abort(400)
    words = request.form.get("words", "")
    try:
        contacting.answer_back(session.get(FOLLOWED, ""), word, words, guarding.origin(), clock.now())
    except ContactFaults as faulty:
        return _followed(_said(faulty.faults, {"words": words}), words)
    except StepRefused as refused:
        return _followed({"words": say_text(refused.reason)}, words)
    except requesting.NoSuchRequest:
        abort(404)
    return redirect(url_for("contact.follow"), 303)  # type: ignore[return-value]


def _said(faults: Mapping[str, Text], typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong at each field; of an empty one, what belongs there."""
    return {
        field: str(LACKING[field]) if field in LACKING and not typed.get(field, "").strip() else say_text(reason)
        for field, reason in faults.items()
    }


def _agent_form(told: dict[str, str], faults: dict[str, str], status: int = 200) -> Response:
    choose = ("", gettext("골라 주세요"))
    page = render_template(
        "contact/agent.html",
        told=told,
        faults=faults,
        fault_list=[{"field": field, "words": words} for field, words in faults.items()],
        kinds=[choose, *((key, say_text(words)) for key, words in representing.kinds())],
        relations=[choose, *((key, say_text(words)) for key, words in RELATIONS.items())],
        days=NEEDED_FOR.days,
    )
    return make_response(page, status)


def _form(written: Written, faults: dict[str, str], status: int = 200) -> Response:
    policy = publishing.in_force(clock.now()).policy
    spoken = language()
    page = render_template(
        "contact/form.html",
        written=written,
        faults=faults,
        fault_list=[{"field": field, "words": words} for field, words in faults.items()],
        topics=[("", gettext("골라 주세요")), *((key, say_text(words)) for key, words in TOPICS.items())],
        longest=LONGEST,
        officer=policy.officer,
        bodies=policy.remedy_bodies,
        bodies_today=bodies_today(),
        outside=policy.outbound.body,
        kept=period_text(policy.retention_rule("dispute").period, spoken),
        ground=policy.retention_rule("dispute").ground.name.in_language(spoken),
    )
    return make_response(page, status)


def _followed(faults: dict[str, str], words: str) -> Response:
    at = clock.now()
    standing: Standing | None = contacting.followed(session.get(FOLLOWED, ""), at)
    if standing is None:
        abort(404)
    steps = requesting.steps_for(standing, guarding.by(), ())
    page = render_template(
        "contact/follow.html",
        certificate=certifying.code_of_request(standing.request.number),
        shown=told(standing),
        lines=lines_of(standing),
        asked=requesting.details_of(standing.request),
        topics=TOPICS,
        steps=[name for name, word in WORDS.items() if word in steps],
        faults=faults,
        fault_list=[{"field": field, "words": said} for field, said in faults.items()],
        words=words,
    )
    return make_response(page, 422 if faults else 200)
