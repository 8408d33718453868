"""/me: a member's own consents, receipts and visits, and taking a consent back."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.policy.model import ConsentItem
from portal.records.access import AccessRecord, Cursor
from portal.rules.wording import joined, period_text
from portal.services import consenting, publishing, receipting, showing
from portal.services.consenting import NothingToWithdraw
from portal.services.showing import Decided, Unreachable
from portal.speech import language, say_day, say_moment
from portal.views import facts

place = Blueprint("me", __name__, url_prefix="/me")
LATEST_VISITS = 5
VISITS_A_PAGE = 25
_CURSOR = re.compile(r"([0-9]{1,18})-([A-Za-z0-9_.:-]{1,64})\Z")
_BROWSERS = (("Edg/", "Edge"), ("SamsungBrowser/", "Samsung Internet"), ("Whale/", "Whale"), ("Firefox/", "Firefox"))
_LATER_BROWSERS = (("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("python-requests", "requests"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class ConsentLine:
    """One decision as a line of the list."""

    key: str
    label: str
    state: str
    mark: str
    line: str
    receipt: str | None
    withdrawable: bool


@dataclass(frozen=True)
class Visit:
    """One access record as a row."""

    at: datetime
    deed: str
    result: str
    ip: str
    device: str
    cookies: str


@dataclass(frozen=True)
class VisitTable:
    """A page of access records; `fault` says in words that they cannot be read now."""

    rows: tuple[Visit, ...]
    period: str
    fault: str
    older: str | None
    newest: str | None


@place.get("")
def overview() -> str:
    at = clock.now()
    host_id = current_user.host_id
    asked = consenting.asked_of(host_id, at)
    policy, spoken = asked.published.policy, language()
    return render_template(
        "me/overview.html",
        due=any(item.kind != "optional" for item in asked.items),
        suspended=asked.suspended,
        consents=[_line(decided) for decided in showing.decided_by(host_id)],
        recipients=facts.recipients(policy, spoken),
        lives=facts.lives(policy, spoken, member_data=True),
        axis=facts.axis(policy, spoken, gettext("시작")),
        access=_visits(at, LATEST_VISITS, None),
    )


@place.get("/records")
def records() -> str:
    before = _cursor(request.args.get("before"))
    return render_template("me/records.html", access=_visits(clock.now(), VISITS_A_PAGE, before))


@place.route("/withdraw/<item>", methods=["GET", "POST"])
def withdraw(item: str) -> Response | str:
    at = clock.now()
    if request.method == "POST":
        try:
            consenting.withdraw(current_user.host_id, item, language(), at)
        except NothingToWithdraw:
            abort(404)
        return redirect(url_for("me.withdrawn", item=item), 303)  # type: ignore[return-value]
    decided = showing.decided_on(current_user.host_id, item)
    if decided is None or not _is_withdrawable(decided):
        abort(404)
    spoken = language()
    policy = publishing.version_named(decided.event.policy_version).policy  # type: ignore[union-attr]
    asked = decided.item
    return render_template(
        "me/withdraw.html",
        key=item,
        label=_label(decided),
        data=joined([policy.item(key).label for key in asked.items], spoken),  # type: ignore[union-attr]
        purposes=joined([policy.purpose(key).label for key in asked.purposes], spoken),  # type: ignore[union-attr]
        given=decided.event.decided_at,
        articles=("2-1", *(article for article in asked.articles if article != "2-1")),  # type: ignore[union-attr]
        required=_closes_service(item, at),
    )


@place.get("/withdrawn/<item>")
def withdrawn(item: str) -> str:
    decided = showing.decided_on(current_user.host_id, item)
    if decided is None or decided.event.decision != "WITHDRAWN":
        abort(404)
    return render_template(
        "me/withdrawn.html",
        label=_label(decided),
        at=decided.event.decided_at,
        receipt=decided.receipt.receipt_ref if decided.receipt else None,
        required=_closes_service(item, clock.now()),
    )


@place.get("/receipts/<ref>")
def receipt(ref: str) -> str:
    found = receipting.receipt_of(current_user.host_id, ref)
    if found is None:
        abort(404)
    return render_template("me/receipt.html", shown=_shown_receipt(*receipting.parts(found)))


@place.get("/receipts/<ref>.json")
def receipt_file(ref: str) -> Response:
    found = receipting.receipt_of(current_user.host_id, ref)
    if found is None:
        abort(404)
    response = make_response(found.body)
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    name = f"matecost-receipt-{found.issued_at:%Y-%m-%d}-{found.receipt_ref}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _line(decided: Decided) -> ConsentLine:
    event = decided.event
    state, mark = _state(event.decision)
    return ConsentLine(
        key=event.item,
        label=_label(decided),
        state=state,
        mark=mark,
        line=gettext("%(at)s · %(version)s 시행 방침", at=say_moment(event.decided_at), version=event.policy_version),
        receipt=decided.receipt.receipt_ref if decided.receipt else None,
        withdrawable=_is_withdrawable(decided),
    )


def _state(decision: str) -> tuple[str, str]:
    """Return the word for a decision and the shape that repeats it."""
    return {
        "GRANTED": (gettext("동의함"), " pill--done"),
        "REFUSED": (gettext("동의하지 않음"), ""),
        "WITHDRAWN": (gettext("철회함"), " pill--hold"),
    }[decision]


def _label(decided: Decided) -> str:
    return decided.item.title.in_language(language()) if decided.item else decided.event.item


def _is_withdrawable(decided: Decided) -> bool:
    return decided.event.decision == "GRANTED" and decided.item is not None and decided.item.kind != "notice"


def _closes_service(key: str, at: datetime) -> bool:
    item: ConsentItem | None = next(
        (item for item in publishing.in_force(at).policy.gate_items if item.key == key), None
    )
    return item is not None


def _visits(at: datetime, limit: int, before: Cursor | None) -> VisitTable:
    newest = url_for("me.records") if before else None
    try:
        found = showing.visits_of(current_user.host_id, at, limit=limit, before=before)
    except Unreachable:
        fault = gettext("접속 기록 저장소를 지금 읽을 수 없어요. 다른 내용은 그대로 볼 수 있어요.")
        return VisitTable((), "", fault, None, newest)
    older = url_for("me.records", before=f"{found.older.at}-{found.older.request_id}") if found.older else None
    period = gettext(
        "%(period)s 동안 보관하고 파기해요. 지금은 %(day)s 기록부터 볼 수 있어요.",
        period=period_text(found.rule.period, language()),
        day=say_day(found.oldest),
    )
    return VisitTable(tuple(_visit(row) for row in found.rows), period, "", older, newest)


def _visit(row: AccessRecord) -> Visit:
    words = {
        "passed": gettext("이용"),
        "portal": gettext("개인정보 화면"),
        "exempt": gettext("동의 없이 열리는 화면"),
        "blocked": gettext("동의 전이라 막음"),
        "anonymous": gettext("로그인 전"),
        "error": gettext("확인할 수 없어 막음"),
    }
    names = [pair.partition("=")[0] for pair in row.cookies.split(",") if pair]
    return Visit(
        at=row.at,
        deed=f"{row.method} {row.path}",
        result=f"{words.get(row.decision, row.decision)} ({row.status})",
        ip=row.ip,
        device=device(unquote(row.user_agent)),
        cookies=gettext("쿠키: %(names)s", names=", ".join(map(unquote, names))) if names else "",
    )


def device(user_agent: str) -> str:
    """Return a browser and a system as people call them, else the beginning of what the client called itself."""
    browser = next((name for mark, name in (*_BROWSERS, *_LATER_BROWSERS) if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(filter(None, (browser, system))) or user_agent[:60] or gettext("알 수 없음")


def _cursor(text: str | None) -> Cursor | None:
    match = _CURSOR.match(text or "")
    return Cursor(int(match[1]), match[2]) if match else None


def _shown_receipt(record: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt as a page, from the signed record alone: what is signed is what is shown."""
    spoken = language()
    states = {event["event_state"] for event in record["events"]}
    processing = {one["consent_item"]: one for one in record["processing"]}
    controller = record["parties"][0]
    return {
        "ref": record["record_id"],
        "heading": gettext("동의 철회 확인서") if states == {"WITHDRAWN"} else gettext("동의 확인서"),
        "facts": [
            fact
            for fact in (
                (gettext("확인서 번호"), record["record_id"], True),
                (gettext("발급한 때"), _moment(record["issued_at"]), False),
                (gettext("회원 번호"), record["pii_principal_id"], True),
                (gettext("받은 곳"), controller["name"][spoken], False),
                (gettext("처리방침"), record["privacy_notice"]["version"], False),
                (gettext("이전 확인서"), record["replaces"], True),
            )
            if fact[1]
        ],
        "decisions": [_shown_event(event, processing[event["consent_item"]], spoken) for event in record["events"]],
        "proof": [
            (gettext("방식"), f"{proof['type']}, {proof['canonicalization']}"),
            (gettext("키"), proof["key_id"]),
            (gettext("서명"), proof["signature"]),
        ],
    }


def _shown_event(event: dict[str, Any], asked: dict[str, Any], spoken: str) -> dict[str, Any]:
    state, mark = _state(event["event_state"])
    return {
        "label": asked["title"][spoken],
        "state": state,
        "mark": mark,
        "facts": [
            (gettext("답한 때"), _moment(event["event_time"])),
            (gettext("항목"), ", ".join(one["name"][spoken] for one in asked["pii_information"])),
            (gettext("목적"), ", ".join(one["name"][spoken] for one in asked["purposes"])),
            (gettext("보유 기간"), asked["retention"]["period"][spoken]),
        ],
    }


def _moment(iso: str) -> str:
    return say_moment(datetime.fromisoformat(iso))
