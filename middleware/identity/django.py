"""Identity told by a Django session, read as Django's own middleware and `get_user` read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .member import member_id

MAX_BACKSLASHES = 64


def django_session(key: str = "_auth_user_id") -> Callable[[Mapping[str, Any]], str | None]:
    """Return an adapter that reads the session of the configured `SESSION_ENGINE`.

    With the default key the user is checked as Django does it: the backend still configured, the user still there
    and active, the session hash still that of the password. With a key of the host's own the session's expiry
    alone decides. Nothing is remembered: a session can end on the server at any time.

    Unlike `django.contrib.auth.get_user` it never writes: it does not cycle a session signed with a fallback
    key and does not flush a session that fails the check. Django does that itself once it has the request.
    """

    def identify(environ: Mapping[str, Any]) -> str | None:
        header = environ.get("HTTP_COOKIE")
        # Python before 3.11.10 unquotes a cookie in quadratic time (CVE-2024-7592). No session key of Django's
        # needs a backslash, so a header full of them is nobody's.
        if not isinstance(header, str) or not header or header.count("\\") > MAX_BACKSLASHES:
            return None
        from django.conf import settings
        from django.core.handlers.wsgi import get_str_from_wsgi
        from django.db import close_old_connections
        from django.http import parse_cookie

        try:
            cookies = parse_cookie(get_str_from_wsgi(environ, "HTTP_COOKIE", ""))
        except UnicodeError:
            return None
        session_key = cookies.get(settings.SESSION_COOKIE_NAME)
        if not session_key:
            return None
        # As at the two ends of a Django request: a connection that the server has dropped is not used again.
        close_old_connections()
        try:
            session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
            if key == "_auth_user_id":
                return _signed_in(session)
            return member_id(session.get(key))
        finally:
            close_old_connections()

    return identify


def _signed_in(session: Any) -> str | None:
    """Return the id of the user that `session` proves, by the steps of `django.contrib.auth.get_user`."""
    from django.conf import settings
    from django.contrib import auth
    from django.core.exceptions import ValidationError
    from django.utils.crypto import constant_time_compare

    # 1. The session names a user and a backend that is still configured.
    named = member_id(session.get(auth.SESSION_KEY))
    backend_path = session.get(auth.BACKEND_SESSION_KEY)
    if named is None or backend_path not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        user_id = auth.get_user_model()._meta.pk.to_python(named)
    except (ValidationError, ValueError):
        return None
    # 2. The backend still knows the user and lets it in.
    user = auth.load_backend(backend_path).get_user(user_id)
    if user is None or not user.is_authenticated:
        return None
    # 3. The session was made with the password the user has now.
    if hasattr(user, "get_session_auth_hash"):
        proof = session.get(auth.HASH_SESSION_KEY)
        if not proof:
            return None
        if not constant_time_compare(proof, user.get_session_auth_hash()) and not any(
            constant_time_compare(proof, expected) for expected in user.get_session_auth_fallback_hash()
        ):
            return None
    return named
