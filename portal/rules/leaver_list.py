"""A company's list of leavers as a whole: which column holds what, why a file is refused, and what the preview says."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from unicodedata import normalize

import msgspec

from portal.policy.model import Text
from portal.rules.leaver import Verdict

MOST_ROWS = 100_000

COLUMNS: Mapping[str, frozenset[str]] = {
    "email": frozenset(
        {"email", "mail", "emailaddress", "email주소", "이메일", "이메일주소", "메일", "메일주소", "전자우편"}
        | {"회사이메일", "회사이메일주소", "회사메일", "회사메일주소"}
        | {"사내이메일", "사내메일", "업무이메일", "업무메일"}
    ),
    "login_id": frozenset(
        {"loginid", "id", "userid", "username", "login", "아이디", "로그인아이디", "사용자아이디", "회원아이디"}
    ),
    "left_on": frozenset(
        {"leavedate", "lefton", "leftdate", "leavingdate", "lastday", "terminationdate", "resignationdate", "enddate"}
        | {"퇴사일", "퇴사일자", "퇴사날짜", "퇴직일", "퇴직일자", "퇴직날짜", "마지막근무일", "최종근무일"}
    ),
}
"""The names of each column, without case, spaces and signs. A column of another name is not read."""
SAMPLE_HEADER = ("email", "leave_date")
_SIGNS = str.maketrans("", "", " \t\r\n\u00a0\ufeff_-./()[]:*")

NO_ROWS = Text(
    ko="명단에 회원이 없어요. 첫 줄 아래에 한 줄에 한 명씩 적어 주세요.",
    en="There is nobody in the list. Enter one member a line below the first line.",
)
TOO_MANY_ROWS = Text(
    ko="명단이 100,000행을 넘어요. 나눠서 올려 주세요.", en="The list has more than 100,000 rows. Upload it in parts."
)
NO_EMAIL_COLUMN = Text(
    ko="'email' 열을 찾지 못했어요. 견본 파일과 첫 줄을 맞춰 주세요.",
    en='We found no "email" column. Match the first line to the sample file.',
)
NO_DATE_COLUMN = Text(
    ko="'leave_date'(퇴사일) 열을 찾지 못했어요. 견본 파일과 첫 줄을 맞춰 주세요.",
    en='We found no "leave_date" column. Match the first line to the sample file.',
)


class ListRefused(ValueError):
    """The whole file is refused, nothing of it was used; `reason` says why and what to do."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Totals(msgspec.Struct, frozen=True):
    """How many rows were judged how."""

    rows: int
    counts: Mapping[Verdict, int]

    @property
    def sentence(self) -> Text:
        """The heading of the preview."""
        people = self.counts[Verdict.REQUEST]
        if not people:
            return Text(
                ko=f"{self.rows:,}행 가운데 삭제를 요청할 수 있는 회원이 없어요",
                en=f"None of the {self.rows:,} rows can be requested"
                if self.rows > 1
                else "The row cannot be requested",
            )
        return Text(
            ko=f"{self.rows:,}행 가운데 {people:,}명의 삭제를 요청할 수 있어요",
            en=f"{people:,} of {self.rows:,} {'row' if self.rows == 1 else 'rows'} can be requested",
        )


NOTHING_YET = Text(
    ko="아직 아무것도 지우지 않았어요. 아래 판정을 확인한 뒤 요청해 주세요.",
    en="Nothing has been deleted yet. Check the verdicts below, then send the request.",
)
ATTESTATION = Text(
    ko="위 회원이 퇴사했고, 내가 회사를 대신해 삭제를 요청할 권한이 있음을 확인합니다.",
    en="I confirm these members have left and I may request deletion for my company.",
)


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Return the place of each known column in the first line: "email" or "login_id" or both, and "left_on".

    Raises ListRefused when nobody could be told, no date is given, or two columns claim to be the same.
    """
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        column = _column_of(name)
        if column in places:
            first, second = header[places[column]].strip(), name.strip()
            raise ListRefused(
                Text(
                    ko=f"'{first}' 열과 '{second}' 열이 겹쳐요. 하나만 남겨 주세요.",
                    en=f'The columns "{first}" and "{second}" are the same. Leave only one.',
                )
            )
        if column:
            places[column] = place
    if "email" not in places and "login_id" not in places:
        raise ListRefused(NO_EMAIL_COLUMN)
    if "left_on" not in places:
        raise ListRefused(NO_DATE_COLUMN)
    return places


def check_count(rows: int, most: int = MOST_ROWS) -> None:
    """Raise ListRefused for a list without a row or with more than `most`, blank rows not being counted."""
    if not rows:
        raise ListRefused(NO_ROWS)
    if rows > most:
        raise ListRefused(TOO_MANY_ROWS)


def totals_of(verdicts: Iterable[Verdict]) -> Totals:
    counted = Counter(verdicts)
    return Totals(counted.total(), {verdict: counted[verdict] for verdict in Verdict})


def _column_of(name: str) -> str:
    plain = normalize("NFKC", name).casefold().translate(_SIGNS)
    return next((column for column, names in COLUMNS.items() if plain in names), "")
