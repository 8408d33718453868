"""A request as the one who made it reads it: what was done, by whom in a word, and what was written to them."""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext

from portal.rules import refusal
from portal.rules.progress import Word
from portal.services import requesting
from portal.services.requesting import KIND_WORDS, Standing
from portal.speech import say_text

PILLS = {
    "NEW": "",
    "IN_PROGRESS": " pill--act",
    "WAITING_FOR_REQUESTER": " pill--hold",
    "AWAITING_APPROVAL": " pill--hold",
    "DONE": " pill--done",
    "PARTLY_DONE": " pill--done",
    "REFUSED": " pill--no",
    "CANCELLED": "",
}

MARKS = {"neutral": "", "soon": " due--soon", "today": " due--soon", "late": " due--late"}


@dataclass(frozen=True)
class Told:
    """The head of a receipt."""

    number: str
    kind: str
    state: str
    pill: str
    received: datetime
    due: date
    badge: str
    mark: str
    basis: str
    is_open: bool


@dataclass(frozen=True)
class Line:
    """One step in people's words; `words` is what was written with it."""

    what: str
    who: str
    at: datetime
    words: str


def told(standing: Standing) -> Told:
    """Return the head of a request's receipt."""
    request = standing.request
    return Told(
        number=request.number,
        kind=say_text(KIND_WORDS[standing.kind]),
        state=say_text(standing.state.label),
        pill=PILLS[standing.state.status],
        received=request.received_at,
        due=request.due_day,
        badge=standing.badge.label,
        mark=MARKS[standing.badge.kind],
        basis=say_text(standing.basis),
        is_open=standing.state.is_open,
    )


def lines_of(standing: Standing) -> list[Line]:
    """Return the steps of a request, oldest first."""
    written = requesting.words_of(standing.request, standing.events)
    lines = []
    for event in standing.events:
        ground = refusal.ground(standing.kind, event.reason)
        words = [f"{say_text(ground.words)} ({ground.source})"] if ground else []
        words += [written[event.id]] if event.id in written else []
        lines.append(Line(_deeds()[Word(event.word)], _who(event.actor_kind), event.at, "\n".join(words)))
    return lines


def _who(kind: str) -> str:
    return {"STAFF": gettext("담당자"), "SYSTEM": gettext("자동 처리"), "HOST": "MateCost"}.get(
        kind, gettext("요청한 분")
    )


def _deeds() -> dict[Word, str]:
    return {
        Word.RECEIVED: gettext("요청을 받았어요"),
        Word.IDENTITY_CHECK: gettext("본인인지 확인했어요"),
        Word.IN_REVIEW: gettext("검토를 시작했어요"),
        Word.MORE_ASKED: gettext("보완을 부탁드렸어요"),
        Word.MORE_GIVEN: gettext("보완 내용을 받았어요"),
        Word.DEFERRED: gettext("열람을 미뤘어요"),
        Word.RESUMED: gettext("다시 진행해요"),
        Word.APPROVED: gettext("승인했어요"),
        Word.HANDED_TO_DESTRUCTION: gettext("파기를 시작해요"),
        Word.FULFILLED: gettext("요청을 마쳤어요"),
        Word.PARTIAL: gettext("일부를 마쳤어요"),
        Word.REFUSED: gettext("들어드리지 못했어요"),
        Word.OBJECTED: gettext("이의를 받았어요"),
        Word.RE_REVIEWED: gettext("다른 담당자가 이의를 검토해요"),
        Word.CANCELLED: gettext("요청을 취소했어요"),
        Word.CLOSED: gettext("마무리했어요"),
    }
