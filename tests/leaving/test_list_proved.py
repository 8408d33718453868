"""A report of several people ends when the last of them is destroyed, once, with one certificate for all."""

import threading
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from flask import Flask

from portal.database import db, end_reading, writing
from portal.records import destructions, leavers, requests
from portal.records.destructions import Hold
from portal.records.mails import Mail
from portal.rules.progress import Word
from portal.services import certifying, fulfilling, leaving, requesting
from portal.services.destroying import destroy_due
from portal.vault import certificates, person_keys
from portal.vault.documents import open_document
from portal.vault.signing import Signer
from tests.fake_clock import FakeClock
from tests.leaving.conftest import HANDLERS, SECOND, Join, advance, report


def approved(app: Flask, clock: FakeClock, company: str, *refs: str) -> str:
    """Report these people, approve it and let their days to object pass; return the number."""
    with app.app_context():
        number = report(company, clock(), *refs).number
        advance(number, clock(), Word.IN_REVIEW, Word.APPROVED)
        if len(refs) > 10:
            requesting.step(number, Word.APPROVED, by=SECOND, roles=HANDLERS, at=clock())
        leaving.tell_and_order(app, clock())
        clock.advance(days=4)
        leaving.tell_and_order(app, clock())
        db.session.remove()
    return number


def certificate_of(number: str) -> dict[str, object]:
    request = requests.of_number(number)
    assert request is not None
    issued = certificates.newest_of(db.engines["keys"], request.ref)
    assert issued is not None
    from flask import current_app

    return open_document(issued.body, Signer(current_app.extensions["portal.secrets"].receipt_key).public_pem)


def letters(kind: str) -> list[dict[str, str]]:
    found = db.session.scalars(db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)).all()
    return [person_keys.seal_of(mail.key_ref).open("mails", "sealed", mail.sealed or b"", mail.ref) for mail in found]


def place_hold(ref: str, clock: FakeClock) -> None:
    with writing():
        hold = Hold(member_ref=ref, kind="LEGAL", reason="CASE-7", placed_by="officer-1", placed_at=clock())
        destructions.place_hold(hold)


def lift_hold(ref: str, clock: FakeClock) -> None:
    with writing():
        [hold] = destructions.holds_on([ref])[ref]
        destructions.lift_hold(hold.id, "officer-1", clock())
    db.session.remove()


