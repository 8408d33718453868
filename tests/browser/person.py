"""A person before the screen: what a member can do, in the words of the page. Clicks are counted."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

from playwright.sync_api import Locator, Page, Response, expect

from portal.demo.members import SampleAccount
from tests.browser.serving import Installation, wait_for

REQUIRED = ("member", "access")
AGREE = "동의하고 시작하기"
REFUSE = "동의하지 않음"


class Person:
    """A member at one browser tab."""

    def __init__(self, installation: Installation, page: Page, account: SampleAccount) -> None:
        self.installation, self.page, self.account = installation, page, account
        self.clicks = 0

    def another_tab(self) -> "Person":
        """Return the same person at a second tab of the same window."""
        return Person(self.installation, self.page.context.new_page(), self.account)

    def open(self, path: str) -> Response:
        """Go to a path of the site and return the page's own answer."""
        answer = self.page.goto(self.installation.url + path)
        assert answer is not None
        return answer

    def sign_in(self, path: str = "/") -> None:
        """Ask for a path of the service, be sent to sign in, and sign in."""
        self.open(path)
        self.page.get_by_label("메일 주소").fill(self.account.mail)
        self.page.get_by_label("비밀번호").fill(self.account.password)
        self.page.get_by_role("button", name="로그인").click()

    def press(self, thing: Locator) -> None:
        """Click, and count it."""
        thing.click()
        self.clicks += 1

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def box(self, item: str) -> Locator:
        """Return the tick box of a consent item."""
        return self.page.locator(f"#answer-{item}")

    def agree(self) -> None:
        """Tick every box of the open form and send it."""
        self.button(AGREE).wait_for()  # the form is whole: what is not in it now is not asked
        for item in REQUIRED:
            if self.box(item).count():
                self.press(self.box(item))
        self.press(self.button(AGREE))

    def has_agreed(self) -> "Person":
        """Sign in and agree; end on the dashboard."""
        self.sign_in()
        self.agree()
        self.is_at("/")
        return self

    def is_at(self, path: str) -> None:
        """Wait until the address of the page is this path with this query."""
        expect(self.page).to_have_url(self.installation.url + path)

    def is_headed(self, words: str | re.Pattern[str]) -> None:
        """Wait until the page has this heading, and no other of the first level."""
        expect(self.page.locator("h1")).to_have_text(words)

    def reload_until(self, seen: Callable[[], bool], what: str) -> None:
        """Reload the page until `seen`."""

        def once_more() -> bool | None:
            self.page.reload()
            return seen() or None

        wait_for(once_more, what)

    def mailed(self, pattern: str) -> str | None:
        """Return what a letter to this person holds of a pattern, once one was laid as a file."""
        for file in (self.installation.instance / "mail").glob("*.eml"):
            letter = message_from_bytes(file.read_bytes(), policy=default)
            found = re.search(pattern, f"{letter['Subject']}\n{letter.get_content()}")
            if letter["To"] == self.account.mail and found:
                return found[0]
        return None

    def mailed_code(self) -> str | None:
        """Return the mailed code, once it is there."""
        return self.mailed(r"\b[0-9]{6}\b")

    def decisions(self) -> list[tuple[str, str]]:
        """Return (item, decision) as the store keeps them, oldest first."""
        return self.installation.decisions(self.account)
