import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.policy.model import Text
from portal.rules.deadline import ONLY_ACCESS, Kind
from portal.rules.progress import Event, State, Word
from portal.rules.request import (
    APPROVAL_FIRST,
    DESTRUCTION_FIRST,
    GROUND_NEEDED,
    IDENTITY_FIRST,
    MOVES,
    NOT_NEXT,
    NOT_YOURS,
    OTHER_APPROVER,
    OTHER_REVIEWER,
    OWN_REQUEST,
    REASON_NEEDED,
    Actor,
    StepRefused,
    approvals_needed,
    derive,
    next_steps,
    step,
)
from portal.rules.role import Role

MEMBER = Actor("m-1", frozenset({Role.MEMBER}), is_requester=True)
ADMIN = Actor("c-1", frozenset({Role.COMPANY_ADMIN}), is_requester=True)
STRANGER = Actor("m-2", frozenset({Role.MEMBER}))
HANDLER = Actor("h-1", frozenset({Role.HANDLER}))
SECOND = Actor("h-2", frozenset({Role.HANDLER}))
OFFICER = Actor("o-1", frozenset({Role.OFFICER}))
AUDITOR = Actor("a-1", frozenset({Role.AUDITOR}))
SYSTEM = Actor("system", is_system=True)
ITSELF = Actor("h-1", frozenset({Role.HANDLER, Role.MEMBER}), is_requester=True)
WHO = {"m": "m-1", "h": "h-1", "2": "h-2", "s": "system", "c": "c-1"}
SHORT = {
    "received": Word.RECEIVED,
    "checked": Word.IDENTITY_CHECK,
    "review": Word.IN_REVIEW,
    "asked": Word.MORE_ASKED,
    "given": Word.MORE_GIVEN,
    "deferred": Word.DEFERRED,
    "resumed": Word.RESUMED,
    "approved": Word.APPROVED,
    "handed": Word.HANDED_TO_DESTRUCTION,
    "fulfilled": Word.FULFILLED,
    "partial": Word.PARTIAL,
    "refused": Word.REFUSED,
    "objected": Word.OBJECTED,
    "rereviewed": Word.RE_REVIEWED,
    "cancelled": Word.CANCELLED,
    "closed": Word.CLOSED,
}


def events(story: str) -> list[Event]:
    """Read a story such as "received:m checked:s review:h": words, each with who did it."""
    told = [part.split(":") for part in story.split()]
    return [Event(SHORT[word], WHO[who]) for word, who in told]


REVIEW = "received:m checked:s review:h"
HANDED = f"{REVIEW} approved:h handed:h"
REFUSED = f"{REVIEW} refused:h"