def test_the_last_one_ends_it(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """While one of three is held nothing is certified for the list; then it is fulfilled, with one certificate that
    names everybody by ledger number, and the reporter gets its code."""
    refs = [join(name) for name in ("minho", "sora", "yuna")]
    number = approved(app, clock, gaon, *refs)
    with app.app_context():
        place_hold(refs[2], clock)
        db.session.remove()
        destroy_due(app)
        assert requesting.stand_of(number, clock()).state.detail == "WAITING_FOR_DESTRUCTION"
        assert certifying.code_of_request(number) == ""

        lift_hold(refs[2], clock)
        destroy_due(app)
        record = certificate_of(number)
        assert requesting.stand_of(number, clock()).state.status == "DONE"
        assert record["about"] == "BATCH"
        assert record["people"] == {
            "count": 3,
            "on_page": [{"ledger_number": f"D-2026-000{number}", "row": 0} for number in (1, 2, 3)],
            "in_annex": 0,
            "annex_sha256": "",
        }
        assert record["request"]["company"] == "가온유통(주)"  # type: ignore[index]
        assert {line["category"]: line["count"] for line in record["destroyed"]}["profile"] == 6  # type: ignore
        assert [one["count"] for one in record["kept"] if one["rule"] == "fraud"] == [3]  # type: ignore
        code = certifying.code_of_request(number)
        assert code == record["code"]
        [letter] = letters("leavers_done")
        assert (letter["to"], code in letter["text"], "3명" in letter["text"]) == ("admin@gaon.example", True, True)
        assert letters("request_result") == []


def test_many_have_an_annex(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Beyond ten the rest stand in an annex whose digest was signed."""
    refs = [join(f"member{place:02}") for place in range(12)]
    number = approved(app, clock, gaon, *refs)
    with app.app_context():
        destroy_due(app)
        people = certificate_of(number)["people"]
        annex = certifying.annex(certifying.code_of_request(number))

        assert annex == "D-2026-0011 0\nD-2026-0012 0\n"
        assert people["annex_sha256"] == sha256(annex.encode()).hexdigest()  # type: ignore[index]
        assert (people["count"], people["in_annex"]) == (12, 2)  # type: ignore[index]


def test_one_person_has_their_own_certificate(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """A report of one is proved by that person's certificate, and no second one is issued."""
    minho = join("minho")
    number = approved(app, clock, gaon, minho)
    with app.app_context():
        destroy_due(app)
        destruction, request = destructions.of_member(minho), requests.of_number(number)
        assert destruction is not None
        assert request is not None
        issued = certificates.newest_of(db.engines["keys"], destruction.ref)

        assert issued is not None
        assert certifying.code_of_request(number) == issued.code
        assert certificates.newest_of(db.engines["keys"], request.ref) is None
        assert issued.code in letters("leavers_done")[0]["text"]


def test_who_was_spared_is_told(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Where an objection was upheld the report ends in part, and its certificate counts the others alone."""
    refs = [join(name) for name in ("minho", "sora")]
    number = approved(app, clock, gaon, *refs)
    with app.app_context():
        request = requests.of_number(number)
        assert request is not None
        place_hold(refs[1], clock)
        with writing():
            leavers.end_of(request.id, "WRONG", clock(), member_refs=[refs[1]])
        db.session.remove()
        destroy_due(app)

        standing = requesting.stand_of(number, clock())
        assert (standing.state.status, standing.events[-1].word) == ("PARTLY_DONE", "PARTIAL")
        assert certificate_of(number)["people"]["count"] == 1  # type: ignore[index]
        assert "1명의 정보는 파기하지 않았어요" in letters("leavers_done")[0]["text"]


@pytest.mark.parametrize("cut", ["before the certificate", "after the certificate"])
def test_a_worker_that_dies_at_the_end_leaves_it_to_the_next(
    app: Flask, clock: FakeClock, gaon: str, join: Join, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Everybody is destroyed and the worker dies before the report has ended: the next one ends it, with the
    certificate that was issued, if one was."""
    refs = [join(name) for name in ("minho", "sora")]
    number = approved(app, clock, gaon, *refs)

    class Killed(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with app.app_context():
        with monkeypatch.context() as patched:
            where = (fulfilling, "_certificate_of") if cut == "before the certificate" else (requesting, "take_step")
            patched.setattr(*where, die)
            with pytest.raises(Killed):
                destroy_due(app)
        before = certifying.code_of_request(number)
        assert requesting.stand_of(number, clock()).state.status != "DONE"
        end_reading()
        clock.advance(minutes=1)
        destroy_due(app)

        assert requesting.stand_of(number, clock()).state.status == "DONE"
        assert certifying.code_of_request(number) == (before or certifying.code_of_request(number)) != ""
        assert len(letters("leavers_done")) == 1


def test_two_workers_end_it_once(app: Flask, clock: FakeClock, gaon: str, join: Join) -> None:
    """Both find everybody done at the same moment: one certificate, one letter, one last step."""
    refs = [join(name) for name in ("minho", "sora")]
    number = approved(app, clock, gaon, *refs)
    with app.app_context():
        ends = fulfilling.end_reports
        fulfilling.end_reports = lambda at, limit=200: 0  # the pass stops right before
        try:
            destroy_due(app)
        finally:
            fulfilling.end_reports = ends
        db.session.remove()
    both, ended, faults = threading.Barrier(2), [], []

    def worker() -> None:
        with app.app_context():
            try:
                both.wait(10)
                ended.append(fulfilling.end_reports(clock() + timedelta(seconds=1)))
            except Exception as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    _together(worker)

    with app.app_context():
        assert (faults, sorted(ended)) == ([], [0, 1])
        assert len(letters("leavers_done")) == 1
        words = [event.word for event in requesting.stand_of(number, clock()).events]
        assert words.count("FULFILLED") == 1


def _together(work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
