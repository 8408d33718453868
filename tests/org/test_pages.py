"""The company's pages and the desk's about companies: who comes there, in whose words, and with the code again."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db, writing
from portal.records import audit, leavers, requests, standings
from portal.records.mails import Mail
from portal.rules.role import Role
from portal.services import company_admins, leaving, overseeing, vouching
from portal.services.auditing import OPERATOR, By
from portal.services.leaving import Leaving
from portal.vault import person_keys
from portal.views.guarding import AGAIN, CLOSED, OF_COMPANIES
from tests.fake_clock import FakeClock
from tests.fixtures_portal import PAGE, Browser
from tests.members.samples import GAON
from tests.org.conftest import NURI, Join
from tests.staffing import Colleague, an_admin, seat

MakeBrowser = Callable[..., Browser]
CHECK = {
    "number": GAON,
    "how": "DOCUMENT",
    "day": "2026-11-20",
    "domains": "gaon.example, gaon.co.kr",
    "words": "사업자등록증명 2026-11-20 발급",
}


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def officer(at_desk: MakeBrowser) -> Browser:
    return at_desk(Role.OFFICER, name="이도현", email="dohyeon.lee@cloudmate.example")


def report(app: Flask, clock: FakeClock, company: str, admin: Colleague, *refs: str) -> str:
    with app.app_context():
        people = [Leaving(ref, date(2026, 10, 31)) for ref in refs]
        by = By("STAFF", admin.ref)
        return leaving.report(company, people, reporter=admin.ref, by=by, at=clock(), language="ko").number


def test_who_signs_in_lands_at_the_company(app: Flask, clock: FakeClock, admin: Colleague) -> None:
    """A stranger is sent to the company's own sign-in, in people's words, and comes back to the page asked for."""
    browser = Browser(app.test_client(), None)
    sent = browser.get("/org/members")
    form = browser.get(sent.location)

    assert sent.location == "/org/sign-in?next=/org/members"
    assert "회사 담당자 로그인" in form.text
    assert "니다." not in re.sub(r"<footer.*", "", form.text, flags=re.DOTALL).replace("숫자입니다.", "")
    wrong = browser.post("/org/sign-in", {"email": admin.email, "password": "wrong", "code": "000000"})
    assert (wrong.status_code, "로그인하지 못했어요" in wrong.text) == (403, True)
    fields = {"email": admin.email, "password": admin.password, "code": admin.code(clock()), "next": "/org/members"}
    assert browser.post("/org/sign-in", fields).location == "/org/members"
    assert browser.get("/desk/home").location == "/org"
    assert browser.post("/desk/sign-out").location == "/org/sign-in"


def test_the_overview_tells_reports_and_an_empty_one_what_to_do(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, at_org: Browser, join: Join
) -> None:
    """Number, people, state and due day; before there is one, how to begin."""
    empty = at_org.get("/org").text
    number = report(app, clock, gaon, admin, join("minho"), join("sora"))

    page = at_org.get("/org").text

    assert "아직 요청이 없어요. 퇴사자가 생기면 한 명 또는 명단으로 요청하세요." in empty
    row = page[page.index(number) : page.index("</tr>", page.index(number))]
    assert "2명" in row
    assert "접수함" in row
    assert "D-5" in row
    assert "11월 28일(토)" in row


def test_every_page_of_the_company_shows_no_value_in_clear(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, at_org: Browser, join: Join
) -> None:
    """Walked for real, GET and POST: no address, ID or telephone number of a member stands on any answer."""
    minho = join("minho")
    number = report(app, clock, gaon, admin, join("sora"))
    ids = {"ref": minho, "number": number, "code": "x"}
    token = at_org.token()
    endpoints = [rule for rule in app.url_map.iter_rules() if CLOSED.get(rule.endpoint) in OF_COMPANIES]

    said = ""
    for rule in endpoints:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids.get(found[1], "x"), rule.rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            fields = {"csrf_token": token, "q": "minho-the-sample", "reason": "ON_LEAVE"} if method == "POST" else None
            with at_org.client.open(path, method=method, headers=PAGE, data=fields) as answer:
                assert answer.status_code < 500, (rule.endpoint, method)
                said += answer.text + str(answer.headers)

    assert len(endpoints) >= 8
    assert "mi***@gaon.example" in said
    for value in ("minho@gaon", "sora@gaon", "minho-the", "sora-the", "1234-5678", "+8210", "12345678"):
        assert value not in said


def test_a_revoked_company_closes_on_the_next_page(
    app: Flask, clock: FakeClock, gaon: str, at_org: Browser, join: Join
) -> None:
    """Nothing is seen or done from the next request on, and it is audited; verified again, it opens as it was."""
    minho = join("minho")
    with app.app_context():
        vouching.revoke(gaon, "폐업", OPERATOR, clock())

    for path in ("/org", "/org/members", f"/org/members/{minho}", "/org/admins"):
        page = at_org.get(path)
        assert page.status_code == 403
        assert "회사 확인이 필요해요" in page.text
        assert "gaon.example" not in page.text
    assert at_org.post(f"/org/members/{minho}/suspension", {"reason": "ON_LEAVE"}).status_code == 403
    assert at_org.get("/desk/account").status_code == 200
    with app.app_context():
        assert standings.of_host("minho") is None
        row = audit.found(limit=1, deed="access.denied")[0]
        assert row.facts == '{"permission":"org.request","place":"org_members.suspend","why":"COMPANY"}'
        company = vouching.Found(GAON, vouching.How.LOOKUP, date(2026, 11, 23), ("gaon.example",), "다시 확인")
        vouching.verify(gaon, company, OPERATOR, clock())
    assert at_org.get("/org/members").status_code == 200


def test_each_is_refused_in_their_own_words(at_org: Browser, officer: Browser) -> None:
    """An admin at the desk is spoken to as people talk, an officer at the company's pages as the desk does."""
    assert "이 화면을 볼 권한이 없어요" in at_org.get("/desk/companies").text
    assert "이 화면을 볼 권한이 없습니다" in officer.get("/org").text
    assert "우리 회사 회원" in at_org.get("/desk/account").text


