"""Identity told by a proxy in a header, believed only from the proxies that are listed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from ..client import plain_address
from ..errors import ConfigurationError
from ..kept import Kept
from .member import header_text, member_id

_HEADER_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


def trusted_header(name: str, *, proxies: Sequence[str]) -> TrustedHeader:
    """Return an adapter that reads the member id from the header `name`, e.g. "X-Forwarded-User".

    `proxies` are the networks ("10.0.0.0/8", "2001:db8::/32") the request must come from; the address asked is
    the peer of the connection, never a forwarded one. Over a Unix socket there is no such address, so nobody is
    believed. Raises ConfigurationError with every fault. Read `.warning` before going live.
    """
    return TrustedHeader(name, proxies)


class TrustedHeader:
    """The adapter made by `trusted_header`."""

    def __init__(self, name: str, proxies: Sequence[str]) -> None:
        faults = []
        if not _HEADER_NAME.fullmatch(name):
            faults.append(
                f"trusted_header: name is {name!r}; expected letters, digits and single hyphens, "
                "as in X-Forwarded-User."
            )
        if isinstance(proxies, str) or not proxies:
            faults.append(
                f"trusted_header: proxies is {proxies!r}; expected a list of at least one network, as in "
                '["10.0.0.0/8"]. Without it anybody could be anybody.'
            )
            proxies = ()
        networks: list[IPv4Network | IPv6Network] = []
        for text in proxies:
            try:
                network = ip_network(text)
            except ValueError as why:
                faults.append(f"trusted_header: proxies has {text!r}; expected a network: {why}.")
                continue
            if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
                faults.append(f"trusted_header: proxies has {text!r}; write the IPv4 network it stands for.")
            if network.prefixlen == 0:
                faults.append(f"trusted_header: proxies has {text!r}, which is everybody; name the proxies.")
            networks.append(network)
        if faults:
            raise ConfigurationError(faults)
        self.name = name
        self._key = "HTTP_" + name.upper().replace("-", "_")
        self._networks = tuple(networks)
        self._judged: Kept[str, bool] = Kept(1024)

    @property
    def warning(self) -> str:
        """What the operator must see to, in words for the start-up check."""
        twin = self.name.replace("-", "_")
        return (
            f"Identity comes from the header {self.name}. The proxy must remove it from every request it receives, "
            f"also when spelled {twin} or in lower case, before it sets its own: WSGI cannot tell the spellings "
            "apart. Use a server that drops header names with underscores (gunicorn, waitress), and let nothing "
            "but the proxy reach it."
        )

    def __call__(self, environ: Mapping[str, Any]) -> str | None:
        """Return the member id the proxy tells, or None."""
        value = environ.get(self._key)
        if not value or not self._is_proxy(environ.get("REMOTE_ADDR")):
            return None
        text = header_text(value)
        # Servers join a header sent twice with a comma: two people are nobody.
        if text is None or "," in text:
            return None
        return member_id(text)

    def _is_proxy(self, peer: object) -> bool:
        if not isinstance(peer, str) or not peer:
            return False
        judged = self._judged.get(peer)
        if judged is None:
            plain = plain_address(peer)
            judged = bool(plain) and any(ip_address(plain) in network for network in self._networks)
            self._judged.put(peer, judged)
        return judged
