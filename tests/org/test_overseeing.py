"""What an admin sees and stops, on both engines: the own company alone, masked, written down; each opens what that
one closed."""

from datetime import date

import pytest
from flask import Flask

from portal.records import audit, standings
from portal.services import exercising, leaving, overseeing, reopening, showing, vouching
from portal.services.auditing import OPERATOR, By
from portal.services.exercising import Asking, CannotResume
from portal.services.leaving import Leaving
from portal.services.overseeing import Refused
from tests.fake_clock import FakeClock
from tests.org.conftest import NURI, Join
from tests.staffing import Colleague


def by(who: Colleague) -> By:
    return By("STAFF", who.ref, "192.0.2.7")


def asking(host_id: str, nonce: str = "n") -> Asking:
    return Asking(host_id, "192.0.2.9", "ko", nonce)


def is_closed(host_id: str) -> bool:
    standing = standings.of_host(host_id)
    return standing is not None and standing.suspended


def test_members_are_masked_and_every_look_is_written_down(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """The own members alone, two values each, masked; who, when, from where, whose and what stand in the audit."""
    minho, _ = join("minho"), join("jiho", NURI)
    with app.app_context():
        found, total = overseeing.members_page(gaon, 1, by(admin), clock())

        assert total == 1
        assert [(one.ref, dict(one.shown)) for one in found] == [
            (minho, {"email": "mi***@gaon.example", "login_id": "mi**************"})
        ]
        row = audit.found(limit=1)[0]
        assert (row.deed, row.actor, row.origin, row.subject, row.at) == (
            "company_members.viewed",
            admin.ref,
            "192.0.2.7",
            minho,
            clock(),
        )
        (look,) = showing.looks_at(minho, 5)
        assert (look.by_company, look.deed.ko) == (True, "회사 담당자의 회원 목록 조회")


def test_a_list_has_pages(app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join) -> None:
    """25 to a page, first met first, nobody twice."""
    for number in range(27):
        join(f"member{number:02}")
    with app.app_context():
        first, total = overseeing.members_page(gaon, 1, by(admin), clock())
        second, _ = overseeing.members_page(gaon, 2, by(admin), clock())

    assert (total, len(first), len(second)) == (27, 25, 2)
    assert len({one.ref for one in first + second}) == 27


def test_a_view_that_cannot_be_written_down_is_not_shown(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its row in the audit a list fails."""
    join("minho")

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "append", fail)
    with app.app_context(), pytest.raises(OSError, match="disk is full"):
        overseeing.members_page(gaon, 1, by(admin), clock())


@pytest.mark.parametrize("text", ["minho@gaon.example", "MINHO@GAON.EXAMPLE", "minho-the-sample"])
def test_one_is_found_by_the_whole_address_or_id(app: Flask, gaon: str, join: Join, text: str) -> None:
    """However written."""
    minho = join("minho")

    with app.app_context():
        assert overseeing.found(gaon, text) == minho


@pytest.mark.parametrize("text", ["jiho@nuri.example", "jiho-the-sample", "nobody@gaon.example", "minho", "@", ""])
def test_others_are_answered_like_nobody(app: Flask, gaon: str, join: Join, text: str) -> None:
    """A person of another company, somebody unknown and what is no address come to the same."""
    join("minho"), join("jiho", NURI)

    with app.app_context():
        assert overseeing.found(gaon, text) == ""


def test_nothing_is_done_to_another_companys_person(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """Not seen, not stopped, not opened: like somebody who is not there."""
    jiho = join("jiho", NURI)
    with app.app_context():
        for ref in (jiho, "nobody"):
            assert overseeing.member(gaon, ref, by(admin), clock()) is None
            with pytest.raises(Refused, match="NOBODY"):
                overseeing.suspend(gaon, ref, "ON_LEAVE", by(admin), clock())
            with pytest.raises(Refused, match="NOBODY"):
                overseeing.resume(gaon, ref, by(admin), clock())
        assert not is_closed("jiho")


def test_what_the_company_stopped_the_member_cannot_open(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """The member sees who stopped the account and why; the company opens it again."""
    minho = join("minho")
    with app.app_context():
        overseeing.suspend(gaon, minho, "ON_LEAVE", by(admin), clock())
        assert is_closed("minho")
        assert not exercising.may_resume("minho")
        with pytest.raises(CannotResume):
            exercising.resume(asking("minho"), clock())
        with pytest.raises(Refused, match="STOPPED"):
            overseeing.suspend(gaon, minho, "ON_LEAVE", by(admin), clock())
        (look,) = showing.looks_at(minho, 5)
        assert look.reason is not None
        assert (look.by_company, look.deed.ko, look.reason.ko, look.about) == (True, "이용중지", "휴직·파견", "")

        overseeing.resume(gaon, minho, by(admin), clock())

        assert not is_closed("minho")
        with pytest.raises(Refused, match="NOT_STOPPED"):
            overseeing.resume(gaon, minho, by(admin), clock())


def test_what_the_member_stopped_the_company_cannot_open(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """Not even after stopping it as well: it opens once both have taken back theirs, in either order."""
    minho = join("minho")
    with app.app_context():
        exercising.suspend(asking("minho"), clock())
        with pytest.raises(Refused, match="NOT_STOPPED"):
            overseeing.resume(gaon, minho, by(admin), clock())
        overseeing.suspend(gaon, minho, "SECURITY", by(admin), clock())
        assert not exercising.may_resume("minho")

        overseeing.resume(gaon, minho, by(admin), clock())
        assert is_closed("minho")
        assert exercising.may_resume("minho")

        exercising.resume(asking("minho"), clock())
        assert not is_closed("minho")


def test_a_member_who_stops_too_stays_stopped(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """A wish of the member's own made while the company keeps the account closed outlives the company's."""
    minho = join("minho")
    with app.app_context():
        overseeing.suspend(gaon, minho, "ON_LEAVE", by(admin), clock())
        filed = exercising.suspend(asking("minho"), clock())
        assert filed.made

        overseeing.resume(gaon, minho, by(admin), clock())

        assert is_closed("minho")
        exercising.resume(asking("minho"), clock())
        assert not is_closed("minho")


def test_a_cancelled_deletion_opens_nothing_that_the_company_closed(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """The member takes back a deletion; the account stays closed until the company opens it."""
    minho = join("minho")
    with app.app_context():
        filed = exercising.delete(asking("minho"), clock())
        overseeing.suspend(gaon, minho, "ON_LEAVE", by(admin), clock())

        exercising.send(asking("minho"), filed.number, exercising.Word.CANCELLED, "", clock())
        assert is_closed("minho")

        overseeing.resume(gaon, minho, by(admin), clock())
        assert not is_closed("minho")


def test_who_was_reported_is_neither_stopped_nor_opened(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """A report of leaving goes its own way; taken back, what the company had stopped before stays stopped."""
    minho = join("minho")
    with app.app_context():
        overseeing.suspend(gaon, minho, "ON_LEAVE", by(admin), clock())
        people = [Leaving(minho, date(2026, 10, 31))]
        filed = leaving.report(gaon, people, reporter=admin.ref, by=by(admin), at=clock(), language="ko")
        with pytest.raises(Refused, match="LEAVING"):
            overseeing.resume(gaon, minho, by(admin), clock())

        leaving.take_back(filed.number, company_ref=gaon, by=by(admin), at=clock())

        assert is_closed("minho")
        overseeing.resume(gaon, minho, by(admin), clock())
        assert not is_closed("minho")


def test_an_admin_cannot_stop_the_own_account(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """Whoever is a member too, at the same address, is told so; and a reason that is none is refused."""
    own, minho = join("sunwoo.kang"), join("minho")
    with app.app_context():
        with pytest.raises(Refused, match="OWN"):
            overseeing.suspend(gaon, own, "ON_LEAVE", by(admin), clock())
        with pytest.raises(Refused, match="REASON"):
            overseeing.suspend(gaon, minho, "", by(admin), clock())
        seen = overseeing.member(gaon, own, by(admin), clock())
        assert seen is not None
        assert seen.is_own


def test_reports_are_counted_and_name_nobody(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """A report of two is one line with its number, people and due day; another company's is not among them."""
    people = [Leaving(join(name), date(2026, 10, 31)) for name in ("minho", "sora")]
    with app.app_context():
        filed = leaving.report(gaon, people, reporter=admin.ref, by=by(admin), at=clock(), language="ko")

        (report,), total = overseeing.reports(gaon, 1, clock())
        nothing, none = overseeing.reports("another", 1, clock())

    assert (report.standing.request.number, report.people, report.certificate, total) == (filed.number, 2, "", 1)
    assert (nothing, none) == ([], 0)


def test_staff_open_what_a_company_keeps_closed_once_it_cannot(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """Not while the company's admin can; the look and the reason stand in the audit and before the member."""
    minho, haneul, sora = join("minho"), join("haneul"), join("sora")
    officer = By("STAFF", "officer", "192.0.2.8")
    with app.app_context():
        for ref in (minho, haneul, sora):
            overseeing.suspend(gaon, ref, "ON_LEAVE", by(admin), clock())
        overseeing.resume(gaon, sora, by(admin), clock())
        assert reopening.kept_closed(gaon, officer, clock()) == []
        with pytest.raises(Refused, match="COMPANY"):
            reopening.reopen(gaon, minho, "폐업", officer, clock())
        vouching.revoke(gaon, "폐업", OPERATOR, clock())

        kept = reopening.kept_closed(gaon, officer, clock())
        reopening.reopen(gaon, minho, "회사가 문을 닫아 직접 확인함", officer, clock())

        assert [(one.ref, one.shown["email"], one.reason) for one in kept] == [
            (minho, "mi***@gaon.example", "ON_LEAVE"),
            (haneul, "ha****@gaon.example", "ON_LEAVE"),
        ]
        assert (is_closed("minho"), is_closed("haneul")) == (False, True)
        assert [one.ref for one in reopening.kept_closed(gaon, officer, clock())] == [haneul]
        opened, looked = showing.looks_at(minho, 2)
        assert (opened.by_company, opened.deed.ko, opened.words) == (
            False,
            "이용 재개",
            "회사가 문을 닫아 직접 확인함",
        )
        assert (looked.by_company, looked.deed.ko) == (False, "회사가 멈춘 회원 목록 조회")
        with pytest.raises(Refused, match="NOT_STOPPED"):
            reopening.reopen(gaon, minho, "다시", officer, clock())
        with pytest.raises(Refused, match="NOBODY"):
            reopening.reopen(gaon, join("jiho", NURI), "다시", officer, clock())


def test_staff_leave_closed_what_the_member_closed(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """Where the member keeps it closed as well, only the company's part is taken back."""
    minho = join("minho")
    with app.app_context():
        exercising.suspend(asking("minho"), clock())
        overseeing.suspend(gaon, minho, "SECURITY", by(admin), clock())
        vouching.revoke(gaon, "폐업", OPERATOR, clock())

        reopening.reopen(gaon, minho, "회사가 문을 닫음", OPERATOR, clock())

        assert is_closed("minho")
        assert exercising.may_resume("minho")
