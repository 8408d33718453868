"""/enter: the way in through one's mailbox, for members who can no longer sign in to the host."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext

from portal import clock
from portal.services import entering
from portal.speech import language
from portal.views import guarding, step_up, visitor

place = Blueprint("enter", __name__, url_prefix="/enter")
TOKEN, TOWARDS, BY = "enter_token", "enter_towards", "enter_by"
PLACES = {"left": "leavers.leaving"}  # where a link may lead besides one's own page


@place.get("")
def form() -> str:
    return render_template("enter/form.html", typed="", fault="")


@place.post("")
def ask() -> Response:
    typed = request.form.get("who", "")
    if not typed.strip():
        page = render_template("enter/form.html", typed="", fault=gettext("메일 주소나 아이디를 적어 주세요."))
        return make_response(page, 422)
    entering.ask(typed, language(), guarding.origin(), clock.now())
    return redirect(url_for("enter.sent"), 303)  # type: ignore[return-value]


@place.get("/sent")
def sent() -> str:
    return render_template("enter/sent.html", minutes=entering.LASTS.seconds // 60)


@place.get("/open")
def open_link() -> str | Response:
    """Take the token out of the address, then ask for one press: mail programs open links by themselves."""
    if "token" in request.args:
        session[TOKEN], session[TOWARDS] = request.args["token"], request.args.get("to", "")
        session[BY] = request.args.get("by", "")
        return redirect(url_for("enter.open_link"), 303)  # type: ignore[return-value]
    if not entering.is_open(session.get(TOKEN, ""), clock.now()):
        return make_response(render_template("enter/gone.html"), 410)
    return render_template("enter/open.html", is_leaving=session.get(TOWARDS) in PLACES)


@place.post("/open")
def opened() -> Response:
    token = entering.enter(session.pop(TOKEN, ""), guarding.origin(), clock.now())
    if token is None:
        return make_response(render_template("enter/gone.html"), 410)
    step_up.prefer(session.pop(BY, ""))  # codes follow to the mailbox that was just read
    answer = redirect(url_for(PLACES.get(session.pop(TOWARDS, ""), "me.overview")), 303)
    visitor.hand_out(answer, token)  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


@place.post("/leave")
def leave() -> Response:
    entering.leave(visitor.token_of(request))
    answer = redirect(url_for("public.policy"), 303)
    visitor.hand_out(answer, "")  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]
