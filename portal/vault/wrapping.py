"""Keys under a key: AES key wrap, RFC 3394. A wrapped key may lie in a store; the wrapping key never does."""

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap


class WrongWrappingKey(Exception):
    """A wrapped key does not open: it was wrapped under another key, or its bytes were changed."""


def wrap(wrapping_key: bytes, key: bytes) -> bytes:
    """Return `key` (32 bytes) wrapped under `wrapping_key` (32 bytes): 40 bytes, the same for the same pair."""
    return aes_key_wrap(wrapping_key, key)


def unwrap(wrapping_key: bytes, wrapped: bytes) -> bytes:
    """Return the key that was wrapped. Raises WrongWrappingKey when it does not open."""
    try:
        return aes_key_unwrap(wrapping_key, wrapped)
    except InvalidUnwrap:
        raise WrongWrappingKey from None
