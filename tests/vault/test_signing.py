"""Receipts are signed so that anyone can check them with the public key alone."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.vault.signing import Signer, key_id, verify

# RFC 8032, section 7.1, test 2
PRIVATE = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
MESSAGE = bytes.fromhex("72")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


@pytest.fixture
def signer() -> Signer:
    """A signer with the RFC's private key."""
    return Signer(Ed25519PrivateKey.from_private_bytes(PRIVATE))


def test_a_signature_is_the_one_of_the_rfc(signer: Signer) -> None:
    """The signature of the RFC's message with the RFC's key is the RFC's signature."""
    assert signer.sign(MESSAGE) == SIGNATURE
    assert verify(signer.public_pem, MESSAGE, SIGNATURE)


@pytest.mark.parametrize(
    ("message", "signature"),
    [
        (b"s", SIGNATURE),
        (MESSAGE, SIGNATURE[:-1] + b"\x01"),
        (MESSAGE, SIGNATURE[:-1]),
        (MESSAGE, b""),
        (MESSAGE, bytes(64)),
    ],
    ids=["another message", "changed", "cut", "none", "zeros"],
)
def test_anything_else_does_not_verify(signer: Signer, message: bytes, signature: bytes) -> None:
    """A changed message or signature is simply false, never an error."""
    assert not verify(signer.public_pem, message, signature)


def test_another_key_does_not_verify(signer: Signer) -> None:
    """A signature is worth nothing under another public key."""
    other = Signer(Ed25519PrivateKey.generate())

    assert not verify(other.public_pem, MESSAGE, signer.sign(MESSAGE))


def test_a_key_is_named_by_its_public_half(signer: Signer) -> None:
    """The name of a key is the start of the sha256 of its public half, so a checker can find the right one."""
    assert signer.key_id == "39f713d0a644253f"
    assert key_id(signer.public_pem) == "39f713d0a644253f"


def test_no_text_shows_the_private_half(signer: Signer) -> None:
    """A signer in a log line tells the name of its key."""
    assert repr(signer) == "Signer(key_id='39f713d0a644253f')"


@pytest.mark.parametrize("pem", [b"", b"no key", None], ids=["empty", "junk", "another kind"])
def test_what_is_no_public_key_is_told(pem: bytes | None) -> None:
    """A checker who gives something else than an Ed25519 public key is told so, and nothing is called forged."""
    if pem is None:
        other = generate_private_key(SECP256R1()).public_key()
        pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(ValueError):
        verify(pem, MESSAGE, SIGNATURE)
