"""The forms round a draft of the policy: beginning one, adding a fact, releasing it."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.clock import SEOUL
from portal.forms.handlers import Form
from portal.policy.model import ARTICLE_NUMBERS
from portal.rules.forbidden import forbidden
from portal.rules.lead_time import REASON_LENGTH
from portal.speech import say_text

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")


@dataclass
class Beginning(Form):
    """A new draft, for the day on which it shall take effect."""

    effective_on: date | None = None

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Beginning":
        form = cls()
        form.effective_on = form.day(sent, "effective_on")
        return form


@dataclass
class Adding(Form):
    """A new fact, by the key that other facts will name it by; an article by its number."""

    key: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str], section: str) -> "Adding":
        form = cls()
        form.typed["key"] = form.key = sent.get("key", "").strip()
        if section == "articles" and form.key not in ARTICLE_NUMBERS:
            form.faults["key"] = gettext("조 번호를 골라 주세요.")
        elif section != "articles" and not KEY.match(form.key) and not form.key.isupper():
            form.faults["key"] = gettext("영문 소문자로 시작하고 소문자, 숫자, 밑줄만 적어 주세요.")
        return form


@dataclass
class Withdrawing(Form):
    """The withdrawal of an announced version: why, and the version typed."""

    because: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str], version: str) -> "Withdrawing":
        form = cls()
        form.because = form.text(sent, "because", REASON_LENGTH, gettext("철회하는 이유를 적어 주세요."))
        _confirm(form, sent, version)
        return form


@dataclass
class Releasing(Form):
    """The release: at what time of its day, the version typed, and why sooner than usual where it is."""

    effective_at: datetime | None = None
    early_because: str = ""

    @classmethod
    def read(cls, sent: MultiDict[str, str], version: str) -> "Releasing":
        form = cls()
        form.typed["time"] = sent.get("time", "").strip()
        try:
            day, at = date.fromisoformat(version), time.fromisoformat(form.typed["time"] or "00:00")
            form.effective_at = datetime.combine(day, at.replace(microsecond=0, tzinfo=None), SEOUL)
        except ValueError:
            form.faults["time"] = gettext("시각을 00:00처럼 적어 주세요.")
        form.typed["early_because"] = form.early_because = " ".join(sent.get("early_because", "").split())
        if len(form.early_because) > REASON_LENGTH:
            form.faults["early_because"] = gettext("%(most)s자까지 적을 수 있습니다.", most=REASON_LENGTH)
        elif fault := forbidden(form.early_because):
            form.faults["early_because"] = say_text(fault)
        _confirm(form, sent, version)
        return form


def _confirm(form: Form, sent: MultiDict[str, str], version: str) -> None:
    """Read the name of the version, typed to confirm what cannot be undone."""
    form.typed["confirm"] = sent.get("confirm", "").strip()
    if form.typed["confirm"] != version:
        form.faults["confirm"] = gettext("방침 이름을 그대로 입력해 주세요: %(version)s", version=version)
