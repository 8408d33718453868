"""Listing: a messy list is judged row by row, shown, confirmed and sent; nothing happens to anybody before."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from portal.database import db, end_reading, writing
from portal.records import audit, disclosures, leavers, requests, uploads
from portal.records.uploads import Upload, UploadPage
from portal.rules.leaver import Verdict
from portal.services import judging_rows, listing, registering
from portal.services.auditing import By
from portal.services.leaving import NobodyToReport
from portal.services.list_file import Line
from portal.services.list_pages import Judged
from portal.services.listing import Listed, NoSuchList, NothingToSend
from portal.services.requesting import Filed
from portal.vault import person_keys
from portal.vault.person_keys import KeyDestroyed
from tests.fake_clock import FakeClock
from tests.leaving.conftest import MESSY, OTHER_COMPANY, Join, is_closed, report
from tests.members.samples import profile

REQUEST, CONFIRM, FIX, EXCLUDE = Verdict
Staffed = dict[str, str]


def upload(content: str, company: str, admin: By, clock: FakeClock) -> str:
    return listing.upload("leavers.csv", content.encode(), company_ref=company, account_ref=admin.ref, at=clock())


def rows(ref: str, admin: By, clock: FakeClock, *verdicts: Verdict, page: int = 1) -> list[Judged]:
    found = listing.listed(ref, admin.ref, clock())
    return listing.rows_of(found, page=page, size=50, verdicts=verdicts or tuple(Verdict), by=admin, at=clock())[0]


def send(ref: str, admin: By, clock: FakeClock) -> Filed:
    return listing.send(ref, by=admin, at=clock(), language="ko", reply_to="hr@gaon.example")


def sent_to_kicc(member_ref: str, clock: FakeClock) -> None:
    """Write into the ledger that the payment service received something of this member."""
    names = {"reference": "charge-1", "processor": "kicc", "items": "card_number", "purpose": "payment"}
    answer = {**names, "member_ref": member_ref, "verdict": "ALLOWED", "reason": "", "digest": "", "at": clock()}
    with writing():
        disclosures.keep("2026-11", answer)


def stored() -> int:
    return db.session.query(UploadPage).count()


def test_every_row_of_a_messy_list_has_its_verdict(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """Eight to request, one to confirm, three to put right, two left out; and nothing has happened to anybody."""
    with app.app_context():
        sent_to_kicc(staffed["hana"], clock)
        ref = upload(MESSY, gaon, admin, clock)
        found = listing.listed(ref, admin.ref, clock())
        judged = {row.line.number: row for row in rows(ref, admin, clock)}

        assert found.state == "READY"
        assert found.counts.totals.sentence.ko == "14행 가운데 8명의 삭제를 요청할 수 있어요"
        assert {number: row.verdict for number, row in judged.items()} == {
            **dict.fromkeys((2, 3, 7, 11, 12, 13, 14, 15), REQUEST),
            4: CONFIRM,
            **dict.fromkeys((5, 9, 10), FIX),
            **dict.fromkeys((6, 8), EXCLUDE),
        }
        assert judged[2].reason.ko == "회원 정보 삭제, 정보를 받은 곳에도 파기 요청"
        assert {judged[number].reason.ko for number in (3, 7, 11, 12, 13, 14, 15)} == {"회원 정보 삭제"}
        assert judged[4].reason.ko == "11월 20일에 접속했어요. 퇴사일이 맞나요?"
        assert judged[5].next_step.ko == "@가 빠졌는지 확인해 주세요."
        assert judged[6].reason.ko == "우리 회사 회원 목록에 없어요."
        assert judged[8].reason.ko == "7행과 같은 회원이에요."
        assert judged[9].reason.ko == "지금 로그인한 내 계정이에요."
        assert judged[10].reason.ko == "퇴사일이 아직 지나지 않았어요."
        assert judged[12].left_on == date(2026, 11, 1)
        assert not any(is_closed(name) for name in staffed)
        assert requests.of_number("R-2026-0001") is None


def test_what_is_shown_is_audited(app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed) -> None:
    """Each member on the page has a row in the chain; who is no member has none."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
        rows(ref, admin, clock, CONFIRM, EXCLUDE)
        viewed = audit.found(limit=50, deed="list.viewed")

        assert {event.subject for event in viewed} == {staffed["park"], staffed["lee"]}
        assert {(event.actor, event.origin) for event in viewed} == {(admin.ref, "192.0.2.7")}


