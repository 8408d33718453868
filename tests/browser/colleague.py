"""Somebody who works at the desk, before the screen: invited by mail, with a password and an authenticator app."""

import sqlite3
import time
from contextlib import closing
from itertools import count

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.serving import Installation, wait_for

PASSWORD = "five slow trains to Busan"
_numbers = count(1)


def _now() -> int:
    return int(time.time()) // 30


class Colleague:
    """One person at one browser tab; the authenticator app is in their pocket."""

    def __init__(self, installation: Installation, page: Page, name: str = "이도현") -> None:
        self.installation, self.page, self.name = installation, page, name
        self.email = f"colleague-{next(_numbers)}@cloudmate.example"
        self.app = pyotp.TOTP(pyotp.random_base32())
        self._step = 0
        self._ref = ""

    def at(self, page: Page) -> "Colleague":
        """Return the same person at another browser."""
        other = Colleague(self.installation, page, self.name)
        other.email, other.app, other._step, other._ref = self.email, self.app, self._step, self._ref
        return other

    def open(self, path: str) -> None:
        """Go to a path of the site."""
        self.page.goto(self.installation.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def is_invited(self, *roles: str) -> str:
        """Let an operator invite them; return the link in the letter."""
        self._forget_counts()
        words = [f"--role={role}" for role in roles]
        self.installation.order_here("staff", "invite", "--email", self.email, "--name", self.name, *words)
        return wait_for(self.invitation, "the invitation")

    def joins(self, *roles: str) -> "Colleague":
        """Be invited, open the link, connect the app, choose a password; end signed in."""
        self.open(self.is_invited(*roles))
        self.connect_app()
        self.page.get_by_label("새 비밀번호").fill(PASSWORD)
        self.page.get_by_label("한 번 더").fill(PASSWORD)
        self.page.get_by_label("인증번호").fill(self.code())
        self.press("계정 만들고 로그인하기")
        expect(self.page.locator(".rail__who")).to_contain_text(self.name)
        return self

    def verifies(self, number: str, domain: str) -> None:
        """As an officer, find a company by its number and verify it; end on its page."""
        self.open("/privacy/desk/companies")
        self.page.get_by_label("사업자등록번호 10자리").fill(number)
        self.press("찾기")
        self.page.get_by_label("문서에 적힌 사업자등록번호").fill(number)
        self.page.get_by_label("확인한 방법").select_option("DOCUMENT")
        self.page.get_by_label("회사 메일 도메인").fill(domain)
        self.page.get_by_label("확인한 문서").fill("사업자등록증명 2026-11-20 발급")
        self.page.get_by_role("button", name="확인하기").click()
        expect(self.page.get_by_role("status")).to_contain_text("회사를 확인했습니다.")

    def invites_admin(self, email: str = "", name: str = "강선우", page: Page | None = None) -> "Colleague":
        """From the page of a verified company invite an admin; return that person, who has come, at `page` or in the
        same browser, and is signed in."""
        admin = Colleague(self.installation, page or self.page, name)
        admin.email = email or f"admin-{next(_numbers)}@gaon.example"
        self.page.get_by_label("회사 메일 주소").fill(admin.email)
        self.page.get_by_label("이름", exact=True).fill(admin.name)
        self.press("초대 메일 보내기")
        admin.open(wait_for(admin.invitation, "the invitation"))
        admin.connect_app()
        admin.page.get_by_label("새 비밀번호").fill(PASSWORD)
        admin.page.get_by_label("한 번 더").fill(PASSWORD)
        admin.page.get_by_label("인증번호").fill(admin.code())
        admin.press("계정 만들고 로그인하기")
        expect(admin.page.locator("h1")).to_have_text("퇴사자 삭제 요청")
        return admin

    def invitation(self) -> str | None:
        """Return the link in the newest invitation to this person, once one was sent."""
        return self.installation.link_to(self.email, "/privacy/desk/join?token=")

    def connect_app(self) -> None:
        """Type the key on the page into the app."""
        self.app = pyotp.TOTP(self.page.locator(".secret").inner_text().replace(" ", ""))

    def code(self) -> str:
        """Return a code that was not used yet; the desk takes the next half minute's already."""
        step = max(self._step + 1, _now())
        wait_for(lambda: step <= _now() + 1 or None, "the next code")
        self._step = step
        return self.app.generate_otp(step)

    def signs_in(self, path: str = "/privacy/desk/account") -> None:
        """Ask for a page of the desk, be sent to sign in, and sign in."""
        self.open(path)
        self.page.get_by_label("메일 주소").fill(self.email)
        self.page.get_by_label("비밀번호").fill(PASSWORD)
        self.page.get_by_label("인증번호").fill(self.code())
        self.press("로그인")

    def is_ready(self) -> "Colleague":
        """As an officer, designate oneself and record a training."""
        self.open(f"/privacy/desk/handlers/{self.ref()}")
        self.page.get_by_label("이유").fill("고객지원 담당")
        self.press("취급자로 지정")
        self.page.get_by_label("과정").fill("개인정보 보호 기본")
        self.page.get_by_label("시간(분)").fill("60")
        self.press("교육 기록")
        return self

    def logs_a_complaint(self, reply_to: str, text: str) -> str:
        """Log what somebody who is no member said on the telephone; end on the request and return its number."""
        self.open("/privacy/desk/requests/new")
        self.page.get_by_label("받은 방법").select_option("PHONE")
        self.page.get_by_label("요청한 사람").select_option("STRANGER")
        self.page.get_by_label("유형").select_option("COMPLAINT")
        self.page.get_by_label("답할 메일").fill(reply_to)
        self.page.get_by_label("요청 내용").fill(text)
        self.press("접수")
        expect(self.page.get_by_role("status")).to_contain_text("접수했습니다.")
        return self.page.url.rpartition("/")[2]

    def approves(self, number: str) -> None:
        """Approve a request that destroys, and wait until it is destroyed."""
        where = f"/privacy/desk/requests/{number}"
        self.open(where)
        self.page.locator("#do_in_review").click()
        self.page.locator("#confirm").fill(number)
        self.page.locator("#do_approved").click()

        def is_done() -> bool | None:
            self.open("/privacy/desk/ledger")
            rows = self.page.locator("tbody tr")
            return (rows.count() > 0 and rows.filter(has_text="파기 중").count() == 0) or None

        wait_for(is_done, "the destruction")

    def ref(self) -> str:
        """Return the reference of the account: the one that signed in last, unless it was remembered."""
        last = "SELECT holder_ref FROM sessions WHERE holder_kind = 'STAFF' ORDER BY began_at DESC"
        return self._ref or str(self._ask(last))

    def remember(self) -> None:
        """Keep which account signed in last: it is this one's."""
        self._ref = self.ref()

    def was_proved_long_ago(self) -> None:
        """Let the last proof of who it is lie some minutes back."""
        self._ask("UPDATE sessions SET proved_at = proved_at - 600000000 RETURNING holder_ref")

    def _forget_counts(self) -> None:
        """Let nobody be held back because so many joined from this one address before."""
        with closing(sqlite3.connect(self.installation.instance / "portal.db", timeout=10)) as store, store:
            store.execute("DELETE FROM rates")

    def _ask(self, statement: str) -> object:
        with closing(sqlite3.connect(self.installation.instance / "portal.db", timeout=10)) as store, store:
            return store.execute(statement).fetchone()[0]
