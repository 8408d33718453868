"""The gate's settings: every fault told at once, no start on any, and no secret in what is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from middleware import ConfigurationError, ConsentGate
from middleware.config import configured

from .gatehouse import KEY, Host, Store, make_gate, signed_in

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no store": ({"store": None}, "store: got scheme b''; expected sqlite:///path or postgresql://host/name"),
    "a store of another type": ({"store": 7}, "store: expected a URL as text"),
    "a store that is a path": ({"store": "/srv/portal.db"}, "store: got scheme ''; expected"),
    "a store of another engine": ({"store": "mysql://root:hunter2@db/x"}, "store: got scheme 'mysql'; expected"),
    "a store in memory": ({"store": "sqlite://"}, "store: got a SQLite URL without a file; expected sqlite:///path"),
    "a store in memory, named": ({"store": "sqlite:///:memory:"}, "store: got a SQLite URL without a file; expected"),
    "a store without a file": ({"store": "sqlite:///"}, "store: got a SQLite URL without a file; expected"),
    "no journal": ({"journal": None}, "journal: got nothing; expected a directory on a local disk"),
    "an empty journal": ({"journal": ""}, "journal: got nothing; expected a directory on a local disk"),
    "a journal below a file": ({"journal": "/etc/passwd/journal"}, "journal: /etc/passwd/journal: Not a directory;"),
    "no reader": (
        {"identify": None},
        "identify: got NoneType; expected a callable such as identity.flask_session(app)",
    ),
    "a reader's name": ({"identify": "flask_session"}, "identify: got str; expected a callable"),
    "one exempt text": (
        {"exempt": "/login", "login_url": None},
        'exempt: got one text; expected a list such as ["/login"]',
    ),
    "everything exempt": ({"exempt": ["/login", "/"]}, 'exempt: the rule "/" would exempt every path;'),
    "an exempt pattern": ({"exempt": ["/login", "^/api/.*"]}, "exempt: got '^/api/.*'; expected a path such as /login"),
    "an exempt dot segment": ({"exempt": ["/login", "/a/../b"]}, "exempt: got '/a/../b'; expected a path"),
    "an exempt number": ({"exempt": ["/login", 7]}, "exempt: got 7; expected a path such as /login"),
    "the portal everywhere": ({"portal": "/"}, "portal: got '/'; expected a path such as /privacy"),
    "no portal": ({"portal": ""}, "portal: got ''; expected a path such as /privacy"),
    "a portal with a slash": ({"portal": "/privacy/"}, "portal: got '/privacy/'; expected a path such as /privacy"),
    "a portal without a slash": ({"portal": "privacy"}, "portal: got 'privacy'; expected a path such as /privacy"),
    "a portal of another type": ({"portal": None}, "portal: got None; expected a path such as /privacy"),
    "a login page that is not exempt": (
        {"login_url": "/signin"},
        "login_url: /signin is not exempt, so nobody could ever sign in; add it to exempt",
    ),
    "a login page elsewhere, disguised": ({"login_url": "//evil.example"}, "login_url: got '//evil.example'; expected"),
    "a login script": ({"login_url": "javascript:x"}, "login_url: got 'javascript:x'; expected a path on this site"),
    "a line break in the login address": ({"login_url": "/login?a=\r\nX: y"}, "login_url: got '/login?a=\\r\\nX: y';"),
    "a line break in a far login address": (
        {"login_url": "https://sso.example/\nX: y"},
        "login_url: got 'https://sso.example/\\nX: y'; expected",
    ),
    "a login page of another type": ({"login_url": 7}, "login_url: got 7; expected a path on this site"),
    "one proxy text": (
        {"trusted_proxies": "10.0.0.0/8"},
        'trusted_proxies: got one text; expected a list such as ["10.0.0.0/8"]',
    ),
    "a proxy's name": (
        {"trusted_proxies": ["proxy.example"]},
        "trusted_proxies: 'proxy.example' does not appear to be an IPv4 or IPv6 network; expected a network",
    ),
    "a proxy with host bits": ({"trusted_proxies": ["10.0.0.1/8"]}, "trusted_proxies: 10.0.0.1/8 has host bits set;"),
    "an underscore header": ({"forwarded_header": "X_Forwarded_For"}, "forwarded_header: got 'X_Forwarded_For';"),
    "an empty header": ({"forwarded_header": ""}, "forwarded_header: got ''; expected a header name"),
    "a header outside ASCII": ({"forwarded_header": "Ⅷ"}, "forwarded_header: got 'Ⅷ'; expected a header name"),
    "a header of another type": ({"forwarded_header": None}, "forwarded_header: got None; expected a header name"),
    "no key": ({"digest_key": None}, "digest_key: got NoneType; expected 32 random bytes"),
    "a short key": ({"digest_key": b"hunter2"}, "digest_key: got 7 bytes; expected 32 random bytes"),
    "a key as text": ({"digest_key": "k" * 32}, "digest_key: got str; expected 32 random bytes"),
}


@pytest.mark.parametrize(("wrong", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_keeps_the_gate_from_starting(
    host: Host, store: Store, journal: Path, wrong: dict[str, Any], words: str
) -> None:
    """One faulty setting is one fault, told with what was got and what is expected; no gate is made."""
    with pytest.raises(ConfigurationError) as caught:
        make_gate(host, store, journal, **wrong)

    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(words)
    assert "hunter2" not in str(caught.value)


def test_every_fault_is_told_at_once(host: Host, store: Store) -> None:
    """Nine faulty settings, two of them twice, are eleven faults in one message."""
    with pytest.raises(ConfigurationError) as caught:
        make_gate(
            host,
            store,
            "",
            store="mysql://x",
            identify=None,
            exempt=["/", "*"],
            portal="/",
            login_url="login",
            trusted_proxies=["a", "b"],
            forwarded_header="a b",
            digest_key=b"",
        )

    told = [fault.partition(":")[0] for fault in caught.value.faults]
    assert told == [
        "store",
        "journal",
        "identify",
        "exempt",
        "exempt",
        "portal",
        "login_url",
        "trusted_proxies",
        "trusted_proxies",
        "forwarded_header",
        "digest_key",
    ]
    assert str(caught.value).startswith("The gate does not start:\n  - store: ")


def test_a_journal_that_may_not_be_written_is_a_fault(
    host: Host, store: Store, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory where this user may not write is told at the start, not at the first request."""
    monkeypatch.setattr("os.access", lambda path, mode: False)

    with pytest.raises(ConfigurationError, match="this user may not write there"):
        make_gate(host, store, journal)