STATES = {
    "received": (Kind.ACCESS, "received:m", State("NEW"), "새 요청"),
    "identity known": (Kind.ACCESS, "received:m checked:s", State("NEW"), "새 요청"),
    "in review": (Kind.ACCESS, REVIEW, State("IN_PROGRESS"), "처리 중"),
    "complaint in review": (Kind.COMPLAINT, "received:m review:h", State("IN_PROGRESS"), "처리 중"),
    "deletion in review": (Kind.DELETION, REVIEW, State("AWAITING_APPROVAL"), "승인 대기"),
    "leaver in review": (Kind.LEAVER, "received:c checked:s review:h", State("AWAITING_APPROVAL"), "승인 대기"),
    "more asked": (Kind.DELETION, f"{REVIEW} asked:h", State("WAITING_FOR_REQUESTER"), "보완 대기"),
    "more asked before review": (Kind.ACCESS, "received:m asked:h", State("WAITING_FOR_REQUESTER"), "보완 대기"),
    "more given before review": (Kind.ACCESS, "received:m asked:h given:m", State("NEW"), "새 요청"),
    "more given": (Kind.ACCESS, f"{REVIEW} asked:h given:m", State("IN_PROGRESS"), "처리 중"),
    "deferred": (Kind.ACCESS, f"{REVIEW} deferred:h", State("IN_PROGRESS", "DEFERRED"), "열람 연기"),
    "resumed": (Kind.ACCESS, f"{REVIEW} deferred:h resumed:h", State("IN_PROGRESS"), "처리 중"),
    "approved": (Kind.DELETION, f"{REVIEW} approved:h", State("IN_PROGRESS"), "처리 중"),
    "handed over": (Kind.DELETION, HANDED, State("IN_PROGRESS", "WAITING_FOR_DESTRUCTION"), "파기 대기"),
    "destroyed": (Kind.DELETION, f"{HANDED} fulfilled:s", State("DONE", is_open=False), "완료"),
    "partly destroyed": (Kind.DELETION, f"{HANDED} partial:s", State("PARTLY_DONE", is_open=False), "일부 완료"),
    "fulfilled at once": (Kind.ACCESS, "received:m checked:s fulfilled:s", State("DONE", is_open=False), "완료"),
    "refused": (Kind.ACCESS, REFUSED, State("REFUSED", is_open=False), "거절"),
    "objected": (Kind.ACCESS, f"{REFUSED} objected:m", State("IN_PROGRESS", "OBJECTED"), "이의 검토 중"),
    "objection taken up": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2",
        State("IN_PROGRESS", "OBJECTED"),
        "이의 검토 중",
    ),
    "objection upheld": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2 fulfilled:2",
        State("DONE", is_open=False),
        "완료",
    ),
    "objection turned down": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2 closed:2",
        State("REFUSED", is_open=False),
        "거절",
    ),
    "cancelled": (Kind.DELETION, f"{REVIEW} cancelled:m", State("CANCELLED", is_open=False), "취소"),
    "closed": (Kind.ACCESS, f"{REVIEW} fulfilled:h closed:s", State("DONE", is_open=False), "완료"),
}


@pytest.mark.parametrize(("kind", "story", "state", "label"), STATES.values(), ids=STATES.keys())
def test_a_request_stands_as_its_events_say(kind: Kind, story: str, state: State, label: str) -> None:
    """The events alone tell how a request stands, in one of eight statuses."""
    assert derive(kind, events(story)) == state
    assert derive(kind, events(story)).label.ko == label


def test_nothing_is_done_while_a_task_is_open() -> None:
    """A correction whose connected systems have not answered is in progress, whatever was decided."""
    corrected = events("received:m checked:s fulfilled:s")

    assert derive(Kind.CORRECTION, corrected, tasks_open=1) == State("IN_PROGRESS")
    assert derive(Kind.CORRECTION, corrected, tasks_open=0).status == "DONE"


def test_a_task_in_need_of_attention_shows() -> None:
    """A failed destruction is still waiting, and somebody must look."""
    stuck = derive(Kind.DELETION, events(HANDED), tasks_open=2, tasks_need_attention=1)

    assert stuck == State("IN_PROGRESS", "WAITING_FOR_DESTRUCTION", needs_attention=True)


def test_two_approvals_are_awaited_where_two_are_needed() -> None:
    """After the first of two approvals the request still awaits approval, and nothing is handed over."""
    once = events(f"{REVIEW} approved:h")

    assert derive(Kind.LEAVER, once, approvals=2).status == "AWAITING_APPROVAL"
    assert Word.HANDED_TO_DESTRUCTION not in next_steps(Kind.LEAVER, once, SECOND, approvals=2)
    assert derive(Kind.LEAVER, events(f"{REVIEW} approved:h approved:2"), approvals=2).status == "IN_PROGRESS"


@pytest.mark.parametrize("story", ["", "checked:s", "received:m received:m"], ids=["none", "other first", "twice"])
def test_a_request_begins_with_its_receipt(story: str) -> None:
    """Events without one receipt at their head are no request."""
    with pytest.raises(ValueError, match="RECEIVED"):
        derive(Kind.ACCESS, events(story))


APPROVERS = {
    "own deletion": (Kind.DELETION, False, 1, 1),
    "deletion through an agent": (Kind.DELETION, True, 1, 2),
    "access through an agent": (Kind.ACCESS, True, 1, 2),
    "access": (Kind.ACCESS, False, 1, 0),
    "ten leavers": (Kind.LEAVER, False, 10, 1),
    "eleven leavers": (Kind.LEAVER, False, 11, 2),
}


