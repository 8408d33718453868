"""/objections and /me/objection: what somebody who was reported as having left is told, and what they can say to it.
/left and /me/left: saying oneself that one has left, without the company."""

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.clock import seoul_day
from portal.records.members import new_ref
from portal.rules.deadline import Kind
from portal.services import asking_company, entering, exercising, looking_up, objecting
from portal.services.asking_company import AlreadyUnderWay, DateFault
from portal.services.objecting import LONGEST, CannotObject, Reported, Stand, WordsFault
from portal.speech import language, say_text
from portal.views import guarding, step_up
from portal.views.requests import asking

place = Blueprint("leavers", __name__)
TOKEN = "objection_token"  # noqa: S105 - the name of a place in the session


@place.get("/objections")
def objection() -> Response:
    """Take the token out of the address, then tell what was reported: looking uses nothing up."""
    if "token" in request.args:
        session[TOKEN] = request.args["token"]
        return redirect(url_for("leavers.objection"), 303)  # type: ignore[return-value]
    return _page(_by_link(), "leavers.object")


@place.post("/objections", endpoint="object")
def object_by_link() -> Response:
    token = session.get(TOKEN, "")
    return _object(
        lambda words: objecting.object_by_link(token, words, guarding.origin(), clock.now()),
        "leavers.objection",
        "leavers.object",
        _by_link,
    )


@place.get("/me/objection")
def mine() -> Response:
    reported = objecting.of_member(current_user.member_ref)
    if reported is None:
        return redirect(url_for("me.overview"), 303)  # type: ignore[return-value]
    return _page(reported, "leavers.object_as_member")


@place.post("/me/objection")
def object_as_member() -> Response:
    ref = current_user.member_ref
    return _object(
        lambda words: objecting.object_as_member(ref, words, guarding.origin(), clock.now()),
        "leavers.mine",
        "leavers.object_as_member",
        lambda: objecting.of_member(ref),
    )


@place.get("/left")
def left() -> str:
    return render_template("leavers/left.html", who="", company="", fault="")


@place.post("/left")
def ask() -> Response:
    """Take an address and answer everybody alike: only who is known is written to, later."""
    who, company = request.form.get("who", ""), request.form.get("company", "")
    if not who.strip():
        fault = gettext("메일 주소나 아이디를 적어 주세요.")
        return make_response(render_template("leavers/left.html", who="", company=company, fault=fault), 422)
    entering.ask(who, language(), guarding.origin(), clock.now(), company=company, towards="left")
    return redirect(url_for("enter.sent"), 303)  # type: ignore[return-value]


@place.get("/me/left")
def leaving() -> Response:
    return _under_way() or _leaving_page("", "")


@place.post("/me/left")
def say_left() -> Response:
    """File it. Who is signed in to the host proves the mailbox first; whoever came by its link has done so."""
    at, typed = clock.now(), request.form.get("left_on", "")
    under_way = _under_way()
    if under_way:
        return under_way
    try:
        day = asking_company.judged_day(typed, seoul_day(at))
    except DateFault as fault:
        return _leaving_page(typed, say_text(fault.reason))
    if not current_user.by_link:
        step_up.require("left")
    try:
        filed = asking_company.say_left(asking(request.form.get("nonce", "")), day, at, by_link=current_user.by_link)
    except AlreadyUnderWay:
        return redirect(url_for("me.overview"), 303)  # type: ignore[return-value]
    return redirect(url_for("requests.receipt", number=filed.number), 303)  # type: ignore[return-value]


def _under_way() -> Response | None:
    """Return the way to what is there already: one's own request, or a company's report."""
    for kind in (Kind.LEAVER, Kind.DELETION):
        number = exercising.open_number(current_user.host_id, kind)
        if number:
            return redirect(url_for("requests.receipt", number=number), 303)  # type: ignore[return-value]
    if objecting.of_member(current_user.member_ref):
        return redirect(url_for("leavers.mine"), 303)  # type: ignore[return-value]
    return None


def _leaving_page(typed: str, fault: str) -> Response:
    page = render_template(
        "leavers/leaving.html",
        known=looking_up.of_oneself(current_user.member_ref),
        typed=typed,
        fault=fault,
        today=seoul_day(clock.now()).isoformat(),
        nonce=new_ref(),
    )
    return make_response(page, 422 if fault else 200)


def _object(deed: Callable[[str], None], back: str, action: str, reported: Callable[[], Reported | None]) -> Response:
    words = request.form.get("words", "")
    try:
        deed(words)
    except WordsFault as fault:
        return _page(reported(), action, words, say_text(fault.reason))
    except CannotObject:
        return _page(reported(), action, status=409)
    return redirect(url_for(back), 303)  # type: ignore[return-value]


def _by_link() -> Reported | None:
    return objecting.by_link(session.get(TOKEN, ""), clock.now())


def _page(reported: Reported | None, action: str, words: str = "", fault: str = "", status: int = 200) -> Response:
    if reported is None:
        return make_response(render_template("leavers/gone.html"), 410)
    page = render_template(
        "leavers/objection.html",
        reported=reported,
        stand=reported.stand.value,
        is_past=seoul_day(clock.now()) > reported.last_day,
        may_object=reported.stand is Stand.OPEN,
        action=url_for(action),
        words=words,
        fault=fault,
        longest=LONGEST,
    )
    return make_response(page, 422 if fault else status)
