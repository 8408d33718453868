"""Who is asking, told by the host's own means: one file per kind of host.

Each name below makes an adapter: a callable that takes the WSGI environ and returns the host's own member id, or
None when nobody is signed in. Any other callable with that shape will do as well. The promises of an adapter:

- Input that cannot be read, is odd or is forged means None, which the gate blocks. It never raises for a visitor.
- A host that is broken (its session store is down, its user loader raises) lets the exception out; the gate
  answers 503.
- It reads with the host's own reader, so that gate and host see the same member, and it changes nothing: not the
  session, not the environ, not the request body.
- Only what the cookie itself proves is remembered, and only until it expires.

No framework is imported before the adapter for that framework is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cookie import signed_cookie
    from .django import django_session
    from .flask import flask_session
    from .proxy import trusted_header
    from .server import remote_user

__all__ = ["django_session", "flask_session", "remote_user", "signed_cookie", "trusted_header"]

_HOMES = {
    "django_session": "django",
    "flask_session": "flask",
    "remote_user": "server",
    "signed_cookie": "cookie",
    "trusted_header": "proxy",
}


def __getattr__(name: str) -> Any:
    """Import the file of an adapter when it is first named."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = factory = getattr(import_module(f".{home}", __name__), name)
    return factory