def test_searching_answers_everybody_alike(at_org: Browser, join: Join) -> None:
    """Somebody of another company and somebody unknown: the same way, the same words; one's own leads to the page."""
    minho, _ = join("minho"), join("jiho", NURI)

    other = at_org.post("/org/members/search", {"q": "jiho@nuri.example"})
    nobody = at_org.post("/org/members/search", {"q": "nobody@nuri.example"})
    own = at_org.post("/org/members/search", {"q": "minho@gaon.example"})

    assert other.location == nobody.location == "/org/members?missing=1"
    assert "우리 회사 회원 목록에 없어요." in at_org.get(other.location).text
    assert own.location == f"/org/members/{minho}"


def test_an_account_is_stopped_with_the_code_again(
    app: Flask, clock: FakeClock, admin: Colleague, at_org: Browser, browser: MakeBrowser, join: Join
) -> None:
    """Minutes after the sign-in the code is asked for once more and the reason is kept; the member sees it all."""
    minho = join("minho")
    clock.advance(minutes=6)

    asked = at_org.post(f"/org/members/{minho}/suspension", {"reason": "ON_LEAVE"})
    assert asked.status_code == 403
    assert "한 번 더 확인할게요" in asked.text
    assert 'name="reason" value="ON_LEAVE"' in asked.text
    done = at_org.post(f"/org/members/{minho}/suspension", {"reason": "ON_LEAVE", AGAIN: admin.code(clock())})

    assert done.status_code == 303
    page = at_org.get(f"/org/members/{minho}").text
    assert "우리 회사가 멈춤" in page
    assert "휴직·파견" in page
    with app.app_context():
        standing = standings.of_host("minho")
        assert standing is not None
        assert standing.suspended
    own = browser("minho")
    looks = own.get("/me").text
    assert "휴직·파견" in looks
    assert "회사 담당자 · 이용중지" in looks
    assert "지금은 직접 다시 열 수 없어요" in own.get("/me/suspend").text
    assert at_org.post(f"/org/members/{minho}/resumption").status_code == 303
    assert "이용 중" in at_org.get(f"/org/members/{minho}").text


def test_a_reason_is_needed(at_org: Browser, join: Join) -> None:
    """Without one nothing is stopped, and the page says so at the field."""
    answer = at_org.post(f"/org/members/{join('minho')}/suspension", {"reason": ""})

    assert answer.status_code == 422
    assert answer.text.count("멈추는 이유를 골라 주세요.") == 2


def test_admins_remove_each_other_but_not_the_last(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, at_org: Browser
) -> None:
    """With the code again; whoever is removed is signed out at once."""
    with app.app_context():
        second = an_admin(clock(), gaon, name="김하늘", email="haneul.kim@gaon.example")
    theirs = seat(app, Browser(app.test_client(), None), second, clock())
    assert "haneul.kim@gaon.example" in at_org.get("/org/admins").text

    clock.advance(minutes=6)
    assert "한 번 더 확인할게요" in at_org.post(f"/org/admins/{second.ref}/removal").text
    removed = at_org.post(f"/org/admins/{second.ref}/removal", {AGAIN: admin.code(clock())})

    assert removed.location == "/org/admins"
    assert theirs.get("/org").location.startswith("/org/sign-in")
    page = at_org.get("/org/admins").text
    assert "마지막 담당자" in page
    last = at_org.post(f"/org/admins/{admin.ref}/removal")
    assert last.status_code == 409
    assert "마지막 담당자는 뺄 수 없어요." in last.text


