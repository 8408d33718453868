"""Flask sessions: the adapter sees whom the app sees, and nobody where the app sees nobody."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request, session
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from middleware import identity
from middleware.identity import flask as adapter
from middleware.identity.flask_cookie import SessionCookie, is_plain

Environ = Callable[..., dict[str, Any]]
OLD_KEY = "the-old-secret-key-of-the-sample-host"
KEY = "the-secret-key-of-the-sample-host"


@pytest.fixture
def app() -> Flask:
    """A host with Flask's own sessions, which tells at "/" whom it sees."""
    app = Flask("host")
    app.config.update(SECRET_KEY=KEY, PERMANENT_SESSION_LIFETIME=timedelta(hours=8))

    @app.get("/")
    def whom() -> str:
        return str(session.get("_user_id", ""))

    return app


def token(app: Flask, **values: Any) -> str:
    """Return the value of a session cookie as the app would set it now."""
    made = app.session_interface.get_signing_serializer(app).dumps(values)  # type: ignore[attr-defined]
    return made if isinstance(made, str) else made.decode()


def seen_by_host(app: Flask, environ: dict[str, Any]) -> str | None:
    """Return whom the app itself sees behind an environ."""
    statuses: list[str] = []
    body = b"".join(app({**environ}, lambda status, headers, exc_info=None: statuses.append(status)))  # type: ignore[arg-type]
    assert statuses[0].startswith("200"), statuses
    return body.decode() or None


def test_a_signed_session_names_its_member(app: Flask, an_environ: Environ) -> None:
    """The member of a valid session is returned, at the first request and at the next."""
    identify = identity.flask_session(app)
    environ = an_environ(f"session={token(app, _user_id='kim')}")

    assert identify(environ) == "kim"
    assert identify(environ) == "kim"


def test_the_short_way_is_taken(app: Flask, an_environ: Environ, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain session, small or compressed, is verified without Flask's serializer."""
    monkeypatch.setattr(
        SessionCookie, "_flasks_way", lambda self, value, serializer: pytest.fail("the long way was taken")
    )
    identify = identity.flask_session(app)
    long = token(app, _user_id="lee", _id="0123456789abcdef" * 8, _fresh=True)

    assert long.startswith(".")
    assert identify(an_environ(f"session={long}")) == "lee"
    assert identify(an_environ(f"session={token(app, _user_id='kim')}")) == "kim"


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param("kim", "kim", id="text"),
        pytest.param(42, "42", id="whole number"),
        pytest.param("김하늘", "김하늘", id="korean text"),
        pytest.param("", None, id="empty text"),
        pytest.param(True, None, id="true"),
        pytest.param(None, None, id="null"),
        pytest.param(1.5, None, id="fraction"),
        pytest.param(["kim"], None, id="list"),
        pytest.param({"id": "kim"}, None, id="mapping"),
        pytest.param(b"kim", None, id="bytes"),
        pytest.param("kim\n", None, id="line break"),
        pytest.param("kim\x00", None, id="nul"),
        pytest.param("k" * 255, "k" * 255, id="255 characters"),
        pytest.param("k" * 256, None, id="256 characters"),
    ],
)
def test_only_an_id_is_an_id(app: Flask, an_environ: Environ, stored: object, expected: str | None) -> None:
    """Text and whole numbers are ids; whatever else a session holds under the key is nobody."""
    environ = an_environ(f"session={token(app, _user_id=stored)}")

    assert identity.flask_session(app)(environ) == expected


def test_a_uuid_is_an_id(app: Flask, an_environ: Environ) -> None:
    """A UUID, which Flask tags in the cookie, is returned as its usual text."""
    from uuid import UUID

    member = UUID("6f1b5a52-6b0e-4c54-9f0f-2f7d3b1f0a11")

    assert (
        identity.flask_session(app, "uid")(an_environ(f"session={token(app, uid=member)}"))
        == "6f1b5a52-6b0e-4c54-9f0f-2f7d3b1f0a11"
    )


