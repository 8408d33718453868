"""The rail beside every page of the desk: where one may go, who one is, and whether personal data is open."""

from collections.abc import Collection
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from portal import clock
from portal.clock import seoul_day
from portal.rules import role
from portal.rules.role import Role, Verdict
from portal.services import working
from portal.views import guarding
from portal.views.guarding import CLOSED
from portal.views.staff import Staff

# Where the desk's pages stand beside each other: (endpoint, its name). A page that is not there yet is left out.
RAIL: tuple[tuple[str, Any], ...] = (
    ("desk.queue", lazy_gettext("요청함")),
    ("destructions.overview", lazy_gettext("파기")),
    ("holds.overview", lazy_gettext("파기 보류")),
    ("retention.overview", lazy_gettext("보유·파기")),
    ("ledger.overview", lazy_gettext("파기 관리대장")),
    ("reviews.overview", lazy_gettext("접속기록")),
    ("policies.overview", lazy_gettext("처리방침")),
    ("registers.overview", lazy_gettext("위탁·제공")),
    ("companies.overview", lazy_gettext("회사·담당자")),
    ("handlers.overview", lazy_gettext("취급자·교육")),
)
BENEATH = {"registers": ("inquiries",)}  # places without an entry of their own, by the entry that leads there
ROLE_NAMES: dict[Role, Any] = {
    Role.HANDLER: lazy_gettext("취급자"),
    Role.OFFICER: lazy_gettext("보호책임자"),
    Role.AUDITOR: lazy_gettext("감사자"),
    Role.COMPANY_ADMIN: lazy_gettext("회사 담당자"),
}


def rail_of(roles: Collection[Role]) -> list[tuple[str, Any]]:
    """Return the pages of the desk that somebody with these roles may open."""
    return [
        (endpoint, name)
        for endpoint, name in RAIL
        if endpoint in current_app.view_functions and role.allowed(roles, CLOSED[endpoint])
    ]


def values() -> dict[str, Any]:
    """Return what `desk/base.html` needs besides the page's own values; nothing on other pages."""
    user = current_user._get_current_object()
    if not isinstance(user, Staff) or user.is_admin:
        return {}
    return {
        "rail": [
            {"url": url_for(endpoint), "name": name, "is_here": is_here(endpoint), "endpoint": endpoint}
            for endpoint, name in rail_of(user.roles)
        ],
        "rail_counts": {"desk.queue": working.open_count()} if guarding.allows("desk.queue") else {},
        "staff": user,
        "staff_roles": [str(name) for held, name in ROLE_NAMES.items() if held in user.roles],
        "staff_stand": stand(user.verdict),
    }


def is_here(endpoint: str) -> bool:
    """Tell whether this page belongs to that entry of the rail."""
    blueprint = endpoint.partition(".")[0]
    return request.blueprint in (blueprint, *BENEATH.get(blueprint, ()))


def stand(verdict: Verdict) -> str:
    """Return in a few words whether personal data is open, and for how long."""
    if not verdict.open:
        return gettext("개인정보 닫힘")
    if verdict.day is None:
        return gettext("지정 취급자")
    days = (verdict.day - seoul_day(clock.now())).days
    return gettext("지정 취급자 · D-%(days)s", days=days)


def home_of(roles: frozenset[Role]) -> str:
    """Return the address of the first page that somebody with these roles may open."""
    if Role.COMPANY_ADMIN in roles and not roles & role.STAFF:
        return url_for("org.overview")
    pages = rail_of(roles)
    return url_for(pages[0][0] if pages else "account.overview")
