"""The decision: may this person have this path now? It knows paths, persons and standings, and no WSGI.

Order is safety here:
1. The path decides whether consent is needed at all, and only in its canonical form.
2. The host's own reader says who asks; a reader that raises is doubt, and doubt is no.
3. The store says where that person stands; a store that cannot be read is doubt, and doubt is no.
"""

from collections.abc import Callable
from typing import TypeVar

from .errors import IdentityUnavailable, StoreUnavailable
from .paths import Exemptions, is_below
from .standing import Standing, StandingReader

HOST_ID_CHARS = 255
Asker = TypeVar("Asker")  # whatever the host's reader reads: a WSGI environ, an ASGI scope

NOBODY = Standing(None, None, False)
UNREADABLE = Standing(None, None, False)  # told apart by identity: the host's reader raised, at the portal


class Decider:
    """Judges one request at a time; built once, shared by all threads."""

    def __init__(self, exempt: Exemptions, portal: str, standing: StandingReader) -> None:
        self._exempt = exempt
        self._portal = portal
        self._special = (*exempt.rules, portal)  # a path that begins with none of these needs no further look
        self._standing = standing

    def decide(self, path: str, who: Callable[[Asker], str | None], asker: Asker, at: int) -> tuple[str, Standing]:
        """Return the verdict for a path at a time (microseconds UTC), one of journal.DECISIONS, and the person as far
        as it needed to be known; `who` is told the asker only when it matters.

        The portal guards itself and stays open, for rights outlive consent and outages of the host. Elsewhere this
        raises IdentityUnavailable or StoreUnavailable; both mean 503.
        """
        portal = False
        if path.startswith(self._special):
            if self._exempt.covers(path):
                return "exempt", NOBODY
            portal = is_below(path, self._portal)
        try:
            host_id = who(asker)
        except Exception as error:
            if portal:
                return "portal", UNREADABLE
            raise IdentityUnavailable(f"the host's reader raised {type(error).__name__}") from error
        if host_id is not None and not isinstance(host_id, str):
            if portal:
                return "portal", UNREADABLE
            raise IdentityUnavailable(f"the host's reader gave {type(host_id).__name__}; expected str or None")
        if not host_id or len(host_id) > HOST_ID_CHARS or not host_id.isprintable():  # odd ids are nobody's
            return "portal" if portal else "anonymous", NOBODY
        try:
            person = self._standing.of(host_id, at)
        except StoreUnavailable:
            if portal:
                return "portal", Standing(host_id, None, False)
            raise
        if portal:
            return "portal", person
        return "passed" if person.stands else "blocked", person
