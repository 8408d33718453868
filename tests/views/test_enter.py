"""Coming in by mail: one answer for everybody, one use for a link, one page for the member."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from portal.records import audit, standings
from portal.services import entering, registering
from portal.services.changing import changing_standing
from portal.vault import person_keys
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser, fields_of
from tests.mail.letters import letters, path_in
from tests.members.samples import profile

MakeBrowser = Callable[..., Browser]


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> str:
    with app.app_context():
        return registering.register("jiwon", profile(), "SELF", clock()).member_ref


def link_for(app: Flask, there: Browser, clock: FakeClock, who: str = "jiwon.seo@gaon.example") -> str:
    there.post("/enter", {"who": who})
    with app.app_context():
        entering.write_links(clock())
        return path_in(letters("enter_link")[-1])


def entered(app: Flask, browser: MakeBrowser, clock: FakeClock) -> Browser:
    there = browser(None)
    there.get(link_for(app, there, clock))
    there.post("/enter/open")
    return there


def code_sent(app: Flask) -> str:
    with app.app_context():
        return re.findall(r"\b[0-9]{6}\b", letters("step_up_code")[-1]["subject"])[0]


@pytest.mark.parametrize(
    ("who", "written"),
    [
        pytest.param("jiwon.seo@gaon.example", 1, id="a member's address"),
        pytest.param("JIWON-the-sample", 1, id="a member's ID, written otherwise"),
        pytest.param("nobody@gaon.example", 0, id="an unknown address"),
        pytest.param("x" * 5000, 0, id="far too long"),
        pytest.param("' OR 1=1 --", 0, id="junk"),
    ],
)
def test_everybody_gets_the_same_answer(
    app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str, who: str, written: int
) -> None:
    """Status, words and what is done in the request are the same, known or not; only a member's mailbox differs."""
    there = browser(None)

    answer = there.post("/enter", {"who": who})
    page = there.get(answer.location).text

    assert (answer.status_code, answer.location) == (303, "/enter/sent")
    assert "등록된 회원이면" in page
    assert "gaon" not in page
    with app.app_context():
        assert letters("enter_link") == []
        assert entering.write_links(clock()) == written


def test_nothing_typed_is_told(browser: MakeBrowser) -> None:
    """An empty field is named."""
    answer = browser(None).post("/enter", {"who": " "})

    assert answer.status_code == 422
    assert 'href="#who"' in answer.text


