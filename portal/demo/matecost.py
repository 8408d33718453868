"""The sample MateCost itself: sign-in, a dashboard of invented costs, a card to pay with, an API, a download and a
stream."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from middleware.outbound import Outbound
from middleware.paths import safe_next

from .figures import MONTHS, TALLEST_BAR, Service, bars, services
from .members import SAMPLE_ACCOUNTS, SampleMember, SampleMembers
from .payments import SamplePaymentService, add_payment

SESSION_HOURS = 8
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def create_matecost(instance: Path, secret: str | bytes) -> Flask:
    """Return the sample as a Flask application; its members are kept in `instance`/sample-matecost.db.

    Members sign in through Flask-Login, so `identity.flask_session(app)` tells who they are.
    """
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="matecost",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.jinja_env.filters["outbound"] = Outbound()
    app.jinja_env.filters["won"] = lambda amount: f"{amount:,}원"
    app.jinja_env.filters["month"] = lambda month: f"{int(month[5:])}월"
    members = SampleMembers(instance / "sample-matecost.db")
    login = LoginManager(app)
    login.user_loader(members.by_id)
    login.unauthorized_handler(_ask_to_sign_in)
    _add_guards(app)
    _add_sign_in(app, members)
    _add_pages(app)
    add_payment(app, members, SamplePaymentService())
    return app


def _ask_to_sign_in() -> AnyResponse | tuple[Response, int]:
    if request.path.startswith("/api/"):
        return jsonify(error="sign in first"), 401
    return redirect(url_for("sign_in", next=request.full_path.rstrip("?")), 303)


def _add_guards(app: Flask) -> None:
    @app.before_request
    def refuse_foreign_posts() -> None:
        # Browsers say where a request comes from; what is no browser has no session to misuse.
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.errorhandler(HTTPException)
    def tell_error(error: HTTPException) -> tuple[str, int] | AnyResponse:
        if error.code is None or error.code < 400:
            return error.get_response()
        return render_template("error.html", code=error.code), error.code


def _add_sign_in(app: Flask, members: SampleMembers) -> None:
    @app.get("/login")
    def sign_in() -> str | AnyResponse:
        target = _only_next(request.args.getlist("next"))
        if current_user.is_authenticated:
            return redirect(target, 303)
        return render_template("login.html", target=target, accounts=SAMPLE_ACCOUNTS, failed=False, mail="")

    @app.post("/login")
    def sign_in_now() -> tuple[str, int] | AnyResponse:
        target = _only_next(request.form.getlist("next"))
        mail = request.form.get("mail", "")
        member = members.by_password(mail, request.form.get("password", ""))
        if member is None:
            page = render_template("login.html", target=target, accounts=SAMPLE_ACCOUNTS, failed=True, mail=mail)
            return page, 422
        session.clear()
        session.permanent = True
        login_user(member)
        return redirect(target, 303)

    @app.post("/logout")
    def sign_out() -> AnyResponse:
        logout_user()
        session.clear()
        return redirect(url_for("sign_in"), 303)


def _add_pages(app: Flask) -> None:
    @app.get("/healthz")
    def health() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/")
    @login_required
    def dashboard() -> str:
        months = bars(_member().company)
        return render_template(
            "dashboard.html", member=_member(), services=_services(), bars=months, tallest=TALLEST_BAR
        )

    @app.get("/api/costs")
    @login_required
    def costs() -> Response:
        return jsonify(
            company=_member().company,
            currency="KRW",
            months=MONTHS,
            services=[{"name": each.name, "provider": each.provider, "costs": each.costs} for each in _services()],
        )

    @app.get("/download/costs.csv")
    @login_required
    def download() -> Response:
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(["서비스", "제공사", *MONTHS])
        rows.writerows([each.name, each.provider, *each.costs] for each in _services())
        # The byte order mark lets spreadsheet programs read Korean.
        return Response(
            "\ufeff" + text.getvalue(),
            mimetype="text/csv",
            headers={"Content-Disposition": 'attachment; filename="costs.csv"'},
        )

    @app.get("/stream")
    @login_required
    def stream() -> Response:
        company, found = _member().company, _services()

        def lines() -> Iterator[str]:
            yield f"{company} 비용 내역 (예시)\n"
            for number, month in enumerate(MONTHS):
                for each in found:
                    yield f"{month} {each.provider} {each.name} {each.costs[number]:,}원\n"
            yield "끝\n"

        return Response(lines(), mimetype="text/plain")


def _member() -> SampleMember:
    member: SampleMember = current_user._get_current_object()
    return member


def _services() -> list[Service]:
    return services(_member().company)


def _only_next(values: list[str]) -> str:
    """Return the one page asked for; a parameter that was sent twice is not trusted."""
    return safe_next(values[0] if len(values) == 1 else None)
