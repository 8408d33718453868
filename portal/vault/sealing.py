"""Sealing what identifies a person in an access record, under the key of one Seoul day.

One day key gives two: one seals (AES-256-GCM), one indexes an address blindly (keyed BLAKE2b), so that a day's seals
and its index die with the one key. Nothing here reads a store; keys come in and never go out.

Nonces are 12 random bytes: at a billion records a month a day holds 3.3e7 seals, and two of them share a nonce with a
probability below 1e-14.
"""

import os
from datetime import date
from hashlib import blake2b
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
INDEX_BYTES = 16


class SealBroken(Exception):
    """What was sealed does not open: another key, another record's data, or changed bytes. Carries the record's id."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        super().__init__(f"access record {request_id}: its seal does not open")


class Traces(NamedTuple):
    """What identifies: the address, the user agent, and cookies as name=keyed digest; ASCII as the journal keeps it."""

    ip: str
    user_agent: str
    cookies: str


class DaySeal:
    """Seals and opens the records of one Seoul day. Holds the day's key in memory: keep it no longer than a pass."""

    def __init__(self, day: date, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a day key of {len(key)} bytes; it must be {KEY_BYTES}")
        self.day = day
        self._aead = AESGCM(_derived(key, b"access record seal"))
        self._index_key = _derived(key, b"access record address index")
        self._bound = day.isoformat().encode() + b"/"

    def __repr__(self) -> str:
        return f"<DaySeal {self.day}>"

    def seal(self, request_id: str, ip: str, user_agent: str, cookies: str) -> bytes:
        """Return nonce, ciphertext and tag; opens only for the same request id on the same day."""
        nonce = os.urandom(NONCE_BYTES)
        plain = f"{ip}\t{user_agent}\t{cookies}".encode()
        return nonce + self._aead.encrypt(nonce, plain, self._bound + request_id.encode())

    def open(self, request_id: str, sealed: bytes) -> Traces:
        """Return what was sealed for this request id. Raises SealBroken."""
        try:
            plain = self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound + request_id.encode())
            return Traces(*plain.decode().split("\t"))
        except (InvalidTag, ValueError, TypeError) as error:
            raise SealBroken(request_id) from error

    def index_ip(self, ip: str) -> bytes | None:
        """Return the 16 bytes under which an address is found on this day alone; None where none is known."""
        return blake2b(ip.encode(), key=self._index_key, digest_size=INDEX_BYTES).digest() if ip else None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)
