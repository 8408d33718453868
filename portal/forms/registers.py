"""The forms of screen 18: the facts of an entry, its contract, a supervision, its end. Each is read whole and tells
every fault at once; a field that is not listed here is not looked at."""

import re
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import FileStorage, MultiDict

from portal.forms.handlers import Form
from portal.policy.model import Text
from portal.rules.disclosure import NAME
from portal.rules.forbidden import forbidden
from portal.rules.identifier import IdentifierFault, email_address
from portal.rules.paper import MOST_BYTES
from portal.rules.processor import CLAUSES, GROUNDS, Contract, Entry, Overseas, Relationship, SubProcessor
from portal.speech import say_text

LENGTH, WORDS_LENGTH = 100, 1000
ABROAD = {  # PIPA art. 28-8(2): all four must be told
    "country": lazy_gettext("국외 이전: 어느 나라인지 적어 주세요."),
    "method": lazy_gettext("국외 이전: 언제 어떻게 보내는지 적어 주세요."),
    "term": lazy_gettext("국외 이전: 얼마 동안 두는지 적어 주세요."),
    "refusal": lazy_gettext("국외 이전: 거부하는 방법과 그 효과를 적어 주세요."),
}


@dataclass
class Facts(Form):
    """The facts of one entry, and who is reached there."""

    entry: Entry | None = None
    contact: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, sent: MultiDict[str, str], key: str = "") -> "Facts":
        """Read the facts of a new entry, or of the one called `key`."""
        form = cls()
        form.typed["key"] = key or sent.get("key", "").strip()
        if not re.fullmatch(NAME, form.typed["key"]):
            form.faults["key"] = gettext("영문 소문자로 시작해 소문자, 숫자, 밑줄로 적어 주세요. 예: kicc")
        name = form.text(sent, "name", LENGTH, gettext("이름을 적어 주세요."))
        task = form.text(sent, "task", LENGTH, gettext("맡기는 일이나 제공하는 목적을 적어 주세요."))
        relationship: Relationship = "THIRD_PARTY" if sent.get("relationship") == "THIRD_PARTY" else "PROCESSOR"
        form.typed["relationship"] = relationship
        ground = next((one for one in GROUNDS if one == sent.get("ground")), "CONTRACT")
        form.typed["ground"] = ground
        items, purposes = tuple(sent.getlist("item")), tuple(sent.getlist("purpose"))
        if not purposes:
            form.faults["purpose"] = gettext("목적을 하나 이상 골라 주세요.")
        if not items:
            form.faults["item"] = gettext("보내는 항목을 하나 이상 골라 주세요.")
        name_en, task_en = form.optional(sent, "name_en") or name, form.optional(sent, "task_en") or task
        period = form.optional(sent, "period")
        settled = form.typed["settled"] = "yes" if sent.get("settled") == "yes" else ""
        form.contact = {"department": form.optional(sent, "department"), "email": form.mail(sent)}
        subs, overseas = form.sub_processors(sent), form.overseas(sent)
        if not form.faults:
            form.entry = Entry(
                key=form.typed["key"],
                name=Text(ko=name, en=name_en),
                relationship=relationship,
                task=Text(ko=task, en=task_en),
                purposes=purposes,
                items=items,
                ground=ground,
                period=period,
                sub_processors=subs,
                overseas=overseas,
                review_required=not settled,
            )
        return form

    def optional(self, sent: MultiDict[str, str], name: str, most: int = LENGTH) -> str:
        """Return one line that may be empty."""
        if not sent.get(name, "").strip():
            self.typed[name] = ""
            return ""
        return self.text(sent, name, most, "")

    def mail(self, sent: MultiDict[str, str]) -> str:
        """Return the address of the department, "" where none was typed."""
        typed = self.typed["email"] = sent.get("email", "").strip()
        if typed:
            try:
                return email_address(typed)
            except IdentifierFault as fault:
                self.faults["email"] = say_text(fault.reason)
        return ""

    def sub_processors(self, sent: MultiDict[str, str]) -> tuple[SubProcessor, ...]:
        """Return the sub-processors, one a line as "name: work"."""
        typed = self.typed["subs"] = sent.get("subs", "").strip()[:WORDS_LENGTH]
        if fault := forbidden(typed):
            self.faults["subs"] = say_text(fault)
        found = []
        for line in filter(None, (line.strip() for line in typed.splitlines())):
            name, _, task = (part.strip() for part in line.partition(":"))
            if not name or not task:
                self.faults["subs"] = gettext("한 줄에 하나씩 '이름: 맡은 일'로 적어 주세요.")
            found.append(SubProcessor(name, task))
        return tuple(found)

    def overseas(self, sent: MultiDict[str, str]) -> Overseas | None:
        """Return the facts of a transfer abroad: all of them, or none."""
        facts = {name: self.optional(sent, name) for name in ABROAD}
        if not any(facts.values()):
            return None
        for name, words in ABROAD.items():
            if not facts[name]:
                self.faults[name] = str(words)
        return Overseas(facts["country"], facts["method"], facts["term"], facts["refusal"])


@dataclass
class ContractForm(Form):
    """A contract on paper: its file is read for its digest and not kept."""

    contract: Contract | None = None

    @classmethod
    def read(cls, sent: MultiDict[str, str], file: FileStorage | None) -> "ContractForm":
        form = cls()
        signed, expires = form.day(sent, "signed_on"), form.day(sent, "expires_on", may_lack=True)
        clauses = tuple(clause for clause in CLAUSES if clause in sent.getlist("clause"))
        content = file.stream.read(MOST_BYTES + 1) if file else b""
        if not content:
            form.faults["file"] = gettext("계약서 파일을 골라 주세요.")
        elif len(content) > MOST_BYTES:
            form.faults["file"] = gettext("파일이 너무 큽니다. 5MB까지 읽습니다.")
        if signed and not form.faults:
            form.contract = Contract(signed, sha256(content).hexdigest(), clauses, expires)
        return form


@dataclass
class Supervision(Form):
    """A look at a recipient: when, how, what was found, and when the next one is."""

    day_of: date | None = None
    next_due: date | None = None
    method: str = ""
    findings: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Supervision":
        form = cls()
        form.day_of = form.day(sent, "day_of")
        form.method = form.text(sent, "method", LENGTH, gettext("어떻게 점검했는지 적어 주세요."))
        form.findings = form.text(sent, "findings", WORDS_LENGTH, gettext("점검한 결과를 적어 주세요."))
        form.next_due = form.day(sent, "next_due")
        return form


@dataclass
class End(Form):
    """The end of an entry: when, and the record of what became of the data."""

    ended_on: date | None = None
    how: str = ""
    evidence: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "End":
        form = cls()
        form.ended_on = form.day(sent, "ended_on")
        form.how = form.typed["how"] = sent.get("how", "")
        if form.how not in ("RETURNED", "DESTROYED"):
            form.faults["how"] = gettext("보낸 개인정보를 어떻게 했는지 골라 주세요.")
        form.evidence = form.text(sent, "evidence", WORDS_LENGTH, gettext("무엇으로 확인했는지 적어 주세요."))
        return form
