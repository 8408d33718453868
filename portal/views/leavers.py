"""/objections and /me/objection: what somebody who was reported as having left is told, and what they can say to it."""

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user

from portal import clock
from portal.clock import seoul_day
from portal.services import objecting
from portal.services.objecting import LONGEST, CannotObject, Reported, Stand, WordsFault
from portal.speech import say_text
from portal.views import guarding

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
