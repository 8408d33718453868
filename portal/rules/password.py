"""Passwords: what may be one. Long, and not what everybody would guess; how it is made up is nobody's business.

After ASVS 5.0.0, 6.2.1 to 6.2.9: no rule of composition, no change by the calendar.
"""

import re
from collections.abc import Collection
from unicodedata import normalize

from portal.policy.model import Text

LEAST, MOST = 12, 256
REPEATED = 6  # a piece of this length or shorter, repeated, is as short as the piece
LEFT_OVER = 6  # signs that must remain when words about the person and the service are taken out
SERVICE = ("matecost", "cloudmate", "privacy", "개인정보", "클라우드메이트", "메이트코스트")

TOO_SHORT = Text(ko="12자 이상으로 정해 주세요.", en="Use at least 12 characters.")
TOO_LONG = Text(ko="256자 이하로 정해 주세요.", en="Use at most 256 characters.")
COMMON = Text(
    ko="많은 사람이 쓰지 않고 쉽게 짐작할 수 없는 비밀번호로 정해 주세요.",
    en="Many people use this password, or it is easy to guess. Choose another.",
)
ABOUT_YOU = Text(
    ko="이름, 메일 주소, 서비스 이름으로 짐작할 수 없는 비밀번호로 정해 주세요.",
    en="This can be guessed from your name, your address or the service. Choose another.",
)

_RUNS = ("0123456789" * 2, "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile(r"\w+")


def password_fault(password: str, common: Collection[str], about: Collection[str] = ()) -> Text | None:
    """Return why this may not be a password, or None. `common` are passwords in lower case that guessers try first,
    `about` the person's name and address."""
    if len(password) < LEAST:
        return TOO_SHORT
    if len(password) > MOST:
        return TOO_LONG
    plain = normalize("NFKC", password).casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)  # "password2026!" is "password"
    if plain in common or core in common or _is_run(core or plain) or _repeats(plain):
        return COMMON
    rest = plain
    for word in sorted(_words(about), key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != plain and len(re.sub(r"[\W\d_]", "", rest)) < LEFT_OVER:
        return ABOUT_YOU
    return None


def _words(about: Collection[str]) -> set[str]:
    plain = [normalize("NFKC", text).casefold() for text in about]
    pieces = {piece for text in plain for piece in _WORD.findall(text)} | set(plain)
    return {piece for piece in pieces if len(piece) > (2 if piece.isascii() else 1)} | set(SERVICE)


def _is_run(text: str) -> bool:
    """Tell whether it is one walk along the keyboard, or the alphabet, forwards or back, perhaps several times."""
    return len(text) > 3 and any(text in run * 3 or text[::-1] in run * 3 for run in _RUNS)


def _repeats(text: str) -> bool:
    return any(text == (text[:length] * len(text))[: len(text)] for length in range(1, REPEATED + 1))
