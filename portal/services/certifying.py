"""Certifying: a certificate of destruction as anybody with its code may see it, made of what was signed alone."""

from dataclasses import dataclass
from typing import Any

from portal.database import db
from portal.records import destructions, requests
from portal.rules.certificate import PEOPLE_ON_PAGE, About, State, annex_digest, annex_text, parse_code, state_of
from portal.services import fulfilling, issuing, receipting
from portal.vault import certificates, ledger
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
    found = certificates.of_code(keys, code) if code else None
    if found is None:
        return None
    kept, end = found
    record = open_document(kept.body, receipting.signer().public_pem)
    state = state_of(
        superseded=end is not None and end.state == "SUPERSEDED", revoked=end is not None and end.state == "REVOKED"
    )
    newest = certificates.newest_of(keys, kept.about)
    successor = newest.code if state is State.SUPERSEDED and newest else ""
    return Shown(record, kept.body, state, successor)


def code_of_request(number: str) -> str:
    """Return the code of the certificate that a request led to, "" while there is none: of a list its own, and of one
    person theirs."""
    keys = db.engines["keys"]
    request = requests.of_number(number)
    issued = certificates.newest_of(keys, request.ref) if request else None
    ordered = destructions.first_of_request(number) if request and not issued else []
    if len(ordered) == 1:
        issued = certificates.newest_of(keys, ordered[0].ref)
    return issued.code if issued else ""


def annex(typed: str) -> str | None:
    """Return the annex of a list's certificate, the lines of everybody beyond its first page; None without one.

    It is made anew from the ledger and shown only while it has the digest that was signed.
    """
    found = shown(typed)
    request = requests.of_number(found.record["request"]["number"]) if found else None
    if found is None or request is None or found.record["about"] != About.BATCH.value:
        return None
    refs = [one.ref for one in fulfilling.destructions_of(request)]
    people = issuing.people_of(ledger.proved(db.engines["keys"], refs))[PEOPLE_ON_PAGE:]
    digest = found.record["people"]["annex_sha256"]
    return annex_text(people) if people and annex_digest(people) == digest else None
