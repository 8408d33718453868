"""A card is registered through the guard, and the end of the register entry stops it; with JavaScript off."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.colleague import Colleague
from tests.browser.person import Person
from tests.browser.serving import Installation, new_installation

pytestmark = pytest.mark.browser
NUMBER = "4539 5787 6362 1486"


@pytest.fixture
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation of one's own: here the one entry of the register is ended."""
    made = new_installation(tmp_path_factory.mktemp("served"))
    with made.served():
        yield made


def register_card(person: Person) -> None:
    person.open("/payment")
    person.page.get_by_label("카드 번호").fill(NUMBER)
    person.page.get_by_label("유효기간 (월/년)").fill("08/29")
    person.button("카드 등록").click()


def test_the_payment_step_goes_through_the_guard(
    installation: Installation, window: Callable[..., BrowserContext], person: Person
) -> None:
    """The member pays, and finds on the next page who received what; when the officer ends the entry, the next card is
    not sent, and the sample, the policy and the desk say so."""
    person.has_agreed()
    register_card(person)
    expect(person.page.locator("main")).to_contain_text("등록한 카드가 있습니다.")

    person.open("/privacy/me")
    sent = person.page.locator("table").filter(has_text="맡기거나 제공한 내역")
    expect(sent).to_contain_text("한국정보통신(주)")
    expect(sent).to_contain_text("신용카드 번호, 신용카드 유효기간, 사업자등록번호")

    officer = Colleague(installation, window().new_page(), "한지우").joins("officer")
    officer.open("/privacy/desk/registers")
    expect(officer.page.locator(".note--bad")).to_have_count(0)
    officer.page.get_by_role("link", name="한국정보통신(주)").click()
    officer.page.get_by_text("끝내기").first.click()
    officer.page.get_by_label("보낸 개인정보").select_option("DESTROYED")
    officer.page.get_by_label("무엇으로 확인했는지").fill("파기 확인서를 받음")
    officer.press("끝내기")
    expect(officer.page.get_by_role("status")).to_contain_text("이제 이곳으로는 아무것도 보낼 수 없습니다.")

    register_card(person)
    expect(person.page.locator("h1")).to_have_text("카드를 등록하지 않았습니다")
    expect(person.page.locator("main")).to_contain_text("어디로도 보내지 않았고")
    person.open("/privacy/")
    expect(person.page.locator("main")).to_contain_text("지금은 보내지 않습니다.")
    officer.open("/privacy/desk/registers")
    expect(officer.page.locator(".note--bad")).to_contain_text("대장에서는 끝났지만 처리방침에는 아직 있습니다.")
    expect(officer.page.locator("main")).to_contain_text("위탁·제공이 끝난 곳입니다.")
