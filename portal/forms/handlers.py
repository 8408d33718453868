"""The forms of screen 21: designating, recording a course, inviting. Each is read whole and tells every fault at once;
a field that is not listed here is not looked at."""

from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.policy.model import LANGUAGES, Language
from portal.rules.forbidden import forbidden
from portal.rules.role import Role
from portal.services.accounts import GIVEN_HERE
from portal.speech import say_text

REASON_LENGTH, COURSE_LENGTH, NAME_LENGTH = 200, 100, 60
MINUTES = range(1, 6001)
YEARS = range(2000, 2101)


@dataclass
class Form:
    """What was typed, by field, and what is wrong with it, in words."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> list[dict[str, str]]:
        """The faults as the summary above the form lists them."""
        return [{"field": name, "words": words} for name, words in self.faults.items()]

    def text(self, sent: MultiDict[str, str], name: str, most: int, missing: str) -> str:
        """Return one line of text."""
        self.typed[name] = " ".join(sent.get(name, "").split())
        if not self.typed[name]:
            self.faults[name] = missing
        elif len(self.typed[name]) > most:
            self.faults[name] = gettext("%(most)s자까지 적을 수 있습니다.", most=most)
        elif fault := forbidden(self.typed[name]):
            self.faults[name] = say_text(fault)
        return self.typed[name]

    def day(self, sent: MultiDict[str, str], name: str, *, may_lack: bool = False) -> date | None:
        """Return a day; None where there is none or it cannot be read."""
        self.typed[name] = sent.get(name, "").strip()
        if may_lack and not self.typed[name]:
            return None
        try:
            day = date.fromisoformat(self.typed[name])
        except ValueError:
            day = None
        if day is None or day.year not in YEARS:
            self.faults[name] = gettext("날짜를 2026-11-23처럼 적어 주세요.")
            return None
        return day


@dataclass
class Designating(Form):
    """A designation: from when, perhaps until when, and why."""

    since: date | None = None
    until: date | None = None
    reason: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Designating":
        form = cls()
        form.since = form.day(sent, "since")
        form.until = form.day(sent, "until", may_lack=True)
        form.reason = form.text(sent, "reason", REASON_LENGTH, gettext("지정하는 이유를 적어 주세요."))
        return form


@dataclass
class Ending(Form):
    """The end of a designation, and why."""

    reason: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Ending":
        form = cls()
        form.reason = form.text(sent, "end_reason", REASON_LENGTH, gettext("지정을 끝내는 이유를 적어 주세요."))
        return form


@dataclass
class Trained(Form):
    """A course that was completed."""

    course: str = ""
    trained_on: date | None = None
    minutes: int = 0

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Trained":
        form = cls()
        form.course = form.text(sent, "course", COURSE_LENGTH, gettext("과정 이름을 적어 주세요."))
        form.trained_on = form.day(sent, "trained_on")
        form.typed["minutes"] = sent.get("minutes", "").strip()
        if form.typed["minutes"].isdecimal() and int(form.typed["minutes"][:6]) in MINUTES:
            form.minutes = int(form.typed["minutes"])
        else:
            form.faults["minutes"] = gettext("교육 시간을 분으로 적어 주세요.")
        return form


@dataclass
class Inviting(Form):
    """Somebody new: where the link goes, a name, the language and at least one role."""

    email: str = ""
    name: str = ""
    language: Language = "ko"
    roles: tuple[Role, ...] = ()

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Inviting":
        form = cls()
        form.typed["email"] = form.email = sent.get("email", "").strip()
        form.name = form.text(sent, "name", NAME_LENGTH, gettext("이름을 적어 주세요."))
        form.language = next((code for code in LANGUAGES if code == sent.get("language")), "ko")
        form.roles = tuple(role for role in GIVEN_HERE if role.value in sent.getlist("role"))
        if not form.roles:
            form.faults["role"] = gettext("권한을 하나 이상 골라 주세요.")
        return form
