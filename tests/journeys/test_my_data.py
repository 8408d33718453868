"""Seeing and taking what is held, with JavaScript off."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.serving import wait_for

pytestmark = pytest.mark.browser


def code_for(mailbox: Path, address: str) -> str | None:
    """Return the code of the newest letter to this address, once it is there."""
    for path in sorted(mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        if letter["To"] == address and (found := re.search(r"\b[0-9]{6}\b", letter["Subject"])):
            return found[0]
    return None


def test_a_member_takes_their_data_along(person: Person) -> None:
    """What MateCost's own tables hold stands on the page; a code from the mailbox opens the file."""
    page, account = person.page, person.account
    person.has_agreed()

    page.get_by_role("link", name="내 개인정보").click()
    expect(page.get_by_role("row").filter(has_text="이메일 주소")).to_contain_text(account.mail)
    expect(page.get_by_role("row").filter(has_text="개인 연락처")).to_contain_text(account.contact)
    page.get_by_role("link", name="내려받기").click()
    person.button("엑셀로 보기 (CSV)").click()
    person.is_headed("한 번 더 확인할게요")
    code = wait_for(lambda: code_for(person.installation.instance / "mail", account.mail), "the mailed code")
    page.get_by_label("인증번호").fill(code)
    with page.expect_download() as taking:
        person.button("확인하고 계속하기").click()

    file = taking.value
    assert re.fullmatch(r"matecost-my-data-[0-9]{4}-[0-9]{2}-[0-9]{2}\.csv", file.suggested_filename)
    rows = Path(file.path()).read_text("utf-8-sig").splitlines()
    assert rows[0] == "분류,번호,항목,값,목적,보유 기간,근거"
    assert any(row.startswith(f"MateCost의 회원 계정,1,개인 연락처,{account.contact},") for row in rows)
