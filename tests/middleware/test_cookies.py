"""The cookies of an access record: names and keyed digests, in linear time, whatever the header holds."""

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.cookies import CookieDigests
from middleware.journal import COOKIES_CHARS, escaped

KEY = b"k" * 32


def digest(name: str, value: str, key: bytes = KEY) -> str:
    return blake2b(f"{name}\0{value}".encode(), key=key, digest_size=12).hexdigest()


CASES = {
    "one": ("session=abc", [("session", "session", "abc")]),
    "two": ("a=1; b=2", [("a", "a", "1"), ("b", "b", "2")]),
    "without spaces": ("a=1;b=2", [("a", "a", "1"), ("b", "b", "2")]),
    "the same name twice": ("a=1; a=2", [("a", "a", "1"), ("a", "a", "2")]),
    "an equals sign in the value": ("a=b=c", [("a", "a", "b=c")]),
    "quotes stay": ('a="1"', [("a", "a", '"1"')]),
    "a comma in the name": ("a,b=1", [("a%2Cb", "a,b", "1")]),
    "an odd name": ("a\tb%=1", [("a%09b%25", "a\tb%", "1")]),
}


@pytest.mark.parametrize(("header", "expected"), CASES.values(), ids=CASES.keys())
def test_a_cookie_is_its_name_and_a_digest(header: str, expected: list[tuple[str, str, str]]) -> None:
    """Each cookie becomes its escaped name and a keyed digest of name and value, in the order of the header."""
    pairs = ",".join(f"{shown}={digest(name, value)}" for shown, name, value in expected)

    assert CookieDigests(KEY).of(header) == pairs


def test_no_cookie_is_nothing() -> None:
    """A request without cookies records none."""
    assert CookieDigests(KEY).of("") == ""


def test_a_digest_depends_on_the_key_and_on_the_name() -> None:
    """Equal values under two keys, or in two cookies, cannot be told to be equal."""
    ours, theirs = CookieDigests(KEY).of("a=1; b=1"), CookieDigests(b"x" * 32).of("a=1; b=1")

    assert len({pair.partition("=")[2] for pair in f"{ours},{theirs}".split(",")}) == 4


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_no_value_is_ever_recorded(header: str) -> None:
    """Whatever the header holds, what is recorded is printable ASCII of bounded length, every value a digest."""
    plain = CookieDigests(KEY).of(header)

    assert len(plain) <= COOKIES_CHARS
    assert plain.isascii()
    assert plain.isprintable()
    for pair in filter(None, plain.split(",")):
        assert len(pair.rpartition("=")[2]) == 24


@pytest.mark.parametrize("text", ["\udc80", "한", "\x00", "a" * 100_000, ";" * 100_000, "=" * 100_000, "a=1;" * 50_000])
def test_an_extreme_header_is_bounded(text: str) -> None:
    """A header that is endless, broken or full of separators makes a short record."""
    assert len(CookieDigests(KEY).of(text)) <= COOKIES_CHARS


def test_a_name_is_cut() -> None:
    """A name is recorded up to 64 characters; its digest is that of the whole."""
    plain = CookieDigests(KEY).of("n" * 500 + "=v")

    assert plain == escaped("n" * 64, 64) + "=" + digest("n" * 500, "v")
