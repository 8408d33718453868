"""Taking a consent back, with JavaScript off."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_a_member_withdraws_and_is_stopped_at_the_next_request(person: Person) -> None:
    """Withdrawing takes no more clicks than agreeing did; the very next request is stopped, the portal stays open."""
    page = person.page
    person.has_agreed()
    clicks_to_agree = person.clicks

    person.clicks = 0
    person.press(page.get_by_role("link", name="내 개인정보"))
    person.press(page.get_by_role("link", name="철회 접속 정보 수집·이용"))
    person.is_headed("철회하면 어떻게 되는지 확인해 주세요")
    assert person.decisions() == [("member", "GRANTED"), ("access", "GRANTED")]
    person.press(person.button("동의 철회하기"))
    person.is_headed("동의를 철회했어요")
    assert clicks_to_agree == 3
    assert person.clicks == 3

    person.open("/")
    person.is_headed("서비스를 시작하려면 개인정보 동의가 필요해요")
    expect(person.box("access")).to_be_visible()
    expect(person.box("member")).to_have_count(0)
    assert page.context.request.get(f"{person.installation.url}/api/costs").status == 403
    assert person.open("/privacy/me").status == 200
    assert person.decisions() == [("member", "GRANTED"), ("access", "GRANTED"), ("access", "WITHDRAWN")]


def test_withdrawing_twice_is_withdrawing_once(person: Person) -> None:
    """A double click, and the form sent again after Back, leave one withdrawal."""
    page = person.page
    person.has_agreed()

    person.open("/privacy/me/withdraw/member")
    second = person.another_tab()
    second.open("/privacy/me/withdraw/member")
    person.button("동의 철회하기").dblclick()
    person.is_headed("동의를 철회했어요")
    second.button("동의 철회하기").click()
    second.is_headed("동의를 철회했어요")
    page.go_back()

    assert person.decisions() == [("member", "GRANTED"), ("access", "GRANTED"), ("member", "WITHDRAWN")]


def test_a_member_who_withdrew_may_agree_again(person: Person) -> None:
    """Only the item withdrawn is asked again, and agreeing opens the service."""
    person.has_agreed()
    person.open("/privacy/me/withdraw/member")
    person.button("동의 철회하기").click()
    person.is_headed("동의를 철회했어요")

    person.open("/?month=2026-09")
    expect(person.box("access")).to_have_count(0)
    person.agree()
    person.is_at("/?month=2026-09")

    assert [decision for item, decision in person.decisions() if item == "member"] == [
        "GRANTED",
        "WITHDRAWN",
        "GRANTED",
    ]
