"""The cookies of an access record: names and keyed digests, never a value.

Our own linear reader serves the record alone. Who asks is told by the host's own session reader: two readers differ on
junk, and a gate that reads with the wrong one is opened by a junk cookie.
"""

from hashlib import blake2b

from .journal import COOKIES_CHARS, escaped
from .kept import Kept

MAX_COOKIES = 32
NAME_CHARS = 64
DIGEST_BYTES = 12
KEPT_CHARS = 64  # a longer cookie is a token that changes with the visit; it is digested each time


class CookieDigests:
    """Turn a Cookie header into "name=digest,name=digest"; equal values give equal digests under one key."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=DIGEST_BYTES)
        self._known: Kept[str, str] = Kept(4096)

    def of(self, header: str) -> str:
        """Return the digests of one Cookie header, escaped for the journal."""
        pairs: list[str] = []
        room = COOKIES_CHARS
        known = self._known
        for cookie in header.split(";", MAX_COOKIES)[:MAX_COOKIES]:
            pair = known.young.get(cookie) or known.get(cookie) or self._digested(cookie)
            if not pair:
                continue
            room -= len(pair) + 1
            if room < 0:
                break
            pairs.append(pair)
        return ",".join(pairs)

    def _digested(self, cookie: str) -> str:
        """Return one cookie as name=digest; "" where there is none."""
        name, _, value = cookie.partition("=")
        name = name.strip(" \t")
        if not name and not value:
            return ""
        digest = self._keyed.copy()
        digest.update(f"{name}\0{value.strip(' ')}".encode("utf-8", "surrogatepass"))
        pair = f"{escaped(name, NAME_CHARS).replace(',', '%2C')}={digest.hexdigest()}"
        if len(cookie) <= KEPT_CHARS:
            self._known.put(cookie, pair)
        return pair
