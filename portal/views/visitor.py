"""Who is asking: whom the gate has named, or who came in through the mailbox on record, and nobody else.

The portal has no sign-in of its own for members. The gate in front of it runs the host's own session reader and
puts the answer into the WSGI environ, where no client can write. Who cannot sign in to the host has a session of the
portal's, opened by a mailed link; whom the gate names goes first.
"""

from functools import cached_property

from flask import Request, Response, current_app, request
from flask_login import UserMixin

from portal import clock
from portal.rules.role import Role
from portal.services import entering
from portal.services.showing import ref_of


class Visitor(UserMixin):
    """A person signed in to the wrapped application, by the host's own id."""

    roles = frozenset({Role.MEMBER})

    def __init__(self, host_id: str, *, by_link: bool = False) -> None:
        self.host_id = host_id
        self.by_link = by_link  # came through a mailed link

    @cached_property
    def member_ref(self) -> str:
        """The portal's own reference of this member; "" for one whom it has not met."""
        return ref_of(self.host_id)

    def get_id(self) -> str:
        return self.host_id


def visitor_of(asked: Request) -> Visitor | None:
    """Return the person the gate has named for this request, else the one whose session its cookie opens, or None."""
    host_id = asked.environ.get("consent_gate.host_id")
    if isinstance(host_id, str) and host_id:
        return Visitor(host_id)
    entered = entering.host_id_of(token_of(asked), clock.now())
    return Visitor(entered, by_link=True) if entered else None


def token_of(asked: Request) -> str:
    """Return the token of a session opened by a mailed link, or ""."""
    token: str = asked.cookies.get(_cookie_name(), "")
    return token


def hand_out(response: Response, token: str) -> None:
    """Give the browser the token of its session; "" takes it away."""
    tls: bool = current_app.extensions["portal.settings"].tls
    path = "/" if tls else request.script_root or "/"
    if token:
        response.set_cookie(_cookie_name(), token, path=path, secure=tls, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(_cookie_name(), path=path, secure=tls, httponly=True, samesite="Lax")


def _cookie_name() -> str:
    return "__Host-portal-me" if current_app.extensions["portal.settings"].tls else "portal-me"
