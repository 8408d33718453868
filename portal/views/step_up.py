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
ANEW, WHERE = "step_up_anew", "step_up_where"
OURS = {"csrf_token", CODE, REF, ADDRESS, ANEW, WHERE}
EMAIL, CONTACT = "email", "contact"


def require(action: str, *, address: str = "") -> None:
    """Go on only when this POST brings the code that was mailed for `action`; else ask for it, and keep what was sent.

    Call it first where a POST is answered: the page that asks sends the same fields to the same address again, with
    the code. The code goes to a mailbox that opens the account, whichever the member can read; to `address` alone where
    it is that one which is to be proved.
    """
    at = clock.now()
    subject = Subject(current_user.member_ref, current_user.host_id)
    bound_to = f"{action} {session.setdefault('step_up', secrets.token_urlsafe(16))}"
    ref, code = request.form.get(REF, ""), request.form.get(CODE, "")
    if WHERE in request.form:
        prefer(request.form[WHERE])
    at_contact = session.get(WHERE) == CONTACT
    other = "" if address or not stepping_up.proved_contact(subject) else EMAIL if at_contact else CONTACT
    if ref and not {ANEW, WHERE} & set(request.form):
        if stepping_up.is_proved(subject, ref, code, bound_to, at):
            return
        _ask(Asked(ref, request.form.get(ADDRESS, "")), other, is_wrong=True)
    try:
        asked = stepping_up.ask(subject, bound_to, at, language(), at_contact=at_contact, address=address)
    except NoAddress:
        _answer(render_template("me/no_address.html"))
    _ask(asked, other, is_wrong=False)


def prefer(where: str) -> None:
    """Remember in this browser where codes are read: at EMAIL or at CONTACT. It decides nothing but where to send them:
    a contact that is not proved gets none."""
    session[WHERE] = CONTACT if where == CONTACT else EMAIL


def _ask(asked: Asked, other: str, *, is_wrong: bool) -> NoReturn:
    kept = MultiDict((name, value) for name, value in request.form.items(multi=True) if name not in OURS)
    _answer(
        render_template(
            "me/step_up.html",
            kept=[*kept.items(multi=True), (REF, asked.ref), (ADDRESS, asked.address)],
            address=asked.address,
            field=CODE,
            anew=ANEW,
            where=WHERE,
            other=other,
            is_wrong=is_wrong,
        )
    )


def _answer(page: str) -> NoReturn:
    abort(make_response(page, 403))
