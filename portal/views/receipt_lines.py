"""A request as the one who made it reads it: what was done, by whom in a word, and what was written to them."""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext

from portal.records.requests import RequestEvent
from portal.rules import refusal
from portal.rules.progress import Word
from portal.services import requesting
from portal.services.requesting import Standing
from portal.speech import say_text
from portal.views.standing import due_of, kind_name, pill_of


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
class Step:
    """One step as a line of the timeline."""

    deed: str
    at: datetime
    by: str
    words: str


def told(standing: Standing) -> Told:
    """Return the head of a request's receipt."""
    request = standing.request
    pill, state = pill_of(standing.state, is_theirs=True)
    due = due_of(standing.badge, request.due_day)
    return Told(
        number=request.number,
        kind=kind_name(standing.kind),
        state=state,
        pill=pill,
        received=request.received_at,
        due=due.day,
        badge=due.label,
        mark=due.mark,
        basis=say_text(standing.basis),
        is_open=standing.state.is_open,
    )


def lines_of(standing: Standing) -> list[Step]:
    """Return the steps of a request, oldest first, each with its ground and what was written."""
    written = requesting.words_of(standing.request, standing.events)
    lines = []
    for event in standing.events:
        ground = refusal.ground(standing.kind, event.reason)
        words = [f"{say_text(ground.words)} ({ground.source})"] if ground else []
        words += [written[event.id]] if event.id in written else []
        lines.append(step_of(event, "\n".join(words)))
    return lines


def step_of(event: RequestEvent, words: str) -> Step:
    """Return one step as a line, with the words that go with it."""
    deeds = {
        Word.RECEIVED: gettext("요청을 받았어요"),
        Word.IDENTITY_CHECK: gettext("본인인지 확인했어요"),
        Word.IN_REVIEW: gettext("담당자가 살펴보기 시작했어요"),
        Word.MORE_ASKED: gettext("담당자가 더 물었어요"),
        Word.MORE_GIVEN: gettext("답을 보냈어요"),
        Word.DEFERRED: gettext("열람을 미뤘어요"),
        Word.RESUMED: gettext("미룬 열람을 다시 시작했어요"),
        Word.APPROVED: gettext("승인했어요"),
        Word.HANDED_TO_DESTRUCTION: gettext("파기를 기다려요"),
        Word.FULFILLED: gettext("요청대로 처리했어요"),
        Word.PARTIAL: gettext("일부를 처리했어요"),
        Word.REFUSED: gettext("요청을 들어드리지 못했어요"),
        Word.OBJECTED: gettext("이의를 제기했어요"),
        Word.RE_REVIEWED: gettext("다른 담당자가 다시 검토해요"),
        Word.CANCELLED: gettext("요청을 취소했어요"),
        Word.CLOSED: gettext("끝난 요청으로 정리했어요"),
    }
    people = {"STAFF": gettext("담당자"), "MEMBER": gettext("나"), "SYSTEM": gettext("자동")}
    return Step(deeds[Word(event.word)], event.at, people.get(event.actor_kind, gettext("요청한 사람")), words)
