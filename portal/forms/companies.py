"""The forms about companies: a check, its revocation, an invitation, a clearance. Each tells every fault at once."""

from dataclasses import dataclass

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.forms.handlers import NAME_LENGTH, REASON_LENGTH, Form
from portal.policy.model import LANGUAGES, Language
from portal.rules.company import DomainFault, How, domains_in
from portal.rules.identifier import IdentifierFault, business_number
from portal.services.vouching import Found
from portal.speech import say_text

DOMAINS_LENGTH = 400


@dataclass
class Verifying(Form):
    """What a check found; `found` once nothing is wrong with it."""

    found: Found | None = None

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Verifying":
        form = cls()
        number = form.number(sent)
        how = next((how for how in How if how.value == sent.get("how")), None)
        form.typed["how"] = how.value if how else ""
        if how is None:
            form.faults["how"] = gettext("무엇으로 확인했는지 골라 주세요.")
        day = form.day(sent, "day")
        domains = form.domains(sent)
        words = form.text(sent, "words", REASON_LENGTH, gettext("확인한 문서나 조회를 적어 주세요."))
        if how and day and not form.faults:
            form.found = Found(number, how, day, domains, words)
        return form

    def number(self, sent: MultiDict[str, str]) -> str:
        self.typed["number"] = sent.get("number", "").strip()[:40]
        try:
            return business_number(self.typed["number"])
        except IdentifierFault as fault:
            self.faults["number"] = say_text(fault.reason)
            return ""

    def domains(self, sent: MultiDict[str, str]) -> tuple[str, ...]:
        self.typed["domains"] = sent.get("domains", "").strip()[:DOMAINS_LENGTH]
        try:
            return domains_in(self.typed["domains"])
        except DomainFault as fault:
            self.faults["domains"] = say_text(fault.reason)
            return ()


@dataclass
class Saying(Form):
    """Why something is taken back or cleared; `field` tells the forms of one page apart."""

    words: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str], field: str) -> "Saying":
        form = cls()
        form.words = form.text(sent, field, REASON_LENGTH, gettext("이유를 적어 주세요."))
        return form


@dataclass
class Reopening(Form):
    """Whose account is opened in the company's place, and why."""

    member: str = ""
    words: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Reopening":
        form = cls()
        form.typed["member"] = form.member = sent.get("member", "")[:40]
        if not form.member:
            form.faults["member"] = gettext("회원을 골라 주세요.")
        form.words = form.text(sent, "reopen_reason", REASON_LENGTH, gettext("이유를 적어 주세요."))
        return form


@dataclass
class InvitingAdmin(Form):
    """Somebody who shall act for a company: an address, a name and the language of mails."""

    email: str = ""
    name: str = ""
    language: Language = "ko"

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "InvitingAdmin":
        form = cls()
        form.typed["email"] = form.email = sent.get("email", "").strip()
        form.name = form.text(sent, "name", NAME_LENGTH, gettext("이름을 적어 주세요."))
        form.language = next((code for code in LANGUAGES if code == sent.get("language")), "ko")
        return form
