"""A member's own page: consents with their proof, the way back from them, and visits; nobody else's."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.database import writing
from portal.holdings import Unreachable
from portal.holdings import requests as requests_held
from portal.policy.model import Text
from portal.records import mails
from portal.records.access import AccessRecord
from portal.rules.deadline import Kind
from portal.rules.deed import Deed
from portal.services import auditing, registering, requesting
from portal.services.access_room import AccessRoom, access_room, oldest_shown
from portal.services.auditing import By
from portal.vault import person_keys
from portal.views.visits import device
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser, fields_of
from tests.members.samples import profile

MakeBrowser = Callable[..., Browser]


def receipt_of(browser: Browser) -> str:
    return re.findall(r"/me/receipts/([a-z2-7]{26})", browser.get("/me").text)[0]


def test_a_newcomer_finds_empty_places_not_errors(browser: MakeBrowser) -> None:
    """Before any decision each card says that it is empty, and the way to answer stands on top."""
    page = browser().get("/me").text

    assert "동의 내역이 없어요." in page
    assert "접속 기록이 없어요." in page
    assert "동의 항목에 답하기" in page


def test_withdrawing_takes_no_more_presses_than_agreeing(browser: MakeBrowser) -> None:
    """From the page: one link, one button; then the gate's page asks again."""
    jiwon = browser()
    jiwon.agree()
    link = re.findall(r'href="(/me/withdraw/access)"', jiwon.get("/me").text)[0]

    check = jiwon.get(link)
    done = jiwon.post(link)
    page = jiwon.get(done.headers["Location"]).text

    assert "철회하면 바로 다음 화면부터 MateCost를 이용할 수 없어요." in check.text
    assert done.status_code == 303
    assert "동의를 철회했어요" in page
    assert "철회함" in jiwon.get("/me").text
    assert 'type="checkbox"' in jiwon.get("/consent").text


def test_looking_at_the_check_page_changes_nothing(browser: MakeBrowser) -> None:
    """Opening the page that explains a withdrawal withdraws nothing."""
    jiwon = browser()
    jiwon.agree()

    jiwon.get("/me/withdraw/access")

    assert "철회함" not in jiwon.get("/me").text


@pytest.mark.parametrize("item", ["member", "no-such-item", "%00", "..%2fme"])
def test_what_was_never_agreed_to_has_no_withdrawal_page(browser: MakeBrowser, item: str) -> None:
    """Without a consent to withdraw there is no page, to look at or to send."""
    jiwon = browser()

    assert jiwon.get(f"/me/withdraw/{item}").status_code == 404
    assert jiwon.post(f"/me/withdraw/{item}").status_code == 404


def test_a_withdrawal_receipt_names_the_consent_it_follows(browser: MakeBrowser) -> None:
    """The receipt of a withdrawal shows the number of the receipt before it."""
    jiwon = browser()
    jiwon.agree()
    given = receipt_of(jiwon)
    jiwon.post("/me/withdraw/access")
    withdrawal = re.findall(r"/me/receipts/([a-z2-7]{26})", jiwon.get("/me/withdrawn/access").text)[0]

    page = jiwon.get(f"/me/receipts/{withdrawal}").text

    assert "동의 철회 확인서" in page
    assert given in page


def test_another_members_receipt_is_a_missing_one(browser: MakeBrowser) -> None:
    """Somebody else's receipt and one that never was get the same answer."""
    jiwon, minho = browser(), browser(MINHO)
    jiwon.agree()
    minho.agree()
    ref = receipt_of(jiwon)

    others, missing = minho.get(f"/me/receipts/{ref}"), minho.get(f"/me/receipts/{'a' * 26}")

    assert (others.status_code, missing.status_code) == (404, 404)
    assert without_own_address(others.text, ref) == without_own_address(missing.text, "a" * 26)
    assert minho.get(f"/me/receipts/{ref}.json").status_code == 404


def without_own_address(page: str, ref: str) -> str:
    """Return a page without its form token and without the number that it was asked for by."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page).replace(ref, "")


def test_the_receipt_is_a_download(browser: MakeBrowser) -> None:
    """The file has a plain name, its own type, and is not kept by any cache."""
    jiwon = browser()
    jiwon.agree()
    ref = receipt_of(jiwon)

    answer = jiwon.get(f"/me/receipts/{ref}.json")

    name = f'attachment; filename="matecost-receipt-2026-11-23-{ref}.json"'
    assert answer.headers["Content-Disposition"] == name
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def visits(count: int, clock: FakeClock) -> list[AccessRecord]:
    """Access records one second apart, newest first, as the store gives them."""
    return [
        AccessRecord(
            at=clock() - timedelta(seconds=n),
            request_id=f"r{n:04}",
            ref="x",
            method="GET",
            path=f"/bills/{n}",
            status=200,
            decision="passed",
            ip="203.0.113.24",
            user_agent="Mozilla/5.0%20(Windows%20NT%2010.0)%20Chrome/140.0",
            cookies="session=0123456789abcdef,theme=fedcba9876543210",
        )
        for n in range(count)
    ]


def hold(app: Flask, store: Any) -> None:
    """Put a store into the app's access room."""
    room = access_room(app)
    app.extensions["portal.access"] = AccessRoom(room.journal, store, room.keys)