def junk() -> list[Any]:
    """Cookie headers round a good token G; each is put to the app and to the adapter."""
    return [
        pytest.param("session=G", id="alone"),
        pytest.param("bad name=1; session=G", id="a name with a space first"),
        pytest.param("a=\xff\xfe; session=G", id="a byte that is not UTF-8"),
        pytest.param("session=G; session=forged", id="good then forged"),
        pytest.param("session=forged; session=G", id="forged then good"),
        pytest.param("session=; session=G", id="empty then good"),
        pytest.param(" session=G", id="space before"),
        pytest.param("session =G", id="space before the equals sign"),
        pytest.param("session= G ", id="spaces round the value"),
        pytest.param('session="G"', id="quoted"),
        pytest.param("Session=G", id="other case"),
        pytest.param("xsession=G", id="longer name"),
        pytest.param("=1; session=G", id="nameless"),
        pytest.param(";;; session=G;;;", id="empty parts"),
        pytest.param('a="x; session=G', id="open quote"),
        pytest.param('a="x; y"; session=G', id="semicolon in quotes"),
        pytest.param("a=1, session=G", id="comma"),
        pytest.param("a=1 session=G", id="no semicolon"),
        pytest.param("$Version=1; session=G; $Path=/", id="version 1"),
        pytest.param("a={}; session=G".format('"' + '\\"' * 20_000 + '"'), id="40 KB of escaped quotes"),
        pytest.param("a=" + "x" * 200_000 + "; session=G", id="200 KB"),
        pytest.param("a\x00b=1; session=G", id="nul"),
        pytest.param("a=1\r\n ; session=G", id="folded"),
        pytest.param("\xa0session=G", id="no-break space"),
        pytest.param("session=G\n", id="line break after"),
        pytest.param("session=G.", id="dot after"),
        pytest.param("session=.G", id="dot before"),
        pytest.param("session=G=", id="padding after"),
        pytest.param("session=G%20", id="percent escape after"),
        pytest.param("session=\u00e9G", id="latin letter before"),
        pytest.param("session", id="name alone"),
        pytest.param("", id="empty header"),
    ]


@pytest.mark.parametrize("header", junk())
def test_the_adapter_sees_whom_the_app_sees(app: Flask, an_environ: Environ, header: str) -> None:
    """For every odd header the adapter and the app agree, also when it comes again."""
    identify = identity.flask_session(app)
    environ = an_environ(header.replace("G", token(app, _user_id="kim")))

    expected = seen_by_host(app, environ)

    assert identify(environ) == expected
    assert identify(environ) == expected


def test_junk_beside_a_session_does_not_hide_it(app: Flask, an_environ: Environ) -> None:
    """A visitor cannot slip past as nobody by adding a cookie that stricter readers choke on."""
    header = f"bad name=1; a=\xff; session={token(app, _user_id='kim')}"

    assert identity.flask_session(app)(an_environ(header)) == "kim"


@pytest.mark.parametrize("place", range(0, 60, 3))
def test_a_changed_character_is_nobody(app: Flask, an_environ: Environ, place: int) -> None:
    """A cookie with one character changed, wherever it is, is nobody's."""
    good = token(app, _user_id="kim")
    place %= len(good) - 1
    changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]

    assert identity.flask_session(app)(an_environ(f"session={changed}")) is None


@pytest.mark.parametrize(
    "value",
    ["x", ".", "..", "...", "a.b.c", "G.extra", "eyJfdXNlcl9pZCI6ImtpbSJ9", "eyJfdXNlcl9pZCI6ImtpbSJ9..", "=" * 50],
)
def test_a_forged_cookie_is_nobody(app: Flask, an_environ: Environ, value: str) -> None:
    """What the app did not sign is nobody's."""
    assert identity.flask_session(app)(an_environ(f"session={value}")) is None


