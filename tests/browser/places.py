"""Every page a person can come to, and how to come there: (name, walk, address fixed by the walk)."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.clock import SEOUL
from tests.browser.colleague import Colleague
from tests.browser.person import AGREE, REFUSE, Person
from tests.browser.serving import wait_for

Walk = Callable[[Person], object]
FRESH_S = 200  # below the five minutes after which an important deed asks for the code again
_AT_WORK: dict[tuple[str, tuple[str, ...], bool], tuple[Colleague, list[Any], float]] = {}
_ADMINS: dict[str, tuple[list[Any], float]] = {}  # the cookies of an installation's company admin, and since when
_DESTROYED: set[str] = set()  # the installations where somebody was destroyed: the pages of it are there then
_WRITTEN: dict[str, str] = {}  # a mailed link of an installation that nobody has used yet

# One more purpose for the records of access, as an item and on the form: a material change.
MORE_PURPOSES = {
    'en = "record of access to the service" }\ngroup = "ACCESS"\nmethods = ["automatic"]\npurposes = ["service"]': (
        'en = "record of access to the service" }\ngroup = "ACCESS"\nmethods = ["automatic"]\n'
        'purposes = ["service", "usage_alert"]'
    ),
    'items = ["cookie", "access_log", "ip_address"]\npurposes = ["service"]': (
        'items = ["cookie", "access_log", "ip_address"]\npurposes = ["service", "usage_alert"]'
    ),
}
VERSION, LATER, AHEAD = "2021-02-04", "2026-11-05", "2090-01-05"
OPTIONAL = """
[[consent_items]]
key = "news"
kind = "optional"
revision = 1
items = ["email"]
purposes = ["bill", "payment", "usage_alert", "service"]
term = { until = ["LEFT_COMPANY", "PURPOSE_MET"] }
kept = []
articles = ["2", "3"]
title = { ko = "소식 받기", en = "News" }
label = { ko = "소식을 메일로 받는 데 동의합니다", en = "I agree to receive news by mail" }
ask = { ko = "소식을 받을지 골라 주세요", en = "Choose whether to receive news" }

[consent_items.refusal]
closes_service = false
right = { ko = "동의를 거부할 권리가 있어요.", en = "You have the right to refuse." }
consequence = { ko = "동의하지 않아도 MateCost를 그대로 이용할 수 있어요.", en = "You can use MateCost without it." }
still = { ko = "소식만 받지 않아요.", en = "You only receive no news." }
"""


def _consent(person: Person) -> None:
    person.sign_in("/?month=2026-10")


def _unticked(person: Person) -> None:
    person.sign_in()
    person.box("member").check()
    person.button(AGREE).click()


def _declined(person: Person) -> None:
    person.sign_in()
    person.button(REFUSE).click()


def _overgrown(person: Person) -> None:
    """Send a form that names another version, as one opened before a publication would."""
    person.sign_in()
    person.page.locator("[name=version]").wait_for(state="attached")
    person.page.evaluate("document.querySelector('[name=version]').value = '2020-01-01'")
    person.button(AGREE).click()


def _agreed(person: Person) -> None:
    person.sign_in()
    for item in ("member", "access"):
        person.box(item).check()
    if person.page.locator("#answer-news").count():
        person.page.locator("#answer-news").check()
    person.button(AGREE).click()
    person.is_at("/")


def _me(path: str) -> Walk:
    def walk(person: Person) -> None:
        _agreed(person)
        person.open(path)

    return walk


def _complaint(person: Person) -> None:
    _me("/privacy/me/complain")(person)
    person.page.get_by_label("내용").fill("광고 메일이 왔어요.")
    person.button("보낼 내용 확인하기").click()
    person.button("요청하기").click()


def _complaint_with_errors(person: Person) -> None:
    _me("/privacy/me/complain")(person)
    person.button("보낼 내용 확인하기").click()


def _records(person: Person) -> None:
    _agreed(person)
    person.open("/privacy/me/records")
    rows = person.page.locator("tbody tr")
    person.reload_until(lambda: rows.count() >= 3, "access records")


def _receipt(person: Person) -> None:
    _me("/privacy/me")(person)
    person.page.get_by_role("link", name="확인서").first.click()


def _withdrawn(person: Person) -> None:
    _me("/privacy/me/withdraw/access")(person)
    person.button("동의 철회하기").click()


def _stepping_up(person: Person) -> None:
    _me("/privacy/me/download")(person)
    person.button("엑셀로 보기 (CSV)").click()


def _settled(person: Person) -> None:
    _me("/privacy/consent")(person)


def _open(path: str) -> Walk:
    return lambda person: person.open(path)


def _post_to_the_service(person: Person) -> None:
    """Send a form to the service itself without consent: the gate's own page answers."""
    person.sign_in()
    person.open("/no-such-page/../login")
    person.page.evaluate(
        "() => { const f = document.createElement('form'); f.method = 'post'; f.action = '/';"
        " document.body.append(f); f.submit(); }"
    )
    person.page.wait_for_url(person.installation.url + "/")


