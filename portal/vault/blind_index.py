"""Finding without reading: a keyed digest of a field's text, equal for equal texts and telling nothing else.

Equality is all there is: no prefix, no likeness, no order. The field is part of what is digested, so that a login ID
and an e-mail address that read alike have nothing in common.
"""

import hmac
from unicodedata import normalize

INDEX_BYTES = 16


class BlindIndex:
    """Makes blind indexes under one key."""

    def __init__(self, index_key: bytes) -> None:
        self._key = index_key

    def __repr__(self) -> str:
        return "<BlindIndex>"

    def of(self, field: str, text: str) -> bytes:
        """Return the 16 bytes under which `text` is found in `field`, however it is composed or capitalised."""
        plain = text.lower() if text.isascii() else normalize("NFC", normalize("NFC", text).casefold())
        return hmac.digest(self._key, field.encode() + b"\0" + plain.encode(), "sha256")[:INDEX_BYTES]
