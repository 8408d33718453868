"""Keys under a key: AES key wrap, RFC 3394. A wrapped key may lie in a store; the wrapping keys never do.

There may be several wrapping keys, each in a file of its own: `wrapping_key` is the first, then `wrapping_key.2` and so
on. What is wrapped names its wrapping key by that number. New keys are wrapped under the newest; an older one stays
until nothing names it any more.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

KEY_BYTES = 32
WRAPPING_FILE = "wrapping_key"
FIRST = "1"
_NUMBERED = re.compile(rf"{WRAPPING_FILE}(?:\.([1-9][0-9]{{0,5}}))?\Z")


class WrongWrappingKey(Exception):
    """A wrapped key does not open: it was wrapped under another key, or its bytes were changed."""


class NoWrappingKey(Exception):
    """The wrapping key that something names is not here; `kek_id` is its number."""

    def __init__(self, kek_id: str) -> None:
        self.kek_id = kek_id
        super().__init__(f"wrapping key {kek_id} is not among the secret files; put its backup back")


class WrappingKeys:
    """The wrapping keys by number. Of a folder, one that was added while we run is found when it is needed."""

    def __init__(self, keys: Mapping[str, bytes], directory: Path | None = None) -> None:
        self._keys = dict(keys)
        self._directory = directory
        self._read_at = 0
        self._lock = threading.Lock()

    @classmethod
    def of_directory(cls, directory: Path) -> "WrappingKeys":
        """Return the keys that lie in a folder of secrets."""
        keys = cls({}, directory)
        keys._refresh()
        return keys

    def __repr__(self) -> str:
        return f"<WrappingKeys {', '.join(self.ids)}>"

    @property
    def ids(self) -> tuple[str, ...]:
        """The numbers of the keys, oldest first."""
        self._refresh()
        return tuple(sorted(self._keys, key=int))

    @property
    def newest(self) -> str:
        """The number of the key under which new keys are wrapped."""
        return self.ids[-1]

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        """Return the number of the newest wrapping key, and `key` wrapped under it."""
        kek_id = self.newest
        return kek_id, wrap(self._keys[kek_id], key)

    def wrap_many(self, keys: Sequence[bytes]) -> tuple[str, list[bytes]]:
        """Do what `wrap` does for several keys at one look into the folder."""
        kek_id = self.newest
        return kek_id, [wrap(self._keys[kek_id], key) for key in keys]

    def unwrap(self, kek_id: str | None, wrapped: bytes) -> bytes:
        """Return the key that was wrapped under `kek_id`; None stands for the first.

        Raises NoWrappingKey, or WrongWrappingKey when it does not open.
        """
        kek_id = kek_id or FIRST
        if kek_id not in self._keys:
            self._refresh()
        if kek_id not in self._keys:
            raise NoWrappingKey(kek_id)
        return unwrap(self._keys[kek_id], wrapped)

    def _refresh(self) -> None:
        if self._directory is None:
            return
        changed_at = self._directory.stat().st_mtime_ns
        if changed_at == self._read_at:
            return
        with self._lock:
            found = {kek_id: path.read_bytes() for kek_id, path in wrapping_files(self._directory).items()}
            self._keys = {kek_id: key for kek_id, key in found.items() if len(key) == KEY_BYTES}
            self._read_at = changed_at


def wrapping_files(directory: Path) -> dict[str, Path]:
    """Return the files of wrapping keys in a folder, by number, oldest first."""
    found = {match[1] or FIRST: path for path in directory.iterdir() if (match := _NUMBERED.match(path.name))}
    return dict(sorted(found.items(), key=lambda one: int(one[0])))


def wrap(wrapping_key: bytes, key: bytes) -> bytes:
    """Return `key` (32 bytes) wrapped under `wrapping_key` (32 bytes): 40 bytes, the same for the same pair."""
    return aes_key_wrap(wrapping_key, key)


def unwrap(wrapping_key: bytes, wrapped: bytes) -> bytes:
    """Return the key that was wrapped. Raises WrongWrappingKey when it does not open."""
    try:
        return aes_key_unwrap(wrapping_key, wrapped)
    except InvalidUnwrap:
        raise WrongWrappingKey from None
