"""Following: the address by which somebody without an account sees what became of what they asked.

The token is the request's reference with a keyed digest of it. Nobody can make one, and nothing is kept of it.
"""

import hmac
import re
from base64 import b32encode

from flask import current_app

from portal.records.requests import Request
from portal.services import mailing

_TOKEN = re.compile(r"([a-z2-7]{26})\.([a-z2-7]{26})\Z")


def link_of(request: Request) -> str:
    """Return where whoever asked can follow a request: a member among their own, a company's admin among the company's,
    a stranger by a token."""
    if request.channel == "CONTACT":
        return mailing.link(f"/contact/follow?token={token_of(request.ref)}")
    if request.channel == "ORG":
        return mailing.link(f"/org/requests/{request.number}")
    return mailing.link(f"/requests/{request.number}")


def token_of(ref: str) -> str:
    """Return the token of a request's reference."""
    key: bytes = current_app.extensions["portal.secrets"].session_key
    digest = hmac.digest(key, b"follow\0" + ref.encode(), "sha256")[:16]
    return f"{ref}.{b32encode(digest).decode('ascii').rstrip('=').lower()}"


def ref_of(token: str) -> str | None:
    """Return the reference that a token stands for, or None."""
    parts = _TOKEN.match(token)
    if parts is None or not hmac.compare_digest(token_of(parts[1]), token):
        return None
    return parts[1]
