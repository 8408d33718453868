"""Whose address a request comes from: a forwarded header is believed hop by hop, and only from listed proxies."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.client import ClientAddress, plain_address

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:f::/48")]

PLAIN = {
    "IPv4": ("192.0.2.7", "192.0.2.7"),
    "white space": (" 192.0.2.7\t", "192.0.2.7"),
    "IPv4 with a port": ("192.0.2.7:8443", "192.0.2.7"),
    "IPv6": ("2001:db8::1", "2001:db8::1"),
    "IPv6 written long": ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
    "IPv6 in brackets": ("[2001:db8::1]", "2001:db8::1"),
    "IPv6 in brackets with a port": ("[2001:db8::1]:8443", "2001:db8::1"),
    "IPv4-mapped": ("::ffff:192.0.2.7", "192.0.2.7"),
    "IPv4-mapped in hexadecimal": ("::ffff:c000:207", "192.0.2.7"),
    "IPv4-mapped in brackets with a port": ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
    "empty": ("", ""),
    "white space alone": ("  ", ""),
    "a name": ("localhost", ""),
    "unknown": ("unknown", ""),
    "an obfuscated hop": ("_hidden", ""),
    "a unix socket": ("unix:", ""),
    "a scope id": ("fe80::1%eth0", ""),
    "a scope id that is markup": ("2001:db8::1%<script>", ""),
    "a scope id in brackets": ("[fe80::1%eth0]:80", ""),
    "leading zeros": ("192.000.002.007", ""),
    "three numbers": ("192.0.2", ""),
    "a number": ("3221225991", ""),
    "hexadecimal": ("0xc0000207", ""),
    "a number too large": ("192.0.2.256", ""),
    "a network": ("192.0.2.0/24", ""),
    "full-width digits": ("１９２.0.2.7", ""),
    "a newline inside": ("192.0.2.7\nX: y", ""),
    "empty brackets": ("[]", ""),
    "only a port": (":80", ""),
    "markup": ("<script>", ""),
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.values(), ids=PLAIN.keys())
def test_an_address_is_written_in_one_way(text: str, expected: str) -> None:
    """An address comes out in its shortest form, without its port; what is no address comes out empty."""
    assert plain_address(text) == expected


@given(st.text())
def test_no_text_becomes_anything_but_an_address(text: str) -> None:
    """Whatever stands in a header, what is recorded is short and holds the characters of an address only."""
    plain = plain_address(text)

    assert set(plain) <= set("0123456789abcdef.:")
    assert len(plain) <= 39


HOPS = {
    "no header": ("10.0.0.1", None, "10.0.0.1"),
    "an empty header": ("10.0.0.1", "", "10.0.0.1"),
    "one hop": ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
    "the right-most of two": ("10.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"),
    "the right-most that is no proxy": ("10.0.0.1", "198.51.100.1, 192.0.2.7, 10.9.9.9", "192.0.2.7"),
    "all are proxies": ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    "a peer that is no proxy": ("203.0.113.9", "192.0.2.7", "203.0.113.9"),
    "an IPv4-mapped proxy": ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
    "an IPv4-mapped hop that is a proxy": ("10.0.0.1", "192.0.2.7, ::ffff:10.0.0.2", "192.0.2.7"),
    "an IPv4-mapped client": ("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
    "an IPv6 proxy": ("2001:db8:f::1", "2001:db8::7", "2001:db8::7"),
    "ports": ("10.0.0.1", "192.0.2.7:5000, 10.0.0.2:80", "192.0.2.7"),
    "brackets": ("10.0.0.1", "[2001:db8::7]:5000", "2001:db8::7"),
    "garbage on the right": ("10.0.0.1", "192.0.2.7, garbage", "10.0.0.1"),
    "garbage behind a proxy": ("10.0.0.1", "192.0.2.7, garbage, 10.0.0.2", "10.0.0.2"),
    "garbage on the left of the client": ("10.0.0.1", "garbage, 192.0.2.7", "192.0.2.7"),
    "a scope id": ("10.0.0.1", "192.0.2.7, fe80::1%eth0", "10.0.0.1"),
    "commas only": ("10.0.0.1", ",,,", "10.0.0.1"),
    "a comma at the end": ("10.0.0.1", "192.0.2.7,", "10.0.0.1"),
    "a unix socket as peer": ("", "192.0.2.7", ""),
    "no peer": (None, "192.0.2.7", ""),
    "a very long header": ("10.0.0.1", "198.51.100.1," * 9999 + "192.0.2.7", "192.0.2.7"),
}


@pytest.mark.parametrize(("peer", "header", "expected"), HOPS.values(), ids=HOPS.keys())
def test_the_client_is_the_right_most_hop_that_is_no_proxy_of_ours(
    peer: str | None, header: str | None, expected: str
) -> None:
    """Hops are believed from the right, as far as listed proxies vouch for them, and no further than they can be
    read."""
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": header}

    assert ClientAddress(PROXIES).of(environ) == expected


@pytest.mark.parametrize("peer", ["192.0.2.7", "127.0.0.1", "10.0.0.1", "::1"])
def test_by_default_nobody_is_believed(peer: str) -> None:
    """Without listed proxies the peer is the client, whatever any header says."""
    headers = ("X_FORWARDED_FOR", "X_REAL_IP", "FORWARDED", "CLIENT_IP", "TRUE_CLIENT_IP", "CF_CONNECTING_IP")
    environ = {f"HTTP_{name}": "198.51.100.1" for name in headers}

    assert ClientAddress().of(environ | {"REMOTE_ADDR": peer}) == peer


def test_only_the_named_header_is_believed() -> None:
    """A proxy that writes another header is believed in that one alone."""
    client = ClientAddress(PROXIES, "X-Real-IP")

    assert client.of(
        {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_REAL_IP": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}
    ) == ("192.0.2.7")