def at_desk(path: str, *roles: str, ready: bool = False, alone: bool = False) -> Walk:
    """Come to a page of the desk as somebody with these roles, by default an officer; `ready`: designated and trained,
    for which an officer is needed. Who joined some minutes ago comes in again, unless `alone` asks for somebody new."""

    def walk(person: Person) -> Colleague:
        key = (person.installation.url, roles, ready)
        known, cookies, since = _AT_WORK.get(key, (None, [], 0.0))
        if known is not None and not alone and time.monotonic() - since < FRESH_S:
            colleague = known.at(person.page)
            person.page.context.add_cookies(cookies)
        else:
            colleague = Colleague(person.installation, person.page).joins(*(roles or ("officer",)))
            colleague.remember()
            if ready:
                colleague.is_ready()
            if not alone:
                _AT_WORK[key] = (colleague, list(person.page.context.cookies()), time.monotonic())
        colleague.open(path.format(self=colleague.ref()))
        return colleague

    return walk


def _join(person: Person) -> None:
    colleague = Colleague(person.installation, person.page)
    colleague.open(colleague.is_invited("handler"))


def _join_with_errors(person: Person) -> None:
    _join(person)
    person.button("계정 만들고 로그인하기").click()


def _sign_in_wrong(person: Person) -> None:
    person.open("/privacy/desk/sign-in")
    person.page.get_by_label("메일 주소").fill("nobody@cloudmate.example")
    person.button("로그인").click()


def _handler_with_errors(person: Person) -> None:
    at_desk("/privacy/desk/handlers/{self}", alone=True)(person)
    person.button("취급자로 지정").click()


def _handler_history(person: Person) -> None:
    at_desk("/privacy/desk/handlers/{self}", ready=True)(person)


def _desk(path: str = "/privacy/desk") -> Walk:
    """Come to a page of the desk as somebody who may see personal data, with one complaint in the queue."""

    def walk(person: Person) -> None:
        colleague = at_desk("/privacy/desk/requests/new", ready=True)(person)
        assert isinstance(colleague, Colleague)
        colleague.logs_a_complaint("someone@out.example", "메일이 왔습니다.")
        if path:
            colleague.open(path)

    return walk


def _request_with_errors(person: Person) -> None:
    _desk("")(person)
    person.button("5분 동안 보기").click()


def _people(person: Person) -> None:
    _desk("")(person)
    number = person.page.url.rpartition("/")[2]
    person.open(f"/privacy/desk/requests/{number}/people")


def _holds_with_errors(person: Person) -> None:
    _desk("/privacy/desk/holds")(person)
    person.button("파기 보류").click()