def test_a_cookie_for_another_purpose_is_nobody(app: Flask, an_environ: Environ) -> None:
    """A value that the app signed with another salt is no session."""
    from itsdangerous import URLSafeTimedSerializer

    other = URLSafeTimedSerializer(KEY, salt="password-reset").dumps({"_user_id": "kim"})

    assert identity.flask_session(app)(an_environ(f"session={other}")) is None


def test_a_session_ends_with_its_lifetime(app: Flask, an_environ: Environ, clock: Any) -> None:
    """A session is good to the last second of its lifetime and not after, remembered or not."""
    identify = identity.flask_session(app)
    environ = an_environ(f"session={token(app, _user_id='kim')}")

    assert identify(environ) == "kim"
    clock.now += 8 * 3600
    assert identify(environ) == "kim"
    assert identity.flask_session(app)(environ) == "kim"
    clock.now += 1
    assert identify(environ) is None
    assert identity.flask_session(app)(environ) is None


def test_a_session_from_the_future_is_nobody(app: Flask, an_environ: Environ, clock: Any) -> None:
    """A session signed later than now, as after a clock was put back, is nobody's, remembered or not."""
    identify = identity.flask_session(app)
    environ = an_environ(f"session={token(app, _user_id='kim')}")
    assert identify(environ) == "kim"

    clock.now -= 10

    assert identify(environ) is None


def test_a_fallback_key_is_accepted(app: Flask, an_environ: Environ) -> None:
    """A session signed with a key that is being rotated out is good while that key is listed."""
    app.config["SECRET_KEY"] = OLD_KEY
    environ = an_environ(f"session={token(app, _user_id='kim')}")
    app.config.update(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=[OLD_KEY])
    identify = identity.flask_session(app)

    assert identify(environ) == "kim"
    app.config["SECRET_KEY_FALLBACKS"].clear()  # in place, as a host may do it
    assert identify(environ) is None


def test_a_changed_secret_empties_the_memory(app: Flask, an_environ: Environ) -> None:
    """When the secret changes, what was signed with the old one is nobody's at the next request."""
    identify = identity.flask_session(app)
    environ = an_environ(f"session={token(app, _user_id='kim')}")
    assert identify(environ) == "kim"

    app.config["SECRET_KEY"] = "another-secret-key-of-the-sample-host"

    assert identify(environ) is None


def test_a_shortened_lifetime_is_seen(app: Flask, an_environ: Environ, clock: Any) -> None:
    """When the lifetime is shortened, remembered sessions end by the new one within a second."""
    identify = identity.flask_session(app)
    environ = an_environ(f"session={token(app, _user_id='kim')}")
    assert identify(environ) == "kim"

    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=30)
    clock.now += 31

    assert identify(environ) is None


def test_a_bad_cookie_is_never_remembered(app: Flask, an_environ: Environ) -> None:
    """A flood of bad cookies leaves nothing in memory."""
    identify: Any = identity.flask_session(app)

    for number in range(100):
        assert identify(an_environ(f"session=forged{number}")) is None

    assert len(identify._reader.proved) == 0


def test_a_long_header_is_not_remembered(app: Flask, an_environ: Environ) -> None:
    """A header padded to more than 4,096 characters is read, but does not fill the memory."""
    identify: Any = identity.flask_session(app)
    environ = an_environ(f"session={token(app, _user_id='kim')}; pad={'x' * 5000}")

    assert identify(environ) == "kim"
    assert len(identify._reader.proved) == 0


def test_an_app_without_a_secret_has_no_members(app: Flask, an_environ: Environ) -> None:
    """Without a secret key no session can be read, so everybody is anonymous."""
    environ = an_environ(f"session={token(app, _user_id='kim')}")
    app.config["SECRET_KEY"] = None

    assert identity.flask_session(app)(environ) is None


