"""Trusted headers, the server's REMOTE_USER and cookies signed for no particular framework."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from middleware import ConfigurationError, identity

Environ = Callable[..., dict[str, Any]]
KEY = "the-signing-key-of-the-sample-host"
OLD_KEY = "the-older-key-of-the-sample-host"
SALT = "member-cookie"
PROXY = "10.1.2.3"


# Trusted header


@pytest.mark.parametrize(
    ("peer", "value", "expected"),
    [
        pytest.param(PROXY, "kim", "kim", id="listed proxy"),
        pytest.param("2001:db8::5", "kim", "kim", id="listed proxy over IPv6"),
        pytest.param("::ffff:10.1.2.3", "kim", "kim", id="IPv4-mapped IPv6"),
        pytest.param("::FFFF:A01:203", "kim", "kim", id="IPv4-mapped IPv6 in hexadecimal"),
        pytest.param("192.0.2.7", "kim", None, id="unlisted peer"),
        pytest.param("::ffff:192.0.2.7", "kim", None, id="unlisted peer, mapped"),
        pytest.param("2001:db9::5", "kim", None, id="unlisted peer over IPv6"),
        pytest.param("fe80::1%eth0", "kim", None, id="scope id"),
        pytest.param("10.1.2.3%<script>", "kim", None, id="junk after the address"),
        pytest.param("010.1.2.3", "kim", None, id="leading zero"),
        pytest.param("", "kim", None, id="no peer, as over a Unix socket"),
        pytest.param("unix:", "kim", None, id="peer is no address"),
        pytest.param(b"10.1.2.3", "kim", None, id="peer is bytes"),
        pytest.param(None, "kim", None, id="peer is None"),
        pytest.param(PROXY, "", None, id="empty identity"),
        pytest.param(PROXY, None, None, id="no identity"),
        pytest.param(PROXY, "kim,lee", None, id="header sent twice"),
        pytest.param(PROXY, "kim, ", None, id="comma"),
        pytest.param(PROXY, "kim\r\n lee", None, id="folded header"),
        pytest.param(PROXY, "kim\x00", None, id="nul"),
        pytest.param(PROXY, "\xff\xfe", None, id="bytes that are not UTF-8"),
        pytest.param(PROXY, "김하늘".encode().decode("latin-1"), "김하늘", id="UTF-8"),
        pytest.param(PROXY, "k" * 256, None, id="256 characters"),
        pytest.param(PROXY, 7, None, id="not text"),
    ],
)
def test_only_a_listed_proxy_is_believed(
    an_environ: Environ, peer: object, value: object, expected: str | None
) -> None:
    """The header tells the member only when the connection comes from a listed proxy, and only one plain id."""
    identify = identity.trusted_header("X-Forwarded-User", proxies=["10.0.0.0/8", "2001:db8::/32"])
    environ = an_environ(REMOTE_ADDR=peer)
    if value is not None:
        environ["HTTP_X_FORWARDED_USER"] = value

    assert identify(environ) == expected
    assert identify(environ) == expected


@pytest.mark.parametrize(
    "name",
    [
        "HTTP_x_forwarded_user",
        "HTTP_X-FORWARDED-USER",
        "X_FORWARDED_USER",
        "HTTP_X__FORWARDED_USER",
        "HTTP_FORWARDED_USER",
    ],
)
def test_no_other_spelling_is_believed(an_environ: Environ, name: str) -> None:
    """A variable that is spelled otherwise than the server spells the header tells nothing."""
    identify = identity.trusted_header("X-Forwarded-User", proxies=["10.0.0.0/8"])

    assert identify(an_environ(REMOTE_ADDR=PROXY, **{name: "kim"})) is None


def test_a_forwarded_address_makes_no_proxy(an_environ: Environ) -> None:
    """A client that says it was forwarded from a proxy is still itself."""
    identify = identity.trusted_header("X-Forwarded-User", proxies=["10.0.0.0/8"])
    environ = an_environ(HTTP_X_FORWARDED_USER="kim", HTTP_X_FORWARDED_FOR=PROXY, HTTP_X_REAL_IP=PROXY)

    assert identify(environ) is None


def test_the_underscore_twin_is_warned_of() -> None:
    """The start-up warning names the header and its twin with underscores, which WSGI cannot tell apart."""
    warning = identity.trusted_header("X-Forwarded-User", proxies=["10.0.0.0/8"]).warning

    assert "X-Forwarded-User" in warning
    assert "X_Forwarded_User" in warning


def test_every_fault_of_a_header_is_told_at_once() -> None:
    """A wrong name and wrong networks are all named in one error."""
    with pytest.raises(ConfigurationError) as told:
        identity.trusted_header("X_User", proxies=["10.0.0.1/8", "0.0.0.0/0", "::ffff:10.0.0.0/104", "proxy.example"])

    assert len(told.value.faults) == 5


@pytest.mark.parametrize("proxies", [[], "10.0.0.0/8"], ids=["none", "text instead of a list"])
def test_a_header_needs_its_proxies(proxies: Any) -> None:
    """Without a list of proxies a trusted header is refused, for anybody could be anybody."""
    with pytest.raises(ConfigurationError, match="proxies"):
        identity.trusted_header("X-Forwarded-User", proxies=proxies)


# REMOTE_USER


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"REMOTE_USER": "kim"}, "kim", id="set by the server"),
        pytest.param({"REMOTE_USER": "CN=kim,O=gaon"}, "CN=kim,O=gaon", id="a certificate's name"),
        pytest.param({"HTTP_REMOTE_USER": "kim"}, None, id="sent by the client"),
        pytest.param({"REMOTE_USER": ""}, None, id="empty"),
        pytest.param({}, None, id="none"),
        pytest.param({"REMOTE_USER": "kim\n"}, None, id="line break"),
        pytest.param({"REMOTE_USER": "\xff"}, None, id="not UTF-8"),
        pytest.param({"REMOTE_USER": None}, None, id="null"),
    ],
)
def test_the_server_tells_the_member(an_environ: Environ, variables: dict[str, Any], expected: str | None) -> None:
    """REMOTE_USER is the member; a header of that name, which any client can send, is not."""
    assert identity.remote_user()(an_environ(**variables)) == expected


# Signed cookie


def signed(payload: object, key: str = KEY, salt: str = SALT) -> str:
    return str(URLSafeTimedSerializer(key, salt=salt).dumps(payload))


def adapter(field: str | None = None, max_age_s: int = 3600) -> Callable[[dict[str, Any]], str | None]:
    return identity.signed_cookie("member", [OLD_KEY, KEY], salt=SALT, max_age_s=max_age_s, field=field)


def test_a_signed_cookie_names_its_member(an_environ: Environ) -> None:
    """A cookie signed with the newest or an older listed key names its member, again and again."""
    identify = adapter()

    assert identify(an_environ(f"member={signed('kim')}")) == "kim"
    assert identify(an_environ(f"member={signed('kim')}")) == "kim"
    assert identify(an_environ(f"a=1; member={signed('lee', OLD_KEY)}; b=2")) == "lee"


@pytest.mark.parametrize(
    ("payload", "field", "expected"),
    [
        pytest.param({"uid": "kim"}, "uid", "kim", id="field"),
        pytest.param({"uid": 7}, "uid", "7", id="field with a number"),
        pytest.param({"other": "kim"}, "uid", None, id="field is not there"),
        pytest.param("kim", "uid", None, id="no mapping"),
        pytest.param({"uid": "kim"}, None, None, id="mapping without a field"),
        pytest.param(["kim"], None, None, id="list"),
        pytest.param(None, None, None, id="null"),
    ],
)
def test_the_payload_holds_the_member(
    an_environ: Environ, payload: object, field: str | None, expected: str | None
) -> None:
    """The member is the payload, or one field of it; anything else is nobody."""
    assert adapter(field)(an_environ(f"member={signed(payload)}")) == expected


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("member=G; member=G", id="twice"),
        pytest.param("member=G; member=other", id="good then other"),
        pytest.param("member=other; member=G", id="other then good"),
        pytest.param("a=1 member=x; member=G", id="once for a reader that splits on blanks"),
        pytest.param('a="; member=x"; member=G', id="once for a reader that knows quotes"),
        pytest.param("member =x; member=G", id="once with a space after the name"),
        pytest.param("\xa0member=x; member=G", id="once after a no-break space"),
        pytest.param("a=1,member=x; member=G", id="once for a reader that splits on commas"),
        pytest.param('member="G"', id="quoted"),
        pytest.param("Member=G", id="other case"),
        pytest.param("member=Gx", id="tampered"),
        pytest.param("member=", id="empty"),
        pytest.param("member", id="name alone"),
        pytest.param("", id="empty header"),
        pytest.param("member=\xff", id="not UTF-8"),
        pytest.param("member=" + "x" * 200_000, id="200 KB"),
        pytest.param("member=" + "=" * 200_000, id="200 KB of equals signs"),
        pytest.param("; " * 100_000, id="200 KB of separators"),
    ],
)
def test_a_cookie_that_can_be_read_two_ways_is_nobody(an_environ: Environ, header: str) -> None:
    """A header that another reader could take otherwise, or that holds no signed value, is nobody's."""
    assert adapter()(an_environ(header.replace("G", signed("kim")))) is None


