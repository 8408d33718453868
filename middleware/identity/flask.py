"""Identity told by a Flask session, read by the app's own session interface and, where needed, its Flask-Login.

Two ways lead to the same answer:

- **The cookie proves it.** The app keeps Flask's own signed-cookie sessions and nothing but cookies decides who is
  signed in. The signature is checked with a key derived once, and the answer is remembered by the whole Cookie
  header until the session expires. Where the short way does not say yes, Flask's own serializer has the last word.
- **The host is asked.** Any other session interface, Flask-Login's strong protection, request loaders and
  remember cookies: the session is opened in the host's own request context on every request; nothing is remembered.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..kept import Kept
from .flask_cookie import SessionCookie, is_plain, session_facts
from .member import member_id

if TYPE_CHECKING:
    from flask import Flask

KEPT_COOKIES = 4096
KEPT_CHARS = 4096  # a longer Cookie header is verified each time, so that memory stays flat
LOOK_S = 1.0
LOGIN_KEY = "_user_id"  # where Flask-Login keeps the id of the signed-in user


@dataclass(slots=True)
class _Reader:
    """What follows from one state of the host's settings; replaced, with its memory, when they change."""

    secret: object
    fallbacks: object
    looked: float
    look_again: float
    facts: tuple[object, ...]
    cookie: SessionCookie | None  # None where cookies alone do not tell, so that the host is asked
    remember_name: str | None  # Flask-Login's second cookie
    proved: Kept[str, tuple[str, float, float]]  # who a Cookie header proves, and from when until when


def flask_session(app: Flask, key: str = LOGIN_KEY) -> Callable[[Mapping[str, Any]], str | None]:
    """Return an adapter for the sessions of `app`; `key` is where the session holds the member id.

    The default is Flask-Login's. The app's secret and its fallbacks are compared at every request, its other
    session settings once a second; a change empties the memory. The host's loaders see the request without its
    body.
    """
    return _FlaskSession(app, key)


class _FlaskSession:
    def __init__(self, app: Flask, key: str) -> None:
        self._app = app
        self._key = key
        self._reader: _Reader | None = None

    def __call__(self, environ: Mapping[str, Any]) -> str | None:
        config = self._app.config
        now = time.time()
        reader = self._reader
        if (
            reader is None
            or config["SECRET_KEY"] is not reader.secret
            or config["SECRET_KEY_FALLBACKS"] != reader.fallbacks
            or not reader.looked <= now < reader.look_again
        ):
            reader = self._reader = self._look_again(reader, now)
        cookie = reader.cookie
        if cookie is None:
            return self._ask_host(environ)
        header = environ.get("HTTP_COOKIE")
        if not header:
            return None
        proved = reader.proved.young.get(header) or reader.proved.get(header)
        if proved is not None:
            known, since, until = proved
            if since <= now < until:
                return known
        session = cookie.glance(header, now)
        if session is None or (reader.remember_name is not None and reader.remember_name in header):
            cookies = cookie.cookies(header)
            session = cookie.read(cookies, now)
            if reader.remember_name is not None:
                remembered = cookies.get(reader.remember_name)
                member = None if session is None else member_id(session[0])
                if remembered is not None and not _agrees(remembered, member, self._app):
                    return self._ask_host(environ)
        if session is None:
            return None
        value, since, until = session
        member = member_id(value)
        if member is not None and len(header) <= KEPT_CHARS:
            reader.proved.put(header, (member, since, until))
        return member

    def _look_again(self, reader: _Reader | None, now: float) -> _Reader:
        """Return a reader for the settings of this moment; what is remembered goes on only if none has changed."""
        app, login = self._app, self._login()
        plain = is_plain(app) and (login is None or not _reads_more_than_cookies(app, login))
        remember_name = None if login is None else _remember_name(app)
        facts = (plain, remember_name, *session_facts(app))
        if reader is not None and reader.facts == facts:
            return replace(reader, secret=app.config["SECRET_KEY"], looked=now, look_again=now + LOOK_S)
        # Copies, for a list of fallback keys that the host changes in place would always equal itself.
        facts = tuple(copy.copy(fact) if isinstance(fact, list) else fact for fact in facts)
        return _Reader(
            secret=app.config["SECRET_KEY"],
            fallbacks=copy.copy(app.config["SECRET_KEY_FALLBACKS"]),
            looked=now,
            look_again=now + LOOK_S,
            facts=facts,
            cookie=SessionCookie(app, self._key) if plain else None,
            remember_name=remember_name,
            proved=Kept(KEPT_COOKIES),
        )

    def _login(self) -> Any:
        """Return the app's Flask-Login manager where it decides who is signed in, or None."""
        return getattr(self._app, "login_manager", None) if self._key == LOGIN_KEY else None

    def _ask_host(self, environ: Mapping[str, Any]) -> str | None:
        """Return the member the host itself sees, in a request context of its own that leaves no trace."""
        from flask import session

        app, login = self._app, self._login()
        # The body is the app's to read; and what the host notes in the environ is noted in a copy.
        seen = {**environ, "wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"}
        # An app context of our own: one that is open already could hold another request's user.
        with app.app_context():
            try:
                context = app.request_context(seen)
            except UnicodeError:  # the path or a header cannot be decoded; the host could not serve it either
                return None
            try:
                context.push()
                member = member_id(session.get(self._key))
                if login is None:
                    return member
                remembered = context.request.cookies.get(_remember_name(app))
                if member is None and remembered is not None and not remembered.isascii():
                    return None  # Flask-Login would raise on it
                if _reads_more_than_cookies(app, login):
                    return _logged_in(login)
                if remembered is None or _agrees(remembered, member, app):
                    return member
                return _logged_in(login)
            finally:
                context.pop()


def _reads_more_than_cookies(app: Flask, login: Any) -> bool:
    """Does Flask-Login look at more of the request than its cookies, so that only it can tell who is signed in?"""
    if login._request_callback is not None or login._header_callback is not None:
        return True
    return bool(app.config.get("SESSION_PROTECTION", login.session_protection) == "strong")


def _remember_name(app: Flask) -> str:
    return str(app.config.get("REMEMBER_COOKIE_NAME", "remember_token"))


def _agrees(remembered: str, member: str | None, app: Flask) -> bool:
    """Does Flask-Login's remember cookie name nobody but `member`?

    When it names another, the host may see that other one, for it falls back to the cookie when the user of the
    session is gone.
    """
    from flask_login.utils import decode_cookie

    # Flask-Login compares digests as text and raises on anything but ASCII.
    named = decode_cookie(remembered, key=app.config["SECRET_KEY"]) if remembered.isascii() else None
    return named is None or named == member


def _logged_in(login: Any) -> str | None:
    """Return the id of Flask-Login's current user in the open request context."""
    from flask_login import current_user

    user = current_user._get_current_object()
    if user is None or not user.is_authenticated:
        return None
    return member_id(getattr(user, login.id_attribute)())