def test_other_digests_and_names_are_read(app: Flask, an_environ: Environ) -> None:
    """An interface with another digest, salt or derivation, and another cookie name, is read as the app reads it."""

    class Stronger(SecureCookieSessionInterface):
        digest_method = staticmethod(hashlib.sha256)
        salt = "another-salt"
        key_derivation = "django-concat"

    app.session_interface = Stronger()
    app.config["SESSION_COOKIE_NAME"] = "__Host-matecost"
    environ = an_environ(f"__Host-matecost={token(app, _user_id='kim')}")

    assert is_plain(app)
    assert identity.flask_session(app)(environ) == "kim"
    assert seen_by_host(app, environ) == "kim"


class UnnamedDigest:
    """SHA-256 under a name that no library knows."""

    name = "matecost-digest"
    digest_size = 32
    block_size = 64

    def __init__(self, data: bytes = b"") -> None:
        self._inner = hashlib.sha256(data)

    def update(self, data: bytes) -> None:
        self._inner.update(data)

    def digest(self) -> bytes:
        return self._inner.digest()

    def copy(self) -> UnnamedDigest:
        copied = UnnamedDigest()
        copied._inner = self._inner.copy()
        return copied


class PlainJson(DefaultJSONProvider):
    """A JSON provider of the host's own."""


@pytest.mark.parametrize("own", ["digest", "JSON provider", "serializer"])
def test_what_the_short_way_does_not_know_goes_flasks_way(app: Flask, an_environ: Environ, own: str) -> None:
    """With a digest, JSON provider or serializer of the host's own, Flask's serializer alone reads the session."""

    class Interface(SecureCookieSessionInterface):
        if own == "digest":
            digest_method = staticmethod(UnnamedDigest)
        if own == "serializer":
            serializer = json

    app.session_interface = Interface()
    if own == "JSON provider":
        app.json = PlainJson(app)
    good = token(app, _user_id="kim")

    assert SessionCookie(app, "_user_id")._derived == []
    assert identity.flask_session(app)(an_environ(f"session={good}")) == "kim"
    assert identity.flask_session(app)(an_environ(f"session={good[:-2]}")) is None


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'["kim"]', id="a list"),
        pytest.param(b'"kim"', id="a text"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "marked as compressed"])
def test_a_signed_thing_that_is_no_session_is_nobody(
    app: Flask, an_environ: Environ, payload: bytes, packed: bool
) -> None:
    """A value that carries the app's own signature but holds no session is nobody's and raises nothing."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    encoded = (b"." if packed else b"") + base64.urlsafe_b64encode(payload).rstrip(b"=")
    value = serializer.make_signer(serializer.salt).sign(encoded).decode()

    assert identity.flask_session(app)(an_environ(f"session={value}")) is None


class ServerSide(SecureCookieSessionInterface):
    """A server-side session: the cookie is a mere number, the values are kept here."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.fails = False

    def open_session(self, app: Flask, request: Any) -> SecureCookieSession:
        if self.fails:
            raise ConnectionError("the session store is down")
        return SecureCookieSession(self.rows.get(request.cookies.get("session", ""), {}))


def test_a_server_side_session_is_asked_each_time(app: Flask, an_environ: Environ) -> None:
    """A session that was ended on the server is nobody's at the next request."""
    app.session_interface = sessions = ServerSide()
    sessions.rows["17"] = {"_user_id": "kim"}
    identify = identity.flask_session(app)

    assert identify(an_environ("session=17")) == "kim"
    sessions.rows["17"] = {"_user_id": "lee"}
    assert identify(an_environ("session=17")) == "lee"
    sessions.rows.clear()
    assert identify(an_environ("session=17")) is None


def test_a_path_that_cannot_be_decoded_is_nobody(app: Flask, an_environ: Environ) -> None:
    """A path that some servers fill with replacement characters, which Flask cannot read, is nobody's."""
    app.session_interface = sessions = ServerSide()
    sessions.rows["17"] = {"_user_id": "kim"}

    assert identity.flask_session(app)(an_environ("session=17", path="/\ufffd")) is None