class ListedStore:
    """An access store that holds a list."""

    def __init__(self, records: list[AccessRecord]) -> None:
        self.records = records

    def search(self, wanted: Any, seal_of: Any) -> list[AccessRecord]:
        found = [row for row in self.records if wanted.before is None or row.cursor < wanted.before]
        return found[: wanted.limit]


def test_visits_come_in_pages_newest_first(app: Flask, browser: MakeBrowser, clock: FakeClock) -> None:
    """25 to a page, the next begins where the last ended; of cookies only names, never digests."""
    jiwon = browser()
    jiwon.agree()
    hold(app, ListedStore(visits(30, clock)))

    first = jiwon.get("/me/records").text
    second = jiwon.get(re.findall(r'href="(/me/records\?before=[^"]+)"', first)[0]).text

    assert "GET /bills/0<" in first
    assert "GET /bills/24<" in first
    assert "GET /bills/25<" not in first
    assert "GET /bills/25<" in second
    assert "GET /bills/29<" in second
    assert "쿠키: session, theme" in first
    assert "0123456789abcdef" not in first
    assert "Chrome · Windows" in first
    assert "203.0.113.24" in first


def test_a_source_that_cannot_be_read_is_named_and_the_rest_is_shown(app: Flask, browser: MakeBrowser) -> None:
    """With the access store gone, the page says so and still shows the consents."""

    class Broken:
        def search(self, wanted: Any, seal_of: Any) -> list[AccessRecord]:
            raise OSError("no such store")

    jiwon = browser()
    jiwon.agree()
    hold(app, Broken())

    page = jiwon.get("/me")

    assert page.status_code == 200
    assert "접속 기록 저장소를 지금 읽을 수 없어요." in page.text
    assert "회원 정보 수집·이용" in page.text


@pytest.mark.parametrize("before", ["x", "1-", "-1-a", "9" * 30 + "-a", "1-" + "a" * 99, "1-<script>"])
def test_an_odd_page_mark_shows_the_newest(browser: MakeBrowser, before: str) -> None:
    """A page mark that cannot be read shows the first page, not an error."""
    assert browser().get("/me/records", query_string={"before": before}).status_code == 200


@pytest.mark.parametrize(
    ("today", "oldest"),
    [
        (date(2026, 11, 23), date(2026, 5, 24)),
        (date(2027, 2, 28), date(2026, 9, 1)),
        (date(2028, 2, 29), date(2027, 9, 1)),
        (date(2026, 8, 31), date(2026, 3, 1)),
    ],
)
def test_the_oldest_day_shown_is_not_yet_expired(policy: Any, today: date, oldest: date) -> None:
    """A day is shown until the day on which it must be gone: 31 August is shown until 27 February."""
    assert oldest_shown(policy.retention_rule("access_record"), today) == oldest


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari · iPhone"),
        (
            "Mozilla/5.0 (Linux; Android 14) SamsungBrowser/25.0 Chrome/121.0 Safari/537.36",
            "Samsung Internet · Android",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0", "Firefox · Linux"),
        ("matecost-cli/1.2", "matecost-cli/1.2"),
    ],
)
def test_a_device_is_named_as_people_call_it(user_agent: str, words: str) -> None:
    """A browser and its system, else the beginning of what the client called itself."""
    assert device(user_agent) == words


def registered(app: Flask, clock: FakeClock) -> str:
    """Register Jiwon as the host would, and return the portal's reference."""
    with app.app_context():
        return registering.register(JIWON, profile(), "SELF", clock()).member_ref


def code_mailed(app: Flask, ref: str) -> str:
    """Return the code of the last letter that waits for this member."""
    with app.app_context():
        letter = mails.under_key(ref)[-1]
        content = person_keys.seal_of(letter.key_ref).open("mails", "sealed", letter.sealed, letter.ref)
        found = re.search(r"\b[0-9]{6}\b", content["subject"])
        assert found
        return found[0]


def test_every_item_has_its_why(app: Flask, clock: FakeClock, browser: MakeBrowser) -> None:
    """Own values stand unmasked, each with its purpose, its period and a link to its article."""
    registered(app, clock)

    page = browser().get("/me").text

    row = page[page.index("개인 연락처</th>") :]
    row = row[: row.index("</tr>")]
    assert "010-1234-5678" in row
    assert "결제 정보 안내" in row
    assert "회사를 퇴사하거나 수집·이용 목적을 이룰 때까지" in row
    assert 'href="/#article-3"' in row
    assert "저장하지 않고, 결제할 때 한국정보통신(주)에 바로 보내요." in page


