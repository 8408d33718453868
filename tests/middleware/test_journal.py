"""The format of an access record: any text survives it, and what is torn is refused."""

import string
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.cookies import CookieDigests
from middleware.journal import (
    AGENT_CHARS,
    COOKIES_CHARS,
    DECISIONS,
    LINE_BYTES,
    PATH_CHARS,
    Record,
    compose,
    escaped,
    parse_line,
)

LINE = (
    b"1795402800000000\t0a1b2c3d00000001\tref-of-kim\t192.0.2.7"
    b"\tGET\t/orders\t200\tpassed\tTest/1.0\ts=ab12\t240785303\n"
)
RECORD = Record(
    at=1_795_402_800_000_000,
    request_id="0a1b2c3d00000001",
    ref="ref-of-kim",
    ip="192.0.2.7",
    method="GET",
    path="/orders",
    status=200,
    decision="passed",
    user_agent="Test/1.0",
    cookies="s=ab12",
)
any_text = st.text(st.characters())


def a_line(**facts: str) -> bytes:
    plain = {
        "request_id": "r",
        "ref": "",
        "ip": "",
        "method": "GET",
        "path": "/",
        "status": "200",
        "decision": "exempt",
        "user_agent": "",
        "cookies": "",
    }
    return compose(1, *(plain | facts).values())


def test_a_line_is_eleven_fields_and_a_newline() -> None:
    """A record is written as eleven tab-separated fields, the last one the checksum of all before it."""
    line = compose(
        1_795_402_800_000_000,
        "0a1b2c3d00000001",
        "ref-of-kim",
        "192.0.2.7",
        "GET",
        "/orders",
        "200",
        "passed",
        "Test/1.0",
        "s=ab12",
    )

    assert line == LINE
    assert parse_line(line[:-1]) == RECORD


@given(any_text, any_text, any_text, any_text)
def test_any_text_survives(method: str, path: str, agent: str, cookies: str) -> None:
    """Whatever a request holds, its record has eleven fields on one line and reads back as it was escaped."""
    facts = {
        "method": escaped(method, 32),
        "path": escaped(path, PATH_CHARS),
        "user_agent": escaped(agent, AGENT_CHARS),
        "cookies": escaped(cookies, COOKIES_CHARS),
    }

    line = a_line(**facts)

    record = parse_line(line[:-1])
    assert record is not None
    assert {name: getattr(record, name) for name in facts} == facts
    assert line.count(b"\n") == 1
    assert line.count(b"\t") == 10


@given(any_text, st.integers(1, 200))
def test_escaped_text_is_plain_and_short(text: str, limit: int) -> None:
    """Escaped text is printable ASCII within its limit, and every percent sign in it begins a whole escape."""
    plain = escaped(text, limit)

    assert len(plain) <= limit
    assert plain.isascii()
    assert not set(plain) & set("\t\n\r\x00\\\x7f")
    assert plain.isprintable()
    for tail in plain.split("%")[1:]:
        assert set(tail[:2]) <= set(string.hexdigits)
        assert len(tail) >= 2


@given(st.binary(max_size=80))
def test_bytes_of_a_path_can_be_had_back(raw: bytes) -> None:
    """A path as a server hands it over, bytes dressed as Latin-1, reads back byte for byte."""
    plain = escaped(raw.decode("latin-1"), PATH_CHARS)

    assert unquote_to_bytes(plain) == raw


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("/orders", 20, "/orders"),
        ("100%", 20, "100%25"),
        ("a\\b", 20, "a%5Cb"),
        ("a\tb\nc", 20, "a%09b%0Ac"),
        ("\xed\x95\x9c", 20, "%ED%95%9C"),
        ("한", 20, "%ED%95%9C"),
        ("\udc80", 20, "%ED%B2%80"),
        ("\x00\x7f", 20, "%00%7F"),
        ("abcdef", 3, "abc"),
        ("ab\t", 5, "ab%09"),
        ("ab\t", 4, "ab%0"[:2]),
        ("a\t\t", 5, "a%09"),
        ("", 5, ""),
    ],
    ids=repr,
)
def test_text_is_escaped_so(text: str, limit: int, expected: str) -> None:
    """Every byte that is not plain is written as a percent sign and two digits; a cut never leaves half of one."""
    assert escaped(text, limit) == expected


TORN = {
    "empty": b"",
    "NULs": bytes(100),
    "checksum alone": b"\t1",
    "cut in the checksum": LINE[:-3],
    "cut before the checksum": LINE[: LINE.rindex(b"\t")],
    "cut in the agent": LINE[:70],
    "first byte lost": LINE[1:-1],
    "one byte changed": LINE[:-1].replace(b"/orders", b"/0rders"),
    "a NUL inside": LINE[:-1].replace(b"/orders", b"/\x00rders"),
    "checksum no number": LINE[: LINE.rindex(b"\t")] + b"\tzzzzzzzz",
    "another line's checksum": a_line(path="/a").rpartition(b"\t")[0]
    + b"\t"
    + a_line(path="/b").rpartition(b"\t")[2][:-1],
    "ten fields": b"a\tb\tc\td\te\tf\tg\th\ti\t571868118",
    "bytes outside ASCII": LINE[:-1].replace(b"/orders", b"/\xff"),
}


@pytest.mark.parametrize("line", TORN.values(), ids=TORN.keys())
def test_a_torn_line_is_refused(line: bytes) -> None:
    """A line that is not whole, or not one of ours, has no record."""
    assert parse_line(line) is None


@given(st.integers(0, len(LINE) - 2))
def test_no_beginning_of_a_line_is_a_record(length: int) -> None:
    """However many bytes of a line a killed writer has left, they are not taken for a record."""
    assert parse_line(LINE[:length]) is None


@given(st.integers(0, len(LINE) - 2), st.integers(1, 255))
def test_no_changed_line_is_a_record(at: int, change: int) -> None:
    """A line with one byte changed is refused."""
    line = bytearray(LINE[:-1])
    line[at] ^= change

    assert parse_line(bytes(line)) is None


@pytest.mark.parametrize("decision", DECISIONS)
def test_the_longest_line_fits(decision: str) -> None:
    """A record with every field at its limit fits into the room that is set aside for one."""
    cookies = CookieDigests(b"k" * 32).of(";".join(f"{'%' * 64}{n}=v" for n in range(100)))
    line = compose(
        7_258_118_400_000_000,
        "f" * 8 + f"{2**48:08x}",
        "r" * 64,
        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
        escaped("\x00" * 99, 32),
        escaped("\x00" * 9999, PATH_CHARS),
        "599",
        decision,
        escaped("\x00" * 999, AGENT_CHARS),
        "c" * COOKIES_CHARS,
    )

    assert len(line) <= LINE_BYTES
    assert len(cookies) <= COOKIES_CHARS
    assert parse_line(line[:-1]) is not None
