"""/desk/account: one's own account at the desk, and another password for it."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.rules.password import LEAST
from portal.services import joining
from portal.services.joining import Faulty
from portal.services.signing_in import NotSignedIn
from portal.speech import say_text
from portal.views import guarding, staff

place = Blueprint("account", __name__, url_prefix="/desk/account")


@place.get("")
def overview() -> Response:
    return _page({})


@place.post("/password")
def change_password() -> Response:
    sent = request.form
    if sent.get("new", "") != sent.get("repeated", ""):
        return _page({"repeated": gettext("같은 비밀번호를 두 번 적어 주세요.")})
    try:
        token = joining.change_password(
            current_user.account_ref,
            sent.get("old", ""),
            sent.get("new", ""),
            sent.get("code", ""),
            guarding.origin(),
            clock.now(),
        )
    except Faulty as fault:
        return _page({"new": say_text(fault.password)} if fault.password else {})
    except NotSignedIn:
        return _page({"old": gettext("지금 비밀번호와 인증번호를 맞게 적어 주세요.")})
    flash(gettext("비밀번호를 바꿨어요.") if current_user.is_admin else gettext("비밀번호를 바꾸었습니다."))
    answer = redirect(url_for("account.overview"), 303)
    staff.hand_out(answer, token)  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


def _page(faults: dict[str, str]) -> Response:
    summary = [{"field": name, "words": words} for name, words in faults.items()]
    template = "org/account.html" if current_user.is_admin else "desk/account.html"
    page = render_template(template, faults=faults, summary_of=summary, least=LEAST)
    return make_response(page, 422 if faults else 200)
