"""/desk/holds: legal holds, which keep a person's data where it is whatever was decided."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from portal import clock
from portal.forms.holds import Holding
from portal.services import holding_back
from portal.services.limiting import limit
from portal.views import guarding
from portal.views.desk import SEARCHES, who_of
from portal.views.paging import counted, number_of, page_of, pages

place = Blueprint("holds", __name__, url_prefix="/desk/holds")
REFUSED: dict[str, Any] = {
    "NOBODY": lazy_gettext("이 이메일이나 아이디를 쓰는 회원이 없습니다. 정확히 같은 것만 찾습니다."),
    "STANDS": lazy_gettext("이미 법적 보류 중입니다."),
    "DESTROYED": lazy_gettext("이미 파기되어 보류할 수 없습니다."),
    "NOT_LEGAL": lazy_gettext("이 보류는 여기서 해제할 수 없습니다. 이의는 요청 화면에서 판단해 주세요."),
    "LIFTED": lazy_gettext("다른 사람이 먼저 해제했습니다."),
}


@place.get("", strict_slashes=False)
def overview() -> Response:
    return _page(Holding())


@place.post("", strict_slashes=False)
def place_one() -> Response:
    """Place a hold on the member with exactly this e-mail or ID."""
    form = Holding.read(request.form, names_whom=True)
    if form.faults:
        return _page(form)
    at = clock.now()
    limit("search", current_user.account_ref, at, **SEARCHES)
    try:
        holding_back.place_on(form.who, form.case, guarding.by(), at)
    except holding_back.Refused as refused:
        form.faults["who"] = str(REFUSED[refused.why])
        return _page(form)
    flash(gettext("보류했습니다. 다음 파기 단계부터 멈춥니다."))
    return redirect(url_for("holds.overview"), 303)  # type: ignore[return-value]


@place.post("/<hold_id>/lift")
def lift(hold_id: str) -> Response:
    found = number_of(hold_id)
    if found is None:
        abort(404)
    try:
        holding_back.lift(found, guarding.by(), clock.now())
    except holding_back.Refused as refused:
        flash(str(REFUSED[refused.why]))
    else:
        flash(gettext("해제했습니다. 멈춘 파기가 있으면 스스로 이어집니다."))
    return redirect(url_for("holds.overview"), 303)  # type: ignore[return-value]


def _page(form: Holding) -> Response:
    page = page_of(request.args)
    held, total = holding_back.standing(page, guarding.by(), clock.now())
    rows = [
        {
            "id": one.hold_id,
            "who": who_of(one.known, not one.known, "SELF"),
            "is_legal": one.kind == holding_back.LEGAL,
            "case": one.reason,
            "by": one.placed_by,
            "at": one.placed_at,
        }
        for one in held
    ]
    html = render_template(
        "desk/holds.html",
        rows=rows,
        counted=counted(page, len(rows), total),
        pages=pages("holds.overview", page, total),
        may_place=guarding.allows("holds.write"),
        form=form,
        faults=form.summary,
    )
    return make_response(html, 422 if form.faults else 200)
