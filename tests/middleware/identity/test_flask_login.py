"""Flask-Login beside the session: remember cookies, session protection and request loaders are the host's to judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_login.utils import encode_cookie

from middleware import identity

Environ = Callable[..., dict[str, Any]]


class Member(UserMixin):
    def __init__(self, member: str) -> None:
        self.id = member


class Host:
    """A Flask app with Flask-Login and the members it knows; `loads` counts its user loader's calls."""

    def __init__(self) -> None:
        self.app = Flask("host")
        self.app.config["SECRET_KEY"] = "the-secret-key-of-the-sample-host"
        self.login = LoginManager(self.app)
        self.members = {"kim", "lee"}
        self.loads = 0
        self.login.user_loader(self.load)
        self.app.add_url_rule("/", view_func=lambda: current_user.get_id() or "", endpoint="whom")

    def load(self, member: str) -> Member | None:
        self.loads += 1
        return Member(member) if member in self.members else None

    def signed_in(self, member: str, agent: str = "Test/1.0", address: str = "192.0.2.7") -> str:
        """Return the session cookie that the app sets when `member` signs in from there."""
        with self.app.test_request_context(
            "/", headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": address}
        ) as context:
            login_user(Member(member))
            serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
            return f"session={serializer.dumps(dict(context.session))}"

    def remembered(self, member: str) -> str:
        """Return the remember cookie that the app sets for `member`."""
        with self.app.app_context():
            return f"remember_token={encode_cookie(member)}"

    def sees(self, environ: dict[str, Any]) -> str | None:
        """Return whom the app itself sees."""
        body = b"".join(self.app({**environ}, lambda status, headers, exc_info=None: None))  # type: ignore[arg-type]
        return body.decode() or None


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_signed_in_member_costs_no_user_load(host: Host, an_environ: Environ) -> None:
    """With Flask-Login's usual settings the session alone tells the member; no user is loaded."""
    environ = an_environ(host.signed_in("kim"))

    assert identity.flask_session(host.app)(environ) == "kim"
    assert host.loads == 0


def test_a_remembered_member_is_known(host: Host, an_environ: Environ) -> None:
    """Without a session, the remember cookie names the member, by Flask-Login's own loader."""
    environ = an_environ(host.remembered("kim"))

    assert identity.flask_session(host.app)(environ) == "kim"
    assert host.sees(environ) == "kim"


def test_a_remembered_member_who_is_gone_is_nobody(host: Host, an_environ: Environ) -> None:
    """A remember cookie of a person the host no longer knows is nobody's, at once."""
    identify = identity.flask_session(host.app)
    environ = an_environ(host.remembered("kim"))
    assert identify(environ) == "kim"

    host.members.discard("kim")

    assert identify(environ) is None


@pytest.mark.parametrize(
    "cookie",
    [
        "remember_token=kim",
        "remember_token=kim|" + "0" * 128,
        "remember_token=kim|\xe9",
        "remember_token=|",
        "remember_token=",
    ],
    ids=["unsigned", "wrong digest", "digest not ascii", "empty", "nothing"],
)
def test_a_forged_remember_cookie_is_nobody(host: Host, an_environ: Environ, cookie: str) -> None:
    """A remember cookie the host did not sign is nobody's and raises nothing."""
    assert identity.flask_session(host.app)(an_environ(cookie)) is None


def test_a_renamed_remember_cookie_is_read(host: Host, an_environ: Environ) -> None:
    """The remember cookie is looked for under the name the host has given it."""
    host.app.config["REMEMBER_COOKIE_NAME"] = "stay"
    environ = an_environ(host.remembered("kim").replace("remember_token", "stay"))

    assert identity.flask_session(host.app)(environ) == "kim"


def test_a_session_wins_over_another_ones_remember_cookie(host: Host, an_environ: Environ) -> None:
    """With a session of Kim and a remember cookie of Lee, gate and host both see Kim."""
    environ = an_environ(f"{host.signed_in('kim')}; {host.remembered('lee')}")

    assert host.sees(environ) == "kim"
    assert identity.flask_session(host.app)(environ) == "kim"


def test_a_member_who_is_gone_does_not_cover_another(host: Host, an_environ: Environ) -> None:
    """With a session of Kim, whom the host has deleted, and a remember cookie of Lee, both see Lee."""
    environ = an_environ(f"{host.signed_in('kim')}; {host.remembered('lee')}")
    host.members.discard("kim")

    assert host.sees(environ) == "lee"
    assert identity.flask_session(host.app)(environ) == "lee"


