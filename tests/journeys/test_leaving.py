"""A company reports who has left: from a messy list to a certificate that a stranger verifies; JavaScript is off."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, expect

from portal.clock import SEOUL
from portal.demo.members import SAMPLE_ACCOUNTS, SampleAccount
from tests.browser.colleague import Colleague
from tests.browser.person import Person
from tests.browser.post_office import PostOffice, open_post_office
from tests.browser.serving import Installation, new_installation, wait_for

pytestmark = pytest.mark.browser
DASHBOARD = re.compile("비용 현황")
STOPPED = "계정 이용이 멈춰 있어요"
ELSEWHERE = next(account for account in SAMPLE_ACCOUNTS if "nuri" in account.mail)
TWELVE_LINES = """() => {
  const body = document.querySelector(".sheet tbody");
  while (body.rows.length < 12) body.append(body.rows[0].cloneNode(true));
}"""
NUMBER_OF_PAGES = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture
def installation(tmp_path_factory: pytest.TempPathFactory, office: PostOffice) -> Iterator[Installation]:
    """An installation of one's own, with a mail server: letters laid as files would hold what is to be destroyed."""
    made = new_installation(tmp_path_factory.mktemp("served"), {"PORTAL_SMTP_URL": office.url})
    made.letters = office.letters
    with made.served():
        yield made


def messy_list(people: list[SampleAccount], own: str) -> str:
    """Return fourteen rows: eight people in seven forms of a date, and six rows that cannot be requested."""
    today = datetime.now(SEOUL).date()
    before, later = today - timedelta(days=1), today + timedelta(days=30)
    mails = [person.mail for person in people]
    rows = [
        (mails[0], f"{today:%Y-%m-%d}"),
        (mails[1], f"{today:%Y.%m.%d}"),
        (f" {mails[2].upper()} ", f"{today:%Y/%m/%d}"),
        (mails[3], f"{today:%Y%m%d}"),
        (mails[4], f"{today:%Y}년 {today.month}월 {today.day}일"),
        (mails[5], str((today - date(1899, 12, 30)).days)),
        (mails[6], f"{today.year}. {today.month}. {today.day}."),
        (mails[7], f"{before:%Y-%m-%d}"),  # who was seen today
        (mails[0].upper(), f"{today:%Y-%m-%d}"),
        ("nobody@gaon.example", f"{before:%Y-%m-%d}"),
        (ELSEWHERE.mail, f"{before:%Y-%m-%d}"),
        (mails[8], f"{later:%Y-%m-%d}"),
        ("", f"{before:%Y-%m-%d}"),
        (own, f"{before:%Y-%m-%d}"),
    ]
    return "이메일,퇴사일,메모\r\n" + "".join(f'{mail},"{day}",=1+1\r\n' for mail, day in rows)


def proves_again(colleague: Colleague) -> None:
    """Give the code of the app once more, as the page asks before what cannot be undone."""
    colleague.page.get_by_label("인증번호").fill(colleague.code())
    colleague.press("확인하고 계속하기")


def days_to_object_have_passed(installation: Installation) -> None:
    with closing(sqlite3.connect(installation.instance / "portal.db", timeout=10)) as store, store:
        store.execute("UPDATE leavers SET reported_on = date(reported_on, '-4 days')")


def rows_of(installation: Installation, account: SampleAccount) -> list[int]:
    """Return how many rows of the service's own tables tell of a member; of a bill the amount and the number stay."""
    with closing(sqlite3.connect(installation.instance / "sample-matecost.db", timeout=10)) as store:
        queries = (
            "SELECT count(*) FROM matecost_members WHERE id = ?",
            "SELECT count(*) FROM matecost_bill_recipients WHERE member_id = ? AND mail IS NOT NULL",
            "SELECT count(*) FROM matecost_usage_alerts WHERE member_id = ?",
        )
        return [store.execute(query, (account.id,)).fetchone()[0] for query in queries]


