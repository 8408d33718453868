"""/desk/sign-in: the way in and out for people with an account here."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from middleware.paths import safe_next
from portal import clock
from portal.services import signing_in
from portal.services.signing_in import NotSignedIn, SignedIn
from portal.views import guarding, rail, staff

place = Blueprint("sign_in", __name__, url_prefix="/desk")


@place.get("/home")
def home() -> Response:
    who = staff.staff_of(request)
    return redirect(rail.home_of(who.roles) if who else url_for("sign_in.form"), 303)  # type: ignore[return-value]


@place.get("/sign-in")
def form() -> Response:
    if isinstance(staff.session_of(request), SignedIn):
        return redirect(_next(), 303)  # type: ignore[return-value]
    return _page(email="", is_wrong=False)


@place.post("/sign-in")
def enter() -> Response:
    email = request.form.get("email", "")
    password, code = request.form.get("password", ""), request.form.get("code", "")
    try:
        token = signing_in.sign_in(email, password, code, guarding.origin(), clock.now())
    except NotSignedIn:
        return _page(email=email, is_wrong=True)
    answer = redirect(_next(), 303)
    staff.hand_out(answer, token)  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


@place.post("/sign-out")
def leave() -> Response:
    signing_in.sign_out(staff.token_of(request), guarding.by(), clock.now())
    answer = redirect(url_for("sign_in.form"), 303)
    staff.hand_out(answer, "")  # type: ignore[arg-type]
    return answer  # type: ignore[return-value]


def _page(*, email: str, is_wrong: bool) -> Response:
    page = render_template(
        "sign_in/form.html", email=email, is_wrong=is_wrong, why=staff.why_over(), next=request.values.get("next", "")
    )
    return make_response(page, 403 if is_wrong else 200)


def _next() -> str:
    """Return the page of the desk that was asked for before, or the one that opens it."""
    asked = safe_next(request.values.get("next"))
    root = f"{request.script_root}/"
    return asked if asked.startswith(root) and asked != root else url_for("sign_in.home")