def test_the_same_one_twice_is_remembered(host: Host, an_environ: Environ) -> None:
    """A session and a remember cookie of the same member need no user load."""
    environ = an_environ(f"{host.signed_in('kim')}; {host.remembered('kim')}")

    assert identity.flask_session(host.app)(environ) == "kim"
    assert host.loads == 0


def test_strong_protection_is_respected(host: Host, an_environ: Environ) -> None:
    """With strong protection a session that moved to another browser or address is nobody's, as in the host."""
    host.login.session_protection = "strong"
    identify = identity.flask_session(host.app)
    cookie = host.signed_in("kim")

    assert identify(an_environ(cookie)) == "kim"
    for moved in (an_environ(cookie, HTTP_USER_AGENT="Thief/1.0"), an_environ(cookie, REMOTE_ADDR="198.51.100.9")):
        assert host.sees(moved) is None
        assert identify(moved) is None


def test_strong_protection_from_the_configuration(host: Host, an_environ: Environ) -> None:
    """`SESSION_PROTECTION` in the host's configuration counts as the manager's own attribute does."""
    host.app.config["SESSION_PROTECTION"] = "strong"
    environ = an_environ(host.signed_in("kim"), HTTP_USER_AGENT="Thief/1.0")

    assert identity.flask_session(host.app)(environ) is None


def test_a_request_loader_is_asked(host: Host, an_environ: Environ) -> None:
    """Where the host signs people in by a header, its request loader tells the member, and only for that request."""

    @host.login.request_loader
    def by_key(request: Any) -> Member | None:
        return Member("lee") if request.headers.get("X-Api-Key") == "sample-key" else None

    identify = identity.flask_session(host.app)

    assert identify(an_environ(HTTP_X_API_KEY="sample-key")) == "lee"
    assert identify(an_environ(HTTP_X_API_KEY="wrong")) is None
    assert identify(an_environ()) is None


def test_a_broken_user_loader_is_told(host: Host, an_environ: Environ) -> None:
    """When the host cannot load its users the exception comes out instead of an answer."""
    host.login.session_protection = "strong"
    environ = an_environ(host.signed_in("kim"))

    @host.login.user_loader
    def broken(member: str) -> Member:
        raise ConnectionError("the user table is down")

    with pytest.raises(ConnectionError):
        identity.flask_session(host.app)(environ)


def test_a_key_of_the_hosts_own_leaves_flask_login_out(host: Host, an_environ: Environ) -> None:
    """With another session key the session alone decides; a remember cookie signs nobody in."""
    environ = an_environ(host.remembered("kim"))

    assert identity.flask_session(host.app, key="account")(environ) is None


def test_a_user_from_an_open_context_is_not_borrowed(host: Host, an_environ: Environ) -> None:
    """A user loaded for another request on this thread is not taken for this one."""
    host.login.session_protection = "strong"
    identify = identity.flask_session(host.app)

    with host.app.app_context(), host.app.test_request_context("/"):
        login_user(Member("kim"))
        assert identify(an_environ()) is None


class ServerSide(SecureCookieSessionInterface):
    """A server-side session: the cookie is a mere number, the values are kept here."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def open_session(self, app: Flask, request: Any) -> SecureCookieSession:
        return SecureCookieSession(self.rows.get(request.cookies.get("session", ""), {}))


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param("session=17", "kim", id="session"),
        pytest.param("session=18", None, id="no session"),
        pytest.param("session=17; REMEMBER kim", "kim", id="session and remember cookie"),
        pytest.param("session=17; REMEMBER lee", "kim", id="remember cookie of another"),
        pytest.param("session=18; REMEMBER lee", "lee", id="remember cookie alone"),
        pytest.param("session=19; REMEMBER lee", "lee", id="session of one who is gone"),
        pytest.param("session=18; remember_token=lee|\xe9", None, id="forged remember cookie, not ascii"),
        pytest.param("session=18; remember_token=lee|0", None, id="forged remember cookie"),
    ],
)
def test_server_side_sessions_with_flask_login(
    host: Host, an_environ: Environ, cookie: str, expected: str | None
) -> None:
    """With server-side sessions the adapter sees whom Flask-Login sees, remember cookies included."""
    host.app.session_interface = sessions = ServerSide()
    sessions.rows.update({"17": {"_user_id": "kim"}, "19": {"_user_id": "gone"}})
    for member in ("kim", "lee"):
        cookie = cookie.replace(f"REMEMBER {member}", host.remembered(member))

    assert identity.flask_session(host.app)(an_environ(cookie)) == expected
