"""/org/members: a company's own members as its admin may see them, masked, and stopping one's account."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from portal import clock
from portal.rules.suspension import REASONS
from portal.services import overseeing
from portal.services.limiting import limit
from portal.services.overseeing import Masked, Refused
from portal.speech import say_text
from portal.views import guarding
from portal.views.org import company, pages
from portal.views.paging import page_of

place = Blueprint("org_members", __name__, url_prefix="/org/members")
SEARCHES_AN_HOUR = 120  # far above a working day's need, far below what tries out a list of addresses
REFUSALS = {
    "OWN": lazy_gettext("지금 로그인한 내 계정이에요. 내 계정은 멈출 수 없어요."),
    "LEAVING": lazy_gettext("퇴사를 알린 회원이에요. 이용은 이미 멈춰 있어요."),
    "STOPPED": lazy_gettext("이미 우리 회사에서 멈춘 회원이에요."),
    "NOT_STOPPED": lazy_gettext("우리 회사에서 멈춘 회원이 아니에요."),
    "REASON": lazy_gettext("멈추는 이유를 골라 주세요."),
}


@dataclass(frozen=True)
class Row:
    """One member as a row; every value is masked."""

    ref: str
    email: str
    login_id: str
    met_at: datetime
    pill: str
    state: str
    reason: str


@place.get("")
def overview() -> str:
    page, at = page_of(request.args), clock.now()
    found, total = overseeing.members_page(company().ref, page, guarding.by(), at)
    if page > 1 and not found:
        abort(404)
    return render_template(
        "org/members.html",
        rows=[_row(one) for one in found],
        pages=pages("org_members.overview", page, len(found), total, are_people=True),
        total=total,
        is_missing=bool(request.args.get("missing")),
    )


@place.post("/search")
def search() -> Response:
    """Find one member by what stands in no address: an e-mail or an ID, exactly."""
    text = request.form.get("q", "").strip()[:254]
    if not text:
        return redirect(url_for("org_members.overview"), 303)  # type: ignore[return-value]
    limit("search", current_user.account_ref, clock.now(), times=SEARCHES_AN_HOUR, within=timedelta(hours=1))
    ref = overseeing.found(company().ref, text)
    where = url_for("org_members.person", ref=ref) if ref else url_for("org_members.overview", missing=1)
    return redirect(where, 303)  # type: ignore[return-value]


@place.get("/<ref>")
def person(ref: str) -> Response:
    return _page(ref)


@place.post("/<ref>/suspension")
def suspend(ref: str) -> Response:
    guarding.require_fresh()
    try:
        overseeing.suspend(company().ref, ref, request.form.get("reason", ""), guarding.by(), clock.now())
    except Refused as refused:
        return _refused(ref, refused)
    return _done(ref, gettext("이용을 멈췄어요. 이 회원은 다음 화면부터 MateCost를 쓸 수 없어요."))


@place.post("/<ref>/resumption")
def resume(ref: str) -> Response:
    guarding.require_fresh()
    try:
        overseeing.resume(company().ref, ref, guarding.by(), clock.now())
    except Refused as refused:
        return _refused(ref, refused)
    return _done(ref, gettext("우리 회사의 이용중지를 풀었어요."))


def _done(ref: str, words: str) -> Response:
    flash(words)
    return redirect(url_for("org_members.person", ref=ref), 303)  # type: ignore[return-value]


def _refused(ref: str, refused: Refused) -> Response:
    if refused.why == "NOBODY":
        abort(404)
    return _page(ref, str(REFUSALS[refused.why]), 422 if refused.why == "REASON" else 409)


def _page(ref: str, fault: str = "", status: int = 200) -> Response:
    one = overseeing.member(company().ref, ref, guarding.by(), clock.now())
    if one is None:
        abort(404)
    page = render_template(
        "org/member.html",
        one=_row(one),
        may_suspend=not (one.by_company or one.is_leaving or one.is_own),
        may_resume=one.by_company and not one.is_leaving,
        is_own=one.is_own,
        is_leaving=one.is_leaving,
        reasons=[("", gettext("골라 주세요")), *((code, say_text(words)) for code, words in REASONS.items())],
        fault=fault,
    )
    return make_response(page, status)


def _row(one: Masked) -> Row:
    pill, state = _stand(one)
    return Row(
        ref=one.ref,
        email=one.shown.get("email", "–"),
        login_id=one.shown.get("login_id", "–"),
        met_at=one.met_at,
        pill=pill,
        state=state,
        reason=say_text(REASONS[one.reason]) if one.reason else "",
    )


def _stand(one: Masked) -> tuple[str, str]:
    if one.is_leaving:
        return " pill--hold", gettext("삭제 요청함")
    if one.by_company:
        return " pill--hold", gettext("우리 회사가 멈춤")
    if one.is_closed:
        return "", gettext("이용하지 않음")
    return " pill--done", gettext("이용 중")
