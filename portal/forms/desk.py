"""The forms of the desk: a step of a request, a reason to reveal, a request that came by telephone, mail or paper.

Each is read whole and tells every fault at once; what was typed stays typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.clock import SEOUL
from portal.forms.handlers import Form
from portal.rules import profile, refusal, reveal
from portal.rules.deadline import Kind
from portal.rules.forbidden import forbidden
from portal.rules.identifier import IdentifierFault, email_address
from portal.rules.progress import DESTROYING, Word
from portal.services.requesting import Channel, Requester
from portal.speech import say_text

WORDS_LENGTH, TEXT_LENGTH = 1000, 4000
WITH_GROUND = frozenset({Word.REFUSED, Word.PARTIAL})
WITH_WORDS = frozenset(
    {Word.IDENTITY_CHECK, Word.MORE_ASKED, Word.MORE_GIVEN, Word.DEFERRED, Word.OBJECTED, Word.CANCELLED}
)
MAY_HAVE_WORDS = WITH_WORDS | WITH_GROUND | {Word.FULFILLED, Word.CLOSED}
LOGGED_BY: tuple[Channel, ...] = ("PHONE", "EMAIL", "PAPER")
ASKED_BY: tuple[Requester, ...] = ("SELF", "AGENT", "STRANGER")
LOGGED_KINDS = (Kind.ACCESS, Kind.CORRECTION, Kind.DELETION, Kind.SUSPENSION, Kind.WITHDRAWAL, Kind.COMPLAINT)


@dataclass
class Stepping(Form):
    """One step: the word, what the page showed, and what that word asks for. Its fields are named after the word, so
    that several forms stand on one page."""

    word: Word | None = None
    seen: int = -1
    ground: str = ""
    words: str = ""
    until: date | None = None
    changes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, sent: MultiDict[str, str], number: str, kind: Kind) -> "Stepping":
        form = cls()
        form.word = next((word for word in Word if word.value == sent.get("word")), None)
        form.seen = int(sent["seen"]) if sent.get("seen", "").isdecimal() and len(sent["seen"]) < 6 else -1
        if form.word is None:
            return form
        name = form.word.value.lower()
        if form.word in MAY_HAVE_WORDS:
            form.words = long_text(form, sent, f"words_{name}", WORDS_LENGTH, needed=needs_words(form.word, kind))
        if form.word in WITH_GROUND:
            form.typed[f"ground_{name}"] = form.ground = sent.get(f"ground_{name}", "")
            if refusal.ground(kind, form.ground) is None:
                form.faults[f"ground_{name}"] = gettext("근거를 골라 주세요.")
        if form.word is Word.FULFILLED and kind is Kind.CORRECTION:
            form.changes = {item: sent.get(f"change_{item}", "").strip()[:254] for item in profile.ITEMS}
            form.typed |= {f"change_{item}": text for item, text in form.changes.items()}
        if form.word is Word.DEFERRED:
            form.until = form.day(sent, f"until_{name}")
        if form.word is Word.APPROVED and kind in DESTROYING:
            form.typed["confirm"] = sent.get("confirm", "").strip()
            if form.typed["confirm"].upper() != number:
                form.faults["confirm"] = gettext(
                    "요청번호가 다릅니다. %(number)s를 그대로 입력해 주세요.", number=number
                )
        return form


@dataclass
class Revealing(Form):
    """Why masked values are to be shown: a reason from the list, and words."""

    reason: str = ""
    words: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Revealing":
        form = cls()
        form.typed["reason"] = form.reason = sent.get("reason", "")
        form.typed["words"] = form.words = " ".join(sent.get("words", "").split())
        form.faults = {name: say_text(fault) for name, fault in reveal.faults(form.reason, form.words).items()}
        return form


@dataclass
class Logging(Form):
    """A request that came by telephone, mail or paper."""

    kind: Kind = Kind.COMPLAINT
    channel: Channel = "PHONE"
    requester: Requester = "SELF"
    received_at: datetime | None = None
    subject: str = ""
    reply_to: str = ""
    proof: str = ""
    said: str = ""
    nonce: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str], at: datetime) -> "Logging":
        form = cls()
        for name in ("kind", "channel", "requester", "subject", "reply_to", "nonce"):
            form.typed[name] = " ".join(sent.get(name, "").split())[:254]
        kind = next((kind for kind in LOGGED_KINDS if kind.value == form.typed["kind"]), None)
        channel = next((channel for channel in LOGGED_BY if channel == form.typed["channel"]), None)
        requester = next((who for who in ASKED_BY if who == form.typed["requester"]), None)
        form.need("kind", kind, gettext("유형을 골라 주세요."))
        form.need("channel", channel, gettext("받은 방법을 골라 주세요."))
        form.need("requester", requester, gettext("요청한 사람을 골라 주세요."))
        form.kind, form.channel, form.requester = kind or Kind.COMPLAINT, channel or "PHONE", requester or "SELF"
        form.received_at = form.moment(sent, at)
        form.subject, form.nonce = form.typed["subject"], form.typed["nonce"]
        if form.subject and (fault := forbidden(form.subject)):
            form.faults["subject"] = say_text(fault)
        if form.typed["reply_to"]:
            try:
                form.reply_to = email_address(form.typed["reply_to"])
            except IdentifierFault as fault_:
                form.faults["reply_to"] = say_text(fault_.reason)
        form.proof = long_text(form, sent, "proof", WORDS_LENGTH, needed=False)
        form.said = long_text(form, sent, "text", TEXT_LENGTH)
        return form

    def need(self, name: str, value: object, missing: str) -> None:
        if value is None:
            self.faults[name] = missing

    def moment(self, sent: Mapping[str, str], at: datetime) -> datetime | None:
        """Return the moment of receipt, in Seoul, from a day and a time; it may not lie in the future."""
        day, time = sent.get("received_day", "").strip(), sent.get("received_time", "").strip()
        self.typed |= {"received_day": day, "received_time": time}
        try:
            moment = datetime.fromisoformat(f"{day}T{time or '00:00'}").replace(tzinfo=SEOUL)
        except ValueError:
            self.faults["received_day"] = gettext("받은 날과 시각을 2026-11-23, 14:30처럼 적어 주세요.")
            return None
        if moment > at:
            self.faults["received_day"] = gettext("아직 오지 않은 때입니다. 받은 때를 확인해 주세요.")
        elif (at - moment).days > 365:
            self.faults["received_day"] = gettext("1년보다 오래된 날입니다. 받은 때를 확인해 주세요.")
        return moment


def needs_words(word: Word, kind: Kind) -> bool:
    """Tell whether a step needs words; a complaint is answered in words."""
    return word in WITH_WORDS or (word is Word.FULFILLED and kind is Kind.COMPLAINT)


def long_text(form: Form, sent: Mapping[str, str], name: str, most: int, *, needed: bool = True) -> str:
    """Return text of several lines; a card or resident number in it is refused."""
    text = "\n".join(line.rstrip() for line in sent.get(name, "").replace("\r\n", "\n").strip().split("\n"))
    form.typed[name] = text
    if needed and not text:
        form.faults[name] = gettext("내용을 적어 주세요.")
    elif len(text) > most:
        form.faults[name] = gettext("%(most)s자까지 적을 수 있습니다.", most=most)
    elif fault := forbidden(text):
        form.faults[name] = say_text(fault)
    return text
