"""Links that lead out of the service (policy Article 9): marked in words, never through a page or an address of ours.

A filter for any template language; what it returns is taken for HTML by Jinja and by Django:

    app.jinja_env.filters["outbound"] = Outbound(["cost.example"])
    {{ provider.console_url | outbound(provider.name) }}

A redirector would be an open door for others' links and would learn who follows what, so there is none; and an outside
page learns neither where its visitor came from nor gets a hand on the page they came from.
"""

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

LABEL = "외부 사이트"
REL = "noopener noreferrer"
_ODD = re.compile(r"[\x00-\x20\x7f\\]")  # browsers drop or turn these, so that a host other than the one read is meant


class Html(str):
    """Text that is HTML already, in the way that template languages ask for it."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


class Outbound:
    """Makes links; those to other hosts than `own` are marked. Own hosts are names as in an address, without a port."""

    def __init__(self, own: Iterable[str] = (), label: str = LABEL, label_class: str = "tag") -> None:
        self._own = frozenset(host.lower().rstrip(".") for host in own)
        self._mark = f' <span class="{escape(label_class)}">{escape(label)}</span>'

    def __call__(self, url: str, words: str) -> Html:
        """Return a link to `url` with these words; the words alone where `url` is no web address."""
        shown = escape(words)
        host = host_of(url)
        if host is None:
            return Html(shown)
        if host in ("", *self._own):
            return Html(f'<a href="{escape(url)}">{shown}</a>')
        return Html(f'<a href="{escape(url)}" rel="{REL}">{shown}{self._mark}</a>')


def host_of(url: str) -> str | None:
    """Return the host to which a browser would go, "" for this very one; None for what must not become a link.

    Only whole http(s) addresses and paths from the root are links: `//host`, a script, or an address with a hidden
    sign or a name before an @ are not.
    """
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        host, has_user = parts.hostname or "", parts.username is not None or parts.password is not None
    except ValueError:
        return None
    if not parts.scheme and not parts.netloc:
        return "" if url.startswith("/") and not url.startswith("//") else None
    if parts.scheme not in ("http", "https") or not host or has_user:
        return None
    return host.rstrip(".")
