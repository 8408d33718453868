"""The form for what people shredded or burnt: read whole, every fault at once, nothing personal in it."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.forms.handlers import Form
from portal.rules.ledger import METHODS_OF, Medium, Method, Reason
from portal.services.keeping_ledger import Paper

FILES_LENGTH, NAME_LENGTH, EVIDENCE_LENGTH = 100, 60, 200
MOST = 1_000_000
REASONS = (Reason.PERIOD_ENDED, Reason.PURPOSE_MET, Reason.LEFT_COMPANY, Reason.ASKED)
METHODS = METHODS_OF[Medium.PAPER]


@dataclass
class PaperForm(Form):
    """A destruction of paper; `paper` once nothing is wrong with it."""

    paper: Paper | None = None

    @classmethod
    def read(cls, sent: MultiDict[str, str], today: date) -> "PaperForm":
        form = cls()
        files = form.text(sent, "files", FILES_LENGTH, gettext("어떤 문서였는지 적어 주세요."))
        if "@" in files:
            form.faults["files"] = gettext("누구의 것인지 빼고 문서의 종류만 적어 주세요.")
        count = form._count(sent)
        method = form._chosen(sent, "method", [one.value for one in METHODS], gettext("어떻게 파기했는지 골라 주세요."))
        reason = form._chosen(sent, "reason", [one.value for one in REASONS], gettext("왜 파기했는지 골라 주세요."))
        made_on, destroyed_on = form.day(sent, "made_on", may_lack=True), form.day(sent, "destroyed_on")
        if destroyed_on and destroyed_on > today:
            form.faults["destroyed_on"] = gettext("아직 오지 않은 날입니다.")
        if made_on and destroyed_on and made_on > destroyed_on:
            form.faults["made_on"] = gettext("파기한 날보다 뒤입니다.")
        handler = form.text(sent, "handler", NAME_LENGTH, gettext("누가 파기했는지 적어 주세요."))
        witness = form.text(sent, "witness", NAME_LENGTH, gettext("누가 입회했는지 적어 주세요."))
        if handler and handler == witness:
            form.faults["witness"] = gettext("파기한 사람과 입회한 사람이 같습니다. 두 사람이 있어야 합니다.")
        evidence = form.text(sent, "evidence", EVIDENCE_LENGTH, gettext("무엇으로 증명하는지 적어 주세요."))
        form.typed["nonce"] = sent.get("nonce", "")[:40]
        if not form.faults and destroyed_on:
            form.paper = Paper(
                files=files,
                reason=Reason(reason),
                method=Method(method),
                count=count,
                made_on=made_on,
                destroyed_on=destroyed_on,
                handler=handler,
                witness=witness,
                evidence=evidence,
                nonce=form.typed["nonce"],
            )
        return form

    def _count(self, sent: MultiDict[str, str]) -> int:
        self.typed["count"] = sent.get("count", "").replace(",", "").strip()
        text = self.typed["count"]
        count = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
        if not 1 <= count <= MOST:
            self.faults["count"] = gettext("몇 건인지 1 이상의 숫자로 적어 주세요.")
        return count

    def _chosen(self, sent: MultiDict[str, str], name: str, known: list[str], missing: str) -> str:
        self.typed[name] = sent.get(name, "")
        if self.typed[name] not in known:
            self.faults[name] = missing
        return self.typed[name]
