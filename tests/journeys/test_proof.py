"""What a member can show afterwards: the receipt, and the records of their own visits."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_a_receipt_is_genuine_until_a_byte_changes(person: Person, tmp_path: Path) -> None:
    """The file downloaded from the receipt's page is verified with the public key alone; one changed byte fails."""
    page = person.page
    person.has_agreed()
    person.open("/privacy/me")
    page.get_by_role("link", name="확인서 접속 정보 수집·이용").click()
    person.is_headed("동의 확인서")
    expect(page.locator(".pill")).to_have_text(["동의함", "동의함"])

    with page.expect_download() as receipt:
        page.get_by_role("link", name="서명한 파일 내려받기").click()
    with page.expect_download() as key:
        page.get_by_role("link", name="공개 키 내려받기").click()
    file, key_file = tmp_path / "receipt.json", tmp_path / "key.pem"
    receipt.value.save_as(file)
    key.value.save_as(key_file)
    assert receipt.value.suggested_filename.endswith(".json")

    elsewhere = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}  # no instance: the key is all there is
    genuine = person.installation.order("consent", "verify", file, "--key", key_file, environ=elsewhere)
    assert genuine.returncode == 0, genuine.stderr
    assert "Genuine" in genuine.stdout
    assert "agreed: Collection and use of access information" in genuine.stdout

    content = file.read_bytes()
    file.write_bytes(content.replace(b"GRANTED", b"GRANTEE", 1))
    forged = person.installation.order("consent", "verify", file, "--key", key_file, environ=elsewhere)
    assert content.count(b"GRANTED") >= 2
    assert forged.returncode == 1
    assert "Not genuine" in forged.stderr


def test_a_receipt_is_nobody_elses(person: Person) -> None:
    """Another member who knows the address gets the page for what does not exist."""
    person.has_agreed()
    person.open("/privacy/me")
    receipt = person.page.get_by_role("link", name="확인서").first.get_attribute("href")

    other = Person(person.installation, person.page.context.browser.new_page(), person.installation.new_member())
    other.has_agreed()

    assert receipt is not None
    assert other.open(receipt).status == 404
    other.is_headed("찾는 화면이 없어요")
    other.page.context.close()


def test_members_see_their_own_visits(person: Person) -> None:
    """Soon after a visit its record stands on the member's own page, with address, browser and cookie names; so does
    a visit that was stopped after a withdrawal."""
    page = person.page
    person.has_agreed()
    person.open("/privacy/me/withdraw/access")
    person.button("동의 철회하기").click()
    person.is_headed("동의를 철회했어요")
    person.open("/")

    person.open("/privacy/me/records")
    visit = page.locator("tbody tr", has_text="이용 (200)")
    stopped = page.locator("tbody tr", has_text="동의 전이라 막음 (303)")
    person.reload_until(lambda: visit.count() == stopped.count() == 1, "the records of both visits")

    expect(visit).to_contain_text("GET /")
    expect(visit).to_contain_text("127.0.0.1")
    expect(visit).to_contain_text("Chrome · Linux")
    expect(visit).to_contain_text("쿠키: matecost")
