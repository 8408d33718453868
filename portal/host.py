"""The application behind the gate: the one that MATECOST_APP names, or the sample, and how it knows its members."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from importlib import import_module
from typing import Any

from middleware import identity
from portal.settings import ConfigurationError, Settings
from portal.vault.secrets import Secrets

Identify = Callable[[dict[str, Any]], str | None]


def named(setting: str, target: str) -> Any:
    """Return the object that "package.module:name" names. Raises ConfigurationError, in an operator's words."""
    module, _, name = target.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            [f"{setting}: {target!r} cannot be imported ({error}); expected package.module:name"]
        ) from error


def load_host(settings: Settings, secrets: Secrets) -> Any:
    """Return the WSGI application to be wrapped; without MATECOST_APP, the sample."""
    if settings.host_app is None:
        from portal.demo.matecost import create_matecost

        own_key = blake2b(b"the sample host's sessions", key=secrets.session_key).digest()
        return create_matecost(settings.instance, own_key)
    return named("MATECOST_APP", settings.host_app)


def identify_by(how: str, host: Any, trusted_proxies: Sequence[str]) -> Identify:
    """Return the reader that PORTAL_IDENTITY asks for: "flask_session", "django_session", "remote_user",
    "trusted_header:X-User", each with an optional ":key", or "package.module:callable"."""
    kind, _, detail = how.partition(":")
    if kind == "flask_session":
        return identity.flask_session(host, *([detail] if detail else []))
    if kind == "django_session":
        return identity.django_session(*([detail] if detail else []))
    if kind == "remote_user":
        return identity.remote_user()
    if kind == "trusted_header":
        return identity.trusted_header(detail or "X-Forwarded-User", proxies=list(trusted_proxies))
    reader: Identify = named("PORTAL_IDENTITY", how)
    return reader
