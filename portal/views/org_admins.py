"""/org/admins: who acts for a company, and ending another's right to, or one's own."""

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.services import accounts, company_admins
from portal.services.accounts import Person
from portal.services.company_admins import LastAdmin, NotVerified
from portal.views import guarding, staff
from portal.views.org import company

place = Blueprint("org_admins", __name__, url_prefix="/org/admins")


@place.get("")
def overview() -> str:
    people = company_admins.people_of(company().ref)
    return render_template(
        "org/admins.html",
        people=people,
        own=current_user.account_ref,
        is_last=company_admins.is_last_admin(current_user.account_ref),
        domains=company().domains,
    )


@place.route("/<ref>/removal", methods=["GET", "POST"])
def remove(ref: str) -> Response:
    """Say what ends, and end it."""
    who = _admin(ref)
    if request.method == "GET":
        return _page(who)
    guarding.require_fresh()
    try:
        company_admins.remove(ref, guarding.by(), clock.now())
    except LastAdmin:
        return _page(who, gettext("마지막 담당자는 뺄 수 없어요. 다른 담당자를 먼저 초대해 달라고 요청해 주세요."))
    except (NotVerified, accounts.Refused):
        abort(404)
    if ref == current_user.account_ref:
        flash(gettext("담당자를 그만뒀어요. 이미 보낸 삭제 요청은 그대로 처리해요."))
        left = redirect(url_for("org_sign_in.form"), 303)
        staff.hand_out(left, "")  # type: ignore[arg-type]
        return left  # type: ignore[return-value]
    flash(gettext("%(name)s 님을 담당자에서 뺐어요.", name=who.name))
    return redirect(url_for("org_admins.overview"), 303)  # type: ignore[return-value]


def _admin(ref: str) -> Person:
    who = next((one for one in company_admins.people_of(company().ref) if one.ref == ref), None)
    if who is None:
        abort(404)
    return who


def _page(who: Person, fault: str = "") -> Response:
    page = render_template("org/remove.html", who=who, is_own=who.ref == current_user.account_ref, fault=fault)
    return make_response(page, 409 if fault else 200)
