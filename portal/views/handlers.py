"""/desk/handlers: who works here with which roles, who is designated and trained, since when and why (screen 21)."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext

from portal import clock
from portal.clock import seoul_day
from portal.forms.handlers import Designating, Ending, Form, Inviting, Trained
from portal.rules.identifier import IdentifierFault
from portal.rules.mask import mask_email
from portal.services import accounts, handling
from portal.services.accounts import GIVEN_HERE
from portal.speech import say_text
from portal.views import guarding
from portal.views.handler_lines import NOBODY, history_of, line_of
from portal.views.rail import ROLE_NAMES

place = Blueprint("handlers", __name__, url_prefix="/desk/handlers")
INVITED = lazy_gettext("초대 메일을 보냈습니다. 링크는 사흘 동안 한 번 쓸 수 있습니다.")
REFUSALS = {
    "ENDS_BEFORE": lazy_gettext("끝나는 날은 시작하는 날과 오늘보다 뒤여야 합니다."),
    "DESIGNATED": lazy_gettext("이미 지정되어 있습니다. 먼저 지정을 끝내 주세요."),
    "NOT_DESIGNATED": lazy_gettext("끝낼 지정이 없습니다."),
    "TO_COME": lazy_gettext("아직 오지 않은 날의 교육은 적을 수 없습니다."),
    "KNOWN": lazy_gettext("이미 계정이 있는 사람입니다."),
    "DISABLED": lazy_gettext("중지된 계정입니다. 다시 쓰려면 새로 초대해 주세요."),
    "LAST_OFFICER": lazy_gettext("마지막 보호책임자입니다. 다른 보호책임자를 먼저 세워 주세요."),
    "HELD": lazy_gettext("이미 가진 권한입니다."),
    "COMPANY": lazy_gettext("회사 담당자의 계정입니다. 회사 화면에서 바꿔 주세요."),
    "NOT_HELD": lazy_gettext("갖고 있지 않은 권한입니다."),
}


@place.get("")
def overview() -> str:
    today = seoul_day(clock.now())
    holding = handling.handlers_of_all(today)
    people = [one for one in accounts.everyone() if one.company_ref is None]
    lines = [line_of(person, holding.get(person.ref, NOBODY), today) for person in people if person.state != "DISABLED"]
    gone = [line_of(person, holding.get(person.ref, NOBODY), today) for person in people if person.state == "DISABLED"]
    designated = [handler for handler in holding.values() if handler.is_designated]
    overdue = [handler for handler in designated if not handler.verdict.open]
    return render_template(
        "desk/handlers.html",
        lines=lines,
        gone=gone,
        designated=len(designated),
        overdue=len(overdue),
        counted=ngettext("지정된 취급자 %(num)s명", "지정된 취급자 %(num)s명", len(designated)),
        may_invite=guarding.allows("staff.invite"),
    )


@place.get("/<ref>")
def person(ref: str) -> Response:
    return _person_page(ref, Form())


@place.post("/<ref>/designation")
def designate(ref: str) -> Response:
    form, at = Designating.read(request.form), clock.now()
    if form.since and not form.faults:
        try:
            handling.designate(ref, form.since, form.until, form.reason, guarding.by(), at)
            return _done(ref, gettext("취급자로 지정했습니다."))
        except handling.Refused as refused:
            form.faults["until" if refused.why == "ENDS_BEFORE" else "since"] = _refusal(refused)
    return _person_page(ref, form)


@place.post("/<ref>/designation/end")
def end(ref: str) -> Response:
    form = Ending.read(request.form)
    if not form.faults:
        try:
            handling.end(ref, form.reason, guarding.by(), clock.now())
            return _done(ref, gettext("지정을 끝냈습니다. 개인정보는 다음 화면부터 닫힙니다."))
        except handling.Refused as refused:
            form.faults["end_reason"] = _refusal(refused)
    return _person_page(ref, form)


@place.post("/<ref>/trainings")
def train(ref: str) -> Response:
    form = Trained.read(request.form)
    if form.trained_on and not form.faults:
        try:
            handling.note_training(ref, form.course, form.trained_on, form.minutes, guarding.by(), clock.now())
            return _done(ref, gettext("교육을 기록했습니다."))
        except handling.Refused as refused:
            form.faults["trained_on"] = _refusal(refused)
    return _person_page(ref, form)


@place.route("/invite", methods=["GET", "POST"])
def invite() -> Response:
    form = Form()
    if request.method == "POST":
        form = sent = Inviting.read(request.form)
        if not sent.faults:
            guarding.require_fresh()
        try:
            if not sent.faults:
                ref, _ = accounts.invite(sent.email, sent.name, sent.roles, guarding.by(), clock.now(), sent.language)
                return _done(ref, INVITED)
        except IdentifierFault as fault:
            form.faults["email"] = say_text(fault.reason)
        except accounts.Refused as refused:
            form.faults["email"] = _refusal(refused)
    page = render_template(
        "desk/invite.html",
        form=form,
        roles=[(role.value, ROLE_NAMES[role]) for role in GIVEN_HERE],
        chosen=request.form.getlist("role"),
    )
    return make_response(page, 422 if form.faults else 200)


@place.post("/<ref>/account")
def account(ref: str) -> Response:
    """Change an account: a role given or taken, a new link, signed out, or disabled."""
    deed, at = request.form.get("deed", ""), clock.now()
    verb, _, word = deed.partition(":")
    role = next((role for role in GIVEN_HERE if role.value == word), None)
    who = accounts.of_ref(ref)
    if who is None or who.company_ref is not None:
        abort(404)
    guarding.require_fresh()
    form = Form()
    try:
        if verb == "grant" and role:
            accounts.grant(ref, role, guarding.by(), at)
            return _done(ref, gettext("권한을 주었습니다. 다시 로그인하면 쓸 수 있습니다."))
        if verb == "revoke" and role:
            accounts.revoke(ref, role, guarding.by(), at)
            return _done(ref, gettext("권한을 거두고 로그아웃시켰습니다."))
        if deed == "invite":
            accounts.invite(who.email, who.name, (), guarding.by(), at, who.language)
            return _done(ref, INVITED)
        if deed == "reset":
            accounts.reset(ref, guarding.by(), at)
            return _done(ref, gettext("로그인 수단을 지우고 새로 정할 링크를 메일로 보냈습니다."))
        if deed == "sign_out":
            accounts.end_session(ref, guarding.by(), at)
            return _done(ref, gettext("로그아웃시켰습니다."))
        if deed == "disable":
            accounts.disable(ref, guarding.by(), at)
            return _done(ref, gettext("계정을 중지했습니다. 권한과 지정도 함께 끝났습니다."))
        abort(400)
    except accounts.Refused as refused:
        form.faults["account"] = _refusal(refused)
    return _person_page(ref, form)


def _done(ref: str, words: Any) -> Response:
    flash(str(words))
    return redirect(url_for("handlers.person", ref=ref), 303)  # type: ignore[return-value]


def _refusal(refused: handling.Refused | accounts.Refused) -> str:
    if refused.why == "NOBODY":
        abort(404)
    return str(REFUSALS[refused.why])


def _person_page(ref: str, form: Form) -> Response:
    who = accounts.of_ref(ref)
    if who is None or who.company_ref is not None:
        abort(404)
    today = seoul_day(clock.now())
    handler = handling.handler_of(ref, today)
    may_invite = guarding.allows("staff.invite")
    page = render_template(
        "desk/handler.html",
        line=line_of(who, handler, today),
        email=who.email if may_invite else mask_email(who.email),
        why=say_text(handler.verdict.why),
        day=handler.verdict.day,
        is_open=handler.verdict.open,
        to_end=handler.is_designated or handler.verdict.code == "NOT_YET_DESIGNATED",
        history=history_of(ref),
        form=form,
        today=today.isoformat(),
        is_invited=who.state == "INVITED",
        may_write=guarding.allows("handlers.write") and who.state != "DISABLED",
        may_invite=may_invite and who.state != "DISABLED",
        roles=[(role.value, ROLE_NAMES[role], role in who.roles) for role in GIVEN_HERE],
    )
    return make_response(page, 422 if form.faults else 200)
