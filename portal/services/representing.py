"""Representing: a legal representative or an agent asks for somebody else, and proves that they may.

What is written and the paper wait as a draft until the agent's mailbox is proved, as every message does. The request
that it becomes needs two people's approval; whether the member it names is known is told to nobody but the desk. The
paper lies sealed under the request's key and is destroyed after its use.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from portal.database import writing
from portal.policy.model import Language, Text
from portal.records import drafts, requests
from portal.records.drafts import Draft
from portal.records.members import Member, new_ref
from portal.records.requests import Paper, Request
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.forbidden import forbidden
from portal.rules.identifier import NEEDED, TOO_LONG, IdentifierFault, email_address
from portal.rules.paper import media_type_of, paper_fault
from portal.services import auditing, contacting, mailing, proving, registering, requesting
from portal.services.auditing import SYSTEM, By
from portal.services.contacting import ContactFaults
from portal.services.limiting import limit
from portal.services.requesting import KIND_WORDS, Filed
from portal.vault import person_keys

ASKED = (Kind.ACCESS, Kind.CORRECTION, Kind.DELETION, Kind.SUSPENSION, Kind.WITHDRAWAL)
RELATIONS: Mapping[str, Text] = {
    "legal": Text(ko="법정대리인", en="legal representative"),
    "agent": Text(ko="위임받은 대리인", en="agent with a power of attorney"),
}
NAME_LENGTH = 80
CHOOSE = Text(ko="하나를 골라 주세요.", en="Choose one.")


@dataclass(frozen=True)
class Represented:
    """What an agent wrote: for whom, what, and who they are."""

    kind: str
    member: str
    agent: str
    relation: str
    reply_to: str
    text: str
    paper: bytes


def write(told: Represented, language: Language, origin: str, at: datetime) -> None:
    """Keep what an agent wrote and send a link to their address. Raises ContactFaults, or limiting.TooMany."""
    address = _judged(told)
    limit("contact from", origin, at, times=contacting.TIMES, within=contacting.WINDOW)
    limit("contact to", address.casefold(), at, times=contacting.TIMES, within=contacting.WINDOW)
    ref = new_ref()
    content = {
        "kind": told.kind,
        "member": told.member.strip(),
        "agent": told.agent.strip(),
        "relation": told.relation,
        "reply_to": address,
        "text": told.text.strip(),
        "paper": b64encode(told.paper).decode("ascii"),
    }
    with writing():
        sealed = person_keys.make(ref, at).seal("drafts", "sealed", content)
        drafts.add(Draft(ref=ref, kind="CONTACT", sealed=sealed, made_at=at))
        token = proving.issue_link("REPLY", ref, at, contacting.LASTS)
        values = {"link": mailing.link(f"/contact/confirm?token={token}"), "days": str(contacting.LASTS.days)}
        mailing.post("contact_confirm", address, values, key_ref=ref, language=language, at=at)


def file(content: dict[str, Any], language: Language, by: By, at: datetime) -> Filed:
    """Receive what an agent's draft asks for, with its paper, inside the caller's transaction."""
    paper = b64decode(content.pop("paper"))
    member = _named(content["member"])
    kind = Kind(content["kind"])
    filed = requesting.file_request(
        kind,
        requester="AGENT",
        channel="CONTACT",
        by=by,
        at=at,
        language=language,
        details=content,
        member_ref=member.ref if member else None,
    )
    request = requests.of_number(filed.number)
    if request is None:
        raise requesting.NoSuchRequest(filed.number)
    _keep_paper(request, paper, by, at)
    if member is not None and filed.made:
        _tell_member(member, request, at)
    return filed


def destroy_papers(refs: Iterable[str], at: datetime) -> int:
    """Destroy these papers, each in a transaction of its own; return how many still were there."""
    gone = 0
    for ref in refs:
        with writing():
            request = requests.wipe_paper(ref, at)
            if request is not None:
                subject = request.member_ref or ""
                auditing.note(Deed.PAPER_DESTROYED, SYSTEM, at, subject=subject, about=request.number)
                gone += 1
    return gone


def kinds() -> list[tuple[str, Text]]:
    """Return what an agent may ask for, with its words."""
    return [(kind.value, KIND_WORDS[kind]) for kind in ASKED]


def _keep_paper(request: Request, content: bytes, by: By, at: datetime) -> None:
    ref = new_ref()
    requests.add_paper(
        Paper(
            ref=ref,
            request_id=request.id,
            kind="POWER_OF_ATTORNEY",
            media_type=media_type_of(content) or "application/octet-stream",
            size=len(content),
            sealed=person_keys.seal_of(request.key_ref).seal("papers", "sealed", content, ref),
            received_at=at,
        )
    )
    auditing.note(Deed.PAPER_KEPT, by, at, subject=request.member_ref or "", about=request.number)


def _tell_member(member: Member, request: Request, at: datetime) -> None:
    """Write to the member in whose name somebody asks, at the address on record, whatever address the agent gave."""
    to = registering.profile_of(member).get("email", "")
    if to:
        language = cast(Language, request.language)
        values = {
            "number": request.number,
            "kind": KIND_WORDS[Kind(request.kind)].in_language(language),
            "due": f"{request.due_day:%Y-%m-%d}",
            "link": mailing.link("/contact"),
        }
        mailing.post("agent_asked", to, values, key_ref=member.ref, language=language, at=at, about=request.number)


def _named(text: str) -> Member | None:
    found = registering.found_by("email" if "@" in text else "login_id", text)
    return found[0] if len(found) == 1 else None


def _judged(told: Represented) -> str:
    faults: dict[str, Text] = {}
    address = ""
    if told.kind not in {kind.value for kind in ASKED}:
        faults["kind"] = CHOOSE
    if told.relation not in RELATIONS:
        faults["relation"] = CHOOSE
    for field, text in (("member", told.member), ("agent", told.agent)):
        fault = _line_fault(text)
        if fault:
            faults[field] = fault
    try:
        address = email_address(told.reply_to)
    except IdentifierFault as fault_at:
        faults["reply_to"] = fault_at.reason
    fault = contacting.words_fault(told.text)
    if fault:
        faults["text"] = fault
    fault = paper_fault(told.paper)
    if fault:
        faults["paper"] = fault
    if faults:
        raise ContactFaults(faults)
    return address


def _line_fault(text: str) -> Text | None:
    if not text.strip():
        return NEEDED
    if len(text) > NAME_LENGTH or not text.strip().isprintable():
        return TOO_LONG
    return forbidden(text)
