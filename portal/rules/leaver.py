"""Leavers: what is said of one row of a company's list before anything happens.

A row is read first (`read_row`), for its person is looked up by what it says; then it is judged with what was found
(`judge`). Somebody unknown and a member of another company are the same here, `None`: nothing tells them apart.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from portal.policy.model import Text
from portal.rules.forbidden import plain_signs
from portal.rules.identifier import IdentifierFault, index_form

EARLIEST = date(1990, 1, 1)  # an earlier leave date is a spreadsheet's filler
EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(32874, 73051)  # 1990 to 2099

_DATE = re.compile(
    r"([0-9]{4})(?: ?[-./] ?|년 ?)([0-9]{1,2})(?: ?[-./] ?|월 ?)([0-9]{1,2}) ?[.일]?(?:[ T]00:00(?::00(?:\.0+)?)?)?"
)
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"([0-9]{5})(?:\.0+)?")


class Verdict(StrEnum):
    """What becomes of a row when the list is sent."""

    REQUEST = "REQUEST"
    CONFIRM = "CONFIRM"
    FIX = "FIX"
    EXCLUDE = "EXCLUDE"


LABELS: Mapping[Verdict, Text] = {
    Verdict.REQUEST: Text(ko="삭제 요청", en="Will be requested"),
    Verdict.CONFIRM: Text(ko="확인 필요", en="Please confirm"),
    Verdict.FIX: Text(ko="고쳐야 함", en="Needs fixing"),
    Verdict.EXCLUDE: Text(ko="제외", en="Left out"),
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FINAL = Text(ko="파기한 정보는 되돌릴 수 없어요.", en="What is destroyed cannot be brought back.")
NOTHING_TO_DO = Text(ko="따로 할 일은 없어요.", en="There is nothing to do.")
PROFILE_GOES = Text(ko="회원 정보 삭제", en="Member information will be deleted")
ALSO_WHERE_SENT = Text(
    ko="회원 정보 삭제, 정보를 받은 곳에도 파기 요청",
    en="Member information will be deleted, and whoever received it is asked to destroy it",
)
CONFIRM_LEFT = Text(
    ko="퇴사가 맞으면 ‘퇴사가 맞아요. 포함할게요.’를 골라 주세요.", en="If they have left, tick “Yes, they have left.”"
)
NOBODY = Text(ko="이메일이나 아이디가 비어 있어요.", en="Both e-mail and ID are empty.")
NAME_THEM = Text(
    ko="회원의 이메일이나 아이디를 적고 명단을 다시 올려 주세요.",
    en="Enter the member's e-mail or ID and upload the list again.",
)
NO_EMAIL = Text(ko="이메일 형식이 아니에요.", en="This is not an e-mail address.")
AT_MISSING = Text(ko="@가 빠졌는지 확인해 주세요.", en="Check whether the @ is missing.")
NO_LOGIN = Text(ko="아이디 형식이 아니에요.", en="This is not an ID.")
NOT_OURS = Text(ko="우리 회사 회원 목록에 없어요.", en="Not in your company's member list.")
CHECK_ADDRESS = Text(
    ko="이메일이나 아이디에 오타가 없는지 확인해 주세요.", en="Check the e-mail or ID for a slip of the pen."
)
OWN = Text(ko="지금 로그인한 내 계정이에요.", en="This is the account you are signed in with.")
DELETE_OWN = Text(ko="내 정보는 ‘내 개인정보’에서 삭제해 주세요.", en="Delete your own information under “My data”.")
LAST_ADMIN = Text(ko="우리 회사의 마지막 담당자예요.", en="This is your company's last admin.")
NAME_ANOTHER = Text(ko="다른 담당자를 먼저 지정해 주세요.", en="Have another admin appointed first.")
REPORTED = Text(ko="이미 삭제를 요청한 회원이에요.", en="Their deletion has been requested already.")
NO_DATE = Text(ko="퇴사일이 비어 있어요.", en="The leave date is empty.")
DATE_UNREAD = Text(ko="퇴사일을 읽을 수 없어요.", en="The leave date cannot be read.")
DATE_FORM = Text(ko="2026-11-20처럼 적어 주세요.", en="Write it as 2026-11-20.")
NOT_YET = Text(ko="퇴사일이 아직 지나지 않았어요.", en="The leave date has not passed yet.")
ON_THE_DAY = Text(ko="퇴사한 뒤에 다시 요청해 주세요.", en="Request it again once they have left.")


class Row(msgspec.Struct, frozen=True):
    """What a row says, read: who is meant, as a blind index of `field` is made over it, and the leave date as written.

    `fault` says why nobody can be looked up; `field` and `key` are then empty.
    """

    field: str = ""
    key: str = ""
    left_on: str = ""
    fault: tuple[Text, Text] | None = None


class Found(msgspec.Struct, frozen=True):
    """What is known of the member of this company whom a row means. `last_seen` is a Seoul day; `was_sent`: a processor
    that has not ended received something."""

    last_seen: date | None = None
    was_sent: bool = False
    is_own: bool = False
    is_last_admin: bool = False
    is_reported: bool = False


class Judgement(msgspec.Struct, frozen=True):
    """What is said of one row: the verdict, its reason and the next step; `left_on` where it could be read."""

    verdict: Verdict
    reason: Text
    next_step: Text
    left_on: date | None = None


def leave_date(text: str) -> date | None:
    """Return the day that `text` means, or None.

    Takes 2026-11-20, 2026.11.20, "2026. 11. 20.", 2026/11/20, 20261120, 2026년 11월 20일 and the day number of a
    spreadsheet. A year of two digits is not guessed at.
    """
    plain = " ".join(plain_signs(text).split())
    if serial := _SERIAL.fullmatch(plain):
        number = int(serial[1])
        return EXCEL_EPOCH + timedelta(days=number) if number in EXCEL_DAYS else None
    found = _DATE.fullmatch(plain) or _DIGITS.fullmatch(plain)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
    return day if day and day >= EARLIEST else None


def read_row(*, email: str = "", login_id: str = "", left_on: str = "") -> Row:
    """Return who is meant, by e-mail where there is one, else by ID, or why nobody can be."""
    field, text = ("email", email) if email.strip() else ("login_id", login_id)
    if not text.strip():
        return Row(left_on=left_on, fault=(NOBODY, NAME_THEM))
    try:
        return Row(field, index_form(field, text), left_on)
    except IdentifierFault as fault:
        if field == "login_id":
            return Row(left_on=left_on, fault=(NO_LOGIN, fault.reason))
        return Row(left_on=left_on, fault=(NO_EMAIL, fault.reason if "@" in text else AT_MISSING))


def judge(row: Row, found: Found | None, today: date, same_as: int | None = None) -> Judgement:
    """Return the verdict on one row; `same_as` is the number of an earlier row that means the same person.

    The person comes before the date: to correct the date of a row that will be left out would be work for nothing.
    """
    if row.fault:
        return Judgement(Verdict.FIX, *row.fault)
    if same_as is not None:
        same = Text(ko=f"{same_as}행과 같은 회원이에요.", en=f"The same member as row {same_as}.")
        return Judgement(Verdict.EXCLUDE, same, NOTHING_TO_DO)
    if found is None:
        return Judgement(Verdict.EXCLUDE, NOT_OURS, CHECK_ADDRESS)
    if found.is_own:
        return Judgement(Verdict.FIX, OWN, DELETE_OWN)
    if found.is_reported:
        return Judgement(Verdict.EXCLUDE, REPORTED, NOTHING_TO_DO)
    if found.is_last_admin:
        return Judgement(Verdict.FIX, LAST_ADMIN, NAME_ANOTHER)
    return _judge_date(row.left_on, found, today)


def requested(judged: Mapping[int, Verdict], confirmed: Collection[int]) -> tuple[int, ...]:
    """Return the numbers of the rows to request: what may be, and of what asks for it what was confirmed.

    A tick beside any other row changes nothing: what must be fixed cannot be confirmed.
    """
    return tuple(
        number
        for number, verdict in judged.items()
        if verdict is Verdict.REQUEST or (verdict is Verdict.CONFIRM and number in confirmed)
    )


def date_fault(text: str, today: date) -> tuple[Text, Text] | None:
    """Return what is wrong with a leave date as typed, and what to do about it."""
    if not text.strip():
        return NO_DATE, DATE_FORM
    day = leave_date(text)
    if day is None:
        return DATE_UNREAD, DATE_FORM
    return (NOT_YET, ON_THE_DAY) if day > today else None


def _judge_date(text: str, found: Found, today: date) -> Judgement:
    day = leave_date(text)
    if fault := date_fault(text, today):
        return Judgement(Verdict.FIX, *fault, day)
    if day is not None and found.last_seen is not None and found.last_seen > day:
        return Judgement(Verdict.CONFIRM, _seen_after(found.last_seen, today), CONFIRM_LEFT, day)
    return Judgement(Verdict.REQUEST, ALSO_WHERE_SENT if found.was_sent else PROFILE_GOES, FINAL, day)


def _seen_after(day: date, today: date) -> Text:
    year_ko, year_en = ("", "") if day.year == today.year else (f"{day.year}년 ", f" {day.year}")
    month = MONTHS[day.month - 1]
    return Text(
        ko=f"{year_ko}{day.month}월 {day.day}일에 접속했어요. 퇴사일이 맞나요?",
        en=f"They signed in on {day.day} {month}{year_en}. Is the leave date right?",
    )
