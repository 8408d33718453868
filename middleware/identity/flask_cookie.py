"""Flask's signed session cookie, verified without building a serializer for every request.

Nothing here is more lenient than Flask: the short way only ever says yes to what Flask would accept, and whatever
it does not recognise is put to the serializer that Flask's own session interface makes.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, URLSafeTimedSerializer

if TYPE_CHECKING:
    from flask import Flask

_OWN_MEANS = ("open_session", "get_signing_serializer", "get_cookie_name")


_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))  # RFC 2104
_STANDARD = bytes.maketrans(b"-_", b"+/")  # from the alphabet of URLs
_read_json = json.JSONDecoder().raw_decode

Session = tuple[Any, float, float]
"""What a verified session holds under the key, and when it is good, in seconds since 1970-01-01 UTC: since <= now <
until."""


def is_plain(app: Flask) -> bool:
    """Does the app read its sessions and its cookies exactly as Flask itself does?"""
    from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
    from werkzeug.datastructures import ImmutableMultiDict
    from werkzeug.sansio.request import Request as SansioRequest
    from werkzeug.wrappers import Request

    interface = app.session_interface
    kind = type(interface)
    reader: Any = app.request_class
    return (
        isinstance(interface, SecureCookieSessionInterface)
        and not any(name in vars(interface) for name in _OWN_MEANS)
        and all(getattr(kind, name) is getattr(SecureCookieSessionInterface, name) for name in _OWN_MEANS)
        and interface.session_class is SecureCookieSession
        and issubclass(reader, Request)
        and reader.cookies is SansioRequest.cookies
        and reader.__init__ is Request.__init__
        and reader.dict_storage_class is ImmutableMultiDict
    )


def session_facts(app: Flask) -> tuple[object, ...]:
    """Return everything a verdict over a session cookie rests on, but the cookie and the clock."""
    config = app.config
    interface: Any = app.session_interface
    return (
        config["SECRET_KEY"],
        config["SECRET_KEY_FALLBACKS"],
        config["SESSION_COOKIE_NAME"],
        config["PERMANENT_SESSION_LIFETIME"],
        interface,
        interface.salt,
        interface.digest_method,
        interface.key_derivation,
        interface.serializer,
        app.request_class,
    )


class SessionCookie:
    """Reads the session cookie under the settings the app has now; made anew when they change."""

    def __init__(self, app: Flask, key: str) -> None:
        from werkzeug.sansio.http import parse_cookie

        interface: Any = app.session_interface
        self._app = app
        self._key = key
        self._name = interface.get_cookie_name(app)
        self._max_age_s = int(app.permanent_session_lifetime.total_seconds())
        self._serializer: URLSafeTimedSerializer | None = interface.get_signing_serializer(app)
        self._parse: Any = parse_cookie
        self._named = f"{self._name}="
        self._derived: list[tuple[Any, Any]] = []  # HMAC's two hashes with a key in them, the newest key first
        if self._serializer is not None:
            self._prepare(self._serializer)

    def _prepare(self, serializer: URLSafeTimedSerializer) -> None:
        """Derive the keys once, and try them: what does not read its own cookie is not used."""
        from flask.json.provider import DefaultJSONProvider
        from flask.json.tag import TaggedJSONSerializer

        if type(serializer.serializer) is not TaggedJSONSerializer:
            return
        if type(self._app.json) is not DefaultJSONProvider:
            return
        signer: Any = serializer.make_signer(serializer.salt)
        probe = serializer.dumps({self._key: "probe"})
        if signer.digest_method().name not in hashlib.algorithms_available:
            return
        try:
            self._derived = [
                _keyed(signer.derive_key(key), signer.digest_method) for key in reversed(signer.secret_keys)
            ]
            read = self._short_way(probe if isinstance(probe, str) else probe.decode(), None)
        except (AttributeError, TypeError, ValueError):  # a digest of another make
            read = None
        if read is None:
            self._derived = []

    def glance(self, header: str, now: float) -> Session | None:
        """Return the session of a Cookie header that can be read in one way only; None says nothing.

        The name stands in it once, at the start of a cookie, and nothing is quoted: then Werkzeug reads the same.
        """
        before, _, behind = header.partition(self._named)
        if '"' in header or (before and not before.endswith("; ")) or self._name in before or self._name in behind:
            return None
        return self._short_way(behind.partition(";")[0], now)

    def cookies(self, header: str) -> Mapping[str, str]:
        """Return the cookies of a Cookie header as Werkzeug's requests read them, the first of a name."""
        # A plain dict: Werkzeug's own raises and catches an error for every name that is not there.
        parsed: Mapping[str, str] = self._parse(header, cls=_first_of_each)
        return parsed

    def read(self, cookies: Mapping[str, str], now: float) -> Session | None:
        """Return the session that the cookies prove at `now`, or None: no cookie, forged, expired, unreadable."""
        value = cookies.get(self._name)
        serializer = self._serializer
        if not value or serializer is None:
            return None
        return self._short_way(value, now) or self._flasks_way(value, serializer)

    def _short_way(self, value: str, now: float | None) -> Session | None:
        """Return the session when it is plainly good; None says nothing. `now` None skips the question of age."""
        if not value.isascii():
            return None
        signed, _, signature = value.encode().rpartition(b".")
        payload, _, stamp = signed.rpartition(b".")
        if not payload:
            return None
        given = signature.translate(_STANDARD)
        for with_key, outer_with_key in self._derived:
            inner, outer = with_key.copy(), outer_with_key.copy()
            inner.update(signed)
            outer.update(inner.digest())
            if compare_digest(b2a_base64(outer.digest(), newline=False).rstrip(b"="), given):
                break
        else:
            return None
        try:
            since = float(int.from_bytes(_unbase64(stamp), "big"))
            until = since + self._max_age_s + 1.0  # an age of exactly the lifetime, in whole seconds, is still good
            if now is not None and not since <= now < until:
                return None
            packed = _unbase64(payload.removeprefix(b"."))
            text = (zlib.decompress(packed) if payload.startswith(b".") else packed).decode()
            values, end = _read_json(text)
        except (ValueError, OverflowError, zlib.error):
            return None
        # Text and numbers carry no tag, so the serializer would return them as they are.
        if end == len(text) and type(values) is dict and type(values.get(self._key)) in (str, int):
            return values[self._key], since, until
        return None

    def _flasks_way(self, value: str, serializer: URLSafeTimedSerializer) -> Session | None:
        """Return what the serializer of the app's own session interface makes of the cookie."""
        try:
            with self._app.app_context():  # the app's own JSON provider reads the payload
                values, signed_at = serializer.loads(value, max_age=self._max_age_s, return_timestamp=True)
        except BadData:
            return None
        if not isinstance(values, dict):
            return None
        since = float(int(signed_at.timestamp()))
        return values.get(self._key), since, since + self._max_age_s + 1.0


def _first_of_each(pairs: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    return dict(reversed(pairs))


def _keyed(key: bytes, digest: Any) -> tuple[Any, Any]:
    """Return HMAC's inner and outer hash with the key in them (RFC 2104). Copies of them make a signature at a fifth
    of what OpenSSL takes to begin one."""
    size = digest().block_size
    block = (digest(key).digest() if len(key) > size else key).ljust(size, b"\0")
    return digest(block.translate(_INNER)), digest(block.translate(_OUTER))


def _unbase64(text: bytes) -> bytes:
    return a2b_base64(text.translate(_STANDARD) + b"==="[: -len(text) % 4])
