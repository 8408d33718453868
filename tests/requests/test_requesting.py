"""Requests: received with a number and a day, stepped on by whoever may, told to whoever asked, decided once."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from portal.database import writing
from portal.records import audit, members, requests
from portal.records.mails import Mail
from portal.rules.deadline import DeferralRefused, Kind
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.role import Role
from portal.services import registering, requesting
from portal.services.auditing import SYSTEM, By
from portal.services.requesting import Filed
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.members.samples import profile

HANDLER, SECOND = By("STAFF", "handler-1", "192.0.2.1"), By("STAFF", "handler-2", "192.0.2.2")
HANDLERS = frozenset({Role.HANDLER})


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    """The reference of a registered member."""
    with app.app_context():
        return registering.register("jiwon", profile(), "SELF", clock()).member_ref


def ask(kind: Kind, member_ref: str, at: datetime, **more: object) -> Filed:
    facts = {"requester": "SELF", "channel": "WEB", "language": "ko", "details": {"text": "부탁드려요"}, **more}
    return requesting.receive(kind, by=By("MEMBER", member_ref), at=at, member_ref=member_ref, **facts)  # type: ignore[arg-type]


def advance(number: str, at: datetime, *words: Word, by: By = HANDLER, **more: object) -> requesting.Standing:
    for word in words:
        standing = requesting.step(number, word, by=by, roles=HANDLERS, at=at, **more)  # type: ignore[arg-type]
    return standing


def letters() -> list[tuple[str, dict[str, str]]]:
    from portal.database import db

    found = db.session.scalars(db.select(Mail).order_by(Mail.id)).all()
    return [
        (mail.kind, person_keys.seal_of(mail.key_ref).open("mails", "sealed", mail.sealed or b"", mail.ref))
        for mail in found
    ]


def test_a_request_has_a_number_and_a_day(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Received on 23 November it is due on 3 December, and whoever asked has it in writing."""
    with app.app_context():
        filed = ask(Kind.DELETION, jiwon, clock())
        standing = requesting.stand_of(filed.number, clock())
        [(kind, letter)] = letters()

    assert filed == Filed("R-2026-0001", date(2026, 12, 3), made=True)
    assert (standing.state.status, standing.badge.label) == ("NEW", "D-10")
    assert (kind, letter["to"]) == ("request_received", "jiwon.seo@gaon.example")
    assert "R-2026-0001" in letter["subject"]
    assert "2026-12-03" in letter["text"]
    assert "시행령 제43조" in letter["text"]


