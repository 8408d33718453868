"""Guarding: who may come where. Every endpoint stands in one of two tables, and one that stands in neither is refused.

`OPEN` says why anybody may come. `CLOSED` names a permission of `rules.role`: who holds a role that has it may come,
where it shows personal data only while designated and trained on this very day. Staff who are refused are audited.
`docs/access.md` tells the same as a table, and the house's tests hold the two together.
"""

from datetime import timedelta
from ipaddress import ip_network
from typing import NoReturn

from flask import Flask, Response, abort, current_app, g, make_response, render_template, request
from flask_babel import gettext
from flask_login import LoginManager, current_user
from werkzeug.datastructures import MultiDict

from middleware.client import ClientAddress
from portal import clock
from portal.rules import role
from portal.rules.role import PERMISSIONS, STAFF, Role
from portal.services import company_admins, signing_in
from portal.services.auditing import By
from portal.services.company_admins import Company
from portal.speech import say_text
from portal.views import errors, staff
from portal.views.staff import Staff
from portal.views.visitor import Visitor, visitor_of

OPEN: dict[str, str] = {
    "static": "stylesheets hold nothing about anybody",
    "public.policy": "the law asks for a policy that anybody can read",
    "public.versions": "so does it for earlier versions",
    "public.version": "one earlier version",
    "public.compare": "the difference between two public texts",
    "public.receipt_key": "a public key is there to be known",
    "public.theme": "light or dark concerns nobody's data",
    "api.description": "how to call tells nothing of anybody",
    "api.members": "the host's programs sign what they send",
    "api.disclosures": "the same",
    "certificates.page": "whoever holds the code, which nobody can guess; it names nobody",
    "certificates.document": "the same, as it was signed",
    "certificates.annex": "the same: ledger numbers of the people who do not fit on its page",
    "certificates.verify": "a proof that not everybody can check proves little",
    "contact.form": "anybody may write to the privacy officer, leavers too",
    "contact.send": "the same form, sent",
    "contact.agent": "a legal representative or agent need not be a member",
    "contact.send_as_agent": "the same form, sent",
    "contact.sent": "tells that a mail is on its way",
    "contact.confirm": "whoever has the mailed link, and it uses nothing up",
    "contact.confirmed": "whoever has the mailed link",
    "contact.follow": "whoever has the link of one request",
    "contact.answer": "the same",
    "enter.form": "who cannot sign in to the host comes in here",
    "enter.ask": "the same form, sent; it answers everybody alike",
    "enter.sent": "tells nothing of anybody",
    "enter.open_link": "whoever has the mailed link, and it uses nothing up",
    "enter.opened": "whoever has the mailed link",
    "enter.leave": "ends the session of this browser, if it has one",
    "org_sign_in.form": "nobody is signed in before signing in",
    "org_sign_in.enter": "the same form, sent",
    "leavers.left": "who has left asks without the company and without signing in",
    "leavers.ask": "the same form, sent; it answers everybody alike",
    "leavers.objection": "whoever has the mailed link, and it uses nothing up",
    "leavers.object": "the same; who cannot sign in any more may object too",
    "sign_in.form": "nobody is signed in before signing in",
    "sign_in.enter": "the same form, sent",
    "sign_in.join": "who was invited has no account yet; the mailed link is the proof",
    "sign_in.joined": "the same form, sent",
    "sign_in.home": "sends who is signed in to the first page of the desk, everybody else to the form",
}
CLOSED: dict[str, str] = {
    "consent.form": "me.read",
    "consent.answer": "me.exercise",
    "consent.declined": "me.read",
    "consent.carry_on": "me.exercise",
    "me.overview": "me.read",
    "me.download": "me.read",
    "me.download_file": "me.exercise",
    "me.prove_contact": "me.exercise",
    "me.records": "me.read",
    "me.withdraw": "me.exercise",
    "me.withdrawn": "me.read",
    "me.receipt": "me.read",
    "me.receipt_file": "me.read",
    "exercising.correct": "me.read",
    "exercising.corrected": "me.exercise",
    "exercising.suspend": "me.read",
    "exercising.suspended": "me.exercise",
    "exercising.resume": "me.exercise",
    "exercising.delete": "me.read",
    "exercising.deleted": "me.exercise",
    "exercising.ask": "me.read",
    "exercising.asked": "me.exercise",
    "exercising.complain": "me.read",
    "exercising.complained": "me.exercise",
    "leavers.leaving": "me.read",
    "leavers.say_left": "me.exercise",
    "leavers.mine": "me.read",
    "leavers.object_as_member": "me.exercise",
    "requests.overview": "me.read",
    "requests.receipt": "me.read",
    "requests.send": "me.exercise",
    "org.overview": "org.read",
    "org_members.overview": "org.read",
    "org_members.search": "org.read",
    "org_members.person": "org.read",
    "org_members.suspend": "org.request",
    "org_members.resume": "org.request",
    "org_admins.overview": "org.read",
    "org_admins.remove": "org.request",
    "companies.overview": "companies.read",
    "companies.search": "companies.read",
    "companies.company": "companies.read",
    "companies.verify": "companies.write",
    "companies.revoke": "companies.write",
    "companies.reopen": "companies.write",
    "companies.invite": "companies.write",
    "companies.end": "companies.write",
    "companies.clear": "companies.write",
    "org_lists.one": "org.request",
    "org_lists.check_one": "org.request",
    "org_lists.upload": "org.request",
    "org_lists.uploaded": "org.request",
    "org_lists.sample": "org.request",
    "org_lists.check": "org.request",
    "org_lists.tick": "org.request",
    "org_lists.send": "org.request",
    "org_lists.discard": "org.request",
    "org_lists.fix": "org.request",
    "org_lists.report": "org.read",
    "org_lists.take_back": "org.request",
    "org_questions.overview": "org.read",
    "org_questions.answer": "org.request",
    "sign_in.leave": "staff.own",
    "account.overview": "staff.own",
    "account.change_password": "staff.own",
    "desk.queue": "desk.queue",
    "desk.search": "members.search",
    "desk.take": "desk.request.decide",
    "desk.case": "desk.request.read",
    "desk.people": "desk.request.read",
    "desk.again": "desk.request.decide",
    "desk.hold": "holds.write",
    "desk.objections": "desk.request.read",
    "desk.judge": "desk.request.decide",
    "desk.step": "desk.request.decide",
    "desk.reveal": "desk.reveal",
    "desk.paper": "desk.reveal",
    "desk.log": "desk.request.log",
    "destructions.overview": "destructions.read",
    "destructions.case": "destructions.read",
    "destructions.again": "destructions.write",
    "destructions.prove": "destructions.write",
    "policies.overview": "policies.read",
    "policies.draft": "policies.read",
    "policies.check": "policies.read",
    "policies.begin": "policies.write",
    "policies.fact": "policies.write",
    "policies.add": "policies.write",
    "policies.take_out": "policies.write",
    "policies.release": "policies.write",
    "policies.withdrawal": "policies.write",
    "policies.withdraw": "policies.write",
    "holds.overview": "holds.read",
    "holds.place_one": "holds.write",
    "holds.lift": "holds.write",
    "retention.overview": "retention.read",
    "ledger.overview": "ledger.read",
    "ledger.table": "ledger.read",
    "ledger.paper": "ledger.enter",
    "ledger.second": "ledger.enter",
    "ledger.confirm": "ledger.confirm",
    "reviews.overview": "audit.read",
    "reviews.search": "audit.read",
    "reviews.sign": "audit.sign",
    "inquiries.overview": "inquiries.read",
    "inquiries.inquiry": "inquiries.read",
    "inquiries.log": "inquiries.write",
    "inquiries.decide": "inquiries.write",
    "registers.overview": "registers.read",
    "registers.entry": "registers.read",
    "registers.table": "registers.read",
    "registers.add": "registers.write",
    "registers.change": "registers.write",
    "registers.note": "registers.write",
    "handlers.overview": "handlers.read",
    "handlers.person": "handlers.read",
    "handlers.designate": "handlers.write",
    "handlers.end": "handlers.write",
    "handlers.train": "handlers.write",
    "handlers.invite": "staff.invite",
    "handlers.account": "staff.invite",
}
ACCOUNTS = STAFF | {Role.COMPANY_ADMIN}  # who signs in here, with a second factor
OF_COMPANIES = frozenset({"org.read", "org.request"})  # closed unless the company is verified at this moment
FRESH = timedelta(minutes=5)
AGAIN = "code_again"


