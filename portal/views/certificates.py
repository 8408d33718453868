"""/certificates and /verify: the proof of a destruction, and whether a proof that somebody holds is genuine."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask_babel import gettext

from portal import clock
from portal.rules.certificate import NOT_FOUND, STATES, State
from portal.services import certifying, mailing
from portal.services.certifying import Shown
from portal.services.limiting import limit
from portal.speech import language, say_day, say_moment, say_text
from portal.views import guarding
from portal.views.downloads import attached
from portal.views.qr import path_of

place = Blueprint("certificates", __name__)
WINDOW, TIMES = timedelta(minutes=10), 60
LONGEST = 200


@place.get("/certificates/<code>")
def page(code: str) -> str:
    found = _found(code)
    if found is None:
        abort(404)
    return render_template("certificates/page.html", **_told(found))


@place.get("/certificates/<code>.json")
def document(code: str) -> Response:
    found = _found(code)
    if found is None:
        abort(404)
    response = make_response(found.document)
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    return attached(response, f"matecost-certificate-{found.record['code']}.json")


@place.get("/certificates/<code>/annex.txt")
def annex(code: str) -> Response:
    """The people of a list who do not fit on its page, by ledger number; its digest stands in what was signed."""
    limit("certificate", guarding.origin(), clock.now(), times=TIMES, within=WINDOW)
    text = certifying.annex(code)
    if text is None:
        abort(404)
    response = make_response(text)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response


@place.get("/verify")
def verify() -> str:
    typed = request.args.get("code", "")[:LONGEST]
    found = _found(typed) if typed.strip() else None
    told = _told(found) if found else None
    fault = "" if found or not typed.strip() else say_text(NOT_FOUND)
    return render_template("certificates/verify.html", typed=typed, told=told, fault=fault)


def _found(typed: str) -> Shown | None:
    limit("certificate", guarding.origin(), clock.now(), times=TIMES, within=WINDOW)
    return certifying.shown(typed)


def _told(found: Shown) -> dict[str, Any]:
    """Return a certificate as plain values, from the signed record alone."""
    record, spoken = found.record, language()
    asked = record["request"]
    where = mailing.link(f"/verify?code={record['code']}")
    people = record["people"]
    return {
        "code": record["code"],
        "title": record["title"][spoken],
        "title_en": record["title"]["en"],
        "statement": record["statement"][spoken],
        "issued": _moment(record["issued_at"]),
        "state": say_text(STATES[found.state]),
        "word": {
            State.VALID: gettext("유효"),
            State.SUPERSEDED: gettext("대체됨"),
            State.REVOKED: gettext("취소됨"),
        }[found.state],
        "mark": {State.VALID: " pill--done", State.SUPERSEDED: " pill--hold"}.get(found.state, " pill--no"),
        "holds": found.state is State.VALID,
        "successor": url_for("certificates.page", code=found.successor) if found.successor else "",
        "company": record["controller"]["name"][spoken],
        "facts": [
            fact
            for fact in (
                (gettext("요청 번호"), asked["number"]),
                (gettext("요청 회사"), asked["company"]),
                (
                    gettext("결정한 날"),
                    say_day(date.fromisoformat(asked["requested_on"])) if asked["requested_on"] else "",
                ),
                (gettext("대상"), gettext("%(count)s명", count=f"{people['count']:,}")),
                (gettext("파기 완료"), _moment(record["finished_at"])),
                (gettext("근거"), record["policy"]["basis"][spoken]),
                (gettext("관리대장 번호"), ", ".join(one["ledger_number"] for one in people["on_page"])),
                (
                    gettext("별지"),
                    gettext(
                        "%(count)s명의 관리대장 번호, SHA-256 %(digest)s",
                        count=f"{people['in_annex']:,}",
                        digest=people["annex_sha256"],
                    )
                    if people["in_annex"]
                    else "",
                ),
            )
            if fact[1]
        ],
        "destroyed": [
            (line["label"][spoken], line["count"], " + ".join(one["label"][spoken] for one in line["methods"]))
            for line in record["destroyed"]
        ],
        "kept": [
            (one["label"][spoken], one["count"], one["ground"][spoken], _day(one["until"])) for one in record["kept"]
        ],
        "annex": url_for("certificates.annex", code=record["code"]) if people["in_annex"] else "",
        "where": where,
        "qr": path_of(where),
    }


def _moment(iso: str) -> str:
    return say_moment(datetime.fromisoformat(iso))


def _day(iso: str) -> str:
    return say_day(date.fromisoformat(iso)) if iso else ""
