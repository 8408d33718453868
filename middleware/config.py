"""The gate's settings: read once, checked whole. Every fault is told at once, and any fault keeps the gate shut."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from .client import Network
from .errors import ConfigurationError
from .paths import Exemptions, is_canonical, rule_faults
from .standing import open_standing

DIGEST_KEY_BYTES = 32
Identify = Callable[[dict[str, Any]], str | None]


@dataclass(frozen=True)
class Configuration:
    """What the gate was told, in the types it works with. Its repr shows no store address and no key."""

    store: str
    journal: Path
    identify: Identify
    exempt: tuple[str, ...]
    portal: str
    login_url: str | None
    trusted_proxies: tuple[Network, ...]
    forwarded_header: str
    digest_key: bytes

    def __repr__(self) -> str:
        return f"Configuration(exempt={self.exempt}, portal={self.portal!r})"


def configured(
    *,
    store: str,
    journal: str | os.PathLike[str],
    identify: Identify,
    exempt: Sequence[str],
    portal: str,
    login_url: str | None,
    trusted_proxies: Sequence[str],
    forwarded_header: str,
    digest_key: bytes,
) -> Configuration:
    """Return the checked settings. Raises ConfigurationError, which names every fault."""
    faults: list[str] = []
    try:
        open_standing(store)
    except (ValueError, AttributeError, TypeError) as error:
        faults.append(f"store: {error}" if isinstance(error, ValueError) else "store: expected a URL as text")
    if isinstance(journal, (str, os.PathLike)) and os.fspath(journal):
        faults += _journal_faults(Path(journal))
    else:
        faults.append("journal: got nothing; expected a directory on a local disk")
    if not callable(identify):  # callers without a type checker reach this line
        faults.append(
            f"identify: got {type(identify).__name__}; expected a callable such as identity.flask_session(app)"
        )
    if isinstance(exempt, str):
        faults.append(f'exempt: got one text; expected a list such as ["{exempt}"]')
        exempt = ()
    faults += [f"exempt: {fault}" for fault in map(rule_faults, exempt) if fault]
    if not isinstance(portal, str) or not is_canonical(portal) or portal.endswith("/"):
        faults.append(f"portal: got {portal!r}; expected a path such as /privacy, without a slash at its end")
    faults += _login_faults(login_url, exempt)
    networks: list[Network] = []
    if isinstance(trusted_proxies, str):
        faults.append(f'trusted_proxies: got one text; expected a list such as ["{trusted_proxies}"]')
        trusted_proxies = ()
    for text in trusted_proxies:
        try:
            networks.append(ip_network(text))
        except ValueError as error:
            faults.append(f"trusted_proxies: {error}; expected a network such as 10.0.0.0/8")
    if not isinstance(forwarded_header, str) or not re.fullmatch(r"[A-Za-z0-9-]+", forwarded_header):
        faults.append(f"forwarded_header: got {forwarded_header!r}; expected a header name such as X-Forwarded-For")
    if not isinstance(digest_key, bytes) or len(digest_key) != DIGEST_KEY_BYTES:
        got = f"{len(digest_key)} bytes" if isinstance(digest_key, bytes) else type(digest_key).__name__
        faults.append(f"digest_key: got {got}; expected {DIGEST_KEY_BYTES} random bytes")
    if faults:
        raise ConfigurationError(faults)
    return Configuration(
        store, Path(journal), identify, tuple(exempt), portal, login_url, tuple(networks), forwarded_header, digest_key
    )


def _journal_faults(directory: Path) -> list[str]:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return [f"journal: {directory}: {error.strerror}; expected a directory on a local disk"]
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return [f"journal: {directory}: this user may not write there"]
    return []


def _login_faults(login_url: str | None, exempt: Sequence[str]) -> list[str]:
    if login_url is None:
        return []
    if isinstance(login_url, str) and re.fullmatch(r"https?://[!-~]+", login_url):
        return []
    path = login_url.partition("?")[0] if isinstance(login_url, str) else ""
    if not is_canonical(path) or not re.fullmatch(r"[!-~]+", login_url):
        return [f"login_url: got {login_url!r}; expected a path on this site or an http(s) address"]
    if not Exemptions(rule for rule in exempt if rule_faults(rule) is None).covers(path):
        return [f"login_url: {path} is not exempt, so nobody could ever sign in; add it to exempt"]
    return []
