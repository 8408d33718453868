"""Signatures that anyone can check with the public key alone: Ed25519, RFC 8032."""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

KEY_ID_CHARS = 16


class Signer:
    """Signs with one private key, which no text of this object shows."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        public = private.public_key()
        self.key_id = _key_id(public)
        self.public_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def __repr__(self) -> str:
        return f"Signer(key_id={self.key_id!r})"

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`: 64 bytes."""
        return self._private.sign(message)


def verify(public_pem: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` of `message` was made with the private half of `public_pem`.

    Raises ValueError when `public_pem` is not an Ed25519 public key in PEM: that is the checker's mistake, not a
    forged document.
    """
    try:
        _public_key(public_pem).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def key_id(public_pem: bytes) -> str:
    """Return the name of a public key: the first 16 hexadecimal digits of its sha256. Raises as `verify`."""
    return _key_id(_public_key(public_pem))


def _key_id(public: Ed25519PublicKey) -> str:
    return sha256(public.public_bytes_raw()).hexdigest()[:KEY_ID_CHARS]


def _public_key(public_pem: bytes) -> Ed25519PublicKey:
    public = load_pem_public_key(public_pem)
    if isinstance(public, Ed25519PublicKey):
        return public
    raise ValueError("got another kind of key; expected an Ed25519 public key")
