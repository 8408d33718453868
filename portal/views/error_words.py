"""What the error pages say: to staff in the words of a record, to everybody else as people talk."""

from collections.abc import Mapping
from typing import Any, Literal

from flask_babel import lazy_gettext

Words = tuple[Any, Any, Any]  # heading, what happened, what to do
Voice = Literal["people", "desk"]

_PEOPLE: Mapping[int, Words] = {
    400: (
        lazy_gettext("요청을 읽지 못했어요"),
        lazy_gettext("보낸 내용이 끊겼거나 형식이 달라요. 아무것도 저장하지 않았어요."),
        lazy_gettext("화면을 다시 열어서 시도해 주세요."),
    ),
    403: (
        lazy_gettext("이 요청은 받을 수 없어요"),
        lazy_gettext("다른 사이트에서 보낸 요청으로 보여요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("이 사이트의 화면에서 다시 시도해 주세요."),
    ),
    404: (
        lazy_gettext("찾는 화면이 없어요"),
        lazy_gettext("찾는 화면이 없거나 볼 권한이 없어요."),
        lazy_gettext("주소를 확인하거나 처리방침에서 다시 시작해 주세요."),
    ),
    405: (
        lazy_gettext("이 화면에서는 할 수 없는 일이에요"),
        lazy_gettext("화면이 받지 않는 방식으로 요청했어요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("화면의 버튼으로 다시 시도해 주세요."),
    ),
    413: (
        lazy_gettext("보낸 내용이 너무 커요"),
        lazy_gettext("이 화면이 받을 수 있는 크기를 넘었어요. 아무것도 저장하지 않았어요."),
        lazy_gettext("화면을 다시 열어서 시도해 주세요."),
    ),
    429: (
        lazy_gettext("요청이 너무 잦아요"),
        lazy_gettext("짧은 시간에 요청이 많아서 잠시 멈췄어요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("잠시 뒤에 다시 시도해 주세요."),
    ),
    500: (
        lazy_gettext("우리 쪽 문제예요"),
        lazy_gettext("요청을 처리하다가 문제가 생겼어요. 끝나지 않은 일은 저장하지 않았어요."),
        lazy_gettext("잠시 뒤에 다시 시도하고, 계속되면 알려 주세요."),
    ),
    503: (
        lazy_gettext("지금은 확인할 수 없어요"),
        lazy_gettext("로그인이나 처리방침을 지금 확인할 수 없어요. 아무것도 바뀌지 않았어요."),
        lazy_gettext("잠시 뒤에 다시 시도해 주세요."),
    ),
}
_DESK: Mapping[int, Words] = {
    400: (
        lazy_gettext("요청을 읽지 못했습니다"),
        lazy_gettext("보낸 내용이 끊겼거나 형식이 다릅니다. 아무것도 저장하지 않았습니다."),
        lazy_gettext("화면을 다시 열어서 시도해 주세요."),
    ),
    403: (
        lazy_gettext("이 요청은 받을 수 없습니다"),
        lazy_gettext("다른 사이트에서 보낸 요청으로 보입니다. 아무것도 바뀌지 않았습니다."),
        lazy_gettext("이 사이트의 화면에서 다시 시도해 주세요."),
    ),
    404: (
        lazy_gettext("찾는 화면이 없습니다"),
        lazy_gettext("찾는 화면이 없거나 볼 권한이 없습니다."),
        lazy_gettext("주소를 확인하거나 데스크에서 다시 시작해 주세요."),
    ),
    405: (
        lazy_gettext("이 화면에서는 할 수 없는 일입니다"),
        lazy_gettext("화면이 받지 않는 방식으로 요청했습니다. 아무것도 바뀌지 않았습니다."),
        lazy_gettext("화면의 버튼으로 다시 시도해 주세요."),
    ),
    413: (
        lazy_gettext("보낸 내용이 너무 큽니다"),
        lazy_gettext("이 화면이 받을 수 있는 크기를 넘었습니다. 아무것도 저장하지 않았습니다."),
        lazy_gettext("화면을 다시 열어서 시도해 주세요."),
    ),
    429: (
        lazy_gettext("요청이 너무 잦습니다"),
        lazy_gettext("짧은 시간에 요청이 많아서 잠시 멈췄습니다. 아무것도 바뀌지 않았습니다."),
        lazy_gettext("잠시 뒤에 다시 시도해 주세요."),
    ),
    500: (
        lazy_gettext("시스템 문제입니다"),
        lazy_gettext("요청을 처리하다가 문제가 생겼습니다. 끝나지 않은 일은 저장하지 않았습니다."),
        lazy_gettext("잠시 뒤에 다시 시도하고, 계속되면 알려 주세요."),
    ),
    503: (
        lazy_gettext("지금은 확인할 수 없습니다"),
        lazy_gettext("로그인이나 처리방침을 지금 확인할 수 없습니다. 아무것도 바뀌지 않았습니다."),
        lazy_gettext("잠시 뒤에 다시 시도해 주세요."),
    ),
}
WORDS: Mapping[Voice, Mapping[int, Words]] = {"people": _PEOPLE, "desk": _DESK}
EXPIRED: Mapping[Voice, Words] = {
    "people": (
        lazy_gettext("화면을 연 지 오래되었어요"),
        lazy_gettext("안전을 위해 답을 받지 않았어요. 아무것도 저장하지 않았어요."),
        lazy_gettext("화면을 다시 열고 답해 주세요. 쿠키를 막았다면 이 사이트의 쿠키를 허용해 주세요."),
    ),
    "desk": (
        lazy_gettext("화면을 연 지 오래되었습니다"),
        lazy_gettext("안전을 위해 답을 받지 않았습니다. 아무것도 저장하지 않았습니다."),
        lazy_gettext("화면을 다시 열고 답해 주세요. 쿠키를 막았다면 이 사이트의 쿠키를 허용해 주세요."),
    ),
}
