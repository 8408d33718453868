"""/org: where a company's admin asks for the deletion of people who have left and sees what came of it (screen 10)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from flask import Blueprint, abort, current_app, render_template, request, url_for
from flask_babel import lazy_gettext, ngettext
from flask_login import current_user

from portal import clock
from portal.services import company_admins, overseeing
from portal.services.company_admins import Company
from portal.services.overseeing import Report
from portal.services.page import PAGE
from portal.views import guarding
from portal.views.paging import counted, page_of
from portal.views.staff import Staff
from portal.views.standing import Due, due_of, pill_of

place = Blueprint("org", __name__, url_prefix="/org")

# Where an admin's pages stand beside each other: (endpoint, its name, the places that belong to it).
NAV: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("org.overview", lazy_gettext("퇴사자 삭제 요청"), ("org", "org_lists", "org_requests")),
    ("org_questions.overview", lazy_gettext("퇴사 확인"), ("org_questions",)),
    ("org_members.overview", lazy_gettext("우리 회사 회원"), ("org_members",)),
    ("org_admins.overview", lazy_gettext("담당자 관리"), ("org_admins",)),
    ("account.overview", lazy_gettext("내 계정"), ("account",)),
)
# What other rooms add to the overview where they are there: its name in the page, and the endpoint.
WAYS = {"one": "org_lists.one", "upload": "org_lists.upload", "sample": "org_lists.sample", "see": "org_lists.report"}


@dataclass(frozen=True)
class Row:
    """One report as a row."""

    number: str
    url: str
    received_at: datetime
    people: str
    pill: str
    state: str
    due: Due | None
    due_day: date
    certificate: str


def values() -> dict[str, Any]:
    """Return what `org/base.html` needs besides the page's own values; nothing on other pages."""
    user = current_user._get_current_object()
    if not isinstance(user, Staff) or not user.is_admin:
        return {}
    company = guarding.company()
    return {
        "staff": user,
        "org_name": company.name if company else "",
        "org_nav": [
            {"url": url_for(endpoint), "name": name, "is_here": request.blueprint in places}
            for endpoint, name, places in NAV
            if endpoint in current_app.view_functions
        ],
    }


def company() -> Company:
    """Return the company of who is asking; the guard let nobody in without one."""
    return cast(Company, guarding.company())


@place.get("", strict_slashes=False)
def overview() -> str:
    at, page = clock.now(), page_of(request.args)
    found, total = overseeing.reports(company().ref, page, at)
    if page > 1 and not found:
        abort(404)
    return render_template(
        "org/overview.html",
        rows=[_row(report) for report in found],
        pages=pages("org.overview", page, len(found), total),
        is_blocked=company_admins.reports_go_to_staff(current_user.account_ref),
        ways={
            name: endpoint and url_for(endpoint)
            for name, endpoint in WAYS.items()
            if name != "see" and endpoint in current_app.view_functions
        },
    )


def pages(endpoint: str, page: int, shown: int, total: int, *, are_people: bool = False) -> dict[str, str]:
    """Return what the foot of a list tells: which of how many, and the ways to the pages beside."""
    first = (page - 1) * PAGE
    return {
        "counted": counted(page, shown, total, are_people=are_people),
        "before": url_for(endpoint, page=page - 1) if page > 1 else "",
        "after": url_for(endpoint, page=page + 1) if first + shown < total else "",
    }


def _row(report: Report) -> Row:
    standing = report.standing
    one, (pill, state) = standing.request, pill_of(standing.state, is_theirs=True)
    see = WAYS["see"]
    return Row(
        number=one.number,
        url=url_for(see, number=one.number) if see in current_app.view_functions else "",
        received_at=one.received_at,
        people=ngettext("%(num)s명", "%(num)s명", report.people),
        pill=pill,
        state=state,
        due=due_of(standing.badge, one.due_day) if standing.state.is_open else None,
        due_day=one.due_day,
        certificate=url_for("certificates.page", code=report.certificate) if report.certificate else "",
    )
