"""/desk/account: one's own account at the desk."""

from flask import Blueprint, render_template

place = Blueprint("account", __name__, url_prefix="/desk/account")


@place.get("")
def overview() -> str:
    return render_template("desk/account.html")