def _drafting(path: str = "") -> Walk:
    """Come to a draft of a new version, or to a page under it."""

    def walk(person: Person) -> Colleague:
        officer = at_desk("/privacy/desk/policy")(person)
        assert isinstance(officer, Colleague)
        person.page.get_by_label("시행일").fill("2027-01-04")
        officer.press("초안 만들기")
        person.page.goto(person.page.url + path)
        return officer

    return walk


def _fact_with_errors(person: Person) -> None:
    _drafting("/processors/kicc")(person)
    person.page.get_by_label("이름 (영어)", exact=True).fill("")
    person.button("저장").click()


def _release_of_a_change(person: Person) -> None:
    _drafting("/retention_rules/dispute")(person)
    person.page.get_by_label("기간: 년", exact=True).fill("4")
    person.button("저장").click()
    person.page.get_by_role("link", name="비교하고 발행하기").click()


def _withdrawal_with_errors(person: Person) -> None:
    person.installation.announce(AHEAD)
    at_desk(f"/privacy/desk/policy/versions/{AHEAD}/withdrawal")(person)
    person.button("방침 철회하기").click()


def _log_with_errors(person: Person) -> None:
    _desk("/privacy/desk/requests/new")(person)
    person.button("접수").click()


def _contract_with_errors(person: Person) -> None:
    at_desk("/privacy/desk/registers/kicc")(person)
    person.button("계약 기록").click()


def _company(person: Person) -> Colleague:
    """Come to the page of the member's company as an officer, who has verified it."""
    person.installation.registers(person.account)
    officer = at_desk("/privacy/desk/companies", ready=True)(person)
    assert isinstance(officer, Colleague)
    officer.verifies(person.account.business_number, "gaon.example")
    return officer


def _company_with_errors(person: Person) -> None:
    _company(person)
    person.button("다시 확인하기").click()


def _org(path: str) -> Walk:
    """Come to a page of the member's company as an admin whom an officer has invited, perhaps some minutes ago."""

    def walk(person: Person) -> None:
        where = person.installation.url
        cookies, since = _ADMINS.get(where, ([], 0.0))
        if cookies and time.monotonic() - since < FRESH_S:
            person.installation.registers(person.account)
            person.page.context.add_cookies(cookies)
        else:
            _company(person).invites_admin()
            _ADMINS[where] = list(person.page.context.cookies()), time.monotonic()
        person.open(path)

    return walk


def _org_faulty(path: str, button: str) -> Walk:
    def walk(person: Person) -> None:
        _org(path)(person)
        person.button(button).click()

    return walk


def _desk_faulty(path: str, button: str) -> Walk:
    def walk(person: Person) -> None:
        at_desk(path, ready=True)(person)
        person.button(button).click()

    return walk


def _inquiry(person: Person) -> None:
    """Log what an authority asked for, and stand before it."""
    person.installation.registers(person.account)
    at_desk("/privacy/desk/inquiries/new", ready=True)(person)
    person.page.get_by_label("문서번호").fill("2026-123")
    person.page.get_by_label("기관").fill("가온경찰서")
    person.page.get_by_label("근거").fill("형사소송법 제215조 (압수수색영장)")
    person.page.get_by_label("요청한 정보").fill("접속 IP")
    person.page.get_by_label("MateCost의 회원 번호").fill(person.account.id)
    person.button("접수").click()


def _member_of_ours(person: Person) -> None:
    _org("/privacy/org/members")(person)
    person.page.locator("tbody a").last.click()


def _member_of_ours_with_errors(person: Person) -> None:
    _member_of_ours(person)
    person.button("이용 멈추기").click()


def _revoked_company_with_errors(person: Person) -> None:
    """Stop a member as an admin, then revoke the company as an officer, who may open the account again."""
    _member_of_ours(person)
    person.page.get_by_label("멈추는 이유").select_option(index=1)
    person.button("이용 멈추기").click()
    officer = at_desk("/privacy/desk/companies", ready=True)(person)
    assert isinstance(officer, Colleague)
    person.page.get_by_label("사업자등록번호 10자리").fill(person.account.business_number)
    officer.press("찾기")
    person.page.locator("#revoke_reason").fill("담당자가 모두 퇴사했습니다.")
    officer.press("확인 취소")
    officer.press("다시 열기")
    del _ADMINS[person.installation.url]  # who is no admin any more


