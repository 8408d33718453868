"""How a request looks: its pill, its badge, the words for its kind, channel and requester; the same on every page."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext

from portal.rules.deadline import Badge, Kind
from portal.rules.progress import State
from portal.services.requesting import KIND_WORDS
from portal.speech import say_text

PILLS = {
    "NEW": "",
    "IN_PROGRESS": " pill--run",
    "WAITING_FOR_REQUESTER": " pill--hold",
    "AWAITING_APPROVAL": " pill--go",
    "DONE": " pill--done",
    "PARTLY_DONE": " pill--done",
    "REFUSED": " pill--bad",
    "CANCELLED": "",
}
DUES = {"neutral": "", "soon": " due--soon", "today": " due--soon", "late": " due--late"}
CHANNELS: dict[str, Any] = {
    "WEB": lazy_gettext("내 개인정보 화면"),
    "LINK": lazy_gettext("메일 링크"),
    "CONTACT": lazy_gettext("문의 화면"),
    "PHONE": lazy_gettext("전화"),
    "EMAIL": lazy_gettext("이메일"),
    "PAPER": lazy_gettext("서면"),
    "ORG": lazy_gettext("회사 화면"),
}
REQUESTERS: dict[str, Any] = {
    "SELF": lazy_gettext("본인"),
    "AGENT": lazy_gettext("대리인"),
    "EMPLOYER": lazy_gettext("회사 담당자"),
    "STRANGER": lazy_gettext("비회원"),
}


@dataclass(frozen=True)
class Due:
    """A due day: the badge's class and words, and the day."""

    mark: str
    label: str
    day: date


def pill_of(state: State, *, is_theirs: bool = False) -> tuple[str, str]:
    """Return the class and the words of a request's pill; what is new to the staff has arrived, for who asked."""
    words = gettext("접수함") if is_theirs and state.status == "NEW" else say_text(state.label)
    return PILLS[state.status], words


def due_of(badge: Badge, day: date) -> Due:
    """Return the badge of an open request."""
    label = gettext("%(label)s 지남", label=badge.label) if badge.kind == "late" else badge.label
    return Due(DUES[badge.kind], label, day)


def kind_name(kind: Kind) -> str:
    """Return a kind of request as a heading has it."""
    words = say_text(KIND_WORDS[kind])
    return words[:1].upper() + words[1:]
