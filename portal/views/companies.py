"""/desk/companies: which companies were checked, by what and when, and who may report their leavers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from portal import clock
from portal.clock import seoul_day
from portal.forms.companies import InvitingAdmin, Reopening, Saying, Verifying
from portal.forms.handlers import Form
from portal.rules.company import HOW_WORDS, How
from portal.rules.identifier import IdentifierFault
from portal.rules.mask import mask
from portal.rules.suspension import REASONS
from portal.services import accounts, company_admins, overseeing, reopening, vouching
from portal.services.company_admins import ElsewhereAddress, NotVerified
from portal.services.registering import NUMBER
from portal.services.reopening import KeptClosed
from portal.services.vouching import Entry, Line, Refused, Seen
from portal.speech import say_text
from portal.views import guarding
from portal.views.paging import counted, page_of, pages

place = Blueprint("companies", __name__, url_prefix="/desk/companies")
REFUSALS = {
    "OTHER_NUMBER": lazy_gettext("회원이 알린 사업자등록번호와 다릅니다. 문서의 번호를 다시 확인해 주세요."),
    "TO_COME": lazy_gettext("아직 오지 않은 날입니다."),
    "NOT_VERIFIED": lazy_gettext("확인되지 않은 회사입니다. 먼저 회사를 확인해 주세요."),
    "NOT_BLOCKED": lazy_gettext("제한된 담당자가 아닙니다."),
    "COMPANY": lazy_gettext("확인된 회사의 담당자가 있어 담당자가 직접 풀 수 있습니다."),
    "LEAVING": lazy_gettext("퇴사가 알려진 회원입니다. 그 요청에서 처리해 주세요."),
    "NOT_STOPPED": lazy_gettext("이미 풀린 계정입니다."),
    "KNOWN": lazy_gettext("이미 계정이 있는 주소입니다."),
}
DEEDS: dict[str, Any] = {
    "VERIFIED": lazy_gettext("확인함"),
    "REVOKED": lazy_gettext("확인 취소"),
    "REPORTS_CLEARED": lazy_gettext("요청 제한 해제"),
}


@dataclass(frozen=True)
class Row:
    """One company as a row; a sole trader's number is masked."""

    ref: str
    name: str
    number: str
    pill: str
    state: str
    members: str
    admins: str


@dataclass(frozen=True)
class Told:
    """One line of a company's history."""

    at: datetime
    deed: str
    how: str
    day: date
    domains: str
    words: str
    by: str


@place.get("")
def overview() -> str:
    return _list()


@place.post("/search")
def search() -> Response:
    """Find one company by its registration number, exactly."""
    typed = request.form.get("q", "")[:40]
    ref = vouching.found(typed)
    if not ref:
        return make_response(_list(missing=typed))  # no address holds the number: a sole trader's is personal
    return redirect(url_for("companies.company", ref=ref), 303)  # type: ignore[return-value]


@place.get("/<ref>")
def company(ref: str) -> Response:
    return _page(ref, Form())


@place.post("/<ref>/verification")
def verify(ref: str) -> Response:
    form = Verifying.read(request.form)
    if form.found is not None:
        guarding.require_fresh()
        try:
            vouching.verify(ref, form.found, guarding.by(), clock.now())
            return _done(ref, gettext("회사를 확인했습니다. 이제 담당자를 초대할 수 있습니다."))
        except Refused as refused:
            form.faults["number" if refused.why == "OTHER_NUMBER" else "day"] = _words(refused.why)
    return _page(ref, form)


@place.post("/<ref>/revocation")
def revoke(ref: str) -> Response:
    form = Saying.read(request.form, "revoke_reason")
    if not form.faults:
        guarding.require_fresh()
        try:
            vouching.revoke(ref, form.words, guarding.by(), clock.now())
            return _done(ref, gettext("확인을 취소했습니다. 담당자는 다음 화면부터 아무것도 볼 수 없습니다."))
        except Refused as refused:
            form.faults["revoke_reason"] = _words(refused.why)
    return _page(ref, form)


@place.post("/<ref>/admins")
def invite(ref: str) -> Response:
    form = InvitingAdmin.read(request.form)
    if not form.faults:
        guarding.require_fresh()
        try:
            company_admins.invite(ref, form.email, form.name, guarding.by(), clock.now(), form.language)
            return _done(ref, gettext("초대 메일을 보냈습니다. 링크는 사흘 동안 한 번 쓸 수 있습니다."))
        except IdentifierFault as fault:
            form.faults["email"] = say_text(fault.reason)
        except ElsewhereAddress as elsewhere:
            form.faults["email"] = gettext(
                "확인된 메일 도메인(%(domains)s)의 주소만 초대할 수 있습니다.", domains=", ".join(elsewhere.domains)
            )
        except NotVerified:
            form.faults["email"] = _words("NOT_VERIFIED")
        except accounts.Refused as refused:
            form.faults["email"] = _words(refused.why)
    return _page(ref, form)


