"""Company admins on both engines: verified companies alone, their own domains, never nobody by mistake."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db, writing
from portal.records import accounts as kept
from portal.records import company_events, leavers, requests
from portal.records.mails import Mail
from portal.rules.company import How
from portal.rules.progress import Word
from portal.rules.role import Role
from portal.services import accounts, company_admins, joining, leaving, requesting, vouching
from portal.services.auditing import OPERATOR, By
from portal.services.company_admins import ElsewhereAddress, LastAdmin, NotVerified
from portal.services.leaving import Leaving
from portal.services.vouching import Found, Refused
from portal.settings import Settings
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.members.samples import GAON
from tests.org.conftest import NURI, Join
from tests.staffing import Colleague, a_company, an_admin

TODAY = date(2026, 11, 23)
CHECK = Found(GAON, How.LOOKUP, TODAY, ("gaon.example", "gaon.co.kr"), "진위확인 2026-11-23")
SECOND = "haneul.kim@gaon.example"


def by(who: Colleague) -> By:
    return By("STAFF", who.ref, "192.0.2.7")


def test_an_admin_acts_for_a_verified_company_alone(app: Flask, clock: FakeClock, gaon: str, admin: Colleague) -> None:
    """From the moment of a revocation the admin has no company; verified again, the admin has."""
    with app.app_context():
        found = company_admins.company_of(admin.ref)
        assert found is not None
        assert (found.ref, found.name, found.number, found.domains) == (
            gaon,
            "가온유통(주)",
            "789-81-01310",
            ("gaon.example",),
        )

        vouching.revoke(gaon, "폐업", OPERATOR, clock())
        assert company_admins.company_of(admin.ref) is None
        assert company_admins.admins_of(gaon) == []

        vouching.verify(gaon, CHECK, OPERATOR, clock())
        again = company_admins.company_of(admin.ref)
        assert again is not None
        assert again.domains == ("gaon.example", "gaon.co.kr")
        assert [one.ref for one in company_admins.admins_of(gaon)] == [admin.ref]


def test_nobody_else_has_a_company(app: Flask, clock: FakeClock, gaon: str, admin: Colleague) -> None:
    """Neither staff, nor whom nobody knows, nor an admin whose account has ended."""
    with app.app_context():
        staff, _ = accounts.invite("yuna.han@cloudmate.example", "한유나", [Role.OFFICER], OPERATOR, clock())
        assert company_admins.company_of(staff) is None
        assert company_admins.company_of("nobody") is None

        company_admins.end(gaon, admin.ref, OPERATOR, clock())

        assert company_admins.company_of(admin.ref) is None


@pytest.mark.parametrize(
    ("check", "why"),
    [
        pytest.param(Found(NURI, How.DOCUMENT, TODAY, ("gaon.example",), "사본"), "OTHER_NUMBER", id="another number"),
        pytest.param(Found("1", How.DOCUMENT, TODAY, ("gaon.example",), "사본"), "OTHER_NUMBER", id="no number"),
        pytest.param(
            Found(GAON, How.DOCUMENT, TODAY + timedelta(days=1), ("gaon.example",), "사본"), "TO_COME", id="tomorrow"
        ),
    ],
)
def test_a_check_must_be_of_this_company(app: Flask, clock: FakeClock, gaon: str, check: Found, why: str) -> None:
    """The number on the paper is compared with what the members gave, and no check lies in the future."""
    with app.app_context():
        with pytest.raises(Refused, match=why):
            vouching.verify(gaon, check, OPERATOR, clock())

        assert len(company_events.of_company(gaon)) == 1


def test_every_check_stays_on_record(app: Flask, clock: FakeClock, gaon: str) -> None:
    """The history tells each check and why it was taken back; its words and domains are sealed."""
    with app.app_context():
        clock.advance(minutes=1)
        vouching.revoke(gaon, "도메인이 바뀌었다고 함", OPERATOR, clock())
        with pytest.raises(Refused, match="NOT_VERIFIED"):
            vouching.revoke(gaon, "한 번 더", OPERATOR, clock())

        seen = vouching.seen(gaon)
        assert seen is not None
        assert [(one.deed, one.words, one.domains) for one in seen.history] == [
            ("REVOKED", "도메인이 바뀌었다고 함", ()),
            ("VERIFIED", "Certificate of 2026-11-20", ("gaon.example",)),
        ]
        assert seen.line.is_verified is False
        assert all(b"gaon.example" not in event.sealed for event in company_events.of_company(gaon))


def test_an_admin_is_invited_at_the_companys_domain(app: Flask, clock: FakeClock, gaon: str) -> None:
    """The letter brings the link with which the account is made; from then on the account acts for the company."""
    with app.app_context():
        ref, token = company_admins.invite(gaon, "Haneul.Kim@GAON.example", "김하늘", OPERATOR, clock(), "ko")
        mail = db.session.scalars(select(Mail).where(Mail.kind == "admin_invite")).one()
        letter = person_keys.seal_of(ref).open("mails", "sealed", mail.sealed or b"", mail.ref)
        assert "가온유통(주) 퇴사자의 삭제를 요청하는 담당자로 초대해요" in letter["text"]
        assert company_admins.company_of(ref) is None

        offered = joining.invitation(token, "browser", clock())
        code = Colleague("", "", secret=offered.secret).code(clock())
        joining.join(token, "browser", "five slow trains to Busan", code, "192.0.2.7", clock())

        found = company_admins.company_of(ref)
        assert found is not None
        assert found.ref == gaon


@pytest.mark.parametrize("email", ["haneul@gmail.com", "haneul@mail.gaon.example", "haneul@gaon.example.evil.example"])
def test_an_address_elsewhere_is_refused(app: Flask, clock: FakeClock, gaon: str, email: str) -> None:
    """A subdomain and a domain that begins alike are elsewhere, too; the refusal names what is expected."""
    with app.app_context(), pytest.raises(ElsewhereAddress) as told:
        company_admins.invite(gaon, email, "김하늘", OPERATOR, clock(), "ko")

    assert told.value.domains == ("gaon.example",)


def test_nobody_is_invited_to_a_company_that_was_not_verified(app: Flask, clock: FakeClock, gaon: str) -> None:
    """Not even at the domain that was right before."""
    with app.app_context():
        vouching.revoke(gaon, "폐업", OPERATOR, clock())

        with pytest.raises(NotVerified):
            company_admins.invite(gaon, SECOND, "김하늘", OPERATOR, clock(), "ko")


def test_nobody_is_two_things(app: Flask, clock: FakeClock, gaon: str, admin: Colleague) -> None:
    """An admin gets no role of the staff, and whoever was invited as staff or by another company is not taken over."""
    with app.app_context():
        with pytest.raises(accounts.Refused, match="COMPANY"):
            accounts.grant(admin.ref, Role.OFFICER, OPERATOR, clock())
        accounts.invite(SECOND, "김하늘", [Role.HANDLER], OPERATOR, clock())
        other = a_company(clock(), "다른회사(주)", NURI, "gaon.example")
        company_admins.invite(other, "third@gaon.example", "이서준", OPERATOR, clock(), "ko")

        for taken in (SECOND, "third@gaon.example", admin.email):
            with pytest.raises(accounts.Refused, match="KNOWN"):
                company_admins.invite(gaon, taken, "김하늘", OPERATOR, clock(), "ko")


def test_the_last_admin_stays(app: Flask, clock: FakeClock, gaon: str, admin: Colleague) -> None:
    """Neither alone, nor beside somebody only invited; the staff can end the last one."""
    with app.app_context():
        assert company_admins.is_last_admin(admin.ref)
        company_admins.invite(gaon, SECOND, "김하늘", OPERATOR, clock(), "ko")
        assert company_admins.is_last_admin(admin.ref)
        with pytest.raises(LastAdmin):
            company_admins.remove(admin.ref, by(admin), clock())

        company_admins.end(gaon, admin.ref, OPERATOR, clock())

        assert company_admins.admins_of(gaon) == []


def test_an_admin_removes_another_of_the_same_company_alone(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague
) -> None:
    """Whoever is removed acts for nobody at once; an admin of another company is nobody here."""
    with app.app_context():
        second = an_admin(clock(), gaon, name="김하늘", email=SECOND)
        stranger = an_admin(clock(), a_company(clock(), "누리제약(주)", NURI), email="jiwoo@nuri.example")
        with pytest.raises(accounts.Refused, match="NOBODY"):
            company_admins.remove(stranger.ref, by(admin), clock())

        company_admins.remove(second.ref, by(admin), clock())

        assert company_admins.company_of(second.ref) is None
        with pytest.raises(NotVerified):
            company_admins.remove(admin.ref, by(second), clock())
        assert company_admins.company_of(stranger.ref) is not None


def test_two_who_remove_each_other_leave_one(app: Flask, clock: FakeClock, gaon: str, admin: Colleague) -> None:
    """However the two requests meet, one admin is left, each of 10 times."""
    with app.app_context():
        for number in range(10):
            one = an_admin(clock(), gaon, email=f"one-{number}@gaon.example")
            two = an_admin(clock(), gaon, email=f"two-{number}@gaon.example")
            for other in company_admins.admins_of(gaon):
                if other.ref not in (one.ref, two.ref):
                    company_admins.end(gaon, other.ref, OPERATOR, clock())

            outcomes = at_once(
                app,
                lambda: company_admins.remove(two.ref, by(one), clock()),  # noqa: B023  both have ended before the next
                lambda: company_admins.remove(one.ref, by(two), clock()),  # noqa: B023
            )

            assert sorted(type(fault).__name__ for fault in outcomes) == ["NoneType", "NotVerified"]
            assert len(company_admins.admins_of(gaon)) == 1


def at_once(app: Flask, *deeds: Callable[[], None]) -> list[Exception | None]:
    """Begin these deeds together, each in a thread of its own; return what each raised."""
    start, outcomes = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], None]) -> None:
        with app.app_context():
            start.wait()
            try:
                deed()
                outcomes.append(None)
            except Exception as fault:
                outcomes.append(fault)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_wrong_reports_go_to_the_staff(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """After two wrong ones in a row the next closes no account; an officer clears it with a reason, and it does."""
    with app.app_context():
        for name in ("minho", "jiho"):
            number = report(gaon, admin, join(name), clock)
            end(number, "WRONG", clock)
            clock.advance(minutes=1)
        assert company_admins.reports_go_to_staff(admin.ref)
        seen = vouching.seen(gaon)
        assert seen is not None
        assert seen.blocked == {admin.ref}
        held = report(gaon, admin, join("sora"), clock)
        assert [one.telling for one in leavers.of_request(request_id(held))] == ["HELD"]

        vouching.clear_reports(gaon, admin.ref, "전화로 확인함", OPERATOR, clock())

        assert not company_admins.reports_go_to_staff(admin.ref)
        with pytest.raises(Refused, match="NOT_BLOCKED"):
            vouching.clear_reports(gaon, admin.ref, "한 번 더", OPERATOR, clock())
        clock.advance(minutes=1)
        taken = report(gaon, admin, join("hana"), clock)
        assert [one.telling for one in leavers.of_request(request_id(taken))] == ["WAITING"]
        end(taken, "WRONG", clock)
        assert not company_admins.reports_go_to_staff(admin.ref)


def report(company: str, admin: Colleague, member: str, clock: FakeClock) -> str:
    people = [Leaving(member, date(2026, 10, 31))]
    return leaving.report(company, people, reporter=admin.ref, by=by(admin), at=clock(), language="ko").number


def request_id(number: str) -> int:
    request = requests.of_number(number)
    assert request is not None
    return request.id


def end(number: str, how: str, clock: FakeClock) -> None:
    with writing():
        leavers.end_of(request_id(number), how, clock())


def test_no_company_is_told_in_clear(app: Flask, clock: FakeClock, gaon: str, settings: Settings) -> None:
    """A company's domains and the words of its checks stand nowhere in the store's file."""
    with app.app_context():
        vouching.verify(gaon, CHECK, OPERATOR, clock())
        assert len(kept.of_company(gaon)) == 0

    for file in settings.instance.glob("*.db*"):
        assert b"gaon.co.kr" not in file.read_bytes()
        assert "진위확인 2026-11-23".encode() not in file.read_bytes()


def test_an_admin_who_was_reported_decides_nothing_more(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, join: Join
) -> None:
    """From the next request on the place is closed to them; an objection that is upheld opens it, and with the order
    to destroy the account ends for good."""
    with app.app_context():
        ref = join("sunwoo.kang")
        other = an_admin(clock(), gaon, email="minho.park@gaon.example")
        assert company_admins.company_of(admin.ref) is not None

        number = leaving.report(
            gaon, [Leaving(ref, date(2026, 10, 31))], reporter=other.ref, by=by(other), at=clock(), language="ko"
        ).number
        assert company_admins.company_of(admin.ref) is None
        assert company_admins.company_of(other.ref) is not None

        leaving.take_back(number, company_ref=gaon, by=by(other), at=clock())
        assert company_admins.company_of(admin.ref) is not None

        again = leaving.report(
            gaon, [Leaving(ref, date(2026, 10, 31))], reporter=other.ref, by=by(other), at=clock(), language="ko"
        ).number
        for word in (Word.IN_REVIEW, Word.APPROVED):
            requesting.step(again, word, by=By("STAFF", "one"), roles={Role.HANDLER}, at=clock())
        requesting.step(again, Word.APPROVED, by=By("STAFF", "two"), roles={Role.HANDLER}, at=clock())
        leaving.tell_some(clock())
        clock.advance(days=4)
        assert leaving.order_some(clock()) == 1
        ended = kept.of_ref(admin.ref)
        assert ended is not None
        assert (ended.state, ended.password_hash) == ("DISABLED", None)
