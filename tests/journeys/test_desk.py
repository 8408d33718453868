"""Coming to the desk, with JavaScript off: from a mailed link to a page that only one browser has."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.colleague import PASSWORD, Colleague
from tests.browser.serving import Installation

pytestmark = pytest.mark.browser
Window = Callable[..., BrowserContext]


def test_from_the_mailed_link_to_the_desk(installation: Installation, window: Window) -> None:
    """Invited by command, the officer opens the mailed link, connects an app by its QR or key, and is signed in; the
    next day password and code lead to the page asked for; elsewhere they end this browser's session, which says so."""
    officer = Colleague(installation, window().new_page())
    link = officer.is_invited("officer")

    officer.open(link)
    page = officer.page
    expect(page).to_have_url(f"{installation.url}/privacy/desk/join")
    expect(page.get_by_role("img", name="인증 앱으로 찍는 QR 코드")).to_be_visible()
    officer.connect_app()
    page.get_by_label("새 비밀번호").fill("qwerty123456")
    page.get_by_label("한 번 더").fill("qwerty123456")
    page.get_by_label("인증번호").fill("000000")
    officer.press("계정 만들고 로그인하기")
    expect(page.get_by_role("alert")).to_contain_text("쉽게 짐작할 수 없는 비밀번호로 정해 주세요.")
    page.get_by_label("새 비밀번호").fill(PASSWORD)
    page.get_by_label("한 번 더").fill(PASSWORD)
    page.get_by_label("인증번호").fill(officer.code())
    officer.press("계정 만들고 로그인하기")
    expect(page.locator(".rail__who")).to_contain_text("이도현")

    officer.press("로그아웃")
    expect(page.locator("h1")).to_have_text("데스크 로그인")
    officer.open(link)
    expect(page.locator("h1")).to_have_text("쓸 수 없는 링크입니다")
    officer.signs_in("/privacy/desk/handlers")
    expect(page.locator("h1")).to_have_text("취급자·교육")

    elsewhere = officer.at(window().new_page())
    elsewhere.signs_in()
    expect(elsewhere.page.locator("h1")).to_have_text("내 계정")
    officer.open("/privacy/desk/handlers")
    expect(page.locator("h1")).to_have_text("데스크 로그인")
    expect(page.get_by_role("status")).to_contain_text("다른 곳에서 같은 계정으로 로그인해")


def test_an_officer_designates_and_trains(installation: Installation, window: Window) -> None:
    """Who is not designated is told so beside every page; designated and trained, the next page says until when."""
    officer = Colleague(installation, window().new_page()).joins("officer")
    stand = officer.page.locator(".rail__who")
    expect(stand).to_contain_text("개인정보 닫힘")

    officer.is_ready()

    expect(stand).to_contain_text(re.compile(r"지정 취급자 · D-36[56]"))
    officer.open("/privacy/desk/handlers")
    row = officer.page.get_by_role("row").filter(has_text=f"{officer.email[:2]}")
    expect(row.first).to_contain_text("이도현")


def test_an_important_deed_asks_for_the_code_again(installation: Installation, window: Window) -> None:
    """Some minutes after the last proof the code is asked for, and what was typed goes on with it."""
    officer = Colleague(installation, window().new_page()).joins("officer")
    officer.was_proved_long_ago()
    officer.open("/privacy/desk/handlers/invite")
    officer.page.get_by_label("회사 메일 주소").fill("seoyun.park@cloudmate.example")
    officer.page.get_by_label("이름").fill("박서윤")
    officer.page.get_by_label("취급자").check()
    officer.press("초대 메일 보내기")

    expect(officer.page.locator("h1")).to_have_text("본인 확인")
    officer.page.get_by_label("인증번호").fill(officer.code())
    officer.press("확인하고 계속하기")

    expect(officer.page.get_by_role("status")).to_contain_text("초대 메일을 보냈습니다.")
    expect(officer.page.locator("h1")).to_contain_text("박서윤")