def test_a_broken_session_store_is_told(app: Flask, an_environ: Environ) -> None:
    """When the host's session store is down the exception comes out, and the host works again afterwards."""
    app.session_interface = sessions = ServerSide()
    sessions.rows["17"] = {"_user_id": "kim"}
    identify = identity.flask_session(app)
    sessions.fails = True

    with pytest.raises(ConnectionError):
        identify(an_environ("session=17"))

    sessions.fails = False
    assert identify(an_environ("session=17")) == "kim"


def test_an_interface_patched_in_place_is_asked(app: Flask, an_environ: Environ) -> None:
    """An interface whose `open_session` was replaced on the object counts as a host's own."""
    app.session_interface = SecureCookieSessionInterface()
    app.session_interface.open_session = lambda app, request: SecureCookieSession({"_user_id": "lee"})  # type: ignore

    assert not is_plain(app)
    assert identity.flask_session(app)(an_environ(f"session={token(app, _user_id='kim')}")) == "lee"


def test_a_request_class_of_the_hosts_own_reads_the_cookies(app: Flask, an_environ: Environ) -> None:
    """Where the host's request class reads cookies its own way, the adapter reads them that way."""

    class Prefixed(app.request_class):  # type: ignore[name-defined,misc]
        @property
        def cookies(self) -> dict[str, str]:  # type: ignore[override]
            return {"session": self.headers.get("X-Session", "")}

    app.request_class = Prefixed
    good = token(app, _user_id="kim")

    assert identity.flask_session(app)(an_environ("session=forged", HTTP_X_SESSION=good)) == "kim"


def test_the_host_is_asked_without_a_trace(app: Flask, an_environ: Environ) -> None:
    """Asking the host neither reads the body nor writes into the environ."""

    class Greedy(ServerSide):
        def open_session(self, app: Flask, request: Any) -> SecureCookieSession:
            request.get_data()
            request.environ["host.note"] = "seen"
            return super().open_session(app, request)

    app.session_interface = sessions = Greedy()
    sessions.rows["17"] = {"_user_id": "kim"}
    environ = an_environ("session=17", REQUEST_METHOD="POST", CONTENT_LENGTH="4")
    environ["wsgi.input"] = io.BytesIO(b"body")
    before = dict(environ)

    assert identity.flask_session(app)(environ) == "kim"
    assert environ == before
    assert environ["wsgi.input"].read() == b"body"


def test_another_requests_context_is_not_used(app: Flask, an_environ: Environ) -> None:
    """A context that is open already on this thread does not lend its member to the next request."""
    app.session_interface = sessions = ServerSide()
    sessions.rows["17"] = {"_user_id": "kim"}
    identify = identity.flask_session(app)

    with app.test_request_context("/", headers={"Cookie": "session=17"}):
        assert identify(an_environ("session=18")) is None
        assert request.cookies["session"] == "17"


def test_no_framework_is_imported_before_it_is_used() -> None:
    """Importing the gate imports neither Flask nor Werkzeug nor Django."""
    program = (
        "import sys, middleware, middleware.identity as i\n"
        "i.remote_user(); i.trusted_header('X-User', proxies=['10.0.0.0/8'])\n"
        "i.signed_cookie('t', ['k' * 32], max_age_s=60); i.django_session()\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'flask', 'werkzeug', 'django', 'flask_login'}))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_an_unknown_adapter_is_told() -> None:
    """A misspelt adapter is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="flask_sesion"):
        identity.flask_sesion  # noqa: B018


def test_the_memory_is_bounded(app: Flask, an_environ: Environ, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many good Cookie headers come, the memory keeps at most two generations."""
    monkeypatch.setattr(adapter, "KEPT_COOKIES", 10)
    identify: Any = identity.flask_session(app)
    good = token(app, _user_id="kim")

    for number in range(100):
        assert identify(an_environ(f"session={good}; n={number}")) == "kim"

    assert len(identify._reader.proved) <= 20
