"""The file in which members take their data with them: its shape, its words, and what is left out of it and why.

A program reads it by `docs/export.schema.json`, which is made from the shapes here; a change that such a program could
stumble over raises VERSION. Values are written as they are kept, for they go to nobody but whose they are.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from portal.policy.model import Text
from portal.rules.deed import WORDS
from portal.rules.reveal import REASONS

SCHEMA: Literal["matecost-privacy-export"] = "matecost-privacy-export"
VERSION: Literal[1] = 1
State = Literal["complete", "unreachable"]


class ExportedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy says of one item: why it is kept, how long, and where that stands."""

    item: str
    label: Text
    purposes: tuple[Text, ...]
    period: Text
    articles: tuple[str, ...]


class ExportedCategory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of one category. `kept` is the retention rule under which it outlives a deletion, "" where none does.
    A category whose source could not be asked, or not to its end, is "unreachable": ask again later."""

    category: str
    name: Text
    articles: tuple[str, ...]
    kept: str
    records: tuple[dict[str, Any], ...]
    state: State


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is not in the file, and why."""

    what: Text
    why: Text


class Exported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    schema: Literal["matecost-privacy-export"]
    version: Literal[1]
    made_at: datetime
    policy_version: str
    controller: Text
    member: str
    items: tuple[ExportedItem, ...]
    left_out: tuple[LeftOut, ...]
    categories: tuple[ExportedCategory, ...]


LEFT_OUT = (
    LeftOut(
        what=Text(
            ko="암호키, 비밀번호 해시, 로그인 세션, 메일로 보낸 인증번호",
            en="Encryption keys, password hashes, sign-in sessions and mailed codes",
        ),
        why=Text(
            ko="누가 손에 넣으면 내 계정과 정보가 열려요.",
            en="In the wrong hands they would open your account and your data.",
        ),
    ),
    LeftOut(
        what=Text(ko="검색용 색인값", en="Search indexes"),
        why=Text(
            ko="이 파일에 있는 값에서 계산한 것이라 새로운 내용이 없어요.",
            en="They are computed from values that are in this file and say nothing new.",
        ),
    ),
    LeftOut(
        what=Text(ko="내 정보를 본 직원의 이름과 접속 주소", en="Names and addresses of staff who viewed your data"),
        why=Text(
            ko="직원의 개인정보라서 언제, 무엇을, 왜 봤는지만 넣었어요.",
            en="They are personal data of the staff; the file says when, what and why.",
        ),
    ),
    LeftOut(
        what=Text(ko="보낸 메일의 본문, 위임장 파일", en="The text of letters sent, and papers of an agent"),
        why=Text(
            ko="메일은 보내고 나면 지워요. 위임장은 대리인의 정보도 담고 있고, 확인이 끝나면 파기해요.",
            en="Letters are wiped once sent. A paper also concerns the agent, and is destroyed after its use.",
        ),
    ),
    LeftOut(
        what=Text(ko="신용카드 번호와 유효기간", en="Card number and expiry date"),
        why=Text(
            ko="저장하지 않아요. 결제할 때 결제대행사로 바로 보내요.",
            en="They are not stored: they go straight to the payment processor.",
        ),
    ),
)

FIELDS: Mapping[str, Text] = {
    "member_ref": Text(ko="회원 번호", en="Member number"),
    "host_id": Text(ko="MateCost의 회원 번호", en="Member number at MateCost"),
    "since": Text(ko="처음 알게 된 때", en="Known since"),
    "source": Text(ko="정보를 준 곳", en="Source"),
    "item": Text(ko="항목", en="Item"),
    "decision": Text(ko="결정", en="Decision"),
    "at": Text(ko="시각", en="Time"),
    "policy_version": Text(ko="처리방침", en="Policy version"),
    "text": Text(ko="내용", en="Text"),
    "receipt": Text(ko="확인서 번호", en="Receipt number"),
    "number": Text(ko="요청 번호", en="Request number"),
    "kind": Text(ko="종류", en="Kind"),
    "channel": Text(ko="받은 길", en="Channel"),
    "received_at": Text(ko="받은 때", en="Received"),
    "due_day": Text(ko="기한", en="Due"),
    "details": Text(ko="요청 내용", en="What was asked"),
    "steps": Text(ko="처리", en="Steps"),
    "step": Text(ko="단계", en="Step"),
    "ground": Text(ko="근거", en="Ground"),
    "words": Text(ko="설명", en="Words"),
    "ip": Text(ko="IP 주소", en="IP address"),
    "method": Text(ko="방식", en="Method"),
    "path": Text(ko="주소", en="Path"),
    "status": Text(ko="응답", en="Status"),
    "user_agent": Text(ko="기기", en="Device"),
    "cookies": Text(ko="쿠키", en="Cookies"),
    "about": Text(ko="관련 요청", en="Request concerned"),
    "made_at": Text(ko="만든 때", en="Made"),
    "state": Text(ko="상태", en="State"),
    "sent_at": Text(ko="보낸 때", en="Sent"),
    "deed": Text(ko="한 일", en="What was done"),
    "reason": Text(ko="사유", en="Reason"),
    "request": Text(ko="관련 요청", en="Request concerned"),
    "processor": Text(ko="받은 곳", en="Recipient"),
    "disclosed": Text(ko="보낸 항목", en="What was sent"),
    "purpose": Text(ko="목적", en="Purpose"),
    "reference": Text(ko="전송 번호", en="Sending"),
}
"""What the fields of a record are called in a table for people; an item of the policy has its own label."""

CODES: Mapping[str, Text] = {
    "GRANTED": Text(ko="동의", en="agreed"),
    "REFUSED": Text(ko="동의하지 않음", en="refused"),
    "WITHDRAWN": Text(ko="철회", en="withdrawn"),
    "HOST": Text(ko="MateCost", en="MateCost"),
    "SELF": Text(ko="본인", en="the member"),
    "EMPLOYER": Text(ko="근무 회사", en="the employer"),
    **{deed.value: words for deed, words in WORDS.items()},
    **REASONS,
}
"""What codes mean, for people; the document for programs keeps the codes."""

COLUMNS = (
    Text(ko="분류", en="Category"),
    Text(ko="번호", en="No."),
    Text(ko="항목", en="Item"),
    Text(ko="값", en="Value"),
    Text(ko="목적", en="Purpose"),
    Text(ko="보유 기간", en="Period"),
    Text(ko="근거", en="Article"),
)


def flat(record: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every single value of a record with the names that lead to it; lists are counted from 1, nothing is
    skipped but what is empty."""
    for name, value in record.items():
        yield from _flat(value, (*before, name))


def _flat(value: Any, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        yield from flat(value, names)
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value, start=1):
            yield from _flat(one, (*names, str(number)))
    elif value not in (None, ""):
        yield names, value