@pytest.mark.parametrize(("kind", "agent", "people", "needed"), APPROVERS.values(), ids=APPROVERS.keys())
def test_what_cannot_be_undone_is_approved(kind: Kind, agent: bool, people: int, needed: int) -> None:
    """Destruction needs one approval, an agent's request or a long list of leavers two."""
    assert approvals_needed(kind, through_agent=agent, people=people, two_above=10) == needed


NEXT = {
    "new, to a handler": (Kind.ACCESS, "received:m", HANDLER, "checked asked refused cancelled"),
    "new complaint": (Kind.COMPLAINT, "received:m", HANDLER, "checked review asked refused cancelled"),
    "identity known": (Kind.ACCESS, "received:m checked:s", HANDLER, "review asked refused cancelled"),
    "identity known, to the system": (Kind.ACCESS, "received:m checked:s", SYSTEM, "fulfilled partial"),
    "deletion, to the system": (Kind.DELETION, "received:m checked:s", SYSTEM, ""),
    "access in review": (Kind.ACCESS, REVIEW, HANDLER, "asked deferred fulfilled partial refused cancelled"),
    "correction in review": (Kind.CORRECTION, REVIEW, HANDLER, "asked fulfilled partial refused cancelled"),
    "deletion in review": (Kind.DELETION, REVIEW, HANDLER, "asked approved refused cancelled"),
    "access in review, to the member": (Kind.ACCESS, REVIEW, MEMBER, "cancelled"),
    "to an auditor": (Kind.ACCESS, REVIEW, AUDITOR, ""),
    "to a stranger": (Kind.ACCESS, REVIEW, STRANGER, ""),
    "to a handler whose own it is": (Kind.ACCESS, REVIEW, ITSELF, "cancelled"),
    "waiting, to the member": (Kind.ACCESS, f"{REVIEW} asked:h", MEMBER, "given cancelled"),
    "waiting, to a handler": (Kind.ACCESS, f"{REVIEW} asked:h", HANDLER, "given refused cancelled"),
    "deferred, to the member": (Kind.ACCESS, f"{REVIEW} deferred:h", MEMBER, "objected cancelled"),
    "deferred, to a handler": (Kind.ACCESS, f"{REVIEW} deferred:h", HANDLER, "resumed objected cancelled"),
    "approved": (Kind.DELETION, f"{REVIEW} approved:h", HANDLER, "handed"),
    "approved, to the member": (Kind.DELETION, f"{REVIEW} approved:h", MEMBER, ""),
    "access approved": (Kind.ACCESS, f"{REVIEW} approved:h", HANDLER, "fulfilled partial"),
    "handed over": (Kind.DELETION, HANDED, OFFICER, ""),
    "refused, to the member": (Kind.ACCESS, REFUSED, MEMBER, "objected"),
    "refused, to a handler": (Kind.ACCESS, REFUSED, HANDLER, "objected closed"),
    "done, to the member": (Kind.ACCESS, f"{REVIEW} fulfilled:h", MEMBER, ""),
    "objected, to the first decider": (Kind.ACCESS, f"{REFUSED} objected:m", HANDLER, ""),
    "objected, to another": (Kind.ACCESS, f"{REFUSED} objected:m", SECOND, "rereviewed"),
    "objection under review": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2",
        SECOND,
        "asked deferred fulfilled partial refused closed",
    ),
    "objection, to the first decider": (Kind.ACCESS, f"{REFUSED} objected:m rereviewed:2", HANDLER, "asked"),
    "refused again, to the member": (Kind.ACCESS, f"{REFUSED} objected:m rereviewed:2 refused:2", MEMBER, ""),
    "cancelled": (Kind.ACCESS, "received:m cancelled:m", OFFICER, ""),
    "closed": (Kind.ACCESS, f"{REVIEW} fulfilled:h closed:s", OFFICER, ""),
}


@pytest.mark.parametrize(("kind", "story", "actor", "words"), NEXT.values(), ids=NEXT.keys())
def test_only_the_next_steps_are_offered(kind: Kind, story: str, actor: Actor, words: str) -> None:
    """Each person is offered the steps that they may take now, and no other."""
    approvals = 1 if "approved" in story else 0

    assert next_steps(kind, events(story), actor, approvals) == tuple(SHORT[word] for word in words.split())


