"""From a request to its answer across the desk, with JavaScript off; the member sees who looked, and why."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.colleague import Colleague
from tests.browser.person import Person
from tests.browser.serving import Installation

pytestmark = pytest.mark.browser
WORDS = "등록된 번호로 걸어 본인인지 확인합니다"


def is_imported(installation: Installation, person: Person) -> None:
    """Let the operator import the member from a list of the host's."""
    members = installation.instance / "members.csv"
    members.write_text(f"회원번호,이메일\n{person.account.id},{person.account.mail}\n", "utf-8")
    done = installation.order("members", "import", "--yes", members)
    assert done.returncode == 0, done.stderr


def test_a_handler_works_the_queue_and_the_member_sees_it(
    installation: Installation, window: Callable[..., BrowserContext], person: Person
) -> None:
    """Signed in with an authenticator app, the handler logs a call, takes it from the queue, checks who called with
    values revealed for a reason, and answers; the member finds the look and its reason on their own page."""
    mail = person.account.mail
    person.has_agreed()
    is_imported(installation, person)
    desk = Colleague(installation, window().new_page(), "박서윤").joins("officer", "handler").is_ready()
    page = desk.page

    desk.open("/privacy/desk/requests/new")
    page.get_by_label("받은 방법").select_option("PHONE")
    page.get_by_label("요청한 사람").select_option("SELF")
    page.get_by_label("유형").select_option("ACCESS")
    page.get_by_label("회원의 이메일, 아이디 또는 연락처").fill(mail)
    page.get_by_label("요청 내용").fill("제 정보를 보여 주세요.")
    desk.press("접수")
    expect(page.get_by_role("status")).to_contain_text("접수했습니다.")
    number = page.url.rpartition("/")[2]

    desk.press("로그아웃")
    desk.signs_in("/privacy/desk")
    row = page.get_by_role("row").filter(has_text=number)
    expect(row).to_contain_text(re.compile(r"D-10|D-9"))
    expect(page.locator("main")).not_to_contain_text(mail)
    row.get_by_role("button", name="맡기").click()
    expect(page.get_by_role("status")).to_contain_text(f"{number} 요청을 맡았습니다.")

    desk.press("5분 동안 보기")
    expect(page.get_by_role("alert")).to_contain_text("보려는 이유를 골라 주세요.")
    page.get_by_label("보려는 이유").select_option("IDENTITY")
    page.get_by_label("무엇에 쓰는지").fill(WORDS)
    desk.press("5분 동안 보기")
    expect(page.locator("main")).to_contain_text(mail)
    page.locator("#words_identity_check").fill("등록된 번호로 건 전화")
    desk.press("본인 확인 기록")
    desk.press("검토 시작")
    page.locator("#words_fulfilled").fill("메일로 보냈습니다.")
    desk.press("완료하고 알리기")
    expect(page.locator("h1 + .lead")).to_contain_text("완료")

    person.open("/privacy/me")
    seen = person.page.locator("section.card").filter(has_text="내 정보를 본 기록")
    expect(seen).to_contain_text("본인·대리인 확인")
    expect(seen).to_contain_text(WORDS)
