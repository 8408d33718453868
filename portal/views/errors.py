"""What a person reads when something cannot be done: what happened, what is safe, what to do next.

Who asks for HTML gets a page; everybody else gets `application/problem+json`. Neither says whether a thing exists
that the asker may not see, and an unforeseen fault is told by its incident number only.
"""

from typing import Any
from uuid import uuid4

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.services.limiting import TooMany
from portal.services.publishing import NothingInForce
from portal.speech import is_call
from portal.views.error_words import EXPIRED, WORDS, Voice, Words
from portal.views.shell import here


def answer(app: Flask) -> None:
    """Give `app` its error answers."""
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, refused)
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
    return _told(
        400, EXPIRED[_voice()], again=here() if request.method == "GET" else request.script_root + request.path
    )


def refused(error: HTTPException) -> Response:
    """Return the answer that every place gives to an error of HTTP."""
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    status = error.code if error.code in WORDS[_voice()] else 400 if error.code < 500 else 500
    response = _told(status, code=error.code)
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


def _voice() -> Voice:
    """Return how who asks is spoken to: staff in the words of a record, everybody else as people talk."""
    return "desk" if request.path.startswith("/desk") else "people"


def _told(
    status: int,
    words: Words | None = None,
    *,
    code: int | None = None,
    incident: str | None = None,
    again: str | None = None,
    retry_after_s: int | None = None,
) -> Response:
    heading, what, then = words or WORDS[_voice()][status]
    if wants_page():
        page = render_template(
            "errors/error.html",
            heading=heading,
            what=what,
            next=then,
            incident=incident,
            again=again,
            is_desk=_voice() == "desk",
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
