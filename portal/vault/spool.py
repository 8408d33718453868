"""A spool: what a long task must put down while it works, in a file without a name, under a key that is nowhere else.

The file goes with the process whatever becomes of it, and what its blocks still hold then opens with nothing.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

T = TypeVar("T")
_LENGTH_BYTES = 8
_NONCE_BYTES = 12


class Spool(Generic[T]):
    """Values of one kind, given back in the order in which they were put down, as often as needed."""

    def __init__(self, folder: Path, kind: type[T]) -> None:
        self._kind = kind
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - `close` ends it
        self._aead = AESGCM(AESGCM.generate_key(bit_length=256))
        self._count = 0

    def add(self, value: T) -> None:
        """Put one value down."""
        # The number of the value is a nonce that this key never meets twice, and binds the order.
        sealed = self._aead.encrypt(_nonce(self._count), msgspec.msgpack.encode(value), None)
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self._count += 1

    def __iter__(self) -> Iterator[T]:
        """Yield what was put down; nothing may be added meanwhile."""
        self._file.seek(0)
        for number in range(self._count):
            length = int.from_bytes(self._file.read(_LENGTH_BYTES), "big")
            plain = self._aead.decrypt(_nonce(number), self._file.read(length), None)
            yield msgspec.msgpack.decode(plain, type=self._kind)
        self._file.seek(0, 2)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")