TAKEN = {
    "own request": (Kind.DELETION, "", Word.RECEIVED, MEMBER, ""),
    "logged by a handler": (Kind.ACCESS, "", Word.RECEIVED, HANDLER, ""),
    "refused on a ground": (Kind.ACCESS, REVIEW, Word.REFUSED, HANDLER, "HARM_TO_OTHERS"),
    "identity not proven": (Kind.ACCESS, "received:m", Word.REFUSED, HANDLER, "IDENTITY_NOT_PROVEN"),
    "in part": (Kind.SUSPENSION, REVIEW, Word.PARTIAL, HANDLER, "CONTRACT"),
    "access deferred": (Kind.ACCESS, REVIEW, Word.DEFERRED, HANDLER, "기록 복구 중"),
    "cancelled by the member": (Kind.DELETION, REVIEW, Word.CANCELLED, MEMBER, ""),
    "approved": (Kind.DELETION, REVIEW, Word.APPROVED, HANDLER, ""),
    "objection taken up": (Kind.ACCESS, f"{REFUSED} objected:m", Word.RE_REVIEWED, SECOND, ""),
    "objection turned down": (Kind.ACCESS, f"{REFUSED} objected:m rereviewed:2", Word.CLOSED, SECOND, "같은 근거"),
    "filed by the first decider": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2 refused:2",
        Word.CLOSED,
        HANDLER,
        "",
    ),
}


@pytest.mark.parametrize(("kind", "story", "word", "actor", "reason"), TAKEN.values(), ids=TAKEN.keys())
def test_a_step_becomes_an_event(kind: Kind, story: str, word: Word, actor: Actor, reason: str) -> None:
    """A step that may be taken gives the event to append: the word, who and why."""
    assert step(kind, events(story), word, actor=actor, reason=reason) == Event(word, actor.id, reason)


