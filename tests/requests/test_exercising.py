"""What members do for themselves: one deed, one number, one result; nothing is destroyed or reopened by mistake."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from portal.records import audit, members, requests, standings
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.rules.profile import ProfileFaults
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.role import Role
from portal.services import exercising, registering, requesting
from portal.services.auditing import By
from portal.services.exercising import Asking, CannotResume
from portal.services.requesting import NoSuchRequest
from tests.fake_clock import FakeClock
from tests.members.samples import profile

HANDLER, HANDLERS = By("STAFF", "handler-1", "192.0.2.1"), frozenset({Role.HANDLER})


def asking(nonce: str = "form-1", host_id: str = "jiwon") -> Asking:
    return Asking(host_id, "192.0.2.9", "ko", nonce)


def is_suspended() -> bool:
    standing = standings.of_host("jiwon")
    return standing is not None and standing.suspended


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    """The reference of a registered member."""
    with app.app_context():
        return registering.register("jiwon", profile(), "SELF", clock()).member_ref


def test_a_correction_is_made_and_answered(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The profile holds the new value, and the request of it is done."""
    with app.app_context():
        filed, changes = exercising.correct(asking(), {"login_id": "jiwon-corrected"}, clock())
        member = members.of_ref(jiwon)
        standing = exercising.own("jiwon", filed.number, clock())

        assert member is not None
        assert registering.profile_of(member)["login_id"] == "jiwon-corrected"
    assert [(one.item, one.before, one.after) for one in changes] == [
        ("login_id", "jiwon-the-sample", "jiwon-corrected")
    ]
    assert standing.state.status == "DONE"


