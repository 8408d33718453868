"""Keys lie in a store only wrapped, and open with the right key alone."""

import pytest

from portal.vault.wrapping import WrongWrappingKey, unwrap, wrap

# RFC 3394, section 4.6: 256 bits of key data with a 256-bit key
WRAPPING_KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
KEY = bytes.fromhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
WRAPPED = bytes.fromhex("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21")


def test_a_wrapped_key_is_the_one_of_the_rfc() -> None:
    """The RFC's key wrapped under the RFC's key is the RFC's answer, and opens again."""
    assert wrap(WRAPPING_KEY, KEY) == WRAPPED
    assert unwrap(WRAPPING_KEY, WRAPPED) == KEY


@pytest.mark.parametrize(
    ("wrapping_key", "wrapped"),
    [
        (KEY, WRAPPED),
        (WRAPPING_KEY, bytes([WRAPPED[0] ^ 1]) + WRAPPED[1:]),
        (WRAPPING_KEY, WRAPPED[:-8]),
        (WRAPPING_KEY, WRAPPED[:-1]),
        (WRAPPING_KEY, b""),
    ],
    ids=["another wrapping key", "changed", "cut by a block", "cut by a byte", "empty"],
)
def test_anything_else_does_not_open(wrapping_key: bytes, wrapped: bytes) -> None:
    """Under another key, or changed, nothing comes out but the refusal."""
    with pytest.raises(WrongWrappingKey):
        unwrap(wrapping_key, wrapped)
