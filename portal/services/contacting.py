"""Contacting: anybody may write to the privacy officer, and nobody is bothered before the mailbox is proved.

1. What is written is judged, and kept as a draft under a key of its own; a link goes to the address given.
2. Whoever opens the link and presses the button has proved the mailbox: the draft becomes a complaint with a number and
   a due day, and the draft and its key are gone.
3. A draft that nobody confirms within a week is destroyed unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.database import writing
from portal.policy.model import Language, Text
from portal.records import drafts, requests
from portal.records.drafts import Draft
from portal.records.members import new_ref
from portal.rules.deadline import Kind
from portal.rules.forbidden import forbidden
from portal.rules.identifier import NEEDED, IdentifierFault, email_address
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import following, mailing, proving, requesting
from portal.services.auditing import By
from portal.services.limiting import limit
from portal.services.requesting import Standing
from portal.vault import person_keys

LASTS = timedelta(days=7)
WINDOW, TIMES = timedelta(minutes=10), 5
LONGEST = 4000
TOPICS: Mapping[str, Text] = {
    "question": Text(ko="개인정보 처리에 관한 질문", en="a question about the handling of my data"),
    "request": Text(ko="내 정보의 열람·정정·삭제 요청", en="access, correction or deletion of my data"),
    "complaint": Text(ko="불만이나 침해 신고", en="a complaint or a report of misuse"),
    "other": Text(ko="그 밖의 일", en="something else"),
}
TOO_LONG = Text(ko="4,000자 안에서 적어 주세요.", en="Write no more than 4,000 characters.")
CHOOSE = Text(ko="어떤 일인지 골라 주세요.", en="Choose what it is about.")
NO_CONTROL = Text(ko="보이지 않는 문자가 있어요. 지우고 다시 적어 주세요.", en="There are invisible characters in it.")


@dataclass(frozen=True)
class Written:
    """What somebody wrote on the form."""

    topic: str
    reply_to: str
    text: str


class ContactFaults(ValueError):
    """Some fields cannot be taken; `faults` has a reason for each, by field."""

    def __init__(self, faults: Mapping[str, Text]) -> None:
        self.faults = dict(faults)
        super().__init__(", ".join(self.faults))


def write(written: Written, language: Language, origin: str, at: datetime) -> None:
    """Keep what was written and send a link to the address given. Raises ContactFaults, or limiting.TooMany."""
    address = _judged(written)
    limit("contact from", origin, at, times=TIMES, within=WINDOW)
    limit("contact to", address.casefold(), at, times=TIMES, within=WINDOW)
    ref = new_ref()
    content = {"topic": written.topic, "reply_to": address, "text": written.text.strip()}
    with writing():
        seal = person_keys.make(ref, at)
        drafts.add(Draft(ref=ref, kind="CONTACT", sealed=seal.seal("drafts", "sealed", content), made_at=at))
        token = proving.issue_link("REPLY", ref, at, LASTS)
        values = {"link": mailing.link(f"/contact/confirm?token={token}"), "days": str(LASTS.days)}
        mailing.post("contact_confirm", address, values, key_ref=ref, language=language, at=at)


def is_open(token: str, at: datetime) -> bool:
    """Tell whether a link still stands for a draft; looking uses nothing up."""
    with writing():
        ref = proving.stands_for(token, "REPLY", at)
        return ref is not None and drafts.held(ref) is not None


def confirm(token: str, language: Language, origin: str, at: datetime) -> str | None:
    """Turn the draft of a link into a request: an agent's as they asked, everybody else's a complaint. Return the token
    to follow it by, or None for a link worth nothing."""
    from portal.services import representing  # an agent's message is one more kind of message

    with writing():
        ref = proving.redeem_link(token, "REPLY", at)
        draft = drafts.held(ref) if ref else None
        if ref is None or draft is None:
            return None
        details = person_keys.seal_of(ref).open("drafts", "sealed", draft.sealed)
        by = By("STRANGER", "stranger", origin)
        if "agent" in details:
            filed = representing.file(details, language, by, at)
        else:
            filed = requesting.file_request(
                Kind.COMPLAINT,
                requester="STRANGER",
                channel="CONTACT",
                by=by,
                at=at,
                language=language,
                details=details,
            )
        drafts.drop(ref)
        request = requests.of_number(filed.number)
    person_keys.destroy(ref, at)
    return following.token_of(request.ref) if request else None


def followed(token: str, at: datetime) -> Standing | None:
    """Return the request that a token follows, or None."""
    ref = following.ref_of(token)
    request = requests.of_ref(ref) if ref else None
    return requesting.stand_of(request.number, at) if request and request.channel == "CONTACT" else None


def answer_back(token: str, word: Word, words: str, origin: str, at: datetime) -> None:
    """Object, give more or cancel, as whoever asked. Raises NoSuchRequest, StepRefused or ContactFaults."""
    standing = followed(token, at)
    if standing is None:
        raise requesting.NoSuchRequest("")
    fault = words_fault(words) if words or word is not Word.CANCELLED else None
    if fault:
        raise ContactFaults({"words": fault})
    by = By("STRANGER", "stranger", origin)
    requesting.step(standing.request.number, word, by=by, roles=(Role.ANYONE,), at=at, words=words.strip())


def forget_unconfirmed(at: datetime) -> int:
    """Destroy drafts that nobody confirmed in time; return how many."""
    old = drafts.made_before(at - LASTS)
    for ref in old:
        person_keys.destroy(ref, at)
        with writing():
            drafts.drop(ref)
    return len(old)


def _judged(written: Written) -> str:
    faults: dict[str, Text] = {}
    address = ""
    if written.topic not in TOPICS:
        faults["topic"] = CHOOSE
    try:
        address = email_address(written.reply_to)
    except IdentifierFault as fault:
        faults["reply_to"] = fault.reason
    fault = words_fault(written.text)
    if fault:
        faults["text"] = fault
    if faults:
        raise ContactFaults(faults)
    return address


def words_fault(text: str) -> Text | None:
    """Return why what somebody wrote cannot be taken, or None."""
    if not text.strip():
        return NEEDED
    if len(text) > LONGEST:
        return TOO_LONG
    if "\0" in text:
        return NO_CONTROL
    return forbidden(text)
