"""/org/sign-in: the way in for a company's admins, with their own words before the same lock as the desk's."""

from flask import Blueprint, Response

from portal.views import sign_in

place = Blueprint("org_sign_in", __name__, url_prefix="/org/sign-in")


@place.get("")
def form() -> Response:
    return sign_in.ask("org/sign_in.html")


@place.post("")
def enter() -> Response:
    return sign_in.answer("org/sign_in.html")
