"""Certifying: a certificate of destruction as anybody with its code may see it, made of what was signed alone."""

from dataclasses import dataclass
from typing import Any

from portal.database import db
from portal.records import destructions
from portal.rules.certificate import State, parse_code, state_of
from portal.services import receipting
from portal.vault import ledger
from portal.vault.documents import open_document


@dataclass(frozen=True)
class Shown:
    """A genuine certificate: the signed record, the document as issued, how it stands, and what took its place."""

    record: dict[str, Any]
    document: str
    state: State
    successor: str


def shown(typed: str) -> Shown | None:
    """Return the certificate with this code, however it was typed; None for what is no code, or none of ours.

    Raises NotGenuine when what is kept does not bear our signature: it is never shown then.
    """
    code = parse_code(typed)
    keys = db.engines["keys"]
    found = ledger.certificate(keys, code) if code else None
    if found is None:
        return None
    kept, end = found
    record = open_document(kept.body, receipting.signer().public_pem)
    state = state_of(
        superseded=end is not None and end.state == "SUPERSEDED", revoked=end is not None and end.state == "REVOKED"
    )
    newest = ledger.certificate_of(keys, kept.about)
    successor = newest.code if state is State.SUPERSEDED and newest else ""
    return Shown(record, kept.body, state, successor)


def code_of_request(number: str) -> str:
    """Return the code of the certificate that a request led to, "" while there is none."""
    destruction = destructions.of_request(number)
    issued = ledger.certificate_of(db.engines["keys"], destruction.ref) if destruction else None
    return issued.code if issued else ""