LAW38 = "PIPA art. 38(5)"
LAW46 = "PIPA Decree art. 46"
TURNED_AWAY = {
    "deferral of a deletion": (Kind.DELETION, REVIEW, Word.DEFERRED, HANDLER, "왜", ONLY_ACCESS, "PIPA art. 35(3)"),
    "deferral of a correction": (Kind.CORRECTION, REVIEW, Word.DEFERRED, HANDLER, "왜", ONLY_ACCESS, "PIPA art. 35(3)"),
    "deferral of a new suspension": (
        Kind.SUSPENSION,
        "received:m",
        Word.DEFERRED,
        HANDLER,
        "왜",
        ONLY_ACCESS,
        "PIPA art. 35(3)",
    ),
    "deferral without a reason": (Kind.ACCESS, REVIEW, Word.DEFERRED, HANDLER, " ", REASON_NEEDED, ""),
    "refusal without a ground": (
        Kind.ACCESS,
        REVIEW,
        Word.REFUSED,
        HANDLER,
        "",
        GROUND_NEEDED,
        "PIPA art. 35(4), 36(4), 37(2)",
    ),
    "refusal on another kind's ground": (
        Kind.DELETION,
        REVIEW,
        Word.REFUSED,
        HANDLER,
        "CONTRACT",
        GROUND_NEEDED,
        "PIPA art. 35(4), 36(4), 37(2)",
    ),
    "part without a ground": (
        Kind.ACCESS,
        REVIEW,
        Word.PARTIAL,
        HANDLER,
        "",
        GROUND_NEEDED,
        "PIPA art. 35(4), 36(4), 37(2)",
    ),
    "refusal before identity": (Kind.ACCESS, "received:m", Word.REFUSED, HANDLER, "LAW", IDENTITY_FIRST, LAW46),
    "review before identity": (Kind.DELETION, "received:m", Word.IN_REVIEW, HANDLER, "", IDENTITY_FIRST, LAW46),
    "approval by the requester": (Kind.DELETION, REVIEW, Word.APPROVED, ITSELF, "", OWN_REQUEST, ""),
    "approval by the company admin": (Kind.LEAVER, REVIEW, Word.APPROVED, ADMIN, "", NOT_YOURS, ""),
    "approval by who logged it": (
        Kind.DELETION,
        "received:h checked:h review:2",
        Word.APPROVED,
        HANDLER,
        "",
        OTHER_APPROVER,
        "",
    ),
    "approval by an auditor": (Kind.DELETION, REVIEW, Word.APPROVED, AUDITOR, "", NOT_YOURS, ""),
    "approval of an access": (Kind.ACCESS, REVIEW, Word.APPROVED, HANDLER, "", NOT_NEXT, ""),
    "done without approval": (Kind.DELETION, REVIEW, Word.FULFILLED, SYSTEM, "", APPROVAL_FIRST, ""),
    "done by hand": (Kind.DELETION, HANDED, Word.FULFILLED, OFFICER, "", DESTRUCTION_FIRST, ""),
    "done, nobody knows": (Kind.DELETION, HANDED, Word.FULFILLED, SYSTEM, "", DESTRUCTION_FIRST, ""),
    "objection heard by the first decider": (
        Kind.ACCESS,
        f"{REFUSED} objected:m",
        Word.RE_REVIEWED,
        HANDLER,
        "",
        OTHER_REVIEWER,
        LAW38,
    ),
    "decided again by the first decider": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2",
        Word.REFUSED,
        HANDLER,
        "LAW",
        OTHER_REVIEWER,
        LAW38,
    ),
    "decided again while waiting": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2 asked:2",
        Word.REFUSED,
        HANDLER,
        "LAW",
        OTHER_REVIEWER,
        LAW38,
    ),
    "deferral judged by who deferred": (
        Kind.ACCESS,
        f"{REVIEW} deferred:h objected:m",
        Word.RE_REVIEWED,
        HANDLER,
        "",
        OTHER_REVIEWER,
        LAW38,
    ),
    "objection turned down without words": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2",
        Word.CLOSED,
        SECOND,
        "",
        REASON_NEEDED,
        "",
    ),
    "second objection": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2 refused:2",
        Word.OBJECTED,
        MEMBER,
        "",
        NOT_NEXT,
        "",
    ),
    "cancelled by staff without a word": (Kind.ACCESS, REVIEW, Word.CANCELLED, HANDLER, "", REASON_NEEDED, ""),
    "more asked, not what": (Kind.ACCESS, REVIEW, Word.MORE_ASKED, HANDLER, "", REASON_NEEDED, ""),
    "cancelled when handed over": (Kind.DELETION, HANDED, Word.CANCELLED, MEMBER, "", NOT_NEXT, ""),
    "cancelled after the decision": (
        Kind.ACCESS,
        f"{REFUSED} objected:m rereviewed:2",
        Word.CANCELLED,
        MEMBER,
        "",
        NOT_NEXT,
        "",
    ),
    "closed in the first review": (Kind.ACCESS, REVIEW, Word.CLOSED, HANDLER, "왜", NOT_NEXT, ""),
    "access handed to destruction": (
        Kind.ACCESS,
        f"{REVIEW} approved:h",
        Word.HANDED_TO_DESTRUCTION,
        SYSTEM,
        "",
        NOT_NEXT,
        "",
    ),
    "fulfilled by a handler before review": (
        Kind.ACCESS,
        "received:m checked:s",
        Word.FULFILLED,
        HANDLER,
        "",
        NOT_NEXT,
        "",
    ),
    "fulfilled by the system in review": (Kind.ACCESS, REVIEW, Word.FULFILLED, SYSTEM, "", NOT_YOURS, ""),
    "refused by the system": (Kind.ACCESS, REVIEW, Word.REFUSED, SYSTEM, "LAW", NOT_YOURS, ""),
    "more given by a stranger": (Kind.ACCESS, f"{REVIEW} asked:h", Word.MORE_GIVEN, STRANGER, "", NOT_YOURS, ""),
    "received twice": (Kind.ACCESS, "received:m", Word.RECEIVED, MEMBER, "", NOT_NEXT, ""),
    "begun by another word": (Kind.ACCESS, "", Word.IN_REVIEW, HANDLER, "", NOT_NEXT, ""),
}


