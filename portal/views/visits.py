"""Access records as rows of a page: what was done from which device, for the one whose visits they are."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from flask import url_for
from flask_babel import gettext

from portal.records.access import AccessRecord, Cursor
from portal.rules.wording import period_text
from portal.services import showing
from portal.services.showing import Unreachable
from portal.speech import language, say_day

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


def table_of(host_id: str, at: datetime, limit: int, before: Cursor | None) -> VisitTable:
    newest = url_for("me.records") if before else None
    try:
        found = showing.visits_of(host_id, at, limit=limit, before=before)
    except Unreachable:
        fault = gettext("접속 기록 저장소를 지금 읽을 수 없어요. 다른 내용은 그대로 볼 수 있어요.")
        return VisitTable((), "", fault, None, newest)
    older = url_for("me.records", before=f"{found.older.at}-{found.older.request_id}") if found.older else None
    period = gettext(
        "%(period)s 동안 보관하고 파기해요. 지금은 %(day)s 기록부터 볼 수 있어요.",
        period=period_text(found.rule.period, language()),
        day=say_day(found.oldest),
    )
    return VisitTable(tuple(visit(row) for row in found.rows), period, "", older, newest)


def visit(row: AccessRecord) -> Visit:
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


def cursor(text: str | None) -> Cursor | None:
    match = _CURSOR.match(text or "")
    return Cursor(int(match[1]), match[2]) if match else None