def test_the_link_opens_the_members_own_page(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """Looking at the link changes nothing; its button opens "my data" in this browser alone, and both are audited."""
    there, other = browser(None), browser(None)
    path = link_for(app, there, clock)
    assert there.get(path).location == "/enter/open"
    assert there.get("/me").status_code == 403

    answer = there.post("/enter/open")

    assert answer.location == "/me"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("portal-me=")
    assert "HttpOnly" in cookie
    assert there.get("/me").status_code == 200
    assert other.get("/me").status_code == 403
    with app.app_context():
        assert [row.deed for row in audit.found(limit=9, subject=jiwon)][:2] == ["link.used", "link.sent"]


def test_a_link_works_once_and_for_half_an_hour(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """A used link and one that is 30 minutes old open nothing."""
    there = browser(None)
    path = link_for(app, there, clock)
    there.get(path)
    there.post("/enter/open")
    again = browser(None)
    again.get(path)
    assert again.post("/enter/open").status_code == 410

    clock.advance(minutes=11)
    late = browser(None)
    path = link_for(app, late, clock)
    clock.advance(minutes=30)
    late.get(path)
    assert late.get("/enter/open").status_code == 410


def test_the_session_ends_by_itself(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """After 30 minutes without use, and after two hours in any case."""
    idle = entered(app, browser, clock)
    clock.advance(minutes=29)
    assert idle.get("/me").status_code == 200
    clock.advance(minutes=30)
    assert idle.get("/me").status_code == 403

    busy = entered(app, browser, clock)
    for _ in range(5):
        clock.advance(minutes=20)
        assert busy.get("/me").status_code == 200
    clock.advance(minutes=20)
    assert busy.get("/me").status_code == 403


def test_signing_out_ends_it_for_a_copied_cookie_too(
    app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str
) -> None:
    """The row is the session: whoever kept the cookie is signed out as well."""
    there = entered(app, browser, clock)
    cookie = there.client.get_cookie("portal-me")
    assert cookie is not None
    thief = browser(None)
    thief.client.set_cookie("portal-me", cookie.value)
    assert thief.get("/me").status_code == 200

    there.post("/enter/leave")

    assert there.get("/me").status_code == 403
    assert thief.get("/me").status_code == 403


def test_a_suspended_member_still_comes_in(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """Rights outlive the use of the service."""
    with app.app_context(), changing_standing():
        standings.suspend("jiwon", jiwon, clock())

    assert entered(app, browser, clock).get("/me").status_code == 200


def test_whom_the_gate_names_goes_first(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """Signed in to the host as somebody else, the mailed session shows nobody's page but theirs."""
    there = entered(app, browser, clock)
    page = there.client.get("/me", headers={"Accept": "text/html"}, environ_overrides={"consent_gate.host_id": "minho"})

    assert "jiwon.seo@gaon.example" not in page.text


def test_what_was_typed_is_sealed_and_forgotten(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """The draft and its key are gone once it was looked up."""
    browser(None).post("/enter", {"who": "nobody@gaon.example"})
    with app.app_context():
        from portal.records import drafts

        [ref] = drafts.waiting("ENTER", 5)
        entering.write_links(clock())

        assert drafts.waiting("ENTER", 5) == []
        with pytest.raises(person_keys.KeyDestroyed):
            person_keys.seal_of(ref)


def test_too_many_are_asked_to_wait(browser: MakeBrowser) -> None:
    """Nobody tries addresses by the hundred."""
    there = browser(None)
    answers = [there.post("/enter", {"who": f"member-{number}@gaon.example"}) for number in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]


def test_it_is_the_whole_page(app: Flask, browser: MakeBrowser, clock: FakeClock, jiwon: str) -> None:
    """Whoever came by mail reads their own values and may take them along, with a code of their own."""
    there = entered(app, browser, clock)

    page, asked = there.get("/me").text, there.post("/me/download", {"form": "csv"})

    assert "010-1234-5678" in page
    assert 'href="/me/download"' in page
    assert "ji*******@gaon.example" in asked.text


def test_the_personal_contact_outlives_the_companys_mail(app: Flask, browser: MakeBrowser, clock: FakeClock) -> None:
    """Named with a code from the registered address, proved with one from its own, it lets an ex-employee come in, and
    every code from then on goes there: to take the data along and to have it deleted."""
    with app.app_context():
        registering.register("jiwon", profile(personal_contact=""), "SELF", clock())
    signed_in = browser("jiwon")
    home = {"personal_contact": "jiwon@home.example"}
    check = signed_in.post("/me/correct", home)
    asked = signed_in.post("/me/correct", {**fields_of(unescape(check.text)), "step": "send"})
    named = signed_in.post("/me/correct", {**fields_of(unescape(asked.text)), "step_up_code": code_sent(app)})
    early = browser(None)
    early.post("/enter", {"who": "jiwon@home.example"})
    with app.app_context():
        assert entering.write_links(clock()) == 0
    page = signed_in.get("/me").text
    to_prove = signed_in.post("/me/contact")
    proved = signed_in.post("/me/contact", {**fields_of(to_prove.text), "step_up_code": code_sent(app)})

    assert (asked.status_code, named.status_code) == (403, 303)
    assert "ji*******@gaon.example 주소로" in asked.text
    assert 'action="/me/contact"' in page
    assert "ji***@home.example 주소로" in to_prove.text
    assert proved.location == "/me"
    assert 'action="/me/contact"' not in signed_in.get("/me").text

    clock.advance(days=400)
    there = browser(None)
    there.get(link_for(app, there, clock, "jiwon@home.example"))
    opened = there.post("/enter/open")
    first = there.post("/me/download", {"form": "csv"})
    kept = fields_of(first.text)
    elsewhere = there.post("/me/download", {**kept, "step_up_where": "email"})
    back = there.post("/me/download", {**kept, "step_up_where": "contact"})
    taken = there.post("/me/download", {**fields_of(back.text), "step_up_code": code_sent(app)})
    form = there.form("/me/delete")
    deleting = there.post("/me/delete", form)
    deleted = there.post("/me/delete", {**fields_of(deleting.text), "step_up_code": code_sent(app)})

    assert opened.location == "/me"
    assert "ji***@home.example 주소로" in first.text
    assert "가입한 메일로 받기" in first.text
    assert "ji*******@gaon.example 주소로" in elsewhere.text
    assert "개인 연락처로 받기" in elsewhere.text
    assert "jiwon@home.example" in taken.data.decode("utf-8-sig")
    assert deleted.location.startswith("/requests/R-")
    with app.app_context():
        assert letters("request_received")[-1]["to"] == "jiwon@home.example"