def test_a_wrong_correction_files_nothing(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """An address that is none is refused before there is a request."""
    with app.app_context():
        with pytest.raises(ProfileFaults):
            exercising.correct(asking(), {"email": "no address"}, clock())

        assert requesting.of_member(jiwon, clock()) == []


def test_the_same_correction_sent_twice_is_one_request(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The second time nothing is done and the first number is shown."""
    with app.app_context():
        first, _ = exercising.correct(asking(), {"login_id": "jiwon-corrected"}, clock())
        second, changes = exercising.correct(asking(), {"login_id": "jiwon-corrected"}, clock())

    assert (second.number, changes) == (first.number, ())


def test_suspending_closes_the_gate_and_resuming_opens_it(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """The standing that the gate reads changes in the same transaction; the request is done at once."""
    with app.app_context():
        filed = exercising.suspend(asking(), clock())
        closed, status = is_suspended(), exercising.own("jiwon", filed.number, clock()).state.status
        again = exercising.suspend(asking("form-2"), clock())
        exercising.resume(asking(), clock())

        assert (closed, status, is_suspended()) == (True, "DONE", False)
    assert (again.number, again.made) == (filed.number, False)


def test_only_what_the_member_closed_can_the_member_open(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """An account that somebody else closed stays closed, whatever its holder sends."""
    from portal.services.changing import changing_standing

    with app.app_context():
        with changing_standing():
            standings.suspend("jiwon", jiwon, clock())

        assert not exercising.may_resume("jiwon")
        with pytest.raises(CannotResume):
            exercising.resume(asking(), clock())
        assert is_suspended()


def test_a_deletion_closes_the_gate_and_waits_for_a_person(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Asked for by whoever is signed in it needs no more proof, is not done, and cannot be undone by resuming."""
    with app.app_context():
        filed = exercising.delete(asking(), clock())
        standing = exercising.own("jiwon", filed.number, clock())

        assert is_suspended()
        with pytest.raises(CannotResume):
            exercising.resume(asking(), clock())
        assert [event.word for event in standing.events] == ["RECEIVED", "IDENTITY_CHECK"]
    assert standing.state.is_open


def test_an_approved_deletion_waits_for_destruction(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """It is open and says so, until destruction proves that it was done; it can no longer be cancelled."""
    with app.app_context():
        number = exercising.delete(asking(), clock()).number
        for word in (Word.IN_REVIEW, Word.APPROVED):
            requesting.step(number, word, by=HANDLER, roles=HANDLERS, at=clock())

        with pytest.raises(StepRefused):
            exercising.send(asking(), number, Word.CANCELLED, "", clock())
        assert exercising.own("jiwon", number, clock()).state.detail == "WAITING_FOR_DESTRUCTION"
        assert is_suspended()


def test_a_cancelled_deletion_opens_the_gate_again(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Who changes their mind before the approval goes on as before, and the chain tells both."""
    with app.app_context():
        number = exercising.delete(asking(), clock()).number
        exercising.send(asking(), number, Word.CANCELLED, "", clock())

        assert not is_suspended()
        assert exercising.own("jiwon", number, clock()).state.status == "CANCELLED"
        for deed in (Deed.ACCOUNT_SUSPENDED, Deed.ACCOUNT_RESUMED):
            assert [row.about for row in audit.found(limit=9, subject=jiwon, deed=deed.value)] == [number]


def test_cancelling_a_deletion_keeps_an_earlier_suspension(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """What was suspended before the deletion was asked for stays suspended after it is called off."""
    with app.app_context():
        exercising.suspend(asking(), clock())
        number = exercising.delete(asking(), clock()).number
        exercising.send(asking(), number, Word.CANCELLED, "", clock())

        assert is_suspended()


def test_an_open_request_is_shown_instead_of_a_second(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Another form of the same kind gives the number of the one that is open."""
    with app.app_context():
        first = exercising.ask(Kind.COMPLAINT, asking(), {"text": "하나"}, clock())
        second = exercising.ask(Kind.COMPLAINT, asking("form-2"), {"text": "둘"}, clock())

        assert exercising.open_number("jiwon", Kind.COMPLAINT) == first.number
    assert (second.number, second.made) == (first.number, False)


def test_two_tabs_at_once_make_one_deletion(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Sent at the same moment from eight tabs it is one request."""
    numbers: list[str] = []
    start = threading.Barrier(8)

    def send(nonce: str) -> None:
        with app.app_context():
            start.wait()
            numbers.append(exercising.delete(asking(nonce), clock()).number)

    threads = [threading.Thread(target=send, args=(f"form-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(numbers), set(numbers)) == (8, {"R-2026-0001"})


@pytest.mark.crash
def test_a_cancellation_and_an_approval_at_once_are_one_decision(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Two hundred times: either it is cancelled and open at the gate, or approved and closed, never a mixture."""
    for turn in range(200):
        with app.app_context():
            number = exercising.delete(asking(f"form-{turn}"), clock()).number
            requesting.step(number, Word.IN_REVIEW, by=HANDLER, roles=HANDLERS, at=clock())
        won = raced(
            app,
            lambda number=number: exercising.send(asking(), number, Word.CANCELLED, "", clock()),  # type: ignore[misc]
            lambda number=number: requesting.step(  # type: ignore[misc]
                number, Word.APPROVED, by=HANDLER, roles=HANDLERS, at=clock()
            ),
        )
        with app.app_context():
            standing = exercising.own("jiwon", number, clock())
            assert won.count(True) == 1, number
            assert (standing.state.status == "CANCELLED") is won[0]
            assert is_suspended() is won[1]
            if won[1]:  # make room for the next turn: nothing may end it but destruction
                finish(number, clock)


def finish(number: str, clock: FakeClock) -> None:
    """End a deletion as the destruction will, give it to somebody else, and open the gate for the next turn."""
    from portal.database import db
    from portal.records.destructions import Destruction
    from portal.services.auditing import SYSTEM
    from portal.services.changing import changing_standing

    with changing_standing():
        request = requests.held(number)
        assert request is not None
        requesting.take_step(request, Word.FULFILLED, by=SYSTEM, at=clock(), tasks_open=0)
        mine = db.update(Destruction).where(Destruction.member_ref == request.member_ref)
        db.session.execute(mine.values(member_ref=number))
        standings.suspend("jiwon", request.member_ref or "", clock(), suspended=False)


def raced(app: Flask, *deeds: Callable[[], object]) -> list[bool]:
    """Do these at once, and tell of each whether it was let through."""
    start, won = threading.Barrier(len(deeds)), [False] * len(deeds)

    def run(place: int) -> None:
        with app.app_context():
            start.wait()
            try:
                deeds[place]()
                won[place] = True
            except StepRefused:
                pass

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_somebody_elses_request_is_a_missing_one(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """To look at or to send to, another member's number and one that never was are refused alike."""
    with app.app_context():
        number = exercising.delete(asking(), clock()).number
        registering.register("minho", profile(email="minho.park@gaon.example", login_id="minho"), "SELF", clock())

        for host_id in ("minho", "nobody"):
            for wanted in (number, "R-2026-9999"):
                with pytest.raises(NoSuchRequest):
                    exercising.own(host_id, wanted, clock())
                with pytest.raises(NoSuchRequest):
                    exercising.send(asking(host_id=host_id), wanted, Word.CANCELLED, "", clock())
        assert is_suspended()


def test_what_members_may_not_do_is_missing(app: Flask, clock: FakeClock, jiwon: str) -> None:
    """Nobody approves their own deletion by sending the word for it."""
    with app.app_context():
        number = exercising.delete(asking(), clock()).number

        with pytest.raises(NoSuchRequest):
            exercising.send(asking(), number, Word.APPROVED, "", clock())
