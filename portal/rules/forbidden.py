"""Forbidden numbers: what no field and no free text may hold, however it is written.

A card number (no card number is ever stored, only the payment service's token) and a resident or alien registration
number (PIPA art. 24-2; verified 2026-11-23). About one run of 13 to 19 digits in ten passes Luhn by chance and is
refused too: a refused order number costs a retry, a kept card number cannot be taken back.
"""

import re
from datetime import date
from unicodedata import decimal, normalize

from portal.policy.model import Text

CARD_LENGTHS = range(13, 20)  # ISO/IEC 7812-1
LEAST_DIGITS = 13  # of either number

CARD_NUMBER = Text(
    ko="카드번호로 보이는 숫자는 받지 않으니 지워 주세요.",
    en="This looks like a card number. We do not take card numbers; remove it.",
)
RESIDENT_NUMBER = Text(
    ko="주민등록번호나 외국인등록번호로 보이는 숫자는 받지 않으니 지워 주세요.",
    en="This looks like a resident or alien registration number. We do not take these; remove it.",
)

_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)} | {0x3000: " ", 0xA0: " ", 0xFF0B: "+"}
_PLAIN = str.maketrans(_WIDE | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"), "-"))
_RUN = re.compile(r"[0-9](?:[ -]*[0-9]){12,}")
_BETWEEN = re.compile(r"[ -]+")
# Numbers given since October 2020 have no check digit, so a plausible birthday is all there is to go by.
_RESIDENT = re.compile(r"(?<![0-9])([0-9]{2})([0-9]{2})([0-9]{2})[ -]*([1-8])[0-9]{6}(?![0-9])")


def plain_signs(text: str) -> str:
    """Return `text` with full-width digits and plus, the kinds of hyphen and of blank replaced by ASCII's."""
    return text.translate(_PLAIN)


def forbidden(text: str) -> Text | None:
    """Return why `text` may not be kept, or None: a card number or a resident or alien registration number in it.

    Looks through spaces, hyphens, invisible characters and the digits of other scripts. A card number is 13 to 19
    digits that pass Luhn: a whole run of digits, one group of it, or groups as cards print them (4-4-4-4, 4-6-5).
    """
    if len(text) < LEAST_DIGITS and text.isascii():
        return None
    plain = text if text.isascii() and text.isprintable() else " ".join(_ascii_digits(text).split())
    runs = _RUN.findall(plain)
    if not runs:  # either number is such a run, so nearly every text ends here
        return None
    if any(_is_birthday(*found) for found in _RESIDENT.findall(plain)):
        return RESIDENT_NUMBER
    for run in runs:
        if any(len(digits) in CARD_LENGTHS and _passes_luhn(digits) for digits in _readings(_BETWEEN.split(run))):
            return CARD_NUMBER
    return None


def _ascii_digits(text: str) -> str:
    folded = plain_signs(normalize("NFKC", text))
    seen = (character for character in folded if character.isspace() or character.isprintable())
    return "".join(str(decimal(character)) if character.isdecimal() else character for character in seen)


def _readings(groups: list[str]) -> list[str]:
    readings = ["".join(groups), *groups]
    for start in range(len(groups)):
        shape = [len(group) for group in groups[start : start + 5]]
        if shape[:3] == [4, 4, 4] and len(shape) > 3:
            readings += ["".join(groups[start : start + 4]), "".join(groups[start : start + 5])]
        elif shape[:2] == [4, 6]:
            readings.append("".join(groups[start : start + 3]))
    return readings


def _passes_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_birthday(year: str, month: str, day: str, century: str) -> bool:
    try:
        date((1900 if century in "1256" else 2000) + int(year), int(month), int(day))
    except ValueError:
        return False
    return True
