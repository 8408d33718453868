"""Step-up: what lets data out, or ends it, is done only for who can read the member's own mailbox at this moment."""

import secrets
from typing import NoReturn

from flask import abort, make_response, render_template, request, session
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.holdings import Subject
from portal.services import stepping_up
from portal.services.stepping_up import Asked, NoAddress
from portal.speech import language

CODE, REF, ADDRESS = "step_up_code", "step_up_ref", "step_up_address"
ANEW = "step_up_anew"
OURS = {"csrf_token", CODE, REF, ADDRESS, ANEW}


def require(action: str) -> None:
    """Go on only when this POST brings the code that was mailed for `action`; else ask for it, and keep what was sent.

    Call it first where a POST is answered: the page that asks sends the same fields to the same address again, with
    the code.
    """
    at = clock.now()
    subject = Subject(current_user.member_ref, current_user.host_id)
    bound_to = f"{action} {session.setdefault('step_up', secrets.token_urlsafe(16))}"
    ref, code = request.form.get(REF, ""), request.form.get(CODE, "")
    if ref and ANEW not in request.form:
        if stepping_up.is_proved(subject, ref, code, bound_to, at):
            return
        _ask(Asked(ref, request.form.get(ADDRESS, "")), is_wrong=True)
    try:
        asked = stepping_up.ask(subject, bound_to, at, language())
    except NoAddress:
        _answer(render_template("me/no_address.html"))
    _ask(asked, is_wrong=False)


def _ask(asked: Asked, *, is_wrong: bool) -> NoReturn:
    kept = MultiDict((name, value) for name, value in request.form.items(multi=True) if name not in OURS)
    _answer(
        render_template(
            "me/step_up.html",
            kept=[*kept.items(multi=True), (REF, asked.ref), (ADDRESS, asked.address)],
            address=asked.address,
            field=CODE,
            anew=ANEW,
            is_wrong=is_wrong,
        )
    )


def _answer(page: str) -> NoReturn:
    abort(make_response(page, 403))
