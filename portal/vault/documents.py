"""Signed documents: a record in plain JSON with a proof beside it, readable by people and checkable by anyone.

The signature covers the canonical form of `record` (RFC 8785: keys in order, no space, UTF-8), so the file may be
indented, reordered or sent through another program and stays genuine; a changed fact does not. RFC 8785 agrees with
`json.dumps` as long as keys are ASCII and numbers are whole, which `canonical` makes sure of.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from typing import Any

from .signing import Signer, key_id, verify

PROOF_TYPE = "Ed25519"
CANONICALIZATION = "RFC 8785"
DOCUMENT_BYTES = 1_000_000


class NotGenuine(Exception):
    """The document proves nothing with this key; `reason` says why in words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def sign_document(record: dict[str, Any], signer: Signer) -> str:
    """Return the document as text: the record, and the proof that `signer` stood behind it."""
    signature = urlsafe_b64encode(signer.sign(canonical(record))).decode().rstrip("=")
    proof = {
        "type": PROOF_TYPE,
        "canonicalization": CANONICALIZATION,
        "key_id": signer.key_id,
        "signature": signature,
    }
    return json.dumps({"record": record, "proof": proof}, ensure_ascii=False, indent=2) + "\n"


def open_document(text: str, public_pem: bytes) -> dict[str, Any]:
    """Return the record of a genuine document.

    Raises NotGenuine when it is not, and ValueError when `public_pem` is no Ed25519 public key.
    """
    expected = key_id(public_pem)
    record, proof = _parts(text)
    if proof.get("type") != PROOF_TYPE or proof.get("canonicalization") != CANONICALIZATION:
        raise NotGenuine(f"the proof is of a kind this program does not know; expected {PROOF_TYPE}")
    if proof.get("key_id") != expected:
        raise NotGenuine(f"it was signed with key {proof.get('key_id')!r}, and the key given is {expected!r}")
    try:
        signature = _decoded(proof.get("signature"))
        genuine = verify(public_pem, canonical(record), signature)
    except ValueError as error:
        raise NotGenuine(f"the proof or the record cannot be read ({error})") from error
    if not genuine:
        raise NotGenuine("the record was changed after it was signed, or was signed with another key")
    return record


def canonical(record: dict[str, Any]) -> bytes:
    """Return the one byte form of a record. Raises ValueError for a key outside ASCII or a fraction."""
    if _is_ambiguous(record):
        raise ValueError("a fraction, or a name outside ASCII, has more than one canonical form")
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _is_ambiguous(value: Any) -> bool:
    if isinstance(value, dict):
        return not all(map(str.isascii, value)) or any(map(_is_ambiguous, value.values()))
    return any(map(_is_ambiguous, value)) if isinstance(value, list) else isinstance(value, float)


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise NotGenuine("the file is not a JSON document") from error
    if not isinstance(document, dict) or set(document) != {"record", "proof"}:
        raise NotGenuine("the file is not a receipt: expected a record and a proof, and nothing else")
    record, proof = document["record"], document["proof"]
    if not isinstance(record, dict) or not isinstance(proof, dict):
        raise NotGenuine("the file is not a receipt: its record or its proof is not an object")
    return record, proof


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: two readers could take two different values from one signed text."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _decoded(signature: object) -> bytes:
    if not isinstance(signature, str):
        raise NotGenuine("the proof holds no signature")
    try:
        return urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except NoBase64 as error:
        raise ValueError("the signature is not base64") from error
