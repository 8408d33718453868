"""Whose address a request comes from. A forwarded header is believed only from a listed proxy, hop by hop."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from .kept import Kept

Network = IPv4Network | IPv6Network
HEADER_CHARS = 2048
KEPT_CHARS = 256  # a longer header is read each time, so that memory stays bounded


def plain_address(text: str) -> str:
    """Return an address in its shortest form, an IPv4-mapped one as IPv4; "" for anything that is not an address.

    A port is taken off. A scope id is refused: `ipaddress` accepts any text there.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    if not text or "%" in text:
        return ""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


class ClientAddress:
    """Tell the client's address: the peer's, or the right-most hop that is no trusted proxy of ours."""

    def __init__(self, proxies: Sequence[Network] = (), header: str = "X-Forwarded-For") -> None:
        self._proxies = tuple(proxies)
        self._key = "HTTP_" + header.upper().replace("-", "_")
        self._plain: Kept[str, str] = Kept(4096)
        # What the gate may ask without a call: the peers that need no further look. With proxies that is nobody.
        self.direct: Kept[str, str] = Kept(1) if proxies else self._plain
        self._forwarded: Kept[tuple[str, str], str] = Kept(4096)  # by the peer's address and what it forwards

    def of(self, environ: Mapping[str, object]) -> str:
        """Return the client's address, or "" where none can be told."""
        address = str(environ.get("REMOTE_ADDR") or "")
        if not self._proxies:
            return self._known(address)
        said = address, str(environ.get(self._key) or "")
        client = self._forwarded.young.get(said) or self._forwarded.get(said)
        if client is None:
            client = self._behind(*said)
            if len(said[1]) <= KEPT_CHARS:
                self._forwarded.put(said, client)
        return client

    def _behind(self, address: str, forwarded: str) -> str:
        client = self._known(address)
        if not self._is_proxy(client):
            return client
        for hop in reversed(forwarded[-HEADER_CHARS:].split(",")):
            address = self._known(hop)
            if not address:  # what an unreadable hop forwarded is nobody's word
                return client
            client = address
            if not self._is_proxy(address):
                return client
        return client

    def _known(self, text: str) -> str:
        plain = self._plain.get(text)
        if plain is None:
            plain = plain_address(text)
            self._plain.put(text, plain)
        return plain

    def _is_proxy(self, plain: str) -> bool:
        if not plain:
            return False
        address = ip_address(plain)
        return any(address in network for network in self._proxies if network.version == address.version)