def _question(person: Person) -> None:
    """Say as the member that one has left, and stand as the company's admin before the question."""
    _org("/privacy/org/questions")(person)
    _agreed(person)
    person.open("/privacy/me/left")
    person.page.get_by_label("퇴사일").fill(f"{datetime.now(SEOUL):%Y-%m-%d}")
    person.button("삭제 요청하기").click()
    person.page.get_by_label("인증번호").fill(wait_for(person.mailed_code, "the mailed code"))
    person.button("확인하고 계속하기").click()
    person.open("/privacy/org/questions")


def _leaving_admin(person: Person) -> None:
    _company(person).invites_admin()  # besides the one who comes: the last one cannot go
    _org("/privacy/org/admins")(person)
    person.page.locator("tbody a").first.click()


def _a_list(person: Person) -> None:
    """Upload a list with a row of each kind, and stand before what became of it."""
    _org("/privacy/org/lists/new")(person)
    colleague = person.installation.new_member()
    person.installation.registers(colleague)
    day = f"{datetime.now(SEOUL):%Y-%m-%d}"
    rows = [(person.account.mail, day), (colleague.mail, "1999-01-01"), ("choi.gaon.example", ""), (colleague.mail, "")]
    rows += [(f"nobody-{number}@gaon.example", day) for number in range(60)]
    content = "\n".join(["이메일,퇴사일", *(",".join(row) for row in rows)]).encode()
    person.page.get_by_label("명단 파일").set_input_files(
        {"name": "퇴사자 명단.csv", "mimeType": "text/csv", "buffer": content}
    )
    person.button("올리고 확인하기").click()


def _report(person: Person) -> None:
    """Report the member as an admin, and stand before how it goes."""
    _org("/privacy/org/leavers/one")(person)
    person.page.get_by_label("회원의 이메일이나 아이디").fill(person.account.mail)
    person.page.get_by_label("퇴사일").fill(f"{datetime.now(SEOUL):%Y-%m-%d}")
    person.button("확인하기").click()
    person.page.locator("#authority").check()
    person.page.locator("#rows .btn--xl").first.click()


def _objection(person: Person) -> None:
    """Come as the member by the mailed link to what the company has reported."""
    _report(person)
    person.open(wait_for(lambda: person.mailed(r"/privacy/objections\?token=\S+"), "the letter"))


def _judging(person: Person) -> None:
    _report(person)
    number = person.page.url.rpartition("/")[2]
    person.open(wait_for(lambda: person.mailed(r"/privacy/objections\?token=\S+"), "the letter"))
    person.button("퇴사하지 않았어요").click()
    at_desk(f"/privacy/desk/requests/{number}/objections", ready=True)(person)


def _judging_with_errors(person: Person) -> None:
    _judging(person)
    person.button("이의 받아들이기").click()


def _people_who_left(person: Person) -> None:
    _report(person)
    number = person.page.url.rpartition("/")[2]
    at_desk(f"/privacy/desk/requests/{number}/people", ready=True)(person)


def _destroyed(path: str) -> Walk:
    """Come to a page of the desk as an officer who has approved that a member is deleted, once it is done."""

    def walk(person: Person) -> None:
        where = person.installation.url
        if where not in _DESTROYED:
            _me("/privacy/me/delete")(person)
            person.button("삭제 요청하기").click()
            person.page.get_by_label("인증번호").fill(wait_for(person.mailed_code, "the mailed code"))
            person.button("확인하고 계속하기").click()
            number = person.page.url.rpartition("/")[2]
            officer = at_desk(f"/privacy/desk/requests/{number}", ready=True)(person)
            assert isinstance(officer, Colleague)
            officer.approves(number)
            _DESTROYED.add(where)
        at_desk(path, ready=True)(person)

    return walk


