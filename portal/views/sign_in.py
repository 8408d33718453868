"""/desk/sign-in and /desk/join: the ways in for people with an account here, and the way out."""

import secrets

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user

from middleware.paths import safe_next
from portal import clock
from portal.rules.password import LEAST
from portal.services import joining, signing_in
from portal.services.joining import Faulty, Gone
from portal.services.limiting import limit
from portal.services.signing_in import LOCKED_FOR, PER_ADDRESS, NotSignedIn, SignedIn
from portal.speech import say_text
from portal.views import guarding, rail, staff
from portal.views.qr import path_of

place = Blueprint("sign_in", __name__, url_prefix="/desk")


@place.get("/home")
def home() -> Response:
    who = staff.staff_of(request)
    return redirect(rail.home_of(who.roles) if who else url_for("sign_in.form"), 303)  # type: ignore[return-value]


@place.get("/sign-in")
def form() -> Response:
    return ask("sign_in/form.html")


@place.post("/sign-in")
def enter() -> Response:
    return answer("sign_in/form.html")


def ask(template: str) -> Response:
    """Show the form, or go on with who is signed in already."""
    if isinstance(staff.session_of(request), SignedIn):
        return redirect(_next(), 303)  # type: ignore[return-value]
    return _page(template, email="", is_wrong=False)


def answer(template: str) -> Response:
    """Sign in who has sent the form, or show it again."""
    email = request.form.get("email", "")
    password, code = request.form.get("password", ""), request.form.get("code", "")
    try:
        token = signing_in.sign_in(email, password, code, guarding.origin(), clock.now())
    except NotSignedIn:
        return _page(template, email=email, is_wrong=True)
    opened = redirect(_next(), 303)
    staff.hand_out(opened, token)  # type: ignore[arg-type]
    return opened  # type: ignore[return-value]


@place.post("/sign-out")
def leave() -> Response:
    signing_in.sign_out(staff.token_of(request), guarding.by(), clock.now())
    left = redirect(url_for("org_sign_in.form" if current_user.is_admin else "sign_in.form"), 303)
    staff.hand_out(left, "")  # type: ignore[arg-type]
    return left  # type: ignore[return-value]


@place.get("/join")
def join() -> Response:
    """Take the token out of the address, then offer what the link is for. Nothing is used up by looking."""
    if "token" in request.args:
        session["join"] = [request.args["token"], secrets.token_urlsafe(16)]
        return redirect(url_for("sign_in.join"), 303)  # type: ignore[return-value]
    return _join_page([])


@place.post("/join")
def joined() -> Response:
    at = clock.now()
    limit("join from", guarding.origin(), at, times=PER_ADDRESS, within=LOCKED_FOR)
    password, code = request.form.get("password", ""), request.form.get("code", "")
    is_repeated = password == request.form.get("repeated", "")
    try:
        opened = joining.join(*_held_link(), password, code, guarding.origin(), at, is_repeated=is_repeated)
    except Gone:
        return _gone()
    except Faulty as fault:
        faults = []
        if fault.password:
            faults.append({"field": "password", "words": say_text(fault.password)})
        if not is_repeated:
            faults.append({"field": "repeated", "words": gettext("같은 비밀번호를 두 번 적어 주세요.")})
        if fault.code:
            words = gettext("앱에 지금 나오는 인증번호를 적어 주세요.")
            faults.append({"field": "code", "words": words})
        return _join_page(faults)
    session.pop("join", None)
    home = redirect(url_for("sign_in.home"), 303)
    staff.hand_out(home, opened)  # type: ignore[arg-type]
    return home  # type: ignore[return-value]


def _join_page(faults: list[dict[str, str]]) -> Response:
    try:
        offered = joining.invitation(*_held_link(), clock.now())
    except Gone:
        return _gone()
    secret = " ".join(offered.secret[start : start + 4] for start in range(0, len(offered.secret), 4))
    page = render_template(
        "org/join.html" if offered.person.company_ref else "sign_in/join.html",
        person=offered.person,
        is_reset=offered.purpose == "RESET",
        secret=secret,
        uri=offered.uri,
        qr=path_of(offered.uri),
        least=LEAST,
        faults=faults,
        told={fault["field"]: fault["words"] for fault in faults},
    )
    return make_response(page, 422 if faults else 200)


def _held_link() -> tuple[str, str]:
    """Return the token of the link that this browser opened, and what only this browser holds. Raises Gone."""
    held = session.get("join")
    if not isinstance(held, list) or len(held) != 2:
        raise Gone
    return str(held[0]), str(held[1])


def _gone() -> Response:
    session.pop("join", None)
    return make_response(render_template("sign_in/gone.html"), 404)


def _page(template: str, *, email: str, is_wrong: bool) -> Response:
    page = render_template(
        template, email=email, is_wrong=is_wrong, why=staff.why_over(), next=request.values.get("next", "")
    )
    return make_response(page, 403 if is_wrong else 200)


def _next() -> str:
    """Return the page that was asked for before, or the one where who signs in begins."""
    asked = safe_next(request.values.get("next"))
    root = f"{request.script_root}/"
    return asked if asked.startswith(root) and asked != root else url_for("sign_in.home")
