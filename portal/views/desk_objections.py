"""/desk/requests/<number>/objections: what people of a report said against it, and the decision on each."""

from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.rules.mask import mask_text
from portal.rules.request import StepRefused
from portal.services import judging
from portal.services.judging import Objected
from portal.services.objecting import LONGEST, WordsFault
from portal.services.requesting import NoSuchRequest
from portal.speech import say_text
from portal.views import guarding
from portal.views.desk import place, who_of
from portal.views.paging import number_of

JUDGEMENTS = {"uphold": True, "reject": False}


@place.get("/requests/<number>/objections")
def objections(number: str) -> Response:
    return _page(number)


@place.post("/requests/<number>/objections")
def judge(number: str) -> Response:
    """Judge one objection. To let a destruction go on asks for the second factor again."""
    leaver, upheld = number_of(request.form.get("leaver")), JUDGEMENTS.get(request.form.get("judgement", ""))
    if upheld is None or leaver is None:
        abort(400)
    words = request.form.get("words", "")
    if not upheld:
        guarding.require_fresh()
    try:
        judging.judge(
            number,
            leaver,
            upheld=upheld,
            words=words,
            by=guarding.by(),
            roles=current_user.roles,
            at=clock.now(),
        )
    except NoSuchRequest:
        abort(404)
    except WordsFault as fault:
        return _page(number, leaver, words, say_text(fault.reason), 422)
    except StepRefused as refused:
        return _page(number, leaver, words, say_text(refused.reason), 409)
    flash(gettext("이의를 받아들였습니다.") if upheld else gettext("이의를 받아들이지 않았습니다."))
    return redirect(url_for("desk.objections", number=number), 303)  # type: ignore[return-value]


def _page(number: str, leaver: str = "", words: str = "", fault: str = "", status: int = 200) -> Response:
    try:
        found = judging.objections_to(number, guarding.by(), clock.now())
    except NoSuchRequest:
        abort(404)
    page = render_template(
        "desk/objections.html",
        number=number,
        objections=[_row(one) for one in found],
        may_decide=guarding.allows("desk.request.decide"),
        leaver=leaver,
        words=words,
        fault=fault,
        longest=LONGEST,
    )
    return make_response(page, status)


def _row(one: Objected) -> dict[str, Any]:
    return {
        "leaver": str(one.leaver.id),
        "who": who_of(one.known, not one.known, "SELF"),
        "left_on": one.leaver.left_on,
        "made_at": one.objection.made_at,
        "words": mask_text(one.words),
        "upheld": one.objection.upheld,
        "decided_at": one.objection.decided_at,
        "decider": one.decider,
    }
