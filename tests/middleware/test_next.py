"""Where a visitor may be sent: `safe_next`, on every trick that has led a visitor off a site before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.paths import Exemptions, is_below, rule_faults, safe_next

ELSEWHERE = {
    "nothing": None,
    "empty": "",
    "another site": "https://evil.example/",
    "another site without a scheme": "//evil.example/",
    "three slashes": "///evil.example",
    "backslash second": "/\\evil.example",
    "backslash later": "/a\\..\\b",
    "backslash encoded": "/%5cevil.example",
    "backslash encoded, upper case": "/%5Cevil.example",
    "slash encoded": "/%2fevil.example",
    "slash encoded, upper case": "/%2Fevil.example",
    "slashes later": "/a//evil.example",
    "space first": " /orders",
    "space in the path": "/or ders",
    "tab after the slash": "/\t/evil.example",
    "newline after the slash": "/\n/evil.example",
    "newline in the middle": "/orders\r\nSet-Cookie: a=b",
    "newline encoded": "/orders%0d%0aSet-Cookie:a=b",
    "tab encoded": "/%09/evil.example",
    "NUL": "/orders\x00",
    "NUL encoded": "/orders%00",
    "delete": "/orders\x7f",
    "delete encoded": "/orders%7F",
    "dot segment": "/../evil",
    "dot segment later": "/a/../b",
    "dot segment at the end": "/a/..",
    "single dot": "/./evil",
    "single dot at the end": "/.",
    "second hop": "/.//evil.example",
    "second hop, two dots": "/a/..//evil.example",
    "dot segment encoded": "/%2e%2e/evil",
    "dot segment half encoded": "/.%2E/evil",
    "percent encoded": "/%252fevil.example",
    "broken escape": "/%zz",
    "broken escape at the end": "/orders%",
    "broken escape in the query": "/orders?a=%2",
    "fragment": "/orders#//evil.example",
    "matrix parameter": "/;/evil.example",
    "matrix parameter on dots": "/..;/evil",
    "relative": "orders",
    "only a query": "?next=/orders",
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,x",
    "full-width slashes": "\uff0f\uff0fevil.example",
    "too long": "/" + "a" * 2048,
    "lone surrogate": "/\udc80",
}
HERE = {
    "the root": ("/", "/"),
    "a path": ("/orders", "/orders"),
    "a path with a slash": ("/orders/", "/orders/"),
    "a query": ("/orders?month=11&sort=cost", "/orders?month=11&sort=cost"),
    "an address in the query": ("/orders?back=//evil.example/../x", "/orders?back=//evil.example/../x"),
    "an encoded query": ("/orders?q=%2F%2e", "/orders?q=%2F%2e"),
    "a space, encoded": ("/my%20orders", "/my%20orders"),
    "Korean": ("/주문", "/%EC%A3%BC%EB%AC%B8"),
    "Korean, encoded": ("/%EC%A3%BC", "/%EC%A3%BC"),
    "a full-width slash second": ("/\uff0fevil.example", "/%EF%BC%8Fevil.example"),
    "a line separator": ("/\u2028", "/%E2%80%A8"),
    "markup": ('/"><script>', "/%22%3E%3Cscript%3E"),
    "an at sign": ("/@evil.example", "/@evil.example"),
    "a colon": ("/http://evil.example".replace("//", "/"), "/http:/evil.example"),
    "the longest": ("/" + "a" * 2047, "/" + "a" * 2047),
}


@pytest.mark.parametrize("value", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_what_could_be_read_as_another_place_becomes_the_root(value: str | None) -> None:
    """An address that some browser, proxy or router reads as another place is not followed."""
    assert safe_next(value) == "/"


@pytest.mark.parametrize(("value", "expected"), HERE.values(), ids=HERE.keys())
def test_a_place_on_this_site_is_kept(value: str, expected: str) -> None:
    """A path on this site comes out as it went in; only characters outside ASCII are quoted."""
    assert safe_next(value) == expected


@given(st.text())
def test_whatever_comes_in_a_plain_path_comes_out(text: str) -> None:
    """No text whatever makes a target that leaves the site or breaks a header."""
    for value in (text, "/" + text, "//" + text, "/\\" + text):
        target = safe_next(value)
        assert target.startswith("/")
        assert not target.startswith(("//", "/\\"))
        assert target.isascii()
        assert target.isprintable()
        assert safe_next(target) == target


@given(st.text(alphabet="/.%25eEfF;\\ab?#\n", max_size=12))
def test_no_mixture_of_tricks_is_exempt(tail: str) -> None:
    """What is exempt below a prefix holds no dot segment, no empty segment and nothing encoded."""
    if Exemptions(["/static/"]).covers("/static/" + tail):
        assert not set(tail) & set("%;\\?#\n")
        assert not {"..", "."} & set(tail.split("/"))
        assert "//" not in "/" + tail


def test_an_empty_rule_covers_nothing() -> None:
    """Without rules nothing is exempt, not even the empty path."""
    assert not Exemptions([]).covers("")
    assert not Exemptions([]).covers("/")


@pytest.mark.parametrize(
    "rule", ["", "static/", "/a/../b", "//", "/%61", "/a;b", "/ㅎ", "/a b", "/a\n", "*", "/**"[:0]]
)
def test_a_rule_that_is_not_canonical_is_refused(rule: str) -> None:
    """A rule must be written in the one canonical form, else it could never match or match too much."""
    assert rule_faults(rule) is not None


def test_the_rule_for_everything_is_refused() -> None:
    """The rule "/" would open the gate, and says so."""
    assert "would exempt every path" in str(rule_faults("/"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/privacy", True), ("/privacy/", True), ("/privacy/me", True), ("/privac", False), ("/privacyx", False)],
)
def test_below_means_at_a_border(path: str, expected: bool) -> None:
    """A path lies below a mount only where a segment ends."""
    assert is_below(path, "/privacy") is expected
