"""From the sign-in to the service, with JavaScript off: stopped, asked, answered, once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.person import AGREE, REFUSE, REQUIRED, Person
from tests.browser.serving import Installation

pytestmark = pytest.mark.browser

GATE = "서비스를 시작하려면 개인정보 동의가 필요해요"
BOTH_GRANTED = [("member", "GRANTED"), ("access", "GRANTED")]


def test_a_member_agrees_and_reaches_the_page_first_asked_for(person: Person) -> None:
    """Stopped after signing in, told which box is unticked, and led to the address first asked for, query and all."""
    page = person.page

    person.sign_in("/?month=2026-10&view=wide")
    person.is_headed(GATE)
    assert [person.box(item).is_checked() for item in REQUIRED] == [False, False]

    person.box("member").check()
    person.button(AGREE).click()
    expect(page).to_have_title(re.compile("^오류: "))
    expect(page.locator(".errsum")).to_be_focused()
    links = page.locator(".errsum a")
    expect(links).to_have_text(["접속 정보 수집·이용에 동의해 주세요"])
    links.click()
    expect(page).to_have_url(re.compile("#answer-access$"))
    expect(person.box("member")).to_be_checked()
    expect(person.box("access")).not_to_be_checked()
    expect(page.locator("#e-access")).to_have_text("접속 정보 수집·이용에 동의해 주세요")
    assert person.decisions() == []

    person.box("access").check()
    person.button(AGREE).click()
    person.is_at("/?month=2026-10&view=wide")
    person.is_headed("11월 비용 현황")
    assert person.decisions() == BOTH_GRANTED


def test_a_member_refuses_and_stays_outside(person: Person) -> None:
    """Refusing is one click; it is recorded, its page says what is still possible, and the service stays closed."""
    person.sign_in()
    person.press(person.button(REFUSE))
    person.is_headed("동의하지 않음으로 저장했어요")
    assert person.clicks == 1
    assert person.decisions() == [("member", "REFUSED"), ("access", "REFUSED")]

    person.open("/")
    person.is_headed(GATE)
    person.open("/privacy/me")
    person.is_headed("내 개인정보")


def test_refusing_takes_as_much_room_as_agreeing(person: Person) -> None:
    """Both buttons have the same size and stand side by side."""
    person.sign_in()

    no, yes = (person.button(name).bounding_box() for name in (REFUSE, AGREE))
    assert no is not None
    assert yes is not None
    assert (no["width"], no["height"], no["y"]) == (yes["width"], yes["height"], yes["y"])


def test_a_double_click_is_one_answer(person: Person) -> None:
    """Two quick clicks on the button leave one decision per item."""
    person.sign_in()
    for item in REQUIRED:
        person.box(item).check()
    person.button(AGREE).dblclick()
    person.is_at("/")

    assert person.decisions() == BOTH_GRANTED


def test_going_back_finds_nothing_left_to_answer(person: Person) -> None:
    """After agreeing, the Back button shows that nothing is due; the same form sent once more records nothing."""
    page = person.page
    person.sign_in()
    form = {field.get_attribute("name"): field.input_value() for field in page.locator("main input[type=hidden]").all()}
    person.agree()
    person.is_at("/")

    page.go_back()
    person.is_headed("지금은 답할 것이 없어요")
    again = page.context.request.post(
        f"{person.installation.url}/privacy/consent",
        form={**form, "answer-member": "yes", "answer-access": "yes", "decision": "agree"},
        max_redirects=0,
    )

    assert (again.status, again.headers["location"]) == (303, "/")
    assert person.decisions() == BOTH_GRANTED


def test_two_tabs_are_one_answer(person: Person) -> None:
    """The same form agreed to in two tabs leaves one decision per item, and both tabs reach the service."""
    person.sign_in()
    second = person.another_tab()
    second.open("/")

    person.agree()
    person.is_at("/")
    second.agree()
    second.is_at("/")

    assert person.decisions() == BOTH_GRANTED


def test_an_english_speaker_agrees_in_english(
    installation: Installation, window: Callable[..., BrowserContext]
) -> None:
    """The form turns English by a link, keeps where the person was going, and the errors are English too."""
    person = Person(installation, window(locale="en-GB").new_page(), installation.new_member())
    page = person.page

    person.sign_in("/?month=2026-10")
    page.get_by_role("link", name="English").click()
    person.is_headed("We need your consent before you start")
    assert page.locator("html").get_attribute("lang") == "en"
    person.button("Agree and start").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".errsum a")).to_have_text(
        [
            "Agree to the collection and use of member information",
            "Agree to the collection and use of access information",
        ]
    )
    for item in REQUIRED:
        person.box(item).check()
    person.button("Agree and start").click()

    person.is_at("/?month=2026-10")
    assert person.decisions() == BOTH_GRANTED


def test_the_gate_is_done_with_keys_alone(person: Person) -> None:
    """From the address of the page to the service without a mouse, in at most 20 keys."""
    person.sign_in("/?month=2026-10")
    keys = 0

    def go_to(selector: str) -> None:
        nonlocal keys
        while not person.page.locator(f"{selector}:focus").count():
            person.page.keyboard.press("Tab")
            keys += 1
            assert keys <= 20

    for item in REQUIRED:
        go_to(f"#answer-{item}")
        person.page.keyboard.press("Space")
    go_to("button[value=agree]")
    person.page.keyboard.press("Enter")

    person.is_at("/?month=2026-10")
    assert keys + 3 <= 20