def test_the_clock_starts_when_it_was_received(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """A request that came by phone last week is due ten days after the call; none comes from the future."""
    with app.app_context():
        filed = ask(Kind.ACCESS, jiwon, clock(), received_at=clock() - timedelta(days=7), channel="PHONE")
        with pytest.raises(ValueError, match="future"):
            ask(Kind.ACCESS, jiwon, clock(), received_at=clock() + timedelta(minutes=1), channel="PHONE")

    assert filed.due_day == date(2026, 11, 26)


def test_numbers_begin_anew_each_seoul_year(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """At midnight in Seoul, 15:00 UTC on New Year's Eve, the count begins with 1."""
    with app.app_context():
        first = ask(Kind.ACCESS, jiwon, datetime(2026, 12, 31, 14, 59, tzinfo=UTC))
        second = ask(Kind.ACCESS, jiwon, datetime(2026, 12, 31, 15, 0, tzinfo=UTC))

    assert (first.number, second.number) == ("R-2026-0001", "R-2027-0001")


def test_the_same_form_twice_is_one_request(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """A double click, the Back button or a proxy's retry gives the first number again."""
    with app.app_context():
        first = ask(Kind.DELETION, jiwon, clock(), nonce="form-1")
        second = ask(Kind.DELETION, jiwon, clock(), nonce="form-1")

        assert len(requesting.of_member(jiwon, clock())) == 1
    assert (first.made, second.made, second.number) == (True, False, first.number)


def test_a_deletion_ends_in_waiting_for_destruction(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Approved by somebody else it is handed over, stays open, and nobody can call it done."""
    with app.app_context():
        number = ask(Kind.DELETION, jiwon, clock()).number
        advance(number, clock(), Word.IDENTITY_CHECK, Word.IN_REVIEW, Word.APPROVED)
        with pytest.raises(StepRefused):
            advance(number, clock(), Word.FULFILLED)
        standing = requesting.stand_of(number, clock())

    assert [event.word for event in standing.events][-2:] == ["APPROVED", "HANDED_TO_DESTRUCTION"]
    assert (standing.state.detail, standing.state.is_open) == ("WAITING_FOR_DESTRUCTION", True)
    assert standing.request.ended_at is None


def test_only_access_is_deferred(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The service refuses the deferral of a deletion, and one of an access request without a later day."""
    later = date(2026, 12, 20)
    with app.app_context():
        deletion = ask(Kind.DELETION, jiwon, clock()).number
        access = ask(Kind.ACCESS, jiwon, clock()).number
        for number in (deletion, access):
            advance(number, clock(), Word.IDENTITY_CHECK, Word.IN_REVIEW)
        with pytest.raises(StepRefused):
            advance(deletion, clock(), Word.DEFERRED, words="자료가 많음", until=later)
        with pytest.raises(DeferralRefused):
            advance(access, clock(), Word.DEFERRED, words="자료가 많음")
        standing = advance(access, clock(), Word.DEFERRED, words="자료가 많음", until=later)

    assert (standing.state.detail, standing.events[-1].until) == ("DEFERRED", later)


def test_a_refusal_tells_ground_source_and_the_way_to_object(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The letter holds the ground's words, where it stands, what the handler wrote and the page to object on."""
    with app.app_context():
        number = ask(Kind.DELETION, jiwon, clock()).number
        advance(number, clock(), Word.IDENTITY_CHECK)
        standing = advance(number, clock(), Word.REFUSED, reason="NAMED_BY_LAW", words="세금계산서에 필요합니다.")
        letter = letters()[-1][1]["text"]

    assert (standing.state.status, standing.state.is_open) == ("REFUSED", False)
    assert standing.request.ended_at == clock()
    for words in (
        "다른 법령이 수집하도록 정한 항목",
        "PIPA art. 36(1)",
        "세금계산서에 필요합니다.",
        "/privacy/requests/" + number,
    ):
        assert words in letter


def test_an_objection_opens_it_again_for_somebody_else(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Whoever decided first cannot take up the objection; the second person can."""
    with app.app_context():
        number = ask(Kind.DELETION, jiwon, clock()).number
        advance(number, clock(), Word.IDENTITY_CHECK)
        advance(number, clock(), Word.REFUSED, reason="NAMED_BY_LAW")
        opened = requesting.step(number, Word.OBJECTED, by=By("MEMBER", jiwon), at=clock(), words="아니에요")
        with pytest.raises(StepRefused):
            advance(number, clock(), Word.RE_REVIEWED)
        advance(number, clock(), Word.RE_REVIEWED, by=SECOND)

        assert opened.request.ended_at is None
        assert requesting.words_of(opened.request, opened.events)[opened.events[-1].id] == "아니에요"


def test_every_step_is_audited_without_a_word_of_it(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The chain names who, whose and which request; what was written stays sealed."""
    with app.app_context():
        number = ask(Kind.COMPLAINT, jiwon, clock()).number
        advance(number, clock(), Word.IN_REVIEW)
        rows = audit.found(limit=10, deed="request.step")

    assert [(row.actor, row.subject, row.about) for row in rows] == [
        ("handler-1", jiwon, number),
        (jiwon, jiwon, number),
    ]
    assert all("부탁" not in row.facts for row in rows)


def test_what_was_asked_goes_with_the_key(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """After the member's key is destroyed the request is still counted and says nothing."""
    with app.app_context():
        number = ask(Kind.COMPLAINT, jiwon, clock()).number
        request = requesting.stand_of(number, clock()).request
        assert requesting.details_of(request) == {"text": "부탁드려요"}

        person_keys.destroy(jiwon, clock())

        assert requesting.details_of(request) == {}
        assert requesting.stand_of(number, clock()).state.status == "NEW"


def test_ended_at_agrees_with_the_steps(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The column by which open requests are found is set exactly where the steps say that it has ended."""
    with app.app_context():
        numbers = [ask(Kind.COMPLAINT, jiwon, clock()).number for _ in range(4)]
        advance(numbers[1], clock(), Word.IN_REVIEW)
        advance(numbers[2], clock(), Word.IN_REVIEW, Word.FULFILLED)
        requesting.step(numbers[3], Word.CANCELLED, by=By("MEMBER", jiwon), at=clock())

        for standing in requesting.of_member(jiwon, clock()):
            assert (standing.request.ended_at is None) == standing.state.is_open
        page, total = requests.open_page(limit=10)
        waiting, _ = requests.open_page(limit=10, last_words=["RECEIVED"])

    assert ([request.number for request in page], total) == (numbers[:2], 2)
    assert [request.number for request in waiting] == numbers[:1]


def test_the_kind_and_day_of_a_request_are_fixed_in_the_store(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Nobody moves a due day: the table refuses it."""
    from sqlalchemy.exc import DatabaseError

    with app.app_context():
        number = ask(Kind.COMPLAINT, jiwon, clock()).number
        with pytest.raises(DatabaseError, match="never changed"):
            move_due_day(number)


def move_due_day(number: str) -> None:
    with writing():
        request = requests.held(number)
        assert request is not None
        request.due_day += timedelta(days=1)


@pytest.mark.crash
@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param((Word.APPROVED, HANDLER), (Word.APPROVED, SECOND), id="two approve"),
        pytest.param((Word.APPROVED, HANDLER), (Word.REFUSED, SECOND), id="approve against refuse"),
        pytest.param((Word.APPROVED, HANDLER), (Word.CANCELLED, None), id="approve against cancel"),
    ],
)
def test_of_two_at_once_one_decides(
    app: Flask, clock: FakeClock, jiwon: str, engine_name: str, first: tuple[Word, By], second: tuple[Word, By | None]
) -> None:
    """However two decide at the same moment, one decision stands and the other is refused."""
    for _ in range(200):
        with app.app_context():
            number = ask(Kind.DELETION, jiwon, clock()).number
            advance(number, clock(), Word.IDENTITY_CHECK, Word.IN_REVIEW)
        outcomes = at_once(*[deed(app, clock, number, jiwon, *one) for one in (first, second)])
        with app.app_context():
            words = [event.word for event in requesting.stand_of(number, clock()).events]

        assert sorted(outcomes) == ["done", "refused"]
        assert sum(word in ("APPROVED", "REFUSED", "CANCELLED") for word in words) == 1


def deed(app: Flask, clock: FakeClock, number: str, jiwon: str, word: Word, by: By | None) -> Callable[[], str]:
    def do() -> str:
        with app.app_context():
            reason = "NAMED_BY_LAW" if word is Word.REFUSED else ""
            roles = HANDLERS if by else ()
            try:
                requesting.step(number, word, by=by or By("MEMBER", jiwon), roles=roles, at=clock(), reason=reason)
            except StepRefused:
                return "refused"
            return "done"

    return do


def at_once(*deeds: Callable[[], str]) -> list[str]:
    start, outcomes = threading.Barrier(len(deeds)), []

    def run(one: Callable[[], str]) -> None:
        start.wait()
        outcomes.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_numbers_have_no_gap_however_many_ask_at_once(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Eight at once get eight numbers in a row."""

    def one() -> str:
        with app.app_context():
            return ask(Kind.COMPLAINT, jiwon, clock()).number

    assert sorted(at_once(*[one] * 8)) == [f"R-2026-{number:04}" for number in range(1, 9)]


def test_somebody_unknown_may_ask(app: Flask, clock: FakeClock) -> None:
    """A complaint of a stranger is sealed under a key of its own and answered to the address they gave."""
    with app.app_context():
        filed = requesting.receive(
            Kind.COMPLAINT,
            requester="STRANGER",
            channel="CONTACT",
            by=By("STRANGER", "", "192.0.2.9"),
            at=clock(),
            language="en",
            details={"text": "Why do you write to me?", "reply_to": "stranger@elsewhere.example"},
        )
        request = requesting.stand_of(filed.number, clock()).request
        letter = letters()[0][1]

        assert members.of_ref(request.key_ref) is None
    assert (letter["to"], "Basis: 10 days from receipt (our promise)" in letter["text"]) == (
        "stranger@elsewhere.example",
        True,
    )


def test_the_system_may_not_decide_what_people_decide(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """No program of ours approves a deletion."""
    with app.app_context():
        number = ask(Kind.DELETION, jiwon, clock()).number
        advance(number, clock(), Word.IDENTITY_CHECK, Word.IN_REVIEW)
        with pytest.raises(StepRefused):
            requesting.step(number, Word.APPROVED, by=SYSTEM, at=clock())