@pytest.mark.parametrize(
    ("kind", "story", "word", "actor", "reason", "why", "source"), TURNED_AWAY.values(), ids=TURNED_AWAY.keys()
)
def test_a_step_out_of_order_is_refused(
    kind: Kind, story: str, word: Word, actor: Actor, reason: str, why: Text, source: str
) -> None:
    """A step that law or order forbids is refused with its reason and where that stands."""
    with pytest.raises(StepRefused) as caught:
        step(kind, events(story), word, actor=actor, reason=reason, approvals=1 if "approved" in story else 0)

    assert (caught.value.reason, caught.value.source) == (why, source)


def test_two_approvals_come_from_two_people() -> None:
    """Whoever approved once cannot approve again; a second person can, and then the system hands it over."""
    once = events("received:c checked:s review:h approved:h")

    with pytest.raises(StepRefused) as caught:
        step(Kind.LEAVER, once, Word.APPROVED, actor=HANDLER, approvals=2)
    assert caught.value.reason == OTHER_APPROVER
    twice = [*once, step(Kind.LEAVER, once, Word.APPROVED, actor=SECOND, approvals=2)]
    assert step(Kind.LEAVER, twice, Word.HANDED_TO_DESTRUCTION, actor=SYSTEM, approvals=2).actor == "system"


@pytest.mark.parametrize("tasks_open", [None, 1], ids=["unknown", "one open"])
def test_no_destruction_is_done_before_it_is_proved(tasks_open: int | None) -> None:
    """The system itself cannot call a deletion done while a task is open or nobody knows; with none open it can."""
    handed = events(HANDED)

    with pytest.raises(StepRefused) as caught:
        step(Kind.DELETION, handed, Word.FULFILLED, actor=SYSTEM, tasks_open=tasks_open)
    assert caught.value.reason == DESTRUCTION_FIRST
    assert step(Kind.DELETION, handed, Word.FULFILLED, actor=SYSTEM, tasks_open=0) == Event(Word.FULFILLED, "system")


def test_a_refusal_tells_its_source() -> None:
    """Its message names the article, for a log that a person reads."""
    with pytest.raises(StepRefused, match=r"Only access may be deferred.*\(PIPA art. 35\(3\)\)"):
        step(Kind.DELETION, events(REVIEW), Word.DEFERRED, actor=HANDLER, reason="왜")


EVERYONE = [MEMBER, HANDLER, SECOND, OFFICER, AUDITOR, STRANGER, SYSTEM]
REASONS = {Word.REFUSED: "IDENTITY_NOT_PROVEN", Word.PARTIAL: "IDENTITY_NOT_PROVEN"}


@settings(deadline=None)
@given(st.sampled_from([kind for kind in Kind if kind is not Kind.COMPLAINT]), st.integers(0, 2), st.data())
def test_any_walk_keeps_the_promises(kind: Kind, approvals: int, data: st.DataObject) -> None:
    """However people step on, nothing but access is deferred, and nothing is destroyed that nobody else approved."""
    told = [step(kind, [], Word.RECEIVED, actor=MEMBER)]
    for _ in range(data.draw(st.integers(0, 14))):
        choices = [(who, word) for who in EVERYONE for word in next_steps(kind, told, who, approvals, tasks_open=0)]
        if not choices:
            break
        who, word = data.draw(st.sampled_from(choices))
        reason = REASONS.get(word, "왜")
        told.append(step(kind, told, word, actor=who, reason=reason, approvals=approvals, tasks_open=0))
        state = derive(kind, told, approvals=approvals)
        assert state.label.ko

    words = [event.word for event in told]
    assert kind is Kind.ACCESS or Word.DEFERRED not in words
    if kind in (Kind.DELETION, Kind.LEAVER) and Word.FULFILLED in words:
        before = told[: words.index(Word.HANDED_TO_DESTRUCTION)]
        approvers = {event.actor for event in before if event.word is Word.APPROVED}
        assert len(approvers) >= max(approvals, 1)
        assert "m-1" not in approvers


def test_every_phase_has_its_moves() -> None:
    """No request can stand where nobody thought of what comes next; only the two ends lead nowhere."""
    assert [phase for phase, words in MOVES.items() if not words] == ["CANCELLED", "CLOSED"]
    assert len(MOVES) == 13
