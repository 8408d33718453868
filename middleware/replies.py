"""The gate's own answers, in the asker's form. Their bytes are made once, at construction."""

import json
from collections.abc import Mapping
from functools import partial
from html import escape
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from .paths import NEXT_CHARS, asked_for, safe_next

RETRY_AFTER_S = 5
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{korean} - MateCost</title>
<link rel="stylesheet" href="{portal}/static/ui.css">
<link rel="stylesheet" href="{portal}/static/ui-dark.css" media="(prefers-color-scheme: dark)"></head>
<body><main class="page page--narrow stack"><h1>{korean}</h1><p lang="en">{english}.</p>
{sent}{link}
</main></body></html>
"""
SENT = '<p>방금 보낸 내용은 전달하지 않았어요. <span lang="en">Nothing you sent was passed on.</span></p>'


class Reply(NamedTuple):
    """A whole answer: status line, headers, body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Replies:
    """Answers for those who may not pass: a browser is led on, a program is told in problem+json (RFC 9457)."""

    def __init__(self, portal: str, login_url: str | None) -> None:
        self._consent_url = f"{portal}/consent"
        self._login_url = login_url
        consent = {"consent_url": self._consent_url}
        login = {"login_url": login_url} if login_url else {}
        to_consent = _link(self._consent_url, "동의 화면 열기 · Open the consent page")
        to_login = (
            _link(login_url, "로그인 · Sign in") if login_url else _link(f"{portal}/", "개인정보 처리방침 · Policy")
        )
        self._blocked = _Refusal(
            portal, 403, "consent-required", "개인정보 동의가 필요해요", "Consent is required", consent, to_consent
        )
        self._anonymous = _Refusal(
            portal, 403, "sign-in-required", "로그인이 필요해요", "Please sign in first", consent | login, to_login
        )
        self._unavailable = _Refusal(
            portal,
            503,
            "unavailable",
            "지금은 확인할 수 없어요. 잠시 뒤 다시 시도해 주세요",
            "Please try again shortly",
        )

    def blocked(self, environ: Mapping[str, object]) -> Reply:
        """Answer a member whose consent is missing or stale."""
        if _navigates(environ):
            return _led_to(self._consent_url, environ)
        return self._blocked.for_asker(environ)

    def anonymous(self, environ: Mapping[str, object]) -> Reply:
        """Answer somebody whom the host does not know."""
        if self._login_url and _navigates(environ):
            return _led_to(self._login_url, environ)
        return self._anonymous.for_asker(environ)

    def unavailable(self, environ: Mapping[str, object]) -> Reply:
        """Answer when the truth cannot be read or recorded."""
        return self._unavailable.for_asker(environ)


class _Refusal:
    """One refusal as a page and as problem+json. The gate cannot know the asker's language: the page speaks both."""

    def __init__(
        self,
        portal: str,
        code: int,
        name: str,
        korean: str,
        english: str,
        members: Mapping[str, str] = MappingProxyType({}),
        link: str = "",
    ) -> None:
        status = f"{code} {HTTPStatus(code).phrase}"
        shared = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
        if code == HTTPStatus.SERVICE_UNAVAILABLE:
            shared.append(("Retry-After", str(RETRY_AFTER_S)))
        problem = {"type": f"urn:consent-gate:{name}", "title": english, "status": code, **members}
        page = partial(PAGE.format, korean=korean, english=english, link=link, portal=portal)
        headers = [*shared, ("Content-Security-Policy", POLICY)]
        self._page = _reply(status, "text/html; charset=utf-8", page(sent=""), headers)
        self._page_to_form = _reply(status, "text/html; charset=utf-8", page(sent=SENT), headers)
        self._problem = _reply(status, "application/problem+json", json.dumps(problem), shared)

    def for_asker(self, environ: Mapping[str, object]) -> Reply:
        method = environ.get("REQUEST_METHOD")
        page = self._page if method in ("GET", "HEAD") else self._page_to_form
        whole = page if _shows_pages(environ) else self._problem
        return whole._replace(body=b"") if method == "HEAD" else whole


def _link(url: str, words: str) -> str:
    return f'<p><a class="btn btn--p" href="{escape(url)}">{words}</a></p>'


def _reply(status: str, content_type: str, text: str, headers: list[tuple[str, str]]) -> Reply:
    body = text.encode()
    own = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    return Reply(status, own + headers, body)


def _shows_pages(environ: Mapping[str, object]) -> bool:
    """Tell whether a browser will show the answer to a person, as against a script or a program that reads it.

    A browser asks for a page first; a program may take one at the end of its list, as pip does.
    """
    first = str(environ.get("HTTP_ACCEPT") or "").partition(",")[0].partition(";")[0].strip().lower()
    return first == "text/html" and environ.get("HTTP_SEC_FETCH_MODE", "navigate") == "navigate"


def _navigates(environ: Mapping[str, object]) -> bool:
    """Tell whether a browser is on its way to a page, and sends no form."""
    return environ.get("REQUEST_METHOD") in ("GET", "HEAD") and _shows_pages(environ)


def _led_to(url: str, environ: Mapping[str, object]) -> Reply:
    """Send a browser to `url`, which is told where it wanted to go. 303: a body is never sent again."""
    script = asked_for({"SCRIPT_NAME": environ.get("SCRIPT_NAME") or ""})
    mount = script if url.startswith("/") and safe_next(script) == script != "/" else ""
    target = asked_for(environ)
    joint = "&" if "?" in url else "?"
    location = mount + url
    if len(target) <= NEXT_CHARS and safe_next(target) == target != "/":
        location += f"{joint}next={quote(target, safe='/')}"
    headers = [("Location", location), ("Cache-Control", "no-store")]
    return Reply("303 See Other", [("Content-Type", "text/plain"), ("Content-Length", "0"), *headers], b"")
