from datetime import date

import pytest

from portal.vault.sealing import DaySeal, SealBroken

DAY = date(2026, 11, 23)
KEY = bytes(range(32))


def test_a_seal_opens_to_what_was_sealed() -> None:
    """Address, agent and cookies come back as they went in, empty ones too."""
    seal = DaySeal(DAY, KEY)

    full = seal.open("r1", seal.seal("r1", "203.0.113.7", "Mozilla/5.0", "session=ab,csrf=cd"))
    empty = seal.open("r2", seal.seal("r2", "", "", ""))

    assert full == ("203.0.113.7", "Mozilla/5.0", "session=ab,csrf=cd")
    assert empty == ("", "", "")


def test_sealed_bytes_show_nothing_and_never_repeat() -> None:
    """The same record sealed twice gives two different texts, neither of which holds the address."""
    seal = DaySeal(DAY, KEY)

    first, second = (seal.seal("r1", "203.0.113.7", "agent", "") for _ in range(2))

    assert first != second
    assert b"203.0.113.7" not in first + second
    assert len(first) == 12 + len("203.0.113.7\tagent\t") + 16


@pytest.mark.parametrize(
    ("day", "key", "request_id"),
    [
        pytest.param(date(2026, 11, 24), KEY, "r1", id="another day"),
        pytest.param(DAY, bytes(32), "r1", id="another key"),
        pytest.param(DAY, KEY, "r2", id="another record"),
    ],
)
def test_a_seal_does_not_open_elsewhere(day: date, key: bytes, request_id: str) -> None:
    """What was sealed for one record of one day opens for no other, and the error names the record only."""
    sealed = DaySeal(DAY, KEY).seal("r1", "203.0.113.7", "agent", "")

    with pytest.raises(SealBroken) as broken:
        DaySeal(day, key).open(request_id, sealed)

    assert broken.value.request_id == request_id
    assert "203" not in str(broken.value)


@pytest.mark.parametrize("sealed", [b"", b"x" * 11, b"x" * 40], ids=["nothing", "less than a nonce", "noise"])
def test_bytes_that_are_no_seal_are_refused(sealed: bytes) -> None:
    """Damaged bytes are a broken seal and no other error."""
    with pytest.raises(SealBroken):
        DaySeal(DAY, KEY).open("r1", sealed)


def test_a_changed_byte_breaks_the_seal() -> None:
    """One flipped bit anywhere is noticed."""
    seal = DaySeal(DAY, KEY)
    sealed = bytearray(seal.seal("r1", "203.0.113.7", "agent", ""))
    sealed[-1] ^= 1

    with pytest.raises(SealBroken):
        seal.open("r1", bytes(sealed))


def test_an_address_is_found_by_its_index_on_its_day_only() -> None:
    """Equal addresses have equal indexes under one key, and others under the next day's."""
    today, tomorrow = DaySeal(DAY, KEY), DaySeal(date(2026, 11, 24), bytes(32))

    index = today.index_ip("203.0.113.7")

    assert index == DaySeal(DAY, KEY).index_ip("203.0.113.7")
    assert index is not None
    assert len(index) == 16
    assert index != today.index_ip("203.0.113.8")
    assert index != tomorrow.index_ip("203.0.113.7")


def test_no_address_has_no_index() -> None:
    """A record without an address cannot be found by the empty one."""
    assert DaySeal(DAY, KEY).index_ip("") is None


def test_a_short_key_is_refused() -> None:
    """A day key is 32 bytes; the error says how many were given, and shows none of them."""
    with pytest.raises(ValueError, match="a day key of 31 bytes; it must be 32"):
        DaySeal(DAY, b"\x41" * 31)


def test_a_seal_shows_its_day_and_not_its_key() -> None:
    """The text of a seal can be logged."""
    assert repr(DaySeal(DAY, b"K" * 32)) == "<DaySeal 2026-11-23>"
