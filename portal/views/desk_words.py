"""The words of the desk for a request: its steps, what happened, and what its details are called."""

from typing import Any

from flask_babel import lazy_gettext

from portal.rules.deadline import Kind
from portal.rules.progress import Word

STEPS: dict[Word, tuple[Any, Any]] = {  # word: (the button, what it does)
    Word.IDENTITY_CHECK: (
        lazy_gettext("본인 확인 기록"),
        lazy_gettext(
            "요청한 사람이 본인이나 정당한 대리인인지 무엇으로 확인했는지 적습니다. "
            "가입할 때 받지 않은 서류는 요구하지 않습니다."
        ),
    ),
    Word.IN_REVIEW: (lazy_gettext("검토 시작"), lazy_gettext("이 요청을 맡아 검토를 시작합니다.")),
    Word.APPROVED: (lazy_gettext("승인"), lazy_gettext("요청을 승인합니다.")),
    Word.FULFILLED: (
        lazy_gettext("완료하고 알리기"),
        lazy_gettext("요청한 대로 처리했습니다. 결과를 요청한 사람에게 메일로 알립니다."),
    ),
    Word.PARTIAL: (
        lazy_gettext("일부만 완료"),
        lazy_gettext("일부만 들어주고, 나머지는 근거와 이의제기 방법을 알립니다."),
    ),
    Word.MORE_ASKED: (
        lazy_gettext("보완 요청"),
        lazy_gettext("더 필요한 것을 요청한 사람에게 묻습니다. 기한은 멈추지 않습니다."),
    ),
    Word.MORE_GIVEN: (
        lazy_gettext("보완 받음"),
        lazy_gettext("요청한 사람에게서 받은 것을 적고 이어서 처리합니다."),
    ),
    Word.DEFERRED: (
        lazy_gettext("열람 연기"),
        lazy_gettext(
            "정당한 사유가 있을 때 열람만 연기할 수 있습니다. 사유와 이의제기 방법을 알립니다 (법 제35조 제3항)."
        ),
    ),
    Word.RESUMED: (
        lazy_gettext("연기 끝내기"),
        lazy_gettext("연기한 사유가 없어졌습니다. 지체 없이 열람하게 합니다."),
    ),
    Word.REFUSED: (lazy_gettext("거절"), lazy_gettext("근거와 이의제기 방법을 요청한 사람에게 알립니다.")),
    Word.OBJECTED: (
        lazy_gettext("이의 접수"),
        lazy_gettext("요청한 사람이 전화나 메일로 낸 이의를 적습니다. 처음 결정한 사람이 아닌 사람이 검토합니다."),
    ),
    Word.RE_REVIEWED: (
        lazy_gettext("이의 검토 시작"),
        lazy_gettext("처음 결정한 사람이 아닌 사람이 다시 검토합니다 (법 제38조 제5항)."),
    ),
    Word.CANCELLED: (
        lazy_gettext("취소 접수"),
        lazy_gettext("요청한 사람이 요청을 거둔다고 알린 것을 적습니다."),
    ),
    Word.CLOSED: (lazy_gettext("종결"), lazy_gettext("더 할 일이 없어 종결합니다.")),
}
DONE_WITH_IT: dict[Kind, Any] = {  # what else the step does
    Kind.CORRECTION: lazy_gettext("값을 포털과 MateCost의 모든 곳에서 바꾸고, 모두 바뀌면 결과를 메일로 알립니다."),
    Kind.SUSPENSION: lazy_gettext("이 회원의 이용을 바로 멈추고 결과를 메일로 알립니다."),
    Kind.WITHDRAWAL: lazy_gettext("동의를 철회로 기록하고 결과를 메일로 알립니다."),
}
TOLD: dict[Word, Any] = {
    Word.RECEIVED: lazy_gettext("요청 접수"),
    Word.IDENTITY_CHECK: lazy_gettext("본인 확인 마침"),
    Word.IN_REVIEW: lazy_gettext("검토 시작함"),
    Word.MORE_ASKED: lazy_gettext("보완 요청함"),
    Word.MORE_GIVEN: lazy_gettext("보완 받음"),
    Word.DEFERRED: lazy_gettext("열람 연기함"),
    Word.RESUMED: lazy_gettext("연기 끝"),
    Word.APPROVED: lazy_gettext("승인함"),
    Word.HANDED_TO_DESTRUCTION: lazy_gettext("파기 절차로 넘김"),
    Word.FULFILLED: lazy_gettext("완료"),
    Word.PARTIAL: lazy_gettext("일부 완료"),
    Word.REFUSED: lazy_gettext("거절함"),
    Word.OBJECTED: lazy_gettext("이의 제기"),
    Word.RE_REVIEWED: lazy_gettext("이의 검토 시작함"),
    Word.CANCELLED: lazy_gettext("취소함"),
    Word.CLOSED: lazy_gettext("종결함"),
}
ITEMS: dict[str, Any] = {
    "email": lazy_gettext("이메일"),
    "login_id": lazy_gettext("아이디"),
    "host_id": lazy_gettext("회원 번호"),
    "company_name": lazy_gettext("회사"),
    "business_registration_number": lazy_gettext("사업자등록번호"),
    "personal_contact": lazy_gettext("연락처"),
}
FREE: dict[str, Any] = {  # free words among the details, in the order in which they are shown
    "topic": lazy_gettext("주제"),
    "text": lazy_gettext("내용"),
    "reason": lazy_gettext("사유"),
    "proof": lazy_gettext("본인 확인"),
    "relation": lazy_gettext("관계"),
}
LETTERS: dict[str, Any] = {  # what was sent to a former company, and at last to us
    "QUESTION": lazy_gettext("질문 보냄"),
    "FIRST_REMINDER": lazy_gettext("첫 번째 알림 보냄"),
    "LAST_REMINDER": lazy_gettext("마지막 알림 보냄"),
    "HANDED_TO_STAFF": lazy_gettext("담당자에게 넘김"),
}