def _a_destruction(person: Person) -> None:
    _destroyed("/privacy/desk/destructions?view=all")(person)
    person.page.locator("tbody a").first.click()


def _certificate(person: Person) -> None:
    _a_destruction(person)
    proof = person.page.get_by_role("link", name="파기 확인서 보기")
    person.reload_until(lambda: proof.count() > 0, "the certificate")
    proof.click()


def _entering(person: Person) -> None:
    """Come by the mailed link as a member who cannot sign in to the service."""
    person.installation.registers(person.account)
    person.open("/privacy/enter")
    person.page.get_by_label("가입한 메일 주소나 아이디").fill(person.account.mail)
    person.button("링크 받기").click()
    way = "/privacy/enter/open?token="
    person.open(wait_for(lambda: person.installation.link_to(person.account.mail, way), "the letter"))


def _confirming(person: Person) -> None:
    """Write as somebody who is no member, and come by the mailed link; it stays good until it is pressed."""
    where = person.installation.url
    if where not in _WRITTEN:
        person.open("/privacy/contact")
        person.page.get_by_label("어떤 일인가요?").select_option(index=1)
        person.page.get_by_label("답을 받을 메일 주소").fill("someone@out.example")
        person.page.get_by_label("내용").fill("퇴사한 회사의 메일을 쓸 수 없어요.")
        person.button("보내기").click()
        way = "/privacy/contact/confirm?token="
        _WRITTEN[where] = wait_for(lambda: person.installation.link_to("someone@out.example", way), "the letter")
    person.open(_WRITTEN[where])


def _following(person: Person) -> None:
    _confirming(person)
    person.button("접수하기").click()
    del _WRITTEN[person.installation.url]


def _code_again(person: Person) -> None:
    colleague = at_desk("/privacy/desk/handlers/{self}", alone=True)(person)
    assert isinstance(colleague, Colleague)
    colleague.was_proved_long_ago()
    colleague.press("로그아웃시키기")


def _faulty(path: str, button: str) -> Walk:
    """Send a form empty, and stand before what is wrong with it."""

    def walk(person: Person) -> None:
        person.open(path)
        person.button(button).click()

    return walk


