"""Sealing what is known of one person, company or case, under the key of that one alone.

A blob says under which key it was sealed (4 bytes made from the key), then nonce, ciphertext and tag: AES-256-GCM,
bound to table, column, the key's own reference and, where one reference has several rows, the row. A blob that was
moved to another row, column or person does not open. Nothing here reads a store.
"""

import os
from hashlib import blake2b
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
_KIND_BYTES = 1

Value = dict[str, Any] | str | bytes


class ProfileBroken(Exception):
    """What was sealed does not open: another key, another row's blob, or changed bytes. Carries where it stood."""

    def __init__(self, table: str, column: str, ref: str, why: str) -> None:
        self.table, self.column, self.ref, self.why = table, column, ref, why
        super().__init__(f"{table}.{column} under key {ref}: its seal does not open: {why}")


class SubjectSeal:
    """Seals and opens for one reference. Holds its key in memory: keep it no longer than a request or a batch."""

    __slots__ = ("_aead", "_key_id", "ref")

    def __init__(self, ref: str, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key of {len(key)} bytes; it must be {KEY_BYTES}")
        self.ref = ref
        self._aead = AESGCM(key)
        self._key_id = blake2b(b"key id", key=key, digest_size=KEY_ID_BYTES).digest()

    def __repr__(self) -> str:
        return f"<SubjectSeal {self.ref}>"

    def seal(self, table: str, column: str, value: Value, row: str = "") -> bytes:
        """Return `value` sealed for this table and column. Give `row` where this key seals several rows of a table:
        without it the rows of one person could be exchanged."""
        nonce = os.urandom(NONCE_BYTES)
        return self._key_id + nonce + self._aead.encrypt(nonce, _plain(value), self._bound(table, column, row))

    def open(self, table: str, column: str, blob: bytes, row: str = "") -> Any:
        """Return what was sealed there: a dict, a str or bytes, as it was given. Raises ProfileBroken."""
        if blob[:KEY_ID_BYTES] != self._key_id:
            raise ProfileBroken(table, column, self.ref, "it was sealed under another key")
        nonce, sealed = blob[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES], blob[KEY_ID_BYTES + NONCE_BYTES :]
        try:
            return _value(self._aead.decrypt(nonce, sealed, self._bound(table, column, row)))
        except (InvalidTag, ValueError) as error:  # a nonce that was cut is a ValueError
            raise ProfileBroken(table, column, self.ref, "it belongs elsewhere or was changed") from error

    def _bound(self, table: str, column: str, row: str) -> bytes:
        return "\0".join((table, column, self.ref, row)).encode() + self._key_id


def _plain(value: Value) -> bytes:
    if isinstance(value, bytes):
        return b"b" + value
    return b"s" + value.encode() if isinstance(value, str) else b"j" + msgspec.json.encode(value)


def _value(plain: bytes) -> Value:
    kind, content = plain[:_KIND_BYTES], plain[_KIND_BYTES:]
    if kind == b"b":
        return content
    if kind == b"s":
        return content.decode()
    found: dict[str, Any] = msgspec.json.decode(content)
    return found