def guard(app: Flask) -> None:
    """Close every endpoint of `app` that is not listed as open."""
    settings = app.extensions["portal.settings"]
    networks = [ip_network(text) for text in settings.trusted_proxies]
    app.extensions["portal.client"] = ClientAddress(networks, settings.forwarded_header)
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(lambda asked: staff.staff_of(asked) if is_desk() else visitor_of(asked))
    app.before_request(refuse)


def is_desk() -> bool:
    """Tell whether this request is for a place of people with an account here, by what it needs."""
    permission = CLOSED.get(request.endpoint or "")
    return permission is not None and bool(PERMISSIONS[permission] & ACCOUNTS)


def refuse() -> Response | None:
    """Return the answer to somebody who may not come here, or None."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in OPEN:
        return None
    if endpoint not in CLOSED:
        current_app.logger.error("%s is guarded by nothing and therefore closed", endpoint)
        abort(404)
    permission = CLOSED[endpoint]
    if is_desk():
        return _refuse_at_desk(permission)
    if request.environ.get("consent_gate.identity_failed"):
        return errors.unknown_visitor()
    if not current_user.is_authenticated:
        return errors.stranger()
    if not role.allowed(current_user.roles, permission):
        abort(404)
    return None


def _refuse_at_desk(permission: str) -> Response | None:
    if not current_user.is_authenticated:
        return staff.send_to_sign_in()
    if not role.allowed(current_user.roles, permission):
        _note_denied(permission, "ROLE")
        if current_user.is_admin:
            return _closed("org/denied.html", gettext("이 화면을 볼 권한이 없어요"))
        return _closed("desk/denied.html", gettext("이 화면을 볼 권한이 없습니다"))
    if permission in OF_COMPANIES and company() is None:
        _note_denied(permission, "COMPANY")
        return _closed("org/closed.html", gettext("회사 확인이 필요해요"))
    if role.needs_designation(permission) and not current_user.verdict.open:
        _note_denied(permission, current_user.verdict.code)
        return _closed("desk/closed.html", say_text(current_user.verdict.why))
    return None


def company() -> Company | None:
    """Return the company that who is asking may act for; asked once per request, and never remembered beyond it."""
    if "company" not in g:
        user = current_user._get_current_object()
        g.company = company_admins.company_of(user.account_ref) if isinstance(user, Staff) else None
    found: Company | None = g.company
    return found


def by() -> By:
    """Return who is asking and from which address, as the audit writes it."""
    user = current_user._get_current_object()
    if isinstance(user, Staff):
        return By("STAFF", user.account_ref, origin())
    if isinstance(user, Visitor):
        return By("MEMBER", user.member_ref, origin())
    return By("STRANGER", "", origin())


def origin() -> str:
    """Return the client's address: the peer's, or what a trusted proxy tells."""
    client: ClientAddress = current_app.extensions["portal.client"]
    return client.of(request.environ)


def allows(permission: str) -> bool:
    """Tell whether who is asking may do this now: for a page that leaves out what cannot be done."""
    if not current_user.is_authenticated or not role.allowed(current_user.roles, permission):
        return False
    return not role.needs_designation(permission) or current_user.verdict.open


def require_fresh(within: timedelta = FRESH) -> None:
    """Go on only when staff gave the second factor within this time; else ask for it, and keep what was sent.

    Call it first where a POST is answered: the page that asks sends the same fields to the same address again, with
    the code.
    """
    at = clock.now()
    if at - current_user.proved_at < within:
        return
    code = request.form.get(AGAIN, "")
    if code:
        token = signing_in.prove_again(staff.token_of(request), current_user.account_ref, code, origin(), at)
        if token:
            staff.hand_out_after(token)
            return
    _ask_again(is_wrong=bool(code))


def _ask_again(is_wrong: bool) -> NoReturn:
    kept = MultiDict(
        (name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", AGAIN)
    )
    template = "org/again.html" if current_user.is_admin else "sign_in/again.html"
    page = render_template(template, kept=list(kept.items(multi=True)), field=AGAIN, is_wrong=is_wrong)
    abort(make_response(page, 403))


def _note_denied(permission: str, why: str) -> None:
    facts = {"place": request.endpoint or "", "permission": permission, "why": why}
    signing_in.note_denied(by(), clock.now(), facts)


def _closed(template: str, title: str) -> Response:
    return make_response(render_template(template), 403) if errors.wants_page() else errors.problem(403, title)
