"""/desk/requests/new: a request that came by telephone, mail or paper is logged; its clock starts when it came
(screen 15)."""

import secrets
from datetime import datetime

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from portal import clock
from portal.clock import SEOUL
from portal.forms.desk import ASKED_BY, LOGGED_BY, LOGGED_KINDS, Logging
from portal.rules.deadline import Kind
from portal.rules.request import StepRefused
from portal.services import working
from portal.services.requesting import Details
from portal.speech import language, say_due_day, say_text
from portal.views import guarding
from portal.views.desk import place
from portal.views.standing import CHANNELS, REQUESTERS, kind_name


@place.route("/requests/new", methods=["GET", "POST"])
def log() -> Response:
    at = clock.now()
    if request.method == "GET":
        return _page(Logging(), at)
    form = Logging.read(request.form, at)
    by = guarding.by()
    subject = None
    if form.subject and "subject" not in form.faults:
        subject = working.subject_of(form.subject, by, at)
    if subject is None and form.kind is not Kind.COMPLAINT and "subject" not in form.faults:
        form.faults["subject"] = (
            gettext("회원을 찾지 못했습니다. 적은 것을 확인하거나, 회원이 아니면 유형을 고충 처리로 바꿔 주세요.")
            if form.subject
            else gettext("누구의 정보인지 이메일, 아이디나 연락처를 적어 주세요.")
        )
    if subject is None and form.requester == "SELF" and form.kind is Kind.COMPLAINT:
        form.requester = "STRANGER"
    if subject is None and not form.reply_to and form.kind is Kind.COMPLAINT and "reply_to" not in form.faults:
        form.faults["reply_to"] = gettext("답할 메일 주소를 적어 주세요. 회원이 아니면 다른 연락 방법이 없습니다.")
    if form.faults or form.received_at is None:
        return _page(form, at)
    details: Details = {"text": form.said}
    details |= {"proof": form.proof} if form.proof else {}
    details |= {"reply_to": form.reply_to} if form.reply_to else {}
    try:
        filed = working.log(
            form.kind,
            requester=form.requester,
            channel=form.channel,
            received_at=form.received_at,
            subject=subject,
            details=details,
            language=language(),
            nonce=form.nonce,
            by=by,
            at=at,
        )
    except StepRefused as refused:
        form.faults["subject"] = say_text(refused.reason)
        return _page(form, at)
    day = say_due_day(filed.due_day)
    flash(
        gettext("%(number)s로 접수했습니다. %(day)s까지 답합니다.", number=filed.number, day=day)
        if filed.made
        else gettext("이미 접수한 요청입니다.")
    )
    return redirect(url_for("desk.case", number=filed.number), 303)  # type: ignore[return-value]


def _page(form: Logging, at: datetime) -> Response:
    here = at.astimezone(SEOUL)
    page = render_template(
        "desk/log.html",
        form=form,
        typed=form.typed or {"received_day": f"{here:%Y-%m-%d}", "received_time": f"{here:%H:%M}"},
        nonce=form.typed.get("nonce") or secrets.token_urlsafe(16),
        today=f"{here:%Y-%m-%d}",
        kinds=[("", gettext("골라 주세요")), *((kind.value, kind_name(kind)) for kind in LOGGED_KINDS)],
        channels=[("", gettext("골라 주세요")), *((code, CHANNELS[code]) for code in LOGGED_BY)],
        requesters=[("", gettext("골라 주세요")), *((code, REQUESTERS[code]) for code in ASKED_BY)],
    )
    return make_response(page, 422 if form.faults else 200)