def test_an_admin_who_leaves_reads_so(app: Flask, clock: FakeClock, gaon: str, at_org: Browser) -> None:
    """Signed out for good, and told at the sign-in what becomes of the requests."""
    with app.app_context():
        second = an_admin(clock(), gaon, name="김하늘", email="haneul.kim@gaon.example")
    theirs = seat(app, Browser(app.test_client(), None), second, clock())

    left = theirs.post(f"/org/admins/{second.ref}/removal")

    assert left.location == "/org/sign-in"
    page = theirs.get("/org/sign-in").text
    assert "담당자를 그만뒀어요." in page
    assert "로그인이 끝났어요." not in page


def test_wrong_reports_are_told_to_the_admin_and_the_officer(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, at_org: Browser, officer: Browser, join: Join
) -> None:
    """In plain words on both sides, until the officer clears it with a reason."""
    for name in ("minho", "jiho"):
        number = report(app, clock, gaon, admin, join(name))
        with app.app_context(), writing():
            request = requests.of_number(number)
            assert request is not None
            leavers.end_of(request.id, "WRONG", clock())
    assert "최근 요청 두 건이 잘못된 것으로 확인되었어요." in at_org.get("/org").text
    where = f"/desk/companies/{gaon}"
    assert "최근 요청 두 건이 잘못된 것으로 확인되었습니다." in officer.get(where).text

    missing = officer.post(f"{where}/admins/{admin.ref}/clearance", {f"clear_{admin.ref}": " "})
    done = officer.post(f"{where}/admins/{admin.ref}/clearance", {f"clear_{admin.ref}": "전화로 확인함"})

    assert missing.status_code == 422
    assert "이유를 적어 주세요." in missing.text
    assert "전화로 확인함" in officer.get(done.location).text
    assert "잘못된 것으로" not in at_org.get("/org").text


def test_the_officer_verifies_invites_and_ends(app: Flask, clock: FakeClock, officer: Browser, join: Join) -> None:
    """From a number found to an admin who can come, and to an account that is over."""
    join("minho")
    missing = officer.post("/desk/companies/search", {"q": NURI}).text
    assert "이 번호의 회사가 없습니다." in missing
    assert f'value="{NURI}"' in missing
    where = officer.post("/desk/companies/search", {"q": GAON.replace("-", "")}).location
    assert "확인 전" in officer.get(where).text
    early = officer.post(f"{where}/admins", {"email": "sunwoo@gaon.example", "name": "강선우"})
    assert "확인되지 않은 회사입니다." in early.text

    verified = officer.post(f"{where}/verification", CHECK)
    elsewhere = officer.post(f"{where}/admins", {"email": "sunwoo@gmail.com", "name": "강선우"})
    invited = officer.post(f"{where}/admins", {"email": "sunwoo@gaon.co.kr", "name": "강선우", "language": "ko"})

    assert (verified.status_code, invited.status_code) == (303, 303)
    assert elsewhere.status_code == 422
    assert "확인된 메일 도메인(gaon.example, gaon.co.kr)의 주소만 초대할 수 있습니다." in elsewhere.text
    assert 'value="sunwoo@gmail.com"' in elsewhere.text
    page = officer.get(where).text
    assert "2026-11-20 · 사업자등록증 사본 · gaon.example, gaon.co.kr" in page
    with app.app_context():
        mail = db.session.scalars(select(Mail).where(Mail.kind == "admin_invite")).one()
        letter = person_keys.seal_of(mail.key_ref).open("mails", "sealed", mail.sealed or b"", mail.ref)
    link = re.findall(r"/privacy(/desk/join\S+)", letter["text"])[0]
    guest = Browser(app.test_client(), None)
    assert "담당자 계정 만들기" in guest.get(guest.get(link).location).text
    assert "sunwoo@gaon.co.kr" not in officer.get("/desk/handlers").text
    assert officer.get(f"/desk/handlers/{mail.key_ref}").status_code == 404

    officer.post(f"{where}/admins/{mail.key_ref}/end")

    assert "쓸 수 없는 링크입니다" in guest.get("/desk/join").text
    with app.app_context():
        assert company_admins.people_of(where.rpartition("/")[2]) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"number": NURI}, "회원이 알린 사업자등록번호와 다릅니다."),
        ({"number": "1"}, "사업자등록번호 10자리를"),
        ({"how": ""}, "무엇으로 확인했는지 골라 주세요."),
        ({"day": "2026-11-24"}, "아직 오지 않은 날입니다."),
        ({"domains": "gmail.com"}, "누구나 주소를 만들 수 있는 메일 도메인은 적을 수 없습니다."),
        ({"domains": "gaon"}, "메일 도메인을 company.example처럼 적어 주세요."),
        ({"domains": ""}, "회사 메일 도메인을 하나 이상 적어 주세요."),
        ({"words": ""}, "확인한 문서나 조회를 적어 주세요."),
    ],
)
def test_a_check_that_cannot_be_taken_is_told_and_kept(
    officer: Browser, join: Join, changed: dict[str, str], words: str
) -> None:
    """Each fault stands at its field and in the summary; what was typed is kept and the company stays unverified."""
    join("minho")
    where = officer.post("/desk/companies/search", {"q": GAON}).location

    answer = officer.post(f"{where}/verification", {**CHECK, **changed})

    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    kept = {**CHECK, **changed}
    assert f'value="{kept["domains"]}"' in answer.text
    assert "확인 전" in officer.get(where).text


