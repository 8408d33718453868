"""A version of the policy from draft to effect at the desk, with JavaScript off, while a member uses the service."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from portal.clock import SEOUL
from tests.browser.colleague import Colleague
from tests.browser.person import Person
from tests.browser.serving import new_installation, wait_for

pytestmark = pytest.mark.browser
Window = Callable[..., BrowserContext]
AHEAD = timedelta(seconds=20)  # enough to type the rest of the form


def today() -> str:
    return f"{datetime.now(SEOUL):%Y-%m-%d}"


def draft(officer: Colleague) -> None:
    """Begin a draft for today; end on its page."""
    officer.open("/privacy/desk/policy")
    officer.page.get_by_label("시행일").fill(today())
    officer.press("초안 만들기")
    expect(officer.page.locator("h1")).to_have_text(f"{today()} 초안")


def release(officer: Colleague, people: str) -> datetime:
    """Look at what changes and for how many, and release it for a moment ahead; return that moment."""
    page = officer.page
    page.get_by_role("link", name="비교하고 발행하기").click()
    expect(page.locator("dl").filter(has_text="다시 동의를 받을 회원")).to_contain_text(people)
    starts = (datetime.now(SEOUL) + AHEAD).replace(microsecond=0)
    page.get_by_label("시행 시각").fill(f"{starts:%H:%M:%S}")
    page.get_by_label("방침 이름").fill(today())
    officer.press("발행하기")
    expect(page.get_by_role("alert")).to_contain_text("이르면 이유를 적어야 합니다.")
    page.get_by_label("더 이르게 시행하는 이유").fill("시범 운영")
    page.get_by_label("방침 이름").fill(today())
    officer.press("발행하기")
    expect(page.get_by_role("status")).to_contain_text("방침을 발행했습니다.")
    return starts


def takes_effect(starts: datetime) -> None:
    wait_for(lambda: datetime.now(SEOUL) > starts or None, "the version's moment")


def test_a_new_processor_is_shown_and_asks_nobody(tmp_path: Path, chromium: object, window: Window) -> None:
    """Drafted, compared, released: the public page names the new recipient at its moment, and a member who is using
    the service goes on."""
    installation = new_installation(tmp_path)
    with installation.served():
        member = Person(installation, window().new_page(), installation.new_member()).has_agreed()
        officer = Colleague(installation, window().new_page()).joins("officer")
        page = officer.page
        draft(officer)
        page.get_by_role("link", name="추가 처리 위탁").click()
        page.get_by_label("코드에서 쓰는 이름").fill("carrier")
        officer.press("추가하고 적기")
        for label, words in (
            ("이름 (한국어)", "한빛메일(주)"),
            ("이름 (영어)", "Hanbit Mail"),
            ("업무 (한국어)", "메일 발송"),
            ("업무 (영어)", "Sending mail"),
            ("알림 문구 (한국어)", "메일을 보낼 때 주소를 맡겨요."),
            ("알림 문구 (영어)", "Your address goes there to send mail."),
        ):
            page.get_by_label(label, exact=True).fill(words)
        for tick in ("청구서 발송", "이메일 주소", "제2-2조"):
            page.get_by_label(tick, exact=True).check()
        officer.press("저장")

        takes_effect(release(officer, "0명"))

        assert member.open("/").status == 200
        member.is_at("/")
        member.open("/privacy/")
        expect(member.page.locator("main")).to_contain_text("한빛메일(주)")


def test_a_longer_period_asks_everybody_again(tmp_path: Path, chromium: object, window: Window) -> None:
    """At the version's moment the member is stopped and asked, and page, question and the desk's clock all say the new
    period; until then nothing did."""
    installation = new_installation(tmp_path)
    with installation.served():
        member = Person(installation, window().new_page(), installation.new_member()).has_agreed()
        officer = Colleague(installation, window().new_page()).joins("officer")
        page = officer.page
        draft(officer)
        page.get_by_role("link", name="소비자 불만·분쟁 처리 기록").first.click()
        page.get_by_label("기간: 년", exact=True).fill("4")
        officer.press("저장")

        starts = release(officer, "1명")
        assert member.open("/").status == 200
        member.open("/privacy/")
        expect(member.page.locator("main")).not_to_contain_text("4년 ")

        takes_effect(starts)
        member.open("/")
        member.is_headed("처리방침이 바뀌어서 다시 여쭤봐요")
        expect(member.page.locator("main")).to_contain_text("4년")
        member.agree()
        member.is_at("/")
        officer.open("/privacy/desk/retention")
        expect(page.locator("main")).to_contain_text("4년")
