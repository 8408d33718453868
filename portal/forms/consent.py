"""The consent form: which names it uses, and how it is read back.

Nothing that comes back is trusted: the text hash and the version are compared with what is in force, `next` is
checked again, and a field that stands twice is no answer. WTForms would bring defaults and coercion, and neither may
stand between a person and a yes; Flask-WTF still refuses every POST without its token.
"""

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from middleware.paths import safe_next
from portal.policy.model import LANGUAGES, Language
from portal.services.consenting import Filled

ANSWER = "answer-"
AMBIGUOUS = "?"  # stands for a field sent twice: neither yes nor no


@dataclass(frozen=True)
class Sent:
    """A consent form as it came back: the button pressed, the answers, and where to go afterwards."""

    decision: str  # "agree", "decline" or something else
    filled: Filled
    next: str


def field(key: str) -> str:
    """Return the name of the field that answers an item."""
    return ANSWER + key


def hidden(version: str, text_sha256: str, language: str, shown: list[str], nonce: str, then: str) -> dict[str, str]:
    """Return the hidden fields of a fresh form."""
    return {
        "version": version,
        "text": text_sha256,
        "language": language,
        "shown": " ".join(shown),
        "nonce": nonce,
        "next": then,
    }


def read(form: MultiDict[str, str]) -> Sent:
    """Return what was sent; a missing field reads as empty."""
    shown = tuple(_once(form, "shown").split())
    spoken = _once(form, "language")
    language: Language = next((code for code in LANGUAGES if code == spoken), "ko")
    return Sent(
        decision=_once(form, "decision"),
        filled=Filled(
            version=_once(form, "version"),
            text_sha256=_once(form, "text"),
            language=language,
            shown=shown,
            nonce=_once(form, "nonce"),
            answers={key: _once(form, field(key)) for key in shown if field(key) in form},
        ),
        next=safe_next(_once(form, "next")),
    )


def _once(form: MultiDict[str, str], name: str) -> str:
    values = form.getlist(name)
    if not values:
        return ""
    return values[0] if len(values) == 1 else AMBIGUOUS
