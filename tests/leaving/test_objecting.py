"""Objecting: a word is enough to stop a destruction, staff decide once, and both sides hear of it."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from flask import Flask

from portal.database import end_reading, writing
from portal.holdings import Subject, holdings
from portal.records import audit, destructions, leavers, requests
from portal.records.leavers import Leaver
from portal.rules.progress import Word
from portal.rules.request import StepRefused
from portal.rules.role import Role
from portal.services import destroying, judging, leaving, objecting, ordering, requesting
from portal.services.auditing import SYSTEM, By
from portal.services.objecting import CannotObject, Stand, WordsFault
from tests.fake_clock import FakeClock
from tests.leaving.conftest import ADMIN, HANDLER, HANDLERS, LEFT, SECOND, Join, advance, is_closed, report
from tests.mail.letters import letters, path_in
from tests.staffing import a_colleague

STRANGER = By("STRANGER", "link", "192.0.2.30")


def row_of(ref: str) -> Leaver:
    request = next(one for one in requests.of_ids(range(1, 9)) if leavers.refs_of(one.id) or leavers.of_request(one.id))
    return next(leaver for leaver in leavers.of_request(request.id) if leaver.member_ref == ref)


def objected(clock: FakeClock, gaon: str, *refs: str) -> tuple[str, int]:
    """Report these members; the first objects. Return the number and the row."""
    number = report(gaon, clock(), *refs).number
    leaving.tell_some(clock())
    leaver_id = row_of(refs[0]).id
    objecting.object_to(leaver_id, "휴직 중이에요. 010-1234-5678", STRANGER, clock())
    return number, leaver_id


def judge(number: str, leaver_id: int, clock: FakeClock, *, upheld: bool, by: By = HANDLER) -> None:
    judging.judge(number, leaver_id, upheld=upheld, words="인사팀에 물었습니다.", by=by, roles=HANDLERS, at=clock())


def stands(ref: str) -> list[tuple[str, str]]:
    return [(hold.kind, hold.reason) for hold in destructions.holds_on([ref]).get(ref, [])]


def test_the_letter_leads_to_the_report(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The link tells who reported and when they left, as often as it is opened; another one tells nothing."""
    minho = join("minho")
    with app.app_context():
        number = report(gaon, clock(), minho).number
        leaving.tell_some(clock())
        [letter] = letters("leaver_reported")
        token = path_in(letter).partition("token=")[2]
        first, second = (objecting.by_link(token, clock()) for _ in range(2))

        assert first == second
        assert first is not None
        assert (first.company, first.left_on, first.number) == ("가온유통(주)", LEFT, number)
        assert (first.stand, first.last_day.isoformat()) == (Stand.OPEN, "2026-11-26")
        assert objecting.by_link(f"{token[:-1]}b", clock()) is None
        assert objecting.by_link("", clock()) is None


