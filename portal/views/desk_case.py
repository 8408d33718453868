"""What the page of a request shows: facts under their masks, the steps that may be taken, and what happened so far.

Nothing leaves here unmasked but while its values are revealed.
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import format_decimal, gettext

from portal.clock import SEOUL
from portal.forms.desk import MAY_HAVE_WORDS, WITH_GROUND, Stepping, needs_words
from portal.forms.handlers import Form
from portal.holdings import holdings
from portal.policy.model import Policy, RetentionRule
from portal.records.requests import RequestEvent
from portal.rules import profile, refusal, reveal
from portal.rules.deadline import Kind
from portal.rules.deed import WORDS as DEEDS
from portal.rules.deed import Deed
from portal.rules.identifier import shown_form
from portal.rules.mask import mask, mask_login_id, mask_name, mask_text
from portal.rules.progress import DESTROYING, Word
from portal.rules.wording import ground_text, period_text
from portal.services.ordering import Preview
from portal.services.representing import RELATIONS
from portal.services.working import Case, Done
from portal.speech import language, say_text
from portal.views.desk import people_of, who_of
from portal.views.desk_words import DONE_WITH_IT, FREE, ITEMS, STEPS, TOLD
from portal.views.requests import scope_names
from portal.views.standing import REQUESTERS

FIRST = (  # of the steps that may be taken, the first of these is the next one
    Word.RE_REVIEWED,
    Word.MORE_GIVEN,
    Word.RESUMED,
    Word.APPROVED,
    Word.FULFILLED,
    Word.IDENTITY_CHECK,
    Word.IN_REVIEW,
    Word.CLOSED,
)
ASIDE = (
    Word.MORE_ASKED,
    Word.DEFERRED,
    Word.PARTIAL,
    Word.REFUSED,
    Word.OBJECTED,
    Word.CANCELLED,
    Word.CLOSED,
)


@dataclass(frozen=True)
class Step:
    """One step that may be taken now, and what its form asks for."""

    word: str
    name: str
    button: str
    lead: str
    grounds: list[tuple[str, str]]
    has_words: bool
    words_needed: bool
    has_until: bool
    items: list[tuple[str, str]]
    typed_number: bool
    is_open: bool


@dataclass(frozen=True)
class Point:
    """One point of the timeline."""

    what: str
    by: str
    words: str
    mark: str = ""


@dataclass(frozen=True)
class Fate:
    """What becomes of one kind of record: gone on approval, or kept; `until` is the first day without it."""

    what: str
    where: str
    count: str
    until: date | None
    article: str
    ground: str


def facts_of(case: Case) -> list[tuple[str, str]]:
    """Return what is known of whom it is about, masked unless revealed."""
    known = {} if case.people else case.known
    shown = [(str(ITEMS[item]), _shown(case, item, known[item])) for item in ITEMS if known.get(item)]
    if case.people:
        one = who_of(case.known, case.is_gone, case.standing.request.requester)  # masked though values are revealed
        shown.append((gettext("퇴사자"), people_of(case.people) if case.people > 1 else one))
    if case.company:
        shown.append((gettext("요청 회사"), case.company))
    reply_to = case.details.get("reply_to", "")
    if reply_to and reply_to != known.get("email"):
        shown.append((gettext("회신 메일"), _shown(case, "email", reply_to)))
    named, agent = case.details.get("member", ""), case.details.get("agent", "")
    if named:
        shown.append((gettext("대리인이 적은 회원"), named if case.revealed_until else mask_login_id(named)))
    if agent:
        shown.append((gettext("대리인"), agent if case.revealed_until else mask_name(agent)))
        relation = RELATIONS.get(case.details.get("relation", ""))
        shown.append((gettext("회원과의 관계"), say_text(relation) if relation else "–"))
    return shown


def asked_of(case: Case) -> list[tuple[str, list[str]]]:
    """Return what was asked, by heading; values of items under their masks and addresses and numbers in free words
    masked, unless revealed."""
    asked = []
    changes = case.details.get("changes") or case.details.get("items") or {}
    if isinstance(changes, dict):
        lines = [f"{ITEMS.get(item, item)}: {_shown(case, item, str(value))}" for item, value in changes.items()]
        asked += [(gettext("바꿀 값"), lines)] if lines else []
    elif isinstance(changes, list):
        asked.append((gettext("항목"), [str(ITEMS.get(item, item)) for item in changes]))
    names = scope_names()
    scopes = [str(names[scope]) for scope in case.details.get("scopes", ()) if scope in names]
    asked += [(gettext("열람할 것"), scopes)] if scopes else []
    for name, heading in FREE.items():
        text = case.details.get(name)
        if isinstance(text, str) and text and not (name == "relation" and text in RELATIONS):
            asked.append((str(heading), _words(case, text).split("\n")))
    return asked


def _shown(case: Case, item: str, value: str) -> str:
    if case.revealed_until:
        return shown_form(item, value)
    return mask_login_id(value) if item == "host_id" else mask(item, value)


def _words(case: Case, text: str) -> str:
    return text if case.revealed_until else mask_text(text)


def steps_of(case: Case, form: Form) -> tuple[Step | None, list[Step]]:
    """Return the next step, and the others that may be taken instead; the one just sent is open."""
    sent = form.word if isinstance(form, Stepping) else None
    primary = next((word for word in FIRST if word in case.next and not _is_aside(word, case)), None)
    others = [word for word in ASIDE if word in case.next and word is not primary]
    return (
        _step(primary, case, is_open=True) if primary else None,
        [_step(word, case, is_open=word is sent) for word in others],
    )


def _is_aside(word: Word, case: Case) -> bool:
    """Tell whether a step is not the next one though it may be taken: a complaint needs no proof of who complains, and
    is not closed before it is answered."""
    complains = case.standing.kind is Kind.COMPLAINT
    return (word is Word.IDENTITY_CHECK and (complains or Word.IN_REVIEW in case.next)) or (
        word is Word.CLOSED and case.standing.state.is_open
    )


def _step(word: Word, case: Case, *, is_open: bool) -> Step:
    kind = case.standing.kind
    button, lead = STEPS[word]
    corrects = word is Word.FULFILLED and kind is Kind.CORRECTION
    items = profile.ITEMS if corrects and not case.details.get("changes") else ()
    if word is Word.FULFILLED and kind in DONE_WITH_IT:
        lead = DONE_WITH_IT[kind]
    destroys = word is Word.APPROVED and kind in DESTROYING
    return Step(
        word=word.value,
        name=word.value.lower(),
        button=gettext("승인하고 파기") if destroys else str(button),
        lead=_what_is_destroyed(case) if destroys else str(lead),
        grounds=_grounds(kind) if word in WITH_GROUND else [],
        has_words=word in MAY_HAVE_WORDS,
        words_needed=needs_words(word, kind),
        has_until=word is Word.DEFERRED,
        items=[(item, str(ITEMS[item])) for item in items],
        typed_number=destroys,
        is_open=is_open,
    )


def _what_is_destroyed(case: Case) -> str:
    if not case.people:
        return gettext("회원의 정보를 복구할 수 없게 파기합니다.")
    told = [
        gettext(
            "이의를 낼 날이 지나면 퇴사자 %(count)s명의 정보를 복구할 수 없게 파기합니다.", count=f"{case.people:,}"
        )
    ]
    if case.standing.request.approvals > 1:
        told.append(gettext("서로 다른 두 사람이 승인해야 합니다."))
    return " ".join(told)


def _grounds(kind: Kind) -> list[tuple[str, str]]:
    told = [(one.code, f"{say_text(one.words)} ({one.source})") for one in refusal.grounds(kind)]
    return [("", gettext("골라 주세요")), *told]


def line_of(case: Case) -> list[Point]:
    """Return what happened, oldest first, where it stands now, and what comes next."""
    happened: list[tuple[datetime, Point]] = [(event.at, _point(case, event)) for event in case.standing.events]
    happened += [(done.event.at, _deed_point(case, done)) for done in case.deeds]
    points = [point for _, point in sorted(happened, key=lambda one: one[0])]
    state = case.standing.state
    if not state.is_open:
        return points
    points.append(Point(say_text(state.label), gettext("지금"), "", "is-now"))
    words = {event.word for event in case.standing.events}
    if case.standing.kind in DESTROYING and Word.HANDED_TO_DESTRUCTION not in words:
        points.append(Point(gettext("파기 실행"), gettext("승인 뒤 자동"), "", "is-next"))
    due = case.standing.request.due_day
    points.append(Point(gettext("결과 통지"), gettext("%(day)s까지", day=f"{due:%m-%d}"), "", "is-next"))
    return points


def _point(case: Case, event: RequestEvent) -> Point:
    word = Word(event.word)
    what = str(TOLD[word])
    ground = refusal.ground(case.standing.kind, event.reason)
    told = [f"{say_text(ground.words)} ({ground.source})"] if ground else []
    told += [_words(case, case.words[event.id])] if event.id in case.words else []
    if event.until:
        what = gettext("%(what)s, %(day)s까지", what=what, day=event.until.isoformat())
    return Point(what, f"{_moment(event.at)} · {_actor(case, event)}", " ".join(told))


def _deed_point(case: Case, done: Done) -> Point:
    reason = reveal.REASONS.get(done.event.reason)
    told = [say_text(reason)] if reason else []
    told += [mask_text(done.words)] if done.words else []
    by = case.names.get(done.event.actor, "")
    return Point(say_text(DEEDS[Deed(done.event.deed)]), f"{_moment(done.event.at)} · {by}", ", ".join(told))


def _actor(case: Case, event: RequestEvent) -> str:
    if event.actor_kind == "STAFF":
        return case.names.get(event.actor, gettext("지운 계정"))
    if event.actor_kind in ("MEMBER", "STRANGER"):
        return str(REQUESTERS[case.standing.request.requester])
    return gettext("자동")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%m-%d %H:%M}"


def plan_of(preview: Preview | None, policy: Policy) -> list[Fate]:
    """Return what goes on approval, counted, and what stays with its ground and its last day."""
    if preview is None:
        return []
    goes = [
        Fate(say_text(one.name), "", _counted(preview.counts.get(one.key)), None, one.articles[0], "")
        for one in holdings()
        if not one.kept
    ]
    return [*goes, *(_kept(policy.retention_rule(key), until) for key, until in preview.kept)]


def _kept(rule: RetentionRule, until: date) -> Fate:
    spoken = language()
    ground = f"{ground_text(rule.ground, spoken)}, {period_text(rule.period, spoken)}"
    return Fate(say_text(rule.label), gettext("분리 보관소로 이동"), "", until, "5", ground)


def _counted(count: int | None) -> str:
    return gettext("지금 세지 못함") if count is None else format_decimal(count)