def test_the_journals_directory_is_made(host: Host, store: Store, journal: Path) -> None:
    """A journal's directory that is missing is made, closed to others."""
    make_gate(host, store, journal / "deep")

    assert (journal / "deep").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "login_url", [None, "/login", "/login?next_to=gate", "/static/login", "https://sso.example/start?app=matecost"]
)
def test_a_login_page_that_can_be_reached_is_taken(
    host: Host, store: Store, journal: Path, login_url: str | None
) -> None:
    """None, an exempt path, one below an exempt prefix and another site are fit to be sent to."""
    assert make_gate(host, store, journal, login_url=login_url).configuration.login_url == login_url


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_a_store_need_not_be_there_yet(host: Host, journal: Path, scheme: str) -> None:
    """A store that is down when the gate starts is no fault of the settings."""
    make_gate(host, Store(f"{scheme}://gate:hunter2@127.0.0.1:1/portal"), journal)


def test_what_is_shown_holds_no_secret(
    gates: Callable[..., ConsentGate], host: Host, journal: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the settings nor the gate show the store's password or the key when they are printed or logged."""
    with caplog.at_level("DEBUG"):
        gate = gates(host, Store("postgresql://gate:hunter2@127.0.0.1:1/portal"), journal)

    shown = [repr(gate), str(gate), repr(gate.configuration), f"{gate.configuration}", repr(gate.standing), caplog.text]
    for text in shown:
        assert "hunter2" not in text
        assert repr(KEY) not in text
        assert KEY.decode() not in text


def test_settings_are_kept_in_the_types_the_gate_works_with(store: Store, journal: Path) -> None:
    """Text becomes paths, networks and tuples once, at the start."""
    settings = configured(
        store=store.url,
        journal=str(journal),
        identify=signed_in,
        exempt=["/login"],
        portal="/privacy",
        login_url="/login",
        trusted_proxies=["10.0.0.0/8", "::1"],
        forwarded_header="X-Forwarded-For",
        digest_key=KEY,
    )

    assert settings.journal == journal
    assert settings.exempt == ("/login",)
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
