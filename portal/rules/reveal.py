"""Revealing: what a handler must say before a masked value is shown, and how long it is shown.

A reason from this list and words of one's own; both stand in the access records, and the member sees them.
"""

from collections.abc import Mapping
from datetime import timedelta

from portal.policy.model import Text
from portal.rules.forbidden import forbidden

LASTS = timedelta(minutes=5)
LEAST_WORDS, MOST_WORDS = 10, 300  # signs; ISMS-P asks for a reason that says something

REASONS: Mapping[str, Text] = {
    "IDENTITY": Text(ko="본인·대리인 확인", en="Checking who asks"),
    "TARGET": Text(ko="요청 대상 확인", en="Checking what the request is about"),
    "RESULT": Text(ko="결과 통지·회신", en="Replying or telling the result"),
    "OBJECTION": Text(ko="이의·분쟁 대응", en="Answering an objection or dispute"),
}

REASON_NEEDED = Text(ko="보려는 이유를 골라 주세요.", en="Choose why you need to see it.")
WORDS_NEEDED = Text(ko="무엇에 쓰는지 10자 이상으로 적어 주세요.", en="Say in at least 10 characters what for.")
TOO_LONG = Text(ko="300자까지 적을 수 있습니다.", en="Write no more than 300 characters.")


def faults(reason: str, words: str) -> dict[str, Text]:
    """Return what is wrong with a reason given, by field: "reason", "words". Nothing is wrong with an empty answer."""
    found = {} if reason in REASONS else {"reason": REASON_NEEDED}
    plain = " ".join(words.split())
    if len(plain) < LEAST_WORDS or len(set(plain) - {" "}) < 3:
        found["words"] = WORDS_NEEDED
    elif len(plain) > MOST_WORDS:
        found["words"] = TOO_LONG
    elif fault := forbidden(plain):
        found["words"] = fault
    return found
