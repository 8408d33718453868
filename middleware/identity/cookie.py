"""Identity told by a cookie that the host has signed with itsdangerous, for hosts of no particular framework."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from ..errors import ConfigurationError
from ..kept import Kept
from .member import member_id

KEPT_COOKIES = 4096
KEPT_CHARS = 4096  # a longer Cookie header is verified each time, so that memory stays flat
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 6265 section 4.1.1
_NAME_CHAR = r"[A-Za-z0-9!#$%&'*+.^_`|~-]"


def signed_cookie(
    name: str,
    keys: Sequence[str | bytes],
    *,
    salt: str | bytes = b"itsdangerous",
    max_age_s: int,
    field: str | None = None,
    key_derivation: str = "django-concat",
    digest_method: Any = None,
) -> Callable[[Mapping[str, Any]], str | None]:
    """Return an adapter for a cookie made by `URLSafeTimedSerializer(keys, salt=salt).dumps(payload)`.

    `keys` run from oldest to newest, as itsdangerous wants them. The member id is the payload itself, or
    `payload[field]`. A cookie is good for `max_age_s` seconds after signing. The salt should be the cookie's own,
    so that no other signed value of the host passes for it. Raises ConfigurationError with every fault.

    A header that says the name twice is nobody's: parsers differ on which of the two they take, and a gate that
    takes the one while the host takes the other lets a stranger in.
    """
    faults = []
    if not _COOKIE_NAME.fullmatch(name):
        faults.append(f"signed_cookie: name is {name!r}; expected a cookie name (RFC 6265).")
    if isinstance(keys, str | bytes) or not keys or any(len(key) < 16 for key in keys):
        lengths = "one text" if isinstance(keys, str | bytes) else f"lengths {[len(key) for key in keys]}"
        faults.append(f"signed_cookie: keys has {lengths}; expected a list of keys of 16 or more characters each.")
    if max_age_s < 1:
        faults.append(f"signed_cookie: max_age_s is {max_age_s}; expected 1 or more seconds.")
    if faults:
        raise ConfigurationError(faults)
    signer_kwargs: dict[str, Any] = {"key_derivation": key_derivation}
    if digest_method is not None:
        signer_kwargs["digest_method"] = digest_method
    secrets = [key.encode() if isinstance(key, str) else key for key in keys]
    serializer = URLSafeTimedSerializer(secrets, salt=salt, signer_kwargs=signer_kwargs)
    # Any reading of the header must agree with ours, whatever it splits on: hence not only after a semicolon.
    said = re.compile(rf"(?<!{_NAME_CHAR}){re.escape(name)}(?!{_NAME_CHAR})")
    ours = re.compile(rf"(?:\A|;) ?{re.escape(name)}=([A-Za-z0-9_.-]+)(?=;|\Z)")
    kept: Kept[str, tuple[str, float, float]] = Kept(KEPT_COOKIES)

    def identify(environ: Mapping[str, Any]) -> str | None:
        header = environ.get("HTTP_COOKIE")
        if not isinstance(header, str) or not header:
            return None
        remembered = kept.get(header)
        if remembered is not None:
            member, since, until = remembered
            if since <= time.time() < until:
                return member
        if len(said.findall(header)) != 1:
            return None
        found = ours.search(header)
        if found is None:
            return None
        try:
            payload, signed_at = serializer.loads(found[1], max_age=max_age_s, return_timestamp=True)
        except BadData:
            return None
        if field is not None:
            payload = payload.get(field) if isinstance(payload, dict) else None
        known = member_id(payload)
        if known is not None and len(header) <= KEPT_CHARS:
            since = signed_at.timestamp()
            # itsdangerous compares whole seconds: an age of exactly max_age_s is still good.
            kept.put(header, (known, since, since + max_age_s + 1))
        return known

    return identify