def test_a_list_is_sent_with_what_was_confirmed(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """Eight and the one that was ticked become one report; a tick beside any other row changes nothing."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
        listing.confirm(ref, admin.ref, (4, 5, 9), (4, 5, 9), clock())
        listing.confirm(ref, admin.ref, (), (), clock())
        before = listing.listed(ref, admin.ref, clock()).counts.to_request
        filed = send(ref, admin, clock)
        request = requests.of_number(filed.number)
        assert request is not None
        reported = {row.member_ref: row.left_on for row in leavers.of_request(request.id)}

        assert (before, len(reported)) == (9, 9)
        assert reported[staffed["park"]] == date(2026, 11, 13)
        assert [name for name in staffed if not is_closed(name)] == ["song"]
        assert not is_closed("hr")
        assert stored() == 0
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(ref)


def test_a_tick_that_is_taken_back_is_not_sent(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """What a page showed and did not tick is not confirmed any more; other pages' ticks stay."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
        listing.confirm(ref, admin.ref, (4,), (4,), clock())
        listing.confirm(ref, admin.ref, (4,), (), clock())
        send(ref, admin, clock)

        assert not is_closed("park")


def test_a_list_sent_twice_is_one_request(app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed) -> None:
    """Of two at once, and of a Back button hours later, both get the same number."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
    sent: list[Filed] = []

    def one() -> None:
        with app.app_context():
            sent.append(send(ref, admin, clock))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.advance(hours=3)
    one()

    assert {filed.number for filed in sent} == {"R-2026-0001"}
    assert sorted(filed.made for filed in sent) == [False, False, True]


def test_what_is_known_already_is_left_out(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """Who was reported before is said to be; a list with nobody to request is not sent."""
    with app.app_context():
        report(gaon, clock(), staffed["hana"])
        ref = upload("id,leave_date\nhana-the-sample,2026-10-31\n", gaon, admin, clock)
        [row] = rows(ref, admin, clock)
        with pytest.raises(NothingToSend):
            send(ref, admin, clock)
        later = upload("email,leave_date\nkim@gaon.example,2026-10-31\n", gaon, admin, clock)
        report(gaon, clock(), staffed["kim"])
        with pytest.raises(NobodyToReport):
            send(later, admin, clock)

    assert (row.verdict, row.reason.ko) == (EXCLUDE, "이미 삭제를 요청한 회원이에요.")


def test_one_person_named_twice_is_found(app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed) -> None:
    """By e-mail in one row and by ID in another it is the same member."""
    with app.app_context():
        ref = upload("email,id,leave_date\nkim@gaon.example,,20261031\n,kim-the-sample,20261031\n", gaon, admin, clock)
        judged = rows(ref, admin, clock)

    assert [row.verdict for row in judged] == [REQUEST, EXCLUDE]
    assert judged[1].reason.ko == "2행과 같은 회원이에요."


@contextmanager
def asked(app: Flask) -> Iterator[list[str]]:
    """Gather the statements that the stores are asked."""
    log: list[str] = []
    engines = list({id(engine): engine for engine in db.engines.values()}.values())

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        log.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield log
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_strangers_and_other_companies_people_are_told_alike(
    app: Flask, clock: FakeClock, gaon: str, admin: By, join: Join
) -> None:
    """The same words and the very same questions to the stores, so that nobody learns who is a customer here."""
    with app.app_context():
        theirs = profile(email="theirs@other.example", login_id="theirs", **OTHER_COMPANY)
        registering.register("theirs", theirs, "SELF", clock())
        told, logs = [], []
        for address in ("theirs@other.example", "nobody@other.example"):
            with asked(app) as log:
                ref = upload(f"email,leave_date\n{address},2026-10-31\n", gaon, admin, clock)
                [row] = rows(ref, admin, clock)
            told.append((row.verdict, row.reason, row.next_step, row.member_ref))
            logs.append(log)

    assert told[0] == told[1]
    assert told[0][0] is EXCLUDE
    assert logs[0] == logs[1]


def test_a_list_belongs_to_who_uploaded_it(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """Nobody else opens it, not even a colleague."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
        for deed in (
            lambda: listing.listed(ref, "another", clock()),
            lambda: send(ref, By("STAFF", "another"), clock),
            lambda: listing.discard(ref, "another", clock()),
            lambda: listing.confirm(ref, "another", (4,), (4,), clock()),
        ):
            with pytest.raises(NoSuchList):
                deed()


def test_a_list_lasts_two_hours(app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed) -> None:
    """Then its rows and its key are gone by themselves, and a day later so is the list."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
        clock.advance(hours=2)
        with pytest.raises(NoSuchList):
            send(ref, admin, clock)
        ended = listing.carry_on(app, clock())["ended"]
        end_reading()

        assert (ended, stored()) == (1, 0)
        with pytest.raises(KeyDestroyed):
            person_keys.seal_of(ref)
        clock.advance(days=1)
        listing.carry_on(app, clock())
        end_reading()
        assert uploads.of_ref(ref) is None


def test_a_list_that_was_thrown_away_is_gone(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """Nothing of it is left, and it cannot be sent."""
    with app.app_context():
        ref = upload(MESSY, gaon, admin, clock)
        listing.discard(ref, admin.ref, clock())

        assert stored() == 0
        with pytest.raises(NoSuchList):
            send(ref, admin, clock)


def test_nothing_that_was_typed_lies_in_clear(
    app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed
) -> None:
    """Neither the file's name nor an address is in a column."""
    with app.app_context():
        upload(MESSY, gaon, admin, clock)
        pages = [bytes(page.sealed) for page in db.session.scalars(db.select(UploadPage))]
        [row] = db.session.scalars(db.select(Upload)).all()

        assert not any(b"gaon" in page or b"leavers" in page for page in pages)
        assert "gaon.example" not in row.counts
        assert json.loads(row.counts)["rows"] == 14


@pytest.fixture
def long(app: Flask, clock: FakeClock, gaon: str, admin: By, staffed: Staffed) -> str:
    """A list of 5,600 rows that waits for the job: Kim in the first row and the last, nobody between."""
    lines = [Line(number, f"nobody{number}@gaon.example", "", "2026-10-31") for number in range(2, 5602)]
    lines[0] = lines[-1] = Line(0, "kim@gaon.example", "", "2026-10-31")
    lines[0], lines[-1] = (Line(number, "kim@gaon.example", "", "2026-10-31") for number in (2, 5601))
    with app.app_context():
        return listing.keep("long.csv", lines, company_ref=gaon, account_ref=admin.ref, at=clock())


def test_a_long_list_is_judged_by_the_job(app: Flask, clock: FakeClock, admin: By, long: str) -> None:
    """Until then it is being read and cannot be sent; afterwards every row has its verdict."""
    with app.app_context():
        before = listing.listed(long, admin.ref, clock())
        with pytest.raises(NoSuchList):
            send(long, admin, clock)
        done = listing.carry_on(app, clock())["judged"]
        end_reading()
        after = listing.listed(long, admin.ref, clock())

    assert (before.state, before.counts.rows_judged, done) == ("READING", 0, 5600)
    assert (after.state, after.counts.by_verdict) == ("READY", {REQUEST: 1, EXCLUDE: 5599})


def test_judging_goes_on_where_it_was_killed(
    app: Flask, clock: FakeClock, admin: By, long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the first chunk, the next run does the rest alone, and still knows whom the first rows meant."""
    with app.app_context():
        with monkeypatch.context() as patch:
            patch.setattr(judging_rows.Judging, "run", lambda self, at, tell=None: self.step(at))
            listing.carry_on(app, clock())
        with monkeypatch.context() as patch:
            patch.setattr(uploads, "replace_pages", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                listing.carry_on(app, clock())
        end_reading()
        between = listing.listed(long, admin.ref, clock()).counts.rows_judged
        done = listing.carry_on(app, clock())["judged"]
        end_reading()
        found: Listed = listing.listed(long, admin.ref, clock())
        last = rows(long, admin, clock, page=112)[-1]

    assert (between, done) == (5000, 600)
    assert found.counts.by_verdict == {REQUEST: 1, EXCLUDE: 5599}
    assert last.reason.ko == "2행과 같은 회원이에요."


def test_the_newest_visit_after_the_leave_date_counts(app: Flask, clock: FakeClock, staffed: Staffed) -> None:
    """Of each member the newest day later than the one given; an earlier visit is none, nor one that has expired."""
    from portal.services.access_room import last_seen

    park, kim = staffed["park"], staffed["kim"]
    for after, seen in (
        ({park: date(2026, 11, 13), kim: date(2026, 11, 1)}, {park: date(2026, 11, 20)}),
        ({park: date(2026, 11, 20)}, {}),
        ({}, {}),
    ):
        assert last_seen(app, after, clock()) == seen
    assert last_seen(app, {park: date(2026, 11, 1)}, clock() + timedelta(days=200)) == {}
