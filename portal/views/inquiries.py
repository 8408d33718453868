"""/desk/inquiries: what investigating authorities asked for, and what a person decided (Article 4)."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from portal import clock
from portal.clock import seoul_day
from portal.forms.handlers import Form
from portal.forms.inquiries import Deciding, Logging
from portal.services import accounts, inquiring
from portal.services.inquiring import Opened, Refused
from portal.views import guarding
from portal.views.paging import number_of

place = Blueprint("inquiries", __name__, url_prefix="/desk/inquiries")
STATES: dict[str, tuple[str, Any]] = {  # decision: (pill, words)
    "": (" pill--run", lazy_gettext("결정 전")),
    "ANSWERED": (" pill--done", lazy_gettext("제공함")),
    "REFUSED": (" pill--bad", lazy_gettext("거절함")),
}
NOTICES = {
    "NONE": lazy_gettext("알릴 의무 없음"),
    "DUE": lazy_gettext("%(day)s까지 알려야 함"),
    "GIVEN": lazy_gettext("%(day)s에 알림"),
}


@place.get("")
def overview() -> str:
    found, after = inquiring.page(guarding.by(), clock.now(), number_of(request.args.get("before")))
    return render_template(
        "desk/inquiries.html",
        rows=[(one, *STATES[one.decision], _notice(one)) for one in found],
        after=after,
        may_write=guarding.allows("inquiries.write"),
    )


@place.route("/new", methods=["GET", "POST"])
def log() -> Response:
    form: Form = Form()
    if request.method == "POST":
        form = read = Logging.read(request.form)
        if read.asked and read.received_on and not read.faults:
            try:
                ref = inquiring.log(read.asked, read.received_on, guarding.by(), clock.now())
                flash(gettext("접수했습니다."))
                return redirect(url_for("inquiries.inquiry", ref=ref), 303)  # type: ignore[return-value]
            except Refused:
                form.faults["received_on"] = gettext("아직 오지 않은 날입니다.")
    page = render_template("desk/inquiry_form.html", form=form, today=seoul_day(clock.now()).isoformat())
    return make_response(page, 422 if form.faults else 200)


@place.get("/<ref>")
def inquiry(ref: str) -> Response:
    return _page(ref, Form())


@place.post("/<ref>")
def decide(ref: str) -> Response:
    """Keep the decision, or that the members were told."""
    at, by = clock.now(), guarding.by()
    form = Deciding()
    try:
        if request.form.get("deed") == "told":
            inquiring.note_notice(ref, by, at)
            flash(gettext("회원에게 알린 것을 적었습니다."))
            return redirect(url_for("inquiries.inquiry", ref=ref), 303)  # type: ignore[return-value]
        form = Deciding.read(request.form)
        if not form.faults:
            inquiring.decide(ref, form.decision, form.reason, form.notice_by, by, at)
            flash(gettext("결정을 적었습니다. 제공은 포털 밖에서 사람이 합니다."))
            return redirect(url_for("inquiries.inquiry", ref=ref), 303)  # type: ignore[return-value]
    except Refused:
        abort(409)
    return _page(ref, form)


def _page(ref: str, form: Form) -> Response:
    at = clock.now()
    found = inquiring.of_ref(ref, guarding.by(), at)
    if found is None:
        abort(404)
    names = accounts.names_of({found.logged_by, found.decided_by})
    page = render_template(
        "desk/inquiry.html",
        one=found,
        pill=STATES[found.decision][0],
        state=STATES[found.decision][1],
        notice=_notice(found),
        logged_by=names.get(found.logged_by, ""),
        decided_by=names.get(found.decided_by, ""),
        form=form,
        may_write=guarding.allows("inquiries.write"),
    )
    return make_response(page, 422 if form.faults else 200)


def _notice(one: Opened) -> str:
    """Return whether and when the members are told: nothing before somebody has decided it."""
    return str(NOTICES[one.notice]) % {"day": one.notice_on} if one.decision else "–"
