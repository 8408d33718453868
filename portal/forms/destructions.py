"""The form of evidence: when it was destroyed elsewhere, which office confirmed it, and the digest of a document."""

from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from portal.forms.handlers import Form
from portal.rules.evidence import Evidence


@dataclass
class Proving(Form):
    """Evidence to be entered; the service judges it."""

    evidence: Evidence = field(default_factory=lambda: Evidence(None, ""))
    for_batch: bool = False

    @classmethod
    def read(cls, sent: MultiDict[str, str]) -> "Proving":
        form = cls()
        for name in ("office", "note"):
            form.typed[name] = " ".join(sent.get(name, "").split())
        form.typed["sha256"] = "".join(sent.get("sha256", "").split()).lower()
        form.typed["for_batch"] = sent.get("for_batch", "")
        day = form.day(sent, "on")
        form.evidence = Evidence(day, form.typed["office"], form.typed["note"], form.typed["sha256"])
        form.for_batch = form.typed["for_batch"] == "yes"
        return form