PLACES: dict[str, tuple[str | re.Pattern[str], Walk]] = {
    "contact": ("개인정보 문의·신고", _open("/privacy/contact")),
    "contact with errors": ("개인정보 문의·신고", _faulty("/privacy/contact", "보내기")),
    "agent": ("대리인으로 요청하기", _open("/privacy/contact/agent")),
    "agent with errors": ("대리인으로 요청하기", _faulty("/privacy/contact/agent", "보내기")),
    "enter": ("메일로 내 개인정보에 들어오기", _open("/privacy/enter")),
    "contact confirm": ("문의를 접수할까요?", _confirming),
    "contact followed": (re.compile("R-"), _following),
    "a way in by mail": ("내 개인정보를 열까요?", _entering),
    "enter sent": ("메일을 확인해 주세요", _open("/privacy/enter/sent")),
    "left": ("퇴사했다면 개인정보 삭제를 요청하세요", _open("/privacy/left")),
    "left with errors": ("퇴사했다면 개인정보 삭제를 요청하세요", _faulty("/privacy/left", "링크 받기")),
    "saying that one has left": ("퇴사를 알리고 삭제를 요청해요", _me("/privacy/me/left")),
    "an objection without its link": ("쓸 수 없는 링크예요", _open("/privacy/objections")),
    "verify": ("확인서 진위 확인", _open("/privacy/verify")),
    "verify an unknown code": ("확인서 진위 확인", _open("/privacy/verify?code=7F3K")),
    "policy": ("개인정보 처리방침", _open("/privacy/")),
    "earlier policy": ("개인정보 처리방침", _open(f"/privacy/versions/{VERSION}")),
    "versions": ("이전 방침·변경 비교", _open("/privacy/versions")),
    "compare": (
        "2021-02-04 방침과 2026-11-05 방침의 차이",
        _open(f"/privacy/versions/compare?from={VERSION}&to={LATER}"),
    ),
    "sign in first": ("로그인이 필요해요", _open("/privacy/me")),
    "no such page": ("찾는 화면이 없어요", _open("/privacy/no-such-page")),
    "consent": ("서비스를 시작하려면 개인정보 동의가 필요해요", _consent),
    "consent with errors": ("서비스를 시작하려면 개인정보 동의가 필요해요", _unticked),
    "consent overgrown": ("서비스를 시작하려면 개인정보 동의가 필요해요", _overgrown),
    "nothing to answer": ("지금은 답할 것이 없어요", _settled),
    "declined": ("동의하지 않음으로 저장했어요", _declined),
    "my data": ("내 개인정보", _me("/privacy/me")),
    "my visits": ("내 접속 기록", _records),
    "download": ("내 개인정보 내려받기", _me("/privacy/me/download")),
    "step-up": ("한 번 더 확인할게요", _stepping_up),
    "correct": ("잘못된 정보를 고쳐 주세요", _me("/privacy/me/correct")),
    "suspend": ("처리정지하면 어떻게 되는지 확인해 주세요", _me("/privacy/me/suspend")),
    "delete": ("지금 지우는 것과 남기는 것을 확인해 주세요", _me("/privacy/me/delete")),
    "ask": ("열람 요청", _me("/privacy/me/ask")),
    "complain with errors": ("불만 알리기", _complaint_with_errors),
    "my requests": ("내 요청", _me("/privacy/requests")),
    "my request": (re.compile("고충 처리 요청"), _complaint),
    "withdraw": ("철회하면 어떻게 되는지 확인해 주세요", _me("/privacy/me/withdraw/access")),
    "withdrawn": ("동의를 철회했어요", _withdrawn),
    "receipt": ("동의 확인서", _receipt),
    "the gate's refusal": ("개인정보 동의가 필요해요", _post_to_the_service),
    "desk sign-in": ("데스크 로그인", _open("/privacy/desk/sign-in")),
    "desk sign-in with errors": ("데스크 로그인", _sign_in_wrong),
    "join the desk": ("데스크 계정 만들기", _join),
    "join the desk with errors": ("데스크 계정 만들기", _join_with_errors),
    "company sign-in": ("회사 담당자 로그인", _open("/privacy/org/sign-in")),
    "company sign-in with errors": ("회사 담당자 로그인", _faulty("/privacy/org/sign-in", "로그인")),
    "companies": ("회사·담당자", at_desk("/privacy/desk/companies", ready=True)),
    "a company": (re.compile("가온유통"), _company),
    "a company with errors": (re.compile("가온유통"), _company_with_errors),
    "a revoked company with errors": (re.compile("가온유통"), _revoked_company_with_errors),
    "a question of leaving": ("퇴사 확인", _question),
    "leaver deletion": ("퇴사자 삭제 요청", _org("/privacy/org")),
    "our members": ("우리 회사 회원", _org("/privacy/org/members")),
    "a member of ours with errors": (re.compile("이용 중"), _member_of_ours_with_errors),
    "remove an admin": (re.compile("강선우"), _leaving_admin),
    "report one with errors": ("한 명 삭제 요청", _org_faulty("/privacy/org/leavers/one", "확인하기")),
    "upload a list with errors": ("퇴사자 명단 올리기", _org_faulty("/privacy/org/lists/new", "올리고 확인하기")),
    "a list": (re.compile("64행 가운데"), _a_list),
    "a report": (re.compile("R-"), _report),
    "an objection": ("퇴사했다고 알려 왔어요", _objection),
    "judging an objection with errors": ("퇴사 이의", _judging_with_errors),
    "people who left": ("정보주체와 파기 상태", _people_who_left),
    "a destruction": (re.compile("파기"), _a_destruction),
    "a certificate": ("개인정보 파기 확인서", _certificate),
    "a ledger with lines": ("파기 관리대장", _destroyed("/privacy/desk/ledger")),
    "paper with errors": ("종이 파기 적기", _desk_faulty("/privacy/desk/ledger/paper", "대장에 적기")),
    "add to a register": ("대장에 추가", at_desk("/privacy/desk/registers/new")),
    "add to a register with errors": ("대장에 추가", _desk_faulty("/privacy/desk/registers/new", "대장에 적기")),
    "an inquiry": (re.compile("결정 전"), _inquiry),
    "our admins": ("담당자 관리", _org("/privacy/org/admins")),
    "an admin's account": ("내 계정", _org("/privacy/desk/account")),
    "closed to an admin": ("이 화면을 볼 권한이 없어요", _org("/privacy/desk")),
    "a link that is gone": ("쓸 수 없는 링크입니다", _open("/privacy/desk/join")),
    "my account": ("내 계정", at_desk("/privacy/desk/account", "handler")),
    "registers": ("위탁·제공 대장", at_desk("/privacy/desk/registers")),
    "a register entry": (re.compile("한국정보통신"), at_desk("/privacy/desk/registers/kicc")),
    "a register entry with errors": (re.compile("한국정보통신"), _contract_with_errors),
    "no inquiries": ("수사기관 요청", at_desk("/privacy/desk/inquiries", ready=True)),
    "log an inquiry": ("수사기관 요청 접수", at_desk("/privacy/desk/inquiries/new", ready=True)),
    "facts of an entry": (re.compile("한국정보통신"), at_desk("/privacy/desk/registers/kicc/facts")),
    "handlers": ("취급자·교육", at_desk("/privacy/desk/handlers")),
    "a handler": (re.compile("이도현 열림"), _handler_history),
    "a handler with errors": (re.compile("이도현 지정 안 됨"), _handler_with_errors),
    "invite staff": ("직원 초대", at_desk("/privacy/desk/handlers/invite")),
    "closed to this role": ("이 화면을 볼 권한이 없습니다", at_desk("/privacy/desk/handlers", "handler")),
    "the code again": ("본인 확인", _code_again),
    "the queue": ("요청함", _desk()),
    "an empty queue": ("요청함", _desk("/privacy/desk?due=2020-01-01")),
    "a request": ("고충 처리 요청", _desk("")),
    "a request with errors": ("고충 처리 요청", _request_with_errors),
    "log a request": ("대리 접수", _desk("/privacy/desk/requests/new")),
    "log a request with errors": ("대리 접수", _log_with_errors),
    "people of a request": ("정보주체와 파기 상태", _people),
    "destructions": ("파기", _desk("/privacy/desk/destructions")),
    "holds": ("파기 보류", _desk("/privacy/desk/holds")),
    "holds with errors": ("파기 보류", _holds_with_errors),
    "retention": ("보유·파기", _desk("/privacy/desk/retention")),
    "ledger": ("파기 관리대장", _desk("/privacy/desk/ledger")),
    "paper": ("종이 파기 적기", _desk("/privacy/desk/ledger/paper")),
    "policy versions": ("처리방침 관리", at_desk("/privacy/desk/policy")),
    "a draft of the policy": ("2027-01-04 초안", _drafting()),
    "a fact with errors": (re.compile("처리 위탁"), _fact_with_errors),
    "an addition to the policy": (re.compile("추가"), _drafting("/add/articles")),
    "a withdrawal with errors": (f"{AHEAD} 방침 철회", _withdrawal_with_errors),
    "a release": ("2027-01-04 방침 비교와 발행", _release_of_a_change),
    "access records": ("접속기록", _desk("/privacy/desk/access")),
}
