"""Who is asking: whom the gate has named, and nobody else.

The portal has no sign-in of its own for members. The gate in front of it runs the host's own session reader and
puts the answer into the WSGI environ, where no client can write.
"""

from functools import cached_property

from flask import Request
from flask_login import UserMixin

from portal.rules.role import Role
from portal.services.showing import ref_of


class Visitor(UserMixin):
    """A person signed in to the wrapped application, by the host's own id."""

    roles = frozenset({Role.MEMBER})

    def __init__(self, host_id: str) -> None:
        self.host_id = host_id

    @cached_property
    def member_ref(self) -> str:
        """The portal's own reference of this member; "" for one whom it has not met."""
        return ref_of(self.host_id)

    def get_id(self) -> str:
        return self.host_id


def visitor_of(asked: Request) -> Visitor | None:
    """Return the person the gate has named for this request, or None."""
    host_id = asked.environ.get("consent_gate.host_id")
    return Visitor(host_id) if isinstance(host_id, str) and host_id else None