@place.post("/<ref>/admins/<account>/end")
def end(ref: str, account: str) -> Response:
    guarding.require_fresh()
    try:
        company_admins.end(ref, account, guarding.by(), clock.now())
    except accounts.Refused:
        abort(404)
    return _done(ref, gettext("담당자 계정을 중지했습니다. 다시 쓰려면 새로 초대해 주세요."))


@place.post("/<ref>/admins/<account>/clearance")
def clear(ref: str, account: str) -> Response:
    """Take an admin's reports at their word again."""
    form = Saying.read(request.form, f"clear_{account}")
    if not form.faults:
        try:
            vouching.clear_reports(ref, account, form.words, guarding.by(), clock.now())
            return _done(ref, gettext("요청 제한을 풀었습니다. 다음 요청부터 회원의 이용을 바로 멈춥니다."))
        except Refused as refused:
            form.faults[f"clear_{account}"] = _words(refused.why)
    return _page(ref, form)


@place.post("/<ref>/reopening")
def reopen(ref: str) -> Response:
    """Open an account that a company keeps closed for which nobody can act any more."""
    form = Reopening.read(request.form)
    if not form.faults:
        guarding.require_fresh()
        try:
            reopening.reopen(ref, form.member, form.words, guarding.by(), clock.now())
            return _done(ref, gettext("회사의 이용중지를 풀었습니다. 이유는 회원의 화면에 보입니다."))
        except overseeing.Refused as refused:
            form.faults["member"] = _words(refused.why)
    return _page(ref, form)


def _done(ref: str, words: str) -> Response:
    flash(words)
    return redirect(url_for("companies.company", ref=ref), 303)  # type: ignore[return-value]


def _words(why: str) -> str:
    if why == "NOBODY":
        abort(404)
    return str(REFUSALS[why])


def _page(ref: str, form: Form) -> Response:
    seen = vouching.seen(ref)
    if seen is None:
        abort(404)
    may_write = guarding.allows("companies.write")
    closed = reopening.kept_closed(ref, guarding.by(), clock.now()) if may_write else []
    holding = next((entry for entry in seen.history if entry.deed in ("VERIFIED", "REVOKED")), None)
    page = render_template(
        "desk/company.html",
        row=_row(seen.line),
        is_verified=seen.line.is_verified,
        check=_told(seen, holding) if holding and seen.line.is_verified else None,
        history=[_told(seen, entry) for entry in seen.history],
        people=seen.people,
        blocked=seen.blocked,
        form=form,
        today=seoul_day(clock.now()).isoformat(),
        ways=[("", gettext("골라 주세요")), *((how.value, say_text(HOW_WORDS[how])) for how in How)],
        closed=[("", gettext("골라 주세요")), *((one.ref, _closed(one)) for one in closed)] if closed else [],
        may_write=may_write,
    )
    return make_response(page, 422 if form.faults else 200)


def _closed(one: KeptClosed) -> str:
    return " · ".join((*one.shown.values(), say_text(REASONS[one.reason])))


def _list(missing: str | None = None) -> str:
    page = page_of(request.args)
    lines, total = vouching.page(page)
    if page > 1 and not lines:
        abort(404)
    return render_template(
        "desk/companies.html",
        rows=[_row(line) for line in lines],
        counted=counted(page, len(lines), total),
        pages=pages("companies.overview", page, total),
        missing=missing,
    )


def _row(line: Line) -> Row:
    states = {
        None: ("", gettext("확인 전")),
        True: (" pill--done", gettext("확인함")),
        False: (" pill--bad", gettext("확인 취소")),
    }
    pill, state = states[line.is_verified]
    return Row(
        ref=line.ref,
        name=mask("company_name", line.name),
        number=mask(NUMBER, line.number),
        pill=pill,
        state=state,
        members=f"{line.members:,}",
        admins=f"{line.admins:,}",
    )


def _told(seen: Seen, entry: Entry) -> Told:
    names = accounts.names_of({one.noted_by for one in seen.history} | {one.account_ref for one in seen.history})
    whom = names.get(entry.account_ref, gettext("지운 계정")) if entry.account_ref else ""
    return Told(
        at=entry.at,
        deed=str(DEEDS[entry.deed]),
        how=say_text(HOW_WORDS[How(entry.how)]) if entry.how else "",
        day=entry.day,
        domains=", ".join(entry.domains),
        words=" · ".join(filter(None, (whom, entry.words))),
        by=names.get(entry.noted_by, gettext("운영자 명령")),
    )
