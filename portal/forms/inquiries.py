"""The forms of the authorities' requests: logging one, deciding it."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.forms.handlers import Form
from portal.services.inquiring import Asked, Decision

LENGTH, WORDS_LENGTH, MOST_PEOPLE, ID_LENGTH = 100, 500, 100, 200


@dataclass
class Logging(Form):
    """A request that came in on paper."""

    asked: Asked | None = None
    received_on: date | None = None

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Logging":
        form = cls()
        form.received_on = form.day(sent, "received_on")
        document = form.text(sent, "document", LENGTH, gettext("문서번호를 적어 주세요."))
        agency = form.text(sent, "agency", LENGTH, gettext("기관 이름을 적어 주세요."))
        ground = form.text(sent, "ground", LENGTH, gettext("근거 법 조항을 적어 주세요."))
        items = form.text(sent, "wanted", WORDS_LENGTH, gettext("요청한 정보를 적어 주세요."))
        form.typed["people"] = sent.get("people", "").strip()[: MOST_PEOPLE * (ID_LENGTH + 2)]
        people = tuple(dict.fromkeys(line.strip() for line in form.typed["people"].splitlines() if line.strip()))
        if len(people) > MOST_PEOPLE:
            form.faults["people"] = gettext("%(most)s명까지 적을 수 있습니다.", most=MOST_PEOPLE)
        if not form.faults:
            form.asked = Asked(agency, document, ground, items, people)
        return form


@dataclass
class Deciding(Form):
    """The officer's decision, and by when the members must be told of it."""

    decision: Decision = "REFUSED"
    reason: str = ""
    notice_by: date | None = None

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Deciding":
        form = cls()
        decision = form.typed["decision"] = sent.get("decision", "")
        if decision not in ("ANSWERED", "REFUSED"):
            form.faults["decision"] = gettext("제공할지 거절할지 골라 주세요.")
        form.decision = "ANSWERED" if decision == "ANSWERED" else "REFUSED"
        form.reason = form.text(sent, "reason", WORDS_LENGTH, gettext("그렇게 결정한 근거를 적어 주세요."))
        form.notice_by = form.day(sent, "notice_by", may_lack=True)
        return form