@pytest.mark.parametrize("beside", ["bad name=1; ", "xmember=1; ", "member2=1; ", "a=\xff; ", "$Version=1; ", "=; "])
def test_junk_beside_a_cookie_does_not_hide_it(an_environ: Environ, beside: str) -> None:
    """A good cookie is read beside junk that only looks like it."""
    assert adapter()(an_environ(f"{beside}member={signed('kim')}")) == "kim"


def test_a_cookie_ends_with_its_age(an_environ: Environ, clock: Any) -> None:
    """A cookie is good for its age to the last second, remembered or not, and not before it was signed."""
    identify = adapter(max_age_s=60)
    environ = an_environ(f"member={signed('kim')}")

    assert identify(environ) == "kim"
    clock.now += 60
    assert identify(environ) == "kim"
    assert adapter(max_age_s=60)(environ) == "kim"
    clock.now += 1
    assert identify(environ) is None
    assert adapter(max_age_s=60)(environ) is None
    clock.now -= 62
    assert identify(environ) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(signed("kim", key="a-key-that-is-listed-nowhere"), id="unlisted key"),
        pytest.param(signed("kim", salt="password-reset"), id="other salt"),
        pytest.param(str(URLSafeSerializer(KEY, salt=SALT).dumps("kim")), id="no time"),
    ],
)
def test_what_was_signed_otherwise_is_nobody(an_environ: Environ, value: str) -> None:
    """A value signed with another key, for another purpose or without a time is nobody's."""
    assert adapter()(an_environ(f"member={value}")) is None


def test_every_fault_of_a_cookie_is_told_at_once() -> None:
    """A wrong name, short keys and an impossible age are named together, and no key is shown."""
    with pytest.raises(ConfigurationError) as told:
        identity.signed_cookie("a b", ["short"], max_age_s=0)

    assert len(told.value.faults) == 3
    assert "short" not in str(told.value)


def test_one_key_must_stand_in_a_list() -> None:
    """A single text instead of a list of keys is refused: each of its letters would be a key."""
    with pytest.raises(ConfigurationError, match="one text"):
        identity.signed_cookie("member", KEY, max_age_s=60)


def test_another_digest_is_used(an_environ: Environ) -> None:
    """A cookie signed with SHA-256 is read by an adapter that was told so, and by no other."""
    made = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    value = str(URLSafeTimedSerializer(KEY, salt=SALT, signer_kwargs=made).dumps("kim"))

    assert (
        identity.signed_cookie("member", [KEY], salt=SALT, max_age_s=60, **made)(an_environ(f"member={value}")) == "kim"
    )
    assert adapter()(an_environ(f"member={value}")) is None
