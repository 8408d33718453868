"""A policy that changes while people use the service. Published by `portal policy publish`, without a restart."""

import pytest
from playwright.sync_api import Response, expect

from tests.browser.person import AGREE, REQUIRED, Person
from tests.browser.places import MORE_PURPOSES

pytestmark = pytest.mark.browser

OTHER_WORDS = {"접속 정보 수집·이용에 동의합니다": "접속 정보의 수집과 이용에 동의합니다"}


def test_a_wording_fix_asks_nobody(person: Person) -> None:
    """A version that says the same facts in other words stops nobody, and is the version shown from then on."""
    person.has_agreed()

    person.installation.publish("2026-11-01", OTHER_WORDS)

    assert person.open("/").status == 200
    person.is_headed("11월 비용 현황")
    person.open("/privacy/versions")
    expect(person.page.locator("tbody tr").first).to_contain_text("2026-11-01")
    expect(person.page.locator("tbody tr").first).to_contain_text("시행 중")


def test_a_form_that_has_grown_old_is_answered_with_the_new_text(person: Person) -> None:
    """A form opened before a material change and sent after it gets status 409 and the new text; nothing is recorded
    until the new text is agreed to. Who had agreed to the old text is asked again and sees what changed."""
    page, before = person.page, person.another_tab()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.request.method == "POST" else None)
    person.sign_in("/?month=2026-10")
    older = Person(person.installation, page.context.browser.new_page(), person.installation.new_member())
    older.has_agreed()
    for item in REQUIRED:
        person.box(item).check()
    expect(page.locator("#d-access")).not_to_contain_text("이용 요금 알림")

    person.installation.publish("2026-11-02", MORE_PURPOSES)
    person.button(AGREE).click()

    expect(page.locator("[role=alert] h2")).to_have_text("읽는 사이에 내용이 바뀌었어요")
    expect(page.locator("[role=alert]")).to_be_focused()
    assert answers[-1].status == 409
    assert [person.box(item).is_checked() for item in REQUIRED] == [False, False]
    assert person.decisions() == []
    before.open("/")
    before.is_headed("서비스를 시작하려면 개인정보 동의가 필요해요")

    person.agree()
    person.is_at("/?month=2026-10")
    assert person.decisions() == [("member", "GRANTED"), ("access", "GRANTED")]

    older.open("/")
    older.is_headed("처리방침이 바뀌어서 다시 여쭤봐요")
    expect(older.page.locator("h3", has_text="지난번 동의와 달라진 점")).to_have_count(1)
    older.agree()
    older.is_at("/")
    assert older.decisions() == [("member", "GRANTED"), ("access", "GRANTED"), ("access", "GRANTED")]
    older.page.context.close()
