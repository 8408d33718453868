"""Letters: what is written to people by mail, as plain text, one file for each kind and language.

The first line of a file is the subject, the rest after an empty line is the text. `$name` stands for a value; nothing
else is evaluated, and a value that is missing is an error of ours, never a hole in a letter. What a letter is sent for
is said in `DUTIES`: a purpose of the policy, or a duty towards the one who reads it.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

from portal.policy.model import Language

HOME = Path(__file__).parent
DUTIES: Mapping[str, str] = {  # kind: why it may be sent at all
    "agent_asked": "Decree art. 45, 46: the member learns that somebody asks in their name",
    "admin_invite": "safety standard art. 5: an account for each person, proved by its mailbox",
    "contact_confirm": "PIPA art. 31: complaints are taken from everybody, and from nobody in another's name",
    "contact_opens": "Decree art. 46: the person concerned learns of every way in",
    "enter_link": "PIPA art. 38(4): rights are no harder to exercise than the data was to give",
    "deadline": "PIPA art. 31: the company watches over its own deadlines",
    "destroyed": "PIPA art. 36(4), Decree art. 43(3): the result of a deletion is told",
    "leaver_handed": "policy art. 6: what a former company leaves open is decided by the staff in time",
    "leaver_question": "policy art. 6: the former company is asked about whoever says that they have left",
    "leaver_reminder": "policy art. 6: the same, while its days run",
    "leaver_reported": "PIPA art. 38(5): who is about to lose something may object to it first",
    "leavers_done": "policy art. 6: the company that asked for a deletion gets the proof of it",
    "left_link": "policy art. 6, PIPA art. 38(4): whoever has left asks without the company, by their own mailbox",
    "leavers_received": "policy art. 6: the company that asked for a deletion learns that it came in",
    "objection_decided": "PIPA art. 38(5): whoever objected learns what was found, and why",
    "objection_judged": "policy art. 6: the company that asked for a deletion learns what became of it",
    "objection_received": "PIPA art. 38(5): an objection is looked into by people",
    "policy_announced": "PIPA art. 30(2): a change of the policy is made known so that it is easily noticed",
    "policy_withdrawn": "PIPA art. 30(2): who was told of a change learns that it does not come",
    "request_received": "Decree art. 41, 43, 44: a request is answered in time",
    "request_result": "Decree art. 41, 43, 44: the result is told with its reason and the way to object",
    "request_step": "Decree art. 41, 43, 44: the requester is told what is needed or deferred",
    "staff_invite": "safety standard art. 5: an account for each person, proved by its mailbox",
    "staff_locked": "safety standard art. 5: the holder learns of failed attempts",
    "staff_reset": "safety standard art. 5: the holder alone sets the sign-in again",
    "step_up_code": "Decree art. 46: the requester is the person concerned",
    "supervision_due": "PIPA art. 26(4): the company supervises its processors",
}
_LINE_BREAK = re.compile(r"[\r\n]")


class NoSuchLetter(KeyError):
    """No letter of this kind is written, or it names no duty that it serves."""


def written(kind: str, language: Language, values: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and text of a letter. Raises NoSuchLetter, and KeyError for a value that the letter misses."""
    if kind not in DUTIES:
        raise NoSuchLetter(kind)
    subject, text = _templates(kind, language)
    # A line break in a subject would begin a header of somebody else's making.
    return _LINE_BREAK.sub(" ", subject.substitute(values)), text.substitute(values)


@cache
def _templates(kind: str, language: Language) -> tuple[Template, Template]:
    subject, _, text = (HOME / f"{kind}.{language}.txt").read_text("utf-8").partition("\n\n")
    return Template(subject.strip()), Template(text)
