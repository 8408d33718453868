"""Identity told by the server itself, in `REMOTE_USER` (CGI, RFC 3875 section 4.1.11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .member import header_text, member_id


def remote_user() -> Callable[[Mapping[str, Any]], str | None]:
    """Return an adapter for servers that sign people in before WSGI (mod_auth_*, uWSGI, a trusted middleware).

    A client cannot set `REMOTE_USER`: what it sends becomes `HTTP_REMOTE_USER`, which is not looked at.
    """

    def identify(environ: Mapping[str, Any]) -> str | None:
        return member_id(header_text(environ.get("REMOTE_USER")))

    return identify
