"""Staff at their desk: the cookie of their session, and who they are for this request.

The session is a row in the store; the cookie holds its token and nothing else, apart from the portal's other cookie.
"""

from datetime import datetime

from flask import (
    Request,
    Response,
    after_this_request,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from flask_login import UserMixin

from portal import clock
from portal.rules.role import Verdict
from portal.services import signing_in
from portal.services.signing_in import Ended, SignedIn
from portal.views import errors
from portal.views.shell import here


class Staff(UserMixin):
    """Somebody with an account here, signed in with both factors."""

    def __init__(self, session: SignedIn) -> None:
        self.account_ref = session.account_ref
        self.name = session.name
        self.email = session.email
        self.roles = session.roles
        self.verdict: Verdict = session.verdict
        self.company_ref = session.company_ref or ""
        self.began_at: datetime = session.began_at
        self.proved_at: datetime = session.proved_at

    @property
    def is_admin(self) -> bool:
        """Whether this is a company's admin and nobody of the staff."""
        return bool(self.company_ref)

    def get_id(self) -> str:
        return self.account_ref


def staff_of(asked: Request) -> Staff | None:
    """Return who is signed in at the desk with this request's cookie, or None."""
    found = session_of(asked)
    return Staff(found) if isinstance(found, SignedIn) else None


def session_of(asked: Request) -> SignedIn | Ended:
    """Return the session of this request's cookie, or why there is none; asked once per request."""
    if "desk_session" not in g:
        g.desk_session = "NONE"  # what holds for the error page, should the store not answer
        g.desk_session = signing_in.who_is(token_of(asked), clock.now())
    found: SignedIn | Ended = g.desk_session
    return found


def token_of(asked: Request) -> str:
    """Return the token in this request's cookie, or ""."""
    token: str = asked.cookies.get(cookie_name(), "")
    return token


def cookie_name() -> str:
    """Return the cookie's name: bound to this very host where TLS allows it."""
    return "__Host-portal-desk" if current_app.extensions["portal.settings"].tls else "portal-desk"


def hand_out(response: Response, token: str) -> None:
    """Give the browser the token of its session; "" takes it away."""
    tls: bool = current_app.extensions["portal.settings"].tls
    path = "/" if tls else request.script_root or "/"
    if token:
        response.set_cookie(cookie_name(), token, path=path, secure=tls, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(cookie_name(), path=path, secure=tls, httponly=True, samesite="Lax")


def hand_out_after(token: str) -> None:
    """Do so with whatever answer this request comes to."""

    @after_this_request
    def with_cookie(response: Response) -> Response:
        hand_out(response, token)
        return response


def send_to_sign_in() -> Response:
    """Return the answer to somebody who is not signed in at the desk."""
    is_org = request.path.startswith("/org")
    if not errors.wants_page():
        return errors.problem(403, gettext("로그인이 필요해요") if is_org else gettext("로그인이 필요합니다"))
    if request.method in ("GET", "HEAD"):
        form = "org_sign_in.form" if is_org else "sign_in.form"
        return redirect(url_for(form, next=here()), 303)  # type: ignore[return-value]
    page = "org/over.html" if is_org else "sign_in/over.html"
    return make_response(render_template(page, why=why_over()), 403)


def why_over() -> str:
    """Return in words why this browser's session is over; "" where it had none."""
    found = session_of(request)
    if isinstance(found, SignedIn):
        return ""
    return _why_for_people(found) if request.path.startswith("/org") else _why_for_staff(found)


def _why_for_people(ended: Ended) -> str:
    words: dict[Ended, str] = {
        "NONE": "",
        "OVER": gettext("로그인이 끝났어요. 다시 로그인해 주세요."),
        "IDLE": gettext("10분 동안 쓰지 않아 로그아웃되었어요. 다시 로그인해 주세요."),
        "TOO_LONG": gettext("로그인한 지 8시간이 지나 로그아웃되었어요. 다시 로그인해 주세요."),
        "ELSEWHERE": gettext(
            "다른 곳에서 같은 계정으로 로그인해 이 브라우저에서는 로그아웃되었어요. "
            "내가 한 일이 아니라면 보호책임자에게 바로 알려 주세요."
        ),
    }
    return words[ended]


def _why_for_staff(ended: Ended) -> str:
    words: dict[Ended, str] = {
        "NONE": "",
        "OVER": gettext("로그인이 끝났습니다. 다시 로그인해 주세요."),
        "IDLE": gettext("10분 동안 쓰지 않아 로그아웃되었습니다. 다시 로그인해 주세요."),
        "TOO_LONG": gettext("로그인한 지 8시간이 지나 로그아웃되었습니다. 다시 로그인해 주세요."),
        "ELSEWHERE": gettext(
            "다른 곳에서 같은 계정으로 로그인해 이 브라우저에서는 로그아웃되었습니다. "
            "본인이 아니라면 보호책임자에게 바로 알려 주세요."
        ),
    }
    return words[ended]
