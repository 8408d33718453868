"""The settings of the portal: read once from the environment, checked whole, frozen.

Every fault is told at once, and the portal does not start on any. What is secret is not here: it lies in files that
`portal.vault.secrets` opens. A store URL may hold a password, so no text of a Settings shows one.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from middleware.paths import is_canonical, rule_faults

from .errors import ConfigurationError

__all__ = ["ConfigurationError", "Settings", "env_name", "shown_url"]

STORES = ("main_store", "keys_store", "access_store", "separated_store")
URLS = (*STORES, "host_store", "smtp_url")  # what may hold a password
IDENTITIES = ("flask_session", "trusted_header", "remote_user", "django_session")
# What is known of the sample host. Of any other nothing is guessed.
SAMPLE: dict[str, Any] = {
    "exempt": ("/login", "/logout", "/healthz", "/static/"),
    "login_url": "/login",
    "logout_url": "/logout",
    "host_map": Path(__file__).parent / "demo" / "host_map.toml",
}
SAMPLE_STORE = "sample-matecost.db"
LANGUAGES = ("ko", "en")
_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*\Z")
_IDENTITY = re.compile(r"(?:flask_session|django_session|trusted_header)(?::[A-Za-z0-9_-]+)?\Z|remote_user\Z")
_HEADER = re.compile(r"[A-Za-z0-9-]+\Z")
_FOR_TESTS = "PORTAL_TEST_"  # names that only the tests read


def env_name(field: str) -> str:
    """Return the environment variable that gives a field of Settings."""
    return "MATECOST_APP" if field == "host_app" else f"PORTAL_{field.upper()}"


def shown_url(url: str) -> str:
    """Return a store URL as it may be shown: without its password."""
    return make_url(url).render_as_string(hide_password=True)


@dataclass(frozen=True, repr=False)
class Settings:
    """What an operator decides. Paths are absolute, durations in seconds, URLs SQLAlchemy's."""

    instance: Path
    main_store: str
    keys_store: str
    access_store: str  # on SQLite the URL names a directory: one file per Seoul day
    separated_store: str  # what is kept after a person has left
    journal: Path
    host_app: str | None = None  # module:callable; None: the sample host
    identity: str = "flask_session"  # a name in IDENTITIES, perhaps with ":key", or module:callable
    exempt: tuple[str, ...] = ()
    login_url: str | None = None
    logout_url: str | None = None  # asked with POST
    trusted_proxies: tuple[str, ...] = ()
    forwarded_header: str = "X-Forwarded-For"
    public_url: str = "http://127.0.0.1:8000"
    tls: bool = False
    drain: Literal["thread", "off"] = "thread"
    drain_interval_s: float = 1.0
    jobs: Literal["thread", "off"] = "thread"
    language: Literal["ko", "en"] = "ko"
    host_map: Path | None = None  # which of the host's tables hold people
    host_store: str = ""  # the database that they are in
    connected: Path | None = None  # which other systems hold data of the same people
    smtp_url: str = ""  # may hold a password; empty: letters become files
    mail_from: str = "privacy@localhost"
    objection_days: int = 3  # how long a member may object to being reported as having left
    two_approvals_above: int = 10  # people in one report; above it two of the staff approve

    @property
    def secrets_dir(self) -> Path:
        """The folder of the secret files."""
        return self.instance / "secrets"

    @property
    def letters_dir(self) -> Path:
        """The folder in which letters are laid where there is no SMTP server."""
        return self.instance / "mail"

    def __repr__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        shown = (f"{name}={shown_url(value) if name in URLS and value else value!r}" for name, value in values)
        return f"Settings({', '.join(shown)})"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings that `environ` gives; an empty value is no value. Raises ConfigurationError with every
        fault: values that cannot be read, values that contradict each other, and PORTAL_ names that nothing reads."""
        return _Reading(environ).settings()


class _Reading:
    """One reading of an environment, which gathers faults instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[str] = []

    def settings(self) -> Settings:
        instance = self._path("instance", Path("instance"))
        stores = {
            "main_store": self._store("main_store", instance / "portal.db"),
            "keys_store": self._store("keys_store", instance / "keys.db"),
            "access_store": self._store("access_store", instance / "access"),
            "separated_store": self._store("separated_store", instance / "separated.db"),
        }
        public_url = self._read("public_url", _public_url, "http://127.0.0.1:8000")
        host_app = self._read("host_app", _callable, None)
        sample = SAMPLE if host_app is None else {}
        on_sqlite = stores["access_store"].startswith("sqlite")
        settings = Settings(
            instance=instance,
            **stores,
            journal=self._path("journal", instance / "journal"),
            host_app=host_app,
            identity=self._read("identity", _identity, "flask_session"),
            exempt=self._list("exempt", _exemption, sample.get("exempt", ())),
            login_url=self._read("login_url", _place, sample.get("login_url")),
            logout_url=self._read("logout_url", _place, sample.get("logout_url")),
            trusted_proxies=self._list("trusted_proxies", _network, ()),
            forwarded_header=self._read("forwarded_header", _header, "X-Forwarded-For"),
            public_url=public_url,
            tls=self._read("tls", _on_or_off, public_url.startswith("https:")),
            drain=self._read("drain", _one_of("thread", "off"), "thread" if on_sqlite else "off"),
            drain_interval_s=self._read("drain_interval_s", _seconds, 1.0),
            jobs=self._read("jobs", _one_of("thread", "off"), "thread" if on_sqlite else "off"),
            language=self._read("language", _one_of(*LANGUAGES), "ko"),
            host_map=self._read("host_map", _plain_path, sample.get("host_map")),
            host_store=self._read(
                "host_store", _store_url, "" if host_app else f"sqlite:///{instance.absolute() / SAMPLE_STORE}"
            ),
            connected=self._read("connected", _plain_path, None),
            smtp_url=self._read("smtp_url", _smtp_url, ""),
            mail_from=self._read("mail_from", _address, "privacy@localhost"),
            objection_days=self._read("objection_days", _whole(1, 4, "days"), 3),
            two_approvals_above=self._read("two_approvals_above", _whole(1, 100_000, "people"), 10),
        )
        self._contradictions(settings)
        known = {env_name(field.name) for field in fields(Settings)}
        for name in sorted(self._environ):
            if name.startswith("PORTAL_") and not name.startswith(_FOR_TESTS) and name not in known:
                self._faults.append(f"{name}: no such setting; the settings are in docs/configuration.md")
        if self._faults:
            raise ConfigurationError(self._faults)
        return settings

    def _read(self, field: str, judge: Callable[[str], Any], default: Any) -> Any:
        text = self._environ.get(env_name(field), "").strip()
        if not text:
            return default
        try:
            return judge(text)
        except ValueError as error:
            self._faults.append(f"{env_name(field)}: {error}")
            return default

    def _list(self, field: str, judge: Callable[[str], str], default: tuple[str, ...]) -> tuple[str, ...]:
        text = self._environ.get(env_name(field), "").strip()
        if not text:
            return default
        values = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            try:
                values.append(judge(part))
            except ValueError as error:
                self._faults.append(f"{env_name(field)}: {error}")
        return tuple(values)

    def _path(self, field: str, default: Path) -> Path:
        path: Path = self._read(field, _plain_path, default)
        return path.absolute()

    def _store(self, field: str, default: Path) -> str:
        url: str = self._read(field, _store_url, f"sqlite:///{default}")
        return url

    def _contradictions(self, settings: Settings) -> None:
        for store in ("main_store", "access_store", "separated_store"):
            if settings.keys_store == getattr(settings, store):
                self._faults.append(
                    f"PORTAL_KEYS_STORE: got the same store as {env_name(store)}; keys must not lie, or be backed up, "
                    "with what they open"
                )
        if settings.separated_store in (settings.main_store, settings.access_store):
            self._faults.append(
                "PORTAL_SEPARATED_STORE: got a store of other things; expected one for what is kept after leaving"
            )
        if settings.host_map and not settings.host_store:
            self._faults.append("PORTAL_HOST_STORE: got none, but PORTAL_HOST_MAP names tables in it")
        if settings.main_store == settings.access_store and settings.main_store.startswith("sqlite"):
            self._faults.append("PORTAL_ACCESS_STORE: got the file of PORTAL_MAIN_STORE; expected a folder of its own")
        if settings.tls != settings.public_url.startswith("https:"):
            self._faults.append(
                f"PORTAL_TLS: got {'on' if settings.tls else 'off'}, but PORTAL_PUBLIC_URL is {settings.public_url}"
            )