def test_a_list_of_leavers_ends_in_a_certificate(
    installation: Installation, window: Callable[..., BrowserContext]
) -> None:
    """Eight of fourteen rows are requested and stopped at the gate at once; one member objects and is heard, seven are
    destroyed after two people approved and the days to object, and a stranger verifies the one-page certificate."""
    accounts = [installation.new_member() for _ in range(9)]
    own = installation.new_member()
    installation.registers(*accounts, own, ELSEWHERE)
    people = [Person(installation, window().new_page(), account).has_agreed() for account in accounts[:8]]
    officer = Colleague(installation, window().new_page(), "한지우").joins("officer", "handler").is_ready()
    second = Colleague(installation, window().new_page(), "박서윤").joins("officer", "handler").is_ready()
    officer.verifies(accounts[0].business_number, "gaon.example")
    company = officer.page.url
    officer.invites_admin(accounts[1].mail, "윤하린", window().new_page())  # an admin leaves, too
    officer.page.goto(company)
    admin = officer.invites_admin(own.mail, page=window().new_page())
    page = admin.page

    admin.open("/privacy/org/lists/new")
    content = messy_list(accounts, own.mail).encode("cp949")
    page.get_by_label("명단 파일").set_input_files(
        {"name": "퇴사자 11월 최종(2).csv", "mimeType": "text/csv", "buffer": content}
    )
    admin.press("올리고 확인하기")
    expect(page.locator("h1")).to_have_text("14행 가운데 7명의 삭제를 요청할 수 있어요")
    reasons = page.locator("tbody tr td:last-child")
    for row, reason in {
        7: "퇴사일이 맞나요?",
        8: "2행과 같은 회원이에요.",
        9: "우리 회사 회원 목록에 없어요.",
        10: "우리 회사 회원 목록에 없어요.",
        11: "퇴사일이 아직 지나지 않았어요.",
        12: "이메일이나 아이디가 비어 있어요.",
        13: "지금 로그인한 내 계정이에요.",
    }.items():
        expect(reasons.nth(row)).to_contain_text(reason)
    people[0].open("/")
    people[0].is_headed(DASHBOARD)

    page.get_by_label("퇴사가 맞아요. 포함할게요.").check()
    page.get_by_label("내가 회사를 대신해 삭제를 요청할 권한이 있음을 확인합니다").check()
    admin.was_proved_long_ago()
    admin.press("7명과 고른 회원 삭제 요청")
    proves_again(admin)
    expect(page.get_by_role("status")).to_contain_text("요청을 받았어요.")
    expect(page.locator("main")).to_contain_text("퇴사자 8명")
    number = page.url.rpartition("/")[2]

    for person in people:
        person.open("/")
        person.is_headed(STOPPED)

    spared = people[7]
    member = Person(installation, window().new_page(), spared.account)  # with nothing but the letter
    member.open(wait_for(lambda: installation.link_to(spared.account.mail, "/privacy/objections"), "the letter"))
    member.is_headed("퇴사했다고 알려 왔어요")
    member.page.get_by_label("덧붙일 말").fill("휴직 중이고 12월에 복직합니다.")
    member.button("퇴사하지 않았어요").click()
    member.is_headed("이의를 받았어요")

    for approver, after in ((officer, "한 사람의 승인이 더 필요합니다."), (second, "파기를 기다리고")):
        approver.open(f"/privacy/desk/requests/{number}")
        if approver is officer:
            approver.press("검토 시작")
        approver.page.get_by_label("그대로 입력해 주세요").fill(number)
        expect(approver.page.locator("main")).to_contain_text("퇴사자 8명")
        approver.press("승인하고 파기")
        proves_again(approver)
        expect(approver.page.locator("main")).to_contain_text(after)

    days_to_object_have_passed(installation)
    second.open(f"/privacy/desk/requests/{number}/objections")
    second.page.get_by_label("결정한 이유").fill("인사팀 재직증명서로 확인했습니다.")
    second.press("이의 받아들이기")
    expect(second.page.get_by_role("status")).to_contain_text("이의를 받아들였습니다.")
    spared.open("/")
    spared.is_headed(DASHBOARD)

    admin.open(f"/privacy/org/requests/{number}")
    link = page.get_by_role("link", name="파기 확인서 보기")
    Person(installation, page, own).reload_until(lambda: link.count() == 1, "the certificate")
    link.click()
    expect(page.locator("main")).to_contain_text("7명")
    code = page.locator(".qrbox .mono").inner_text()
    page.evaluate(TWELVE_LINES)
    assert len(NUMBER_OF_PAGES.findall(page.pdf(format="A4"))) == 1
    stranger = window().new_page()
    stranger.goto(f"{installation.url}/privacy/verify")
    stranger.get_by_label("확인 코드").fill(code.lower().replace("-", " "))
    stranger.get_by_role("button", name="확인하기").click()
    expect(stranger.locator("main .pill")).to_have_text("유효")
    expect(stranger.locator("main")).to_contain_text("가온유통(주)")

    stored = (installation.instance / "sample-matecost.db").read_bytes()
    for person in people[:7]:
        assert rows_of(installation, person.account) == [0, 0, 0]
        assert person.account.mail.encode() not in stored
    assert rows_of(installation, spared.account) == [1, 1, 1]
