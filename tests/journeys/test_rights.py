"""Using one's rights, with JavaScript off: from one's own page to the receipt."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.serving import wait_for
from tests.journeys.test_my_data import code_for

pytestmark = pytest.mark.browser


def test_a_member_corrects_and_deletes(person: Person) -> None:
    """A correction reaches MateCost's own row; a deletion wants the mailed code, closes the account at the next request
    and leaves a receipt; cancelled in time, it opens the account again."""
    page, account = person.page, person.account
    person.has_agreed()

    page.get_by_role("link", name="내 개인정보").click()
    page.get_by_role("link", name="정정", exact=True).click()
    page.get_by_label("개인 연락처").fill("010-9999-0000")
    person.button("바뀌는 것 확인하기").click()
    expect(page.locator("del")).to_contain_text(account.contact)
    expect(page.locator("ins")).to_contain_text("010-9999-0000")
    person.button("정정하기").click()
    expect(page.get_by_text("요청하신 대로 처리했습니다.")).to_be_visible()
    page.get_by_role("link", name="내 개인정보").click()
    expect(page.get_by_role("row").filter(has_text="개인 연락처")).to_contain_text("010-9999-0000")

    page.get_by_role("link", name="삭제", exact=True).click()
    person.is_headed("지금 지우는 것과 남기는 것을 확인해 주세요")
    person.button("삭제 요청하기").click()
    code = wait_for(lambda: code_for(person.installation.instance / "mail", account.mail), "the mailed code")
    page.get_by_label("인증번호").fill(code)
    person.button("확인하고 계속하기").click()
    expect(page).to_have_url(re.compile(r"/privacy/requests/R-[0-9]{4}-[0-9]{4}$"))
    receipt = page.url
    assert page.context.request.get(f"{person.installation.url}/api/costs").status == 403

    page.goto(receipt)
    person.button("요청 취소하기").click()
    expect(page.get_by_text("요청을 취소했어요")).to_be_visible()
    assert page.context.request.get(f"{person.installation.url}/api/costs").status == 200