def _store_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        # The text is not repeated: it may hold a password.
        raise ValueError("cannot be read as a URL; expected sqlite:///path or postgresql://user@host/name") from None
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        if not url.database:
            raise ValueError("names no database; expected postgresql://user@host/name")
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername != "sqlite":
        raise ValueError(f"got {url.drivername}; expected sqlite:///path or postgresql://user@host/name")
    if not url.database or url.database == ":memory:" or url.query:
        raise ValueError("expected sqlite:///path, a path on disk and nothing after it")
    return f"sqlite:///{_plain_path(url.database).absolute()}"


def _smtp_url(text: str) -> str:
    try:
        url = urlsplit(text)
        port = url.port or 1
    except ValueError:
        port = 0
    # The text is not repeated: it may hold a password.
    if not port or url.scheme not in ("smtp", "smtps") or not url.hostname or url.path.strip("/") or url.query:
        raise ValueError("cannot be read; expected smtp://host:port or smtps://user:password@host")
    return text.rstrip("/")


def _address(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", text):
        raise ValueError(f"got {text!r}; expected an address such as privacy@company.example")
    return text


def _plain_path(text: str) -> Path:
    """Return a path. A % or ? would be read in two ways where it becomes a URL: by SQLAlchemy and by the gate."""
    if "%" in text or "?" in text:
        raise ValueError(f"got {text!r}; expected a path without % or ?")
    return Path(text)


def _callable(text: str) -> str:
    if not _CALLABLE.match(text):
        raise ValueError(f"got {text!r}; expected package.module:callable")
    return text


def _identity(text: str) -> str:
    is_ours = text.partition(":")[0] in IDENTITIES
    if not (_IDENTITY if is_ours else _CALLABLE).match(text):
        raise ValueError(f"got {text!r}; expected one of {', '.join(IDENTITIES)}, or package.module:callable")
    return text


def _exemption(text: str) -> str:
    fault = rule_faults(text)
    if fault:
        raise ValueError(fault)
    return text


def _place(text: str) -> str:
    if urlsplit(text).scheme in ("http", "https") and urlsplit(text).hostname:
        return text
    if not is_canonical(text.partition("?")[0]):
        raise ValueError(f"got {text!r}; expected a path such as /login, or an http(s) URL")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f"got {text!r}; expected an address or a network such as 10.0.0.0/8") from None


def _header(text: str) -> str:
    if not _HEADER.match(text):
        raise ValueError(f"got {text!r}; expected the name of a header, in letters, digits and hyphens")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"got {text!r}; expected http(s)://host with no path")
    return f"{parts.scheme}://{parts.netloc}"


def _on_or_off(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 3600:
        raise ValueError(f"got {text!r}; expected seconds between 0.01 and 3600")
    return seconds


def _whole(least: int, most: int, unit: str) -> Callable[[str], int]:
    def judge(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(f"got {text!r}; expected a whole number of {unit} between {least} and {most}")
        return int(text)

    return judge


def _one_of(*words: str) -> Callable[[str], str]:
    def judge(text: str) -> str:
        if text not in words:
            raise ValueError(f"got {text!r}; expected {' or '.join(words)}")
        return text

    return judge
