"""The decision: may this person have this path now? It knows paths, persons and standings, and no WSGI.

Order is safety here:
1. The path decides whether consent is needed at all, and only in its canonical form.
2. The host's own reader says who asks; a reader that raises is doubt, and doubt is no.
3. The store says where that person stands; a store that cannot be read is doubt, and doubt is no.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from .errors import IdentityUnavailable, StoreUnavailable
from .paths import Exemptions, is_below
from .standing import StandingReader

HOST_ID_CHARS = 255
Asker = TypeVar("Asker")  # whatever the host's reader reads: a WSGI environ, an ASGI scope


class Decision(NamedTuple):
    """A verdict: `word` is one of journal.DECISIONS; the person is known as far as the verdict needed it."""

    word: str
    host_id: str | None = None
    ref: str | None = None
    consented: bool = False
    identity_failed: bool = False


_EXEMPT = Decision("exempt")
_ANONYMOUS = Decision("anonymous")


class Decider:
    """Judges one request at a time; built once, shared by all threads."""

    def __init__(self, exempt: Exemptions, portal: str, standing: StandingReader) -> None:
        self._exempt = exempt
        self._portal = portal
        self._special = (*exempt.rules, portal)  # a path that begins with none of these needs no further look
        self._standing = standing

    def decide(self, path: str, who: Callable[[Asker], str | None], asker: Asker, at: int) -> Decision:
        """Return the verdict for a path at a time (microseconds UTC); `who` is told the asker only when it matters.

        Raises IdentityUnavailable or StoreUnavailable; both mean 503.
        """
        if path.startswith(self._special):
            if self._exempt.covers(path):
                return _EXEMPT
            if is_below(path, self._portal):
                return self._for_portal(who, asker, at)
        host_id = identified(who, asker)
        if host_id is None:
            return _ANONYMOUS
        standing = self._standing.of(host_id, at)
        return Decision("passed" if standing.stands else "blocked", host_id, standing.ref, standing.stands)

    def _for_portal(self, who: Callable[[Asker], str | None], asker: Asker, at: int) -> Decision:
        """The portal guards itself and stays open, for rights outlive consent and outages of the host."""
        try:
            host_id = identified(who, asker)
        except IdentityUnavailable:
            return Decision("portal", identity_failed=True)
        if host_id is None:
            return Decision("portal")
        try:
            standing = self._standing.of(host_id, at)
        except StoreUnavailable:
            return Decision("portal", host_id)
        return Decision("portal", host_id, standing.ref, standing.stands)


def identified(who: Callable[[Asker], str | None], asker: Asker) -> str | None:
    """Return the host's id of the person who asks, or None for nobody; odd ids are nobody's."""
    try:
        host_id = who(asker)
    except Exception as error:
        raise IdentityUnavailable(f"the host's reader raised {type(error).__name__}") from error
    if host_id is None or host_id == "":
        return None
    if not isinstance(host_id, str):
        raise IdentityUnavailable(f"the host's reader gave {type(host_id).__name__}; expected str or None")
    return host_id if len(host_id) <= HOST_ID_CHARS and host_id.isprintable() else None