def test_an_objection_stops_the_destruction_alone(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Nothing of who objected is ordered however long it takes; the account stays closed; the others go on."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        staff = a_colleague(clock(), Role.HANDLER)
        number, _ = objected(clock, gaon, minho, sora)
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        clock.advance(days=8)
        leaving.tell_and_order(app, clock())
        end_reading()
        [letter] = letters("objection_received")

        assert stands(minho) == [("OBJECTION", number)]
        assert is_closed("minho")
        assert (destructions.of_member(minho), destructions.of_member(sora) is not None) == (None, True)
        assert (letter["to"], "010-1234" in letter["text"]) == (staff.email, False)
        assert [row.deed for row in audit.found(limit=9, deed="objection.made")] == ["objection.made"]


def test_a_second_press_changes_nothing(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """One objection and one hold, however often the button is pressed."""
    minho = join("minho")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho)
        objecting.object_to(leaver_id, "다시", STRANGER, clock())
        objecting.object_as_member(minho, "또", "192.0.2.30", clock())

        assert stands(minho) == [("OBJECTION", number)]
        assert judging.open_count(number) == 1


@pytest.mark.parametrize("words", ["4111 1111 1111 1111", "가" * 1001, "말\0"])
def test_words_that_may_not_be_kept_are_refused(
    app: Flask, clock: FakeClock, gaon: str, join: Join, words: str
) -> None:
    """A card number, too long a text and an invisible sign are named, and nothing is objected yet."""
    minho = join("minho")
    with app.app_context():
        report(gaon, clock(), minho)
        with pytest.raises(WordsFault):
            objecting.object_as_member(minho, words, "", clock())

        assert stands(minho) == []


def test_upheld_it_is_as_if_nothing_had_been_reported(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The account opens, the hold is gone, the report counts as wrong, nothing is ever destroyed, both sides hear."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho, sora)
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        judge(number, leaver_id, clock, upheld=True)
        clock.advance(days=8)
        leaving.tell_and_order(app, clock())
        end_reading()
        [member], [company] = letters("objection_decided"), letters("objection_judged")

        assert (is_closed("minho"), is_closed("sora")) == (False, True)
        assert stands(minho) == []
        assert row_of(minho).end == "WRONG"
        assert (destructions.of_member(minho), destructions.of_member(sora) is not None) == (None, True)
        assert (member["to"], company["to"]) == ("minho@gaon.example", "admin@gaon.example")
        assert ("인사팀에 물었습니다." in member["text"], "휴직" in member["text"] + company["text"]) == (True, False)
        assert "인사팀" not in company["text"]


def test_rejected_the_approval_counts(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Approved before or after the judgement, who objected in vain is destroyed with the others."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho, sora)
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        before = row_of(minho).approved_at
        clock.advance(days=8)
        judge(number, leaver_id, clock, upheld=False)
        leaving.tell_and_order(app, clock())
        destroying.destroy_due(app)
        end_reading()

        assert before is None
        assert stands(minho) == []
        assert row_of(minho).end == "RIGHT"
        assert requesting.stand_of(number, clock()).state.status == "DONE"


def test_rejected_before_the_approval_it_waits_for_it(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """A rejected objection approves nothing by itself."""
    minho = join("minho")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho)
        judge(number, leaver_id, clock, upheld=False)
        waiting = row_of(minho).approved_at
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)

        assert waiting is None
        assert row_of(minho).approved_at == clock()
        assert is_closed("minho")


def test_a_report_with_nobody_left_is_refused(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The only person's objection upheld ends the request, and the company reads the ground."""
    minho = join("minho")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho)
        judge(number, leaver_id, clock, upheld=True)
        standing = requesting.stand_of(number, clock())

        assert (standing.state.status, standing.events[-1].reason) == ("REFUSED", "MEMBER_OBJECTED")


@pytest.mark.parametrize("word", [Word.REFUSED, Word.CANCELLED])
def test_a_report_that_ends_lifts_what_was_objected(
    app: Flask, clock: FakeClock, gaon: str, join: Join, word: Word
) -> None:
    """Refused or taken back, a report leaves no hold and no open objection behind."""
    minho = join("minho")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho)
        reason = "NOT_A_LEAVER" if word is Word.REFUSED else "회사가 거두었습니다."
        advance(number, clock(), Word.IN_REVIEW, word, reason=reason)

        assert stands(minho) == []
        assert (row_of(minho).end, judging.open_count(number)) == ("WRONG", 0)
        assert not is_closed("minho")
        with pytest.raises(StepRefused):
            judge(number, leaver_id, clock, upheld=False)


def test_an_account_closed_by_something_else_stays_closed(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The member had stopped the processing; an upheld objection does not undo that."""
    from portal.services import exercising
    from portal.services.exercising import Asking

    minho = join("minho")
    with app.app_context():
        exercising.suspend(Asking("minho", "192.0.2.9", "ko", "form-1"), clock())
        number, leaver_id = objected(clock, gaon, minho)
        judge(number, leaver_id, clock, upheld=True)

        assert is_closed("minho")


def test_nobody_judges_their_own(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Neither who reported nor the member, whatever their roles; nor anybody without the permission, nor wordlessly."""
    minho = join("minho")
    with app.app_context():
        me = a_colleague(clock(), Role.HANDLER, email="MINHO@gaon.example")
        number, leaver_id = objected(clock, gaon, minho)
        for by in (ADMIN, By("STAFF", me.ref)):
            with pytest.raises(StepRefused):
                judge(number, leaver_id, clock, upheld=True, by=by)
        with pytest.raises(StepRefused):
            judging.judge(number, leaver_id, upheld=True, words="x", by=HANDLER, roles={Role.AUDITOR}, at=clock())
        with pytest.raises(WordsFault):
            judging.judge(number, leaver_id, upheld=True, words=" ", by=HANDLER, roles=HANDLERS, at=clock())

        assert judging.open_count(number) == 1


def test_too_late_is_said_so(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Once the destruction is ordered, and after a judgement, nothing is taken any more."""
    minho, sora = join("minho"), join("sora")
    with app.app_context():
        number, leaver_id = objected(clock, gaon, minho, sora)
        judge(number, leaver_id, clock, upheld=False)
        with writing():
            ordering.order(sora, "ASKED", event_day=LEFT, by=SYSTEM, at=clock())
        found = []
        for ref in (minho, sora):
            with pytest.raises(CannotObject) as told:
                objecting.object_to(row_of(ref).id, "", STRANGER, clock())
            found.append(told.value.stand)

        assert found == [Stand.REJECTED, Stand.TOO_LATE]
        with pytest.raises(CannotObject):
            objecting.object_by_link("no-such-link", "", "", clock())


def test_what_was_written_goes_with_the_person(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """The words are exported to the member, counted, and wiped when the person is destroyed."""
    minho = join("minho")
    with app.app_context():
        objected(clock, gaon, minho)
        [holding] = [one for one in holdings() if one.key == "requests"]
        subject = Subject(minho, "minho")
        exported = list(holding.export(subject, clock()))
        counted = holding.count(subject)
        with writing():
            gone = holding.destroy(subject, clock())

        assert exported[-1]["details"] == "휴직 중이에요. 010-1234-5678"
        assert (counted, gone, holding.verify(subject)) == (1, 1, 0)


def together(app: Flask, *deeds: Callable[[], object]) -> None:
    """Do these at once, each in a thread of its own; what a rule refuses is no failure."""
    start = threading.Barrier(len(deeds))
    broken: list[BaseException] = []

    def do(deed: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                with suppress(CannotObject, StepRefused):
                    deed()
            except BaseException as error:
                broken.append(error)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end_reading()
    assert broken == []


def test_objecting_against_ordering_has_one_outcome(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Whoever comes first: an objection with a hold and no destruction, or a destruction and no objection."""
    refs = [join(f"leaver{number}") for number in range(12)]
    with app.app_context():
        number = report(gaon, clock(), *refs).number
        leaving.tell_some(clock())
        advance(number, clock(), Word.IN_REVIEW)
        advance(number, clock(), Word.APPROVED)
        advance(number, clock(), Word.APPROVED, by=SECOND)
        clock.advance(days=5)
        for ref in refs:
            leaver_id = row_of(ref).id
            together(
                app,
                lambda row=leaver_id: objecting.object_to(row, "아니에요", STRANGER, clock()),
                lambda: leaving.order_some(clock(), 1),
            )
        outcomes = {(bool(stands(ref)), destructions.of_member(ref) is not None) for ref in refs}

    assert outcomes <= {(True, False), (False, True), (False, False)}
    assert (True, True) not in outcomes


def test_uphold_against_reject_has_one_outcome(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Two who judge at once: one is refused, and row, hold and account agree with the other."""
    refs = [join(f"leaver{number}") for number in range(8)]
    with app.app_context():
        number = report(gaon, clock(), *refs).number
        leaving.tell_some(clock())
        for ref in refs:
            leaver_id = row_of(ref).id
            objecting.object_to(leaver_id, "", STRANGER, clock())
            together(
                app,
                lambda row=leaver_id: judge(number, row, clock, upheld=True),
                lambda row=leaver_id: judge(number, row, clock, upheld=False, by=SECOND),
            )
            leaver, objection = leavers.of_member(ref)[0]

            assert (leaver.end == "WRONG") == objection.upheld
            assert stands(ref) == []
            assert len(audit.found(limit=9, subject=ref, deed="objection.decided")) == 1
