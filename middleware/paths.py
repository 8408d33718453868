"""Which paths are exempt, and where a visitor may be sent afterwards.

The gate decides on PATH_INFO alone, as the server decoded it: never on the query, a header, SCRIPT_NAME or a URL
parser's opinion. A path is exempt only if it already stands in its one canonical form; anything else is simply not
exempt. No path is ever rewritten.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

NEXT_CHARS = 2048
_SEGMENT = r"(?!\.\.?(?:/|\Z))[A-Za-z0-9._~!$&'()*+,=:@-]+"
_CANONICAL = re.compile(rf"/(?:{_SEGMENT}/)*(?:{_SEGMENT})?\Z")
_ODD_IN_NEXT = re.compile(r"[\x00-\x20\x7f\\#]|%(?![0-9A-Fa-f]{2})")
_HIDDEN_IN_PATH = re.compile(r"%(?:2[eEfF]|5[cC]|25|[01][0-9A-Fa-f]|7[fF])|//|/\.\.?(?:/|\Z)|;")


def is_canonical(path: str) -> bool:
    """Tell whether `path` is written in the one form that every router reads alike: no dot segment, no empty segment,
    no percent sign, semicolon, backslash, control or non-ASCII character."""
    return _CANONICAL.match(path) is not None


class Exemptions:
    """The paths that need no consent: exact ones, and prefixes that end in "/"."""

    def __init__(self, rules: Iterable[str]) -> None:
        self.rules = rules = tuple(rules)
        self._exact = frozenset(rule for rule in rules if not rule.endswith("/"))
        self._prefixes = tuple(rule for rule in rules if rule.endswith("/"))

    def covers(self, path: str) -> bool:
        """Tell whether `path` needs no consent."""
        return path in self._exact or (path.startswith(self._prefixes) and is_canonical(path))


def is_below(path: str, mount: str) -> bool:
    """Tell whether canonical `path` is `mount` (which has no trailing slash) or lies below it."""
    return path.startswith(mount) and (len(path) == len(mount) or path[len(mount)] == "/") and is_canonical(path)


def rule_faults(rule: str) -> str | None:
    """Return what is wrong with one exemption rule, or None."""
    if rule == "/":
        return 'the rule "/" would exempt every path; name the paths that need no consent'
    if not isinstance(rule, str) or not is_canonical(rule):
        return f"got {rule!r}; expected a path such as /login, or /static/ with a slash at its end for all below it"
    return None


def without_addresses(path: str) -> str:
    """Return `path` as it is recorded: of a segment with an "@" in it nothing but that, for it may be somebody's e-mail
    address, and the record outlives them."""
    return "/".join(["@" if "@" in segment else segment for segment in path.split("/")])


def asked_for(environ: Mapping[str, object]) -> str:
    """Return the path and query of a request as they would be written in a link on the same site."""
    path = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    query = str(environ.get("QUERY_STRING", ""))
    target = quote(path.encode("latin-1", "replace"), safe="/~!$&'()*+,=:@-._")
    return f"{target}?{query}" if query else target


def safe_next(value: str | None) -> str:
    """Return `value` when it is a path on this site that no browser, proxy or router could read as another place;
    else "/". It is never decoded: what comes out is what went in, with characters outside ASCII quoted."""
    if not value or len(value) > NEXT_CHARS or not value.startswith("/") or _ODD_IN_NEXT.search(value):
        return "/"
    if _HIDDEN_IN_PATH.search(value.partition("?")[0]):
        return "/"
    try:
        return quote(value, safe="/~!$&'()*+,=:@-._;?%[]")
    except UnicodeEncodeError:  # a lone surrogate, which no link can carry
        return "/"
