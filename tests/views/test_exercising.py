"""What members do about their own data, page by page: a form, a page to check it, and the request that came of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask

from portal.records.mails import Mail
from portal.services import registering
from portal.settings import Settings
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser, fields_of
from tests.members.samples import profile

MakeBrowser = Callable[..., Browser]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, host_map=None)


@pytest.fixture
def jiwon(app: Flask, browser: MakeBrowser, clock: FakeClock) -> Browser:
    """A registered member."""
    with app.app_context():
        registering.register(JIWON, profile(), "SELF", clock())
        registering.register(MINHO, profile(email=MINHO, login_id="minho-the-sample"), "SELF", clock())
    return browser()


def code_sent(app: Flask) -> str:
    """Return the code of the last letter that has one."""
    from portal.database import db

    with app.app_context():
        mail = db.session.scalars(db.select(Mail).where(Mail.kind == "step_up_code").order_by(Mail.id.desc())).first()
        assert mail is not None
        letter = person_keys.seal_of(mail.key_ref).open("mails", "sealed", mail.sealed or b"", mail.ref)
    return re.findall(r"\b([0-9]{6})\b", letter["subject"])[0]


def deletes(jiwon: Browser) -> str:
    """Ask for deletion with the mailed code, and return the address of the request."""
    form = jiwon.form("/me/delete")
    asked = jiwon.post("/me/delete", form)
    kept = fields_of(asked.text)
    done = jiwon.post("/me/delete", {**kept, "step_up_code": code_sent(jiwon.client.application)})
    assert (asked.status_code, done.status_code) == (403, 303)
    return done.headers["Location"]


def complains(jiwon: Browser, text: str = "궁금해요") -> str:
    check = jiwon.post("/me/complain", {"text": text})
    done = jiwon.post("/me/complain", {**fields_of(unescape(check.text)), "step": "send"})
    assert done.status_code == 303
    return done.headers["Location"]


def test_without_requests_the_list_says_so(jiwon: Browser) -> None:
    """The place is empty, not an error."""
    assert "아직 요청이 없어요." in jiwon.get("/requests").text


def test_a_correction_is_checked_and_then_done(jiwon: Browser) -> None:
    """Before and after stand side by side and nothing has changed; sending it twice gives the same request."""
    check = jiwon.post("/me/correct", {**profile(), "login_id": "jiwon-corrected"})
    untouched = jiwon.get("/me/correct").text
    form = {**fields_of(check.text), "step": "send"}
    done, again = jiwon.post("/me/correct", form), jiwon.post("/me/correct", {**form})

    assert re.search(r"<del>.*jiwon-the-sample</del>", check.text)
    assert re.search(r"<ins>.*jiwon-corrected</ins>", check.text)
    assert 'value="jiwon-the-sample"' in untouched
    assert 'value="jiwon-corrected"' in jiwon.get("/me/correct").text
    assert done.headers["Location"] == "/requests/R-2026-0001"
    assert again.status_code in (303, 422)
    page = jiwon.get("/requests/R-2026-0001").text
    assert "요청하신 대로 처리했습니다." in page
    assert jiwon.get("/requests").text.count("R-2026-0001</a>") == 1


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ("email", "no address"),
        ("email", ""),
        ("business_registration_number", "789-81-01311"),
        ("personal_contact", "12"),
        ("company_name", "4111 1111 1111 1111"),
    ],
)
def test_a_wrong_item_comes_back_with_what_was_typed(jiwon: Browser, item: str, wrong: str) -> None:
    """The fault stands at its field, the text is kept, and nothing is filed."""
    answer = jiwon.post("/me/correct", {**profile(), item: wrong})

    assert answer.status_code == 422
    assert f'id="{item}-err"' in answer.text
    assert f'value="{wrong}"' in answer.text
    assert "아직 요청이 없어요." in jiwon.get("/requests").text


def test_another_address_wants_the_code_sent_to_the_old(app: Flask, jiwon: Browser) -> None:
    """Who only holds the browser cannot have the codes sent elsewhere; the owner of the old mailbox can."""
    check = jiwon.post("/me/correct", {**profile(), "email": "other@gaon.example"})
    asked = jiwon.post("/me/correct", {**fields_of(unescape(check.text)), "step": "send"})
    before = jiwon.get("/requests").text
    done = jiwon.post("/me/correct", {**fields_of(unescape(asked.text)), "step_up_code": code_sent(app)})

    assert asked.status_code == 403
    assert "ji*******@gaon.example 주소로" in asked.text
    assert "아직 요청이 없어요." in before
    assert done.status_code == 303
    assert "other@gaon.example" in jiwon.get("/me/correct").text


def test_without_a_known_address_nothing_is_asked_for(browser: MakeBrowser) -> None:
    """Who has no mailbox on record is led to the officer, and no request is made."""
    stranger = browser("nobody-with-a-mailbox")
    answer = stranger.post("/me/delete", stranger.form("/me/delete"))

    assert answer.status_code == 403
    assert 'href="/contact"' in answer.text or 'href="/privacy/contact"' in answer.text
    assert "아직 요청이 없어요." in stranger.get("/requests").text


def test_nothing_changed_is_told(jiwon: Browser) -> None:
    """Who changes nothing is told so."""
    answer = jiwon.post("/me/correct", profile())

    assert answer.status_code == 422
    assert "고친 내용이 없어요." in answer.text


def test_suspending_and_resuming(jiwon: Browser) -> None:
    """One page tells what follows; one press does it, and one undoes it."""
    jiwon.agree()
    done = jiwon.post("/me/suspend", jiwon.form("/me/suspend"))
    stopped = jiwon.get("/me/suspend").text
    at_the_gate = jiwon.get("/consent").text
    resumed = jiwon.post("/me/resume")

    assert done.headers["Location"] == "/requests/R-2026-0001"
    assert "다시 이용하기" in stopped
    assert "내가 요청해서 멈춘 상태예요." in at_the_gate
    assert resumed.status_code == 303
    assert "처리정지 요청하기" in jiwon.get("/me/suspend").text


def test_a_deletion_shows_what_goes_and_what_stays(jiwon: Browser) -> None:
    """Items go, records that the policy keeps stay for a time; looking asks for nothing."""
    page = jiwon.get("/me/delete").text

    assert "승인하면 파기" in page
    assert "보관한 뒤 파기" in page
    assert "아직 요청이 없어요." in jiwon.get("/requests").text


def test_a_deletion_wants_the_mailed_code(jiwon: Browser) -> None:
    """Without the code nothing is asked for; with it there is one request, which a second form leads to."""
    jiwon.post("/me/delete", jiwon.form("/me/delete"))
    before = jiwon.get("/requests").text
    address = deletes(jiwon)

    assert "아직 요청이 없어요." in before
    assert address == "/requests/R-2026-0001"
    assert jiwon.get("/me/delete").headers["Location"] == address
    assert jiwon.post("/me/delete", {"nonce": "a" * 26}).headers["Location"] == address


def test_a_deletion_can_be_cancelled_until_it_is_approved(jiwon: Browser) -> None:
    """One press on the receipt; the page says that it was cancelled."""
    jiwon.agree()
    address = deletes(jiwon)
    at_the_gate = jiwon.get("/consent").text
    done = jiwon.post(address, {"word": "CANCELLED"})

    assert f'href="{address}"' in at_the_gate
    assert done.status_code == 303
    assert "요청을 취소했어요" in jiwon.get(address).text
    assert jiwon.post(address, {"word": "CANCELLED"}).status_code == 409


def test_a_complaint_is_checked_sent_and_shown(jiwon: Browser) -> None:
    """What was written stands on the check page and on the receipt, escaped."""
    address = complains(jiwon, "<b>광고가 왔어요</b>")
    page = jiwon.get(address).text

    assert "&lt;b&gt;광고가 왔어요&lt;/b&gt;" in page
    assert "12월 3일(목)" in page
    assert "R-2026-0001" in jiwon.get("/me/complain").text


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/me/complain", {"text": "  "}, "text"),
        ("/me/complain", {"text": "가" * 2001}, "text"),
        ("/me/complain", {"text": "카드 4111 1111 1111 1111로 결제됐어요"}, "text"),
        ("/me/ask", {"scope": "ITEMS", "text": "900101-1234567"}, "text"),
        ("/me/ask", {}, "scope"),
        ("/me/ask", {"scope": "EVERYTHING"}, "scope"),
    ],
)
def test_a_wrong_request_is_told_at_its_field(jiwon: Browser, path: str, fields: dict[str, str], field: str) -> None:
    """The summary leads to the field, and nothing is sent."""
    answer = jiwon.post(path, {**fields, "step": "send", "nonce": "a" * 26})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    assert "아직 요청이 없어요." in jiwon.get("/requests").text


def test_access_is_asked_for_by_scope(jiwon: Browser) -> None:
    """What was chosen stands on the receipt."""
    check = jiwon.post("/me/ask", {"scope": ["ITEMS", "PROVIDED"], "text": ""})
    done = jiwon.post("/me/ask", {**fields_of(check.text), "scope": ["ITEMS", "PROVIDED"], "step": "send"})

    assert "개인정보의 항목과 내용, 제3자 제공 현황" in jiwon.get(done.headers["Location"]).text


@pytest.mark.parametrize("nonce", ["", "short", "A" * 26, "a" * 27])
def test_a_form_without_its_nonce_is_not_taken(jiwon: Browser, nonce: str) -> None:
    """What no page of ours has made is refused, and nothing is kept of it."""
    assert jiwon.post("/me/suspend", {"nonce": nonce}).status_code == 400
    assert "아직 요청이 없어요." in jiwon.get("/requests").text


def test_a_withdrawal_is_a_request_with_a_result(jiwon: Browser) -> None:
    """It has a number and is done at once; a second press adds none."""
    jiwon.agree()
    jiwon.post("/me/withdraw/access")
    again = jiwon.post("/me/withdraw/access")

    assert again.headers["Location"] == jiwon.get("/me/withdraw/access").headers["Location"] == "/me/withdrawn/access"
    page = jiwon.get("/requests").text
    assert page.count("/requests/R-2026-0001") == 1
    assert "R-2026-0002" not in page
    assert "요청하신 대로 처리했습니다." in jiwon.get("/requests/R-2026-0001").text


@pytest.mark.parametrize("host_id", [MINHO, "nobody@gaon.example"])
def test_somebody_elses_request_is_a_missing_one(jiwon: Browser, browser: MakeBrowser, host_id: str) -> None:
    """To look at or to write to, another member's number and one that never was give the same status and words."""
    address, other = complains(jiwon), browser(host_id)
    missing = "/requests/R-2026-9999"

    def told(path: str, answer: str) -> str:
        return re.sub(r'name="csrf_token" value="[^"]*"', "", answer).replace(path.rpartition("/")[2], "")

    for fields in (None, {"word": "CANCELLED"}, {"word": "OBJECTED", "words": "아니에요"}, {"word": "OBJECTED"}):
        theirs = other.get(address) if fields is None else other.post(address, fields)
        none = other.get(missing) if fields is None else other.post(missing, fields)
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert told(address, theirs.text) == told(missing, none.text)
    assert "요청을 취소했어요" not in jiwon.get(address).text


def test_no_step_of_the_staff_can_be_sent(jiwon: Browser) -> None:
    """A member who sends the word for an approval gets what a missing page gets."""
    address = deletes(jiwon)

    assert jiwon.post(address, {"word": "APPROVED"}).status_code == 404
    assert jiwon.post(address, {"word": "FULFILLED", "words": "x"}).status_code == 404