def test_who_looked_is_shown_with_the_reason(app: Flask, clock: FakeClock, browser: MakeBrowser) -> None:
    """What staff wrote when they looked is told to the member; who it was, by the role alone."""
    ref = registered(app, clock)
    with app.app_context(), writing():
        auditing.note(
            Deed.VALUE_REVEALED,
            By("STAFF", "account-1"),
            clock(),
            subject=ref,
            reason="RESULT",
            words="청구서 문의 답변",
        )

    page = browser().get("/me").text

    assert "<b>결과 통지·회신: 청구서 문의 답변</b>" in page
    assert "2026-11-23 12:00 · 지정 취급자 · 가린 값 조회" in page
    assert "account-1" not in page
    assert "청구서 문의 답변" not in browser(MINHO).get("/me").text


def test_an_open_request_stands_on_top(app: Flask, clock: FakeClock, browser: MakeBrowser) -> None:
    """With its number, how it stands, and the day by which the answer comes."""
    ref = registered(app, clock)
    with app.app_context():
        filed = requesting.receive(
            Kind.ACCESS,
            requester="SELF",
            channel="WEB",
            by=By("MEMBER", ref),
            at=clock(),
            language="ko",
            details={},
            member_ref=ref,
        )

    page = browser().get("/me").text

    assert f"열람 요청({filed.number})을 처리하고 있어요." in page
    assert "늦어도 2026년 12월 3일까지 결과를 알려드려요." in page


def test_a_source_that_cannot_be_reached_is_named(
    app: Flask, clock: FakeClock, browser: MakeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says which, and shows the rest."""
    registered(app, clock)

    def gone(self: object, subject: object, at: object) -> list[Any]:
        raise Unreachable(Text(ko="어떤 시스템", en="some system"), "gone")

    monkeypatch.setattr(requests_held.Requests, "find", gone)

    page = browser().get("/me").text

    assert "지금 읽을 수 없는 곳: 어떤 시스템" in page
    assert "010-1234-5678" in page


def test_a_download_needs_the_mailed_code(app: Flask, clock: FakeClock, browser: MakeBrowser) -> None:
    """Nothing leaves before the code is given back, a wrong one is told and asked again, and a right one works once."""
    ref = registered(app, clock)
    jiwon = browser()

    asked = jiwon.post("/me/download", {"form": "csv"})
    kept = fields_of(asked.text)
    code = code_mailed(app, ref)
    wrong = jiwon.post("/me/download", {**kept, "step_up_code": "000000" if code != "000000" else "111111"})
    given = jiwon.post("/me/download", {**kept, "step_up_code": f"{code[:3]} {code[3:]}"})
    again = jiwon.post("/me/download", {**kept, "step_up_code": code})

    assert asked.status_code == 403
    assert kept["form"] == "csv"
    assert "ji*******@gaon.example" in asked.text
    assert "인증번호가 맞지 않거나 더는 쓸 수 없어요." in wrong.text
    assert given.status_code == 200
    assert given.headers["Content-Disposition"] == 'attachment; filename="matecost-my-data-2026-11-23.csv"'
    assert given.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert given.headers["Cache-Control"] == "no-store"
    assert "jiwon.seo@gaon.example" in given.data.decode("utf-8-sig")
    assert again.status_code == 403


def test_a_code_is_good_for_whom_it_was_sent_to(app: Flask, clock: FakeClock, browser: MakeBrowser) -> None:
    """Another member's browser cannot use it, nor another browser of the same member."""
    ref = registered(app, clock)
    jiwon = browser()
    kept = fields_of(jiwon.post("/me/download", {"form": "json"}).text)
    del kept["csrf_token"]
    code = code_mailed(app, ref)

    others = browser(MINHO).post("/me/download", {**kept, "step_up_code": code})
    elsewhere = browser().post("/me/download", {**kept, "step_up_code": code})

    assert (others.status_code, elsewhere.status_code) == (403, 403)


def test_codes_are_not_sent_without_end(app: Flask, clock: FakeClock, browser: MakeBrowser) -> None:
    """After five codes in half an hour the next one has to wait, and the answer says how long."""
    registered(app, clock)
    jiwon = browser()

    answers = [jiwon.post("/me/download", {"form": "json"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_without_an_address_nothing_leaves(browser: MakeBrowser) -> None:
    """A member of whom no address is known is sent to the privacy team instead."""
    answer = browser().post("/me/download", {"form": "json"})

    assert answer.status_code == 403
    assert "인증번호를 보낼 주소가 없어요" in answer.text


@pytest.mark.parametrize("form", ["", "xml", "json.exe"])
def test_an_unknown_form_is_refused(browser: MakeBrowser, form: str) -> None:
    """There are two forms of the file, and no other."""
    assert browser().post("/me/download", {"form": form}).status_code == 400