def test_revoking_needs_a_reason_and_the_code(
    app: Flask, clock: FakeClock, gaon: str, at_org: Browser, officer: Browser
) -> None:
    """What takes a right away is done by who is there at this moment, and says why."""
    where = f"/desk/companies/{gaon}"
    assert "이유를 적어 주세요." in officer.post(f"{where}/revocation", {"revoke_reason": ""}).text
    clock.advance(minutes=6)
    assert "본인 확인" in officer.post(f"{where}/revocation", {"revoke_reason": "폐업"}).text
    assert at_org.get("/org").status_code == 200
    code = Colleague("", "").code(clock())

    done = officer.post(f"{where}/revocation", {"revoke_reason": "폐업", AGAIN: code})

    assert done.status_code == 303
    assert at_org.get("/org").status_code == 403


def test_the_officer_opens_what_nobody_can_open_any_more(
    app: Flask, clock: FakeClock, gaon: str, admin: Colleague, officer: Browser, browser: MakeBrowser, join: Join
) -> None:
    """From the page of a company without an admin, with a reason; what is wrong is told at the field, what was typed
    is kept, and the member reads the reason."""
    minho, where = join("minho"), f"/desk/companies/{gaon}"
    with app.app_context():
        overseeing.suspend(gaon, minho, "ON_LEAVE", By("STAFF", admin.ref), clock())
    assert "회사가 멈춘 회원 다시 열기" not in officer.get(where).text
    with app.app_context():
        vouching.revoke(gaon, "폐업", OPERATOR, clock())
    assert "mi***@gaon.example" in officer.get(where).text

    nobody = officer.post(f"{where}/reopening", {"member": "", "reopen_reason": "폐업 확인"})
    silent = officer.post(f"{where}/reopening", {"member": minho, "reopen_reason": " "})
    done = officer.post(f"{where}/reopening", {"member": minho, "reopen_reason": "폐업 확인"})
    again = officer.post(f"{where}/reopening", {"member": minho, "reopen_reason": "폐업 확인"})

    assert (nobody.status_code, nobody.text.count("회원을 골라 주세요.")) == (422, 2)
    assert 'value="폐업 확인"' in nobody.text
    assert (silent.status_code, silent.text.count("이유를 적어 주세요.")) == (422, 2)
    assert f'value="{minho}" selected' in silent.text
    assert done.status_code == 303
    assert again.text.count("이미 풀린 계정입니다.") == 2
    assert "휴직·파견: 폐업 확인" in browser("minho").get("/me").text


def test_a_sole_traders_number_is_masked(app: Flask, clock: FakeClock, officer: Browser) -> None:
    """It is a person's; the officer types it from the paper, and the form compares."""
    from tests.staffing import a_company

    with app.app_context():
        ref = a_company(clock(), "도담커머스", "123-45-67891", "dodam.example")

    for page in (officer.get("/desk/companies").text, officer.get(f"/desk/companies/{ref}").text):
        assert "123-**-***91" in page
        assert "123-45-67891" not in page.replace('placeholder="123-45-67891"', "")


def test_the_auditor_reads_and_changes_nothing(at_desk: MakeBrowser, gaon: str) -> None:
    """The page shows no form, and the addresses of the forms are closed."""
    auditor = at_desk(Role.AUDITOR)

    page = auditor.get(f"/desk/companies/{gaon}")

    assert page.status_code == 200
    assert "/verification" not in page.text
    assert auditor.post(f"/desk/companies/{gaon}/revocation", {"revoke_reason": "폐업"}).status_code == 403
