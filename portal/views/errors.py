"""What a person reads when something cannot be done: what happened, what is safe, what to do next.

Who asks for HTML gets a page; everybody else gets `application/problem+json`. Neither says whether a thing exists
that the asker may not see, and an unforeseen fault is told by its incident number only.
"""

from typing import Any
from uuid import uuid4

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask_babel import gettext, lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.services.limiting import TooMany
from portal.services.publishing import NothingInForce
from portal.speech import is_call
from portal.views.shell import here

WORDS = {  # status: (heading, what happened, what to do)
    400: (
        lazy_gettext("요청을 읽지 못했어요"),
        lazy_gettext("보낸 내용이 끊겼거나 형식이 달라요. 아무것도 저장하지 않았어요."),
        lazy_gettext("화면을 다시 열어서 시도해 주세요."),
    ),
    403: (
        lazy_gettext("이 요청은 받을 수 없어요"),
        lazy_gettext("다른 사이트에서 보낸 요청으로 보여요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("이 사이트의 화면에서 다시 시도해 주세요."),
    ),
    404: (
        lazy_gettext("찾는 화면이 없어요"),
        lazy_gettext("찾는 화면이 없거나 볼 권한이 없어요."),
        lazy_gettext("주소를 확인하거나 처리방침에서 다시 시작해 주세요."),
    ),
    405: (
        lazy_gettext("이 화면에서는 할 수 없는 일이에요"),
        lazy_gettext("화면이 받지 않는 방식으로 요청했어요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("화면의 단추로 다시 시도해 주세요."),
    ),
    413: (
        lazy_gettext("보낸 내용이 너무 커요"),
        lazy_gettext("이 화면이 받을 수 있는 크기를 넘었어요. 아무것도 저장하지 않았어요."),
        lazy_gettext("화면을 다시 열어서 시도해 주세요."),
    ),
    429: (
        lazy_gettext("요청이 너무 잦아요"),
        lazy_gettext("짧은 시간에 요청이 많아서 잠시 멈췄어요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("잠시 뒤에 다시 시도해 주세요."),
    ),
    500: (
        lazy_gettext("우리 쪽 문제예요"),
        lazy_gettext("요청을 처리하다가 문제가 생겼어요. 끝나지 않은 일은 저장하지 않았어요."),
        lazy_gettext("잠시 뒤에 다시 시도하고, 계속되면 알려 주세요."),
    ),
    503: (
        lazy_gettext("지금은 확인할 수 없어요"),
        lazy_gettext("로그인이나 처리방침을 지금 확인할 수 없어요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("잠시 뒤에 다시 시도해 주세요."),
    ),
}
NOT_AT_DESK = (
    lazy_gettext("찾는 화면이 없습니다"),
    lazy_gettext("찾는 화면이 없거나 볼 권한이 없습니다."),
    lazy_gettext("주소를 확인하거나 데스크에서 다시 시작해 주세요."),
)
FORM_EXPIRED = (
    lazy_gettext("화면을 연 지 오래되었어요"),
    lazy_gettext("안전을 위해 답을 받지 않았어요. 아무것도 저장하지 않았어요."),
    lazy_gettext("화면을 다시 열고 답해 주세요. 쿠키를 막았다면 이 사이트의 쿠키를 허용해 주세요."),
)


def answer(app: Flask) -> None:
    """Give `app` its error answers."""
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(NothingInForce, _not_ready)
    app.register_error_handler(TooMany, _too_many)
    app.register_error_handler(Exception, _failed)


def stranger() -> Response:
    """Return the answer to somebody whom the gate has not named, on a page that needs a name."""
    if not wants_page():
        return problem(403, gettext("로그인이 필요해요"))
    return make_response(render_template("errors/sign_in.html"), 403)


def unknown_visitor() -> Response:
    """Return the answer when the host's sign-in could not be read: nobody is taken for a stranger by mistake."""
    return _told(503, retry_after_s=5)


def wants_page() -> bool:
    """Whether the asker takes HTML; a client that names no type at all does not, nor does a call of the API."""
    return "text/html" in request.headers.get("Accept", "") and not is_call()


def _expired(error: CSRFError) -> Response:
    return _told(400, FORM_EXPIRED, again=here() if request.method == "GET" else request.script_root + request.path)


def _refused(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    status = error.code if error.code in WORDS else 400 if error.code < 500 else 500
    is_desk = status == 404 and request.path.startswith("/desk")
    response = _told(status, NOT_AT_DESK if is_desk else None, code=error.code)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _not_ready(error: NothingInForce) -> Response:
    current_app.logger.error("%s", error)
    return _told(503, retry_after_s=30)


def _too_many(error: TooMany) -> Response:
    return _told(429, retry_after_s=error.wait_s)


def _failed(error: Exception) -> Response:
    incident = uuid4().hex[:12]
    request_id = request.environ.get("consent_gate.request_id", "-")
    current_app.logger.error("incident %s, request %s", incident, request_id, exc_info=error)
    return _told(500, incident=incident)


def _told(
    status: int,
    words: tuple[Any, Any, Any] | None = None,
    *,
    code: int | None = None,
    incident: str | None = None,
    again: str | None = None,
    retry_after_s: int | None = None,
) -> Response:
    heading, what, then = words or WORDS[status]
    if wants_page():
        page = render_template(
            "errors/error.html", heading=heading, what=what, next=then, incident=incident, again=again
        )
        response = make_response(page, code or status)
    else:
        response = problem(code or status, str(heading), incident)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def problem(status: int, title: str, incident: str | None = None) -> Response:
    """Return the answer to somebody who does not ask for a page."""
    facts: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if incident:
        facts["instance"] = f"urn:incident:{incident}"
    response = jsonify(facts)
    response.status_code = status
    response.headers["Content-Type"] = "application/problem+json; charset=utf-8"
    return response
