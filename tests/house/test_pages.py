"""Every page, the same laws: one heading, labelled fields, nothing ticked, nothing inline, no word untranslated."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from flask import Flask

from middleware.outbound import REL
from portal.clock import SEOUL, seoul_day
from portal.database import db, writing
from portal.demo.members import SampleMembers
from portal.records import drafts, leavers, members, requests
from portal.records.drafts import Draft
from portal.rules.deadline import Kind
from portal.rules.role import PERMISSIONS, Role
from portal.services import (
    accounts,
    destroying,
    drafting,
    following,
    inquiring,
    leaving,
    listing,
    objecting,
    ordering,
    proving,
    registering,
    requesting,
)
from portal.services.auditing import OPERATOR, By
from portal.services.leaving import Leaving
from portal.services.list_file import Line
from portal.translations import catalogue
from portal.vault import certificates
from portal.views.guarding import ACCOUNTS, CLOSED, OF_COMPANIES, OPEN
from tests.desk.samples import a_member, a_request
from tests.fixtures_portal import JIWON, PAGE, Browser
from tests.members.samples import profile
from tests.staffing import a_company, an_admin

PLACES = {
    "public.policy": "/",
    "public.versions": "/versions",
    "public.version": "/versions/2021-02-04",
    "public.compare": "/versions/compare?from=2021-02-04&to=2021-02-04",
    "consent.form": "/consent",
    "consent.declined": "/declined",
    "me.overview": "/me",
    "me.download": "/me/download",
    "me.records": "/me/records",
    "me.withdraw": "/me/withdraw/access",
    "me.withdrawn": "/me/withdrawn/member",
    "me.receipt": "/me/receipts/{receipt}",
    "certificates.page": "/certificates/{certified}",
    "certificates.verify": "/verify",
    "contact.form": "/contact",
    "contact.agent": "/contact/agent",
    "contact.confirm": "/contact/confirm?token={unconfirmed}",
    "contact.follow": "/contact/follow?token={followed}",
    "enter.form": "/enter",
    "enter.sent": "/enter/sent",
    "enter.open_link": "/enter/open?token={entering}",
    "exercising.correct": "/me/correct",
    "exercising.suspend": "/me/suspend",
    "exercising.delete": "/me/delete",
    "exercising.ask": "/me/ask",
    "exercising.complain": "/me/complain",
    "leavers.objection": "/objections?token={reported}",
    "leavers.left": "/left",
    "leavers.leaving": "/me/left",
    "org_questions.overview": "/org/questions",
    "leavers.mine": "/me/objection?of={objected}",
    "requests.overview": "/requests",
    "requests.receipt": "/requests/{request}",
    "org.overview": "/org",
    "org_members.overview": "/org/members",
    "org_members.person": "/org/members/{colleague_member}",
    "org_admins.overview": "/org/admins",
    "org_admins.remove": "/org/admins/{admin}/removal",
    "companies.overview": "/desk/companies",
    "companies.company": "/desk/companies/{company}",
    "org_lists.one": "/org/leavers/one",
    "org_lists.upload": "/org/lists/new",
    "org_lists.check": "/org/lists/{list}",
    "org_lists.report": "/org/requests/{report}",
    "org_sign_in.form": "/org/sign-in",
    "sign_in.form": "/desk/sign-in",
    "sign_in.join": "/desk/join?token={invited}",
    "account.overview": "/desk/account",
    "desk.queue": "/desk",
    "desk.case": "/desk/requests/{case}",
    "desk.objections": "/desk/requests/{objected}/objections",
    "desk.log": "/desk/requests/new",
    "desk.people": "/desk/requests/{case}/people",
    "policies.overview": "/desk/policy",
    "policies.draft": "/desk/policy/drafts/{draft}",
    "policies.fact": "/desk/policy/drafts/{draft}/processors/kicc",
    "policies.add": "/desk/policy/drafts/{draft}/add/items",
    "policies.check": "/desk/policy/drafts/{draft}/release",
    "policies.withdrawal": "/desk/policy/versions/{announced}/withdrawal",
    "destructions.overview": "/desk/destructions",
    "destructions.case": "/desk/destructions/{destroyed}",
    "holds.overview": "/desk/holds",
    "retention.overview": "/desk/retention",
    "ledger.overview": "/desk/ledger",
    "ledger.paper": "/desk/ledger/paper",
    "reviews.overview": "/desk/access",
    "inquiries.overview": "/desk/inquiries",
    "inquiries.log": "/desk/inquiries/new",
    "inquiries.inquiry": "/desk/inquiries/{inquiry}",
    "registers.overview": "/desk/registers",
    "registers.add": "/desk/registers/new",
    "registers.entry": "/desk/registers/kicc",
    "registers.change": "/desk/registers/kicc/facts",
    "handlers.overview": "/desk/handlers",
    "handlers.person": "/desk/handlers/{colleague}",
    "handlers.invite": "/desk/handlers/invite",
}
NO_PAGES = {
    "certificates.annex",
    "certificates.document",
    "contact.answer",
    "contact.confirmed",
    "contact.send",
    "contact.send_as_agent",
    "contact.sent",
    "enter.ask",
    "enter.leave",
    "enter.opened",
    "static",
    "public.receipt_key",
    "public.theme",
    "consent.answer",
    "consent.carry_on",
    "leavers.ask",
    "leavers.say_left",
    "org_questions.answer",
    "leavers.object",
    "leavers.object_as_member",
    "me.receipt_file",
    "me.download_file",
    "me.prove_contact",
    "account.change_password",
    "desk.search",
    "desk.take",
    "desk.again",
    "desk.hold",
    "desk.judge",
    "desk.step",
    "destructions.again",
    "destructions.prove",
    "holds.lift",
    "policies.begin",
    "policies.take_out",
    "policies.release",
    "policies.withdraw",
    "holds.place_one",
    "desk.reveal",
    "desk.paper",
    "ledger.confirm",
    "ledger.second",
    "ledger.table",
    "reviews.search",
    "reviews.sign",
    "exercising.asked",
    "exercising.complained",
    "exercising.corrected",
    "exercising.deleted",
    "exercising.resume",
    "exercising.suspended",
    "requests.send",
    "inquiries.decide",
    "registers.note",
    "registers.table",
    "handlers.account",
    "handlers.designate",
    "handlers.end",
    "handlers.train",
    "org_lists.check_one",
    "org_lists.discard",
    "org_lists.fix",
    "org_lists.sample",
    "org_lists.send",
    "org_lists.take_back",
    "org_lists.tick",
    "org_lists.uploaded",
    "org_sign_in.enter",
    "org_members.search",
    "org_members.suspend",
    "org_members.resume",
    "companies.search",
    "companies.verify",
    "companies.reopen",
    "companies.revoke",
    "companies.invite",
    "companies.end",
    "companies.clear",
    "sign_in.enter",
    "sign_in.home",
    "sign_in.joined",
    "sign_in.leave",
    "api.description",
    "api.disclosures",
    "api.members",
}
FILLED: dict[str, Callable[[Browser], str]] = {  # what stands in braces above, made for the member's browser
    "receipt": lambda jiwon: re.findall(r"/me/receipts/([a-z2-7]{26})", jiwon.get("/me").text)[0],
    "request": lambda jiwon: re.findall(r"/requests/(R-[0-9]{4}-[0-9]{4})", jiwon.get("/requests").text)[0],
    "invited": lambda jiwon: invited(jiwon)[1],
    "case": lambda jiwon: asked(jiwon),
    "draft": lambda jiwon: drafted(jiwon),
    "announced": lambda jiwon: announced(jiwon),
    "certified": lambda jiwon: certified(jiwon)[0],
    "destroyed": lambda jiwon: certified(jiwon)[1],
    "unconfirmed": lambda jiwon: issued(jiwon, "REPLY"),
    "entering": lambda jiwon: issued(jiwon, "ENTER"),
    "followed": lambda jiwon: followed(jiwon),
    "reported": lambda jiwon: reported(jiwon)[0],
    "objected": lambda jiwon: reported(jiwon)[1],
    "colleague": lambda jiwon: invited(jiwon)[0],
    "inquiry": lambda jiwon: inquired(jiwon),
    "colleague_member": lambda jiwon: of_gaon(jiwon)[0],
    "admin": lambda jiwon: of_gaon(jiwon)[1],
    "company": lambda jiwon: of_gaon(jiwon)[2],
    "list": lambda jiwon: a_list(jiwon),
    "report": lambda jiwon: a_report(jiwon),
}
TICKED = {  # pages that show what is held, and ask nobody to agree
    "registers.change": 4,  # three items and a purpose
    "policies.fact": 6,  # the same, its article, and that a review is due
}
HANGUL = re.compile("[가-힣]")
NAMES_IN_KOREAN = re.compile(r"\([가-힣][가-힣 ()]*\)|한국어")  # names of people and bodies stand beside their English


def inquired(jiwon: Browser) -> str:
    """Return the reference of an authority's request that was logged."""
    app = jiwon.client.application
    at = app.extensions["portal.clock"]()
    with app.app_context():
        asked = inquiring.Asked("Gaon Police", "2026-123", "Criminal Procedure Act art. 215", "IP", (JIWON,))
        return inquiring.log(asked, seoul_day(at), OPERATOR, at)


def certified(jiwon: Browser) -> tuple[str, str]:
    """Return the code of the certificate of a destruction that was carried out, and its reference."""
    app = jiwon.client.application
    SampleMembers(app.extensions["portal.settings"].instance / "sample-matecost.db")  # the host's own tables
    with app.app_context():
        at = app.extensions["portal.clock"]()
        ref = registering.register("minho", profile(email="minho.park@gaon.example"), "SELF", at).member_ref
        with writing():
            destruction = ordering.order(ref, "ASKED", event_day=seoul_day(at), by=OPERATOR, at=at)
        db.session.remove()
        destroying.destroy_due(app)
        found = certificates.newest_of(db.engines["keys"], destruction)
        assert found is not None
        return found.code, destruction


def drafted(jiwon: Browser) -> str:
    """Return the reference of a draft of a new version, a retention period changed in it."""
    app = jiwon.client.application
    with app.app_context():
        at = app.extensions["portal.clock"]()
        ref = drafting.begin(date(2027, 1, 4), OPERATOR, at)
        rule = drafting.fact_of(drafting.draft_of(ref), "retention_rules", "dispute") | {"period": {"years": 4}}
        drafting.rewrite(ref, "retention_rules", "dispute", rule, seen=1, by=OPERATOR, at=at)
        return ref


def announced(jiwon: Browser) -> str:
    """Return the name of a version that was released and lies ahead."""
    ref, app = drafted(jiwon), jiwon.client.application
    with app.app_context():
        at = app.extensions["portal.clock"]()
        starts = datetime(2027, 1, 4, tzinfo=SEOUL)
        return drafting.release(ref, starts, "", seen=2, by=OPERATOR, at=at).policy.version


def issued(jiwon: Browser, purpose: proving.Purpose) -> str:
    """Return the token of a link to a draft that waits, or to the member's own page."""
    app = jiwon.client.application
    at = app.extensions["portal.clock"]()
    with app.app_context(), writing():
        ref = "d" * 26
        if purpose == "REPLY":
            drafts.add(Draft(ref=ref, kind="CONTACT", sealed=b"", made_at=at))
        return proving.issue_link(purpose, ref, at, timedelta(days=1))


def reported(jiwon: Browser) -> tuple[str, str]:
    """Return the token of the link to object by, and the number of a report of the member; an objection stands."""
    app = jiwon.client.application
    with app.app_context():
        at = app.extensions["portal.clock"]()
        ref = a_member(at, company_name="Gaon")
        member = members.of_ref(ref)
        assert member is not None
        people = [Leaving(ref, seoul_day(at))]
        by = By("STAFF", "admin")
        number = leaving.report(member.company_ref or "", people, reporter="admin", by=by, at=at, language="en").number
        leaver = leavers.open_of([ref])[ref]
        leaving.tell_some(at)
        objecting.object_to(leaver.id, "I work here.", By("MEMBER", ref), at)
        with writing():
            return proving.issue_link("OBJECTION", str(leaver.id), at, timedelta(days=1)), number


def followed(jiwon: Browser) -> str:
    """Return the token by which a stranger follows a complaint."""
    app = jiwon.client.application
    with app.app_context():
        filed = requesting.receive(
            Kind.COMPLAINT,
            requester="STRANGER",
            channel="CONTACT",
            by=By("STRANGER", "stranger"),
            at=app.extensions["portal.clock"](),
            language="en",
            details={"topic": "other", "text": "A question", "reply_to": "stranger@elsewhere.example"},
        )
        request = requests.of_number(filed.number)
        assert request is not None
        return following.token_of(request.ref)


def invited(jiwon: Browser) -> tuple[str, str]:
    """Return the reference of somebody just invited, and the token of the mailed link."""
    app = jiwon.client.application
    with app.app_context():
        return accounts.invite(
            "yuna.han@cloudmate.example", "Yuna Han", [Role.HANDLER], OPERATOR, app.extensions["portal.clock"]()
        )


def of_gaon(jiwon: Browser) -> tuple[str, str, str]:
    """Return a member, an admin and the reference of the company that the admin at the browser acts for."""
    app = jiwon.client.application
    with app.app_context():
        at = app.extensions["portal.clock"]()
        company = a_company(at, "Gaon")
        admin = an_admin(at, company, name="Haneul Kim", email="haneul.kim@gaon.example")
        member = registering.register("minho", profile(email="minho.park@gaon.example"), "SELF", at).member_ref
        return member, admin.ref, company


def a_list(jiwon: Browser) -> str:
    """Return the reference of a list that the admin has uploaded, with a row of each kind but one."""
    app = jiwon.client.application
    with app.app_context():
        at = app.extensions["portal.clock"]()
        admin = next(person for person in accounts.everyone() if person.company_ref)
        registering.register("minho", profile(email="minho.park@gaon.example"), "SELF", at)
        lines = [Line(2, "minho.park@gaon.example", "", "2026-10-31"), Line(3, "choi.gaon.example", "", "")]
        lines += [Line(number, f"nobody-{number}@gaon.example", "", "2026-10-31") for number in range(4, 70)]
        return listing.keep("leavers.csv", lines, company_ref=str(admin.company_ref), account_ref=admin.ref, at=at)


def a_report(jiwon: Browser) -> str:
    """Return the number of a report that came of such a list."""
    app = jiwon.client.application
    ref = a_list(jiwon)
    with app.app_context():
        at = app.extensions["portal.clock"]()
        admin = next(person for person in accounts.everyone() if person.company_ref)
        by = By("STAFF", admin.ref)
        return listing.send(ref, by=by, at=at, language="en", reply_to=admin.email).number


def asked(jiwon: Browser) -> str:
    """Return the number of a request by the member."""
    app = jiwon.client.application
    with app.app_context():
        return a_request(app.extensions["portal.clock"](), a_member(app.extensions["portal.clock"]()))


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def visitor(jiwon: Browser, request: pytest.FixtureRequest, endpoint: str) -> Browser:
    """Who may come to the page: the member, an officer at the desk, or a stranger where the desk begins."""
    if endpoint.startswith(
        ("sign_in.", "org_sign_in.", "enter.", "contact.", "certificates.", "leavers.objection", "leavers.left")
    ):
        return Browser(jiwon.client.application.test_client(), None)
    permission = CLOSED.get(endpoint, "policy.read")
    if permission in OF_COMPANIES:
        admin: Browser = request.getfixturevalue("at_desk")(Role.COMPANY_ADMIN, name="Sunwoo Kang", company="Gaon")
        return admin
    if PERMISSIONS[permission] & ACCOUNTS:
        officer: Browser = request.getfixturevalue("at_desk")(
            Role.OFFICER, Role.HANDLER, Role.AUDITOR, name="Dohyeon Lee", reason="Support", course="Basics"
        )
        return officer
    return jiwon


@pytest.fixture
def jiwon(browser: Callable[..., Browser]) -> Browser:
    """A member who has agreed, and taken one consent back."""
    jiwon = browser()
    jiwon.agree()
    jiwon.post("/me/withdraw/member")
    return jiwon


class Reader(HTMLParser):
    """Notes what the laws ask about."""

    def __init__(self) -> None:
        super().__init__()
        self.h1 = 0
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.checked = 0
        self.inline: list[str] = []
        self._in_label = 0
        self.title = ""
        self._in_title = False
        self.links_out: list[tuple[str | None, str]] = []  # to other sites: rel, and the words of the link
        self._in_link_out = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
            self.h1 += tag == "h1"
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "label":
            self._in_label += 1
            if found.get("for"):
                self.labelled.add(str(found["for"]))
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.fields.append({**found, "inside a label": "yes" if self._in_label else None})
            self.checked += "checked" in found
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag in ("script", "style") else []
        self.inline += [str(value) for value in found.values() if value and value.startswith(("data:", "javascript:"))]
        self._in_title = tag == "title"
        if tag == "a" and not (found.get("href") or "").startswith(("/", "#", "?", "otpauth:")):
            self.links_out.append((found.get("rel"), ""))
            self._in_link_out = True

    def handle_endtag(self, tag: str) -> None:
        self._in_label -= tag == "label"
        self._in_title = False
        self._in_link_out = self._in_link_out and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._in_link_out:
            rel, words = self.links_out[-1]
            self.links_out[-1] = (rel, words + data)
        if self._in_title:
            self.title += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_every_route_is_listed_here_or_is_no_page(app: Flask) -> None:
    """A new page joins this table, so that it is held to the laws below."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert endpoints == set(PLACES) | NO_PAGES


def test_every_route_is_closed_to_strangers_unless_listed_open(app: Flask) -> None:
    """Without a named person only what `OPEN` lists answers, whatever the method; each entry has its reason."""
    client = app.test_client()

    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            with client.open(path, method=method, headers=PAGE) as answer:
                if rule.endpoint in OPEN:
                    assert "로그인이 필요해요" not in answer.text, rule.endpoint
                elif answer.status_code == 303:  # a page of the desk leads to its sign-in
                    assert PERMISSIONS[CLOSED[rule.endpoint]] & ACCOUNTS, rule.endpoint
                    assert answer.location.startswith(("/desk/sign-in?next=", "/org/sign-in?next=")), rule.endpoint
                else:
                    assert answer.status_code in (400, 403), (rule.endpoint, method)
    assert all(OPEN.values())


def test_every_route_is_in_one_table_of_the_guard(app: Flask) -> None:
    """What neither table names is refused to everybody, so nothing is left out; no permission is made up."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert endpoints == {*OPEN, *CLOSED}
    assert set(OPEN) & set(CLOSED) == set()
    assert set(CLOSED.values()) <= set(PERMISSIONS)


@pytest.mark.parametrize("endpoint", PLACES)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_page_keeps_the_laws(jiwon: Browser, visitor: Browser, endpoint: str, language: str) -> None:
    """One h1, headings in order, unique ids, labelled fields, nothing ticked, nothing inline, links out marked, a title
    of its own."""
    page = visitor.get(address(jiwon, endpoint, language), follow_redirects=True)
    reader = read(page.text)

    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert reader.h1 == 1
    assert all(after - before <= 1 for before, after in zip(reader.headings, reader.headings[1:], strict=False))
    assert len(reader.ids) == len(set(reader.ids))
    assert all(field["inside a label"] or field.get("id") in reader.labelled for field in reader.fields)
    assert reader.checked == TICKED.get(endpoint, 0)
    assert reader.inline == []
    mark = {"ko": "외부 사이트", "en": "Outside site"}[language]
    assert [link for link in reader.links_out if link[0] != REL or not link[1].endswith(mark)] == []
    assert re.fullmatch(r".+ - MateCost", reader.title.strip())


def test_links_out_are_found(browser: Callable[..., Browser]) -> None:
    """The contact page leads to three bodies, each marked; a bare link would be noticed."""
    assert len(read(browser(None).get("/contact").text).links_out) == 3
    assert read('<a href="https://elsewhere.example">x</a>').links_out == [(None, "x")]


@pytest.mark.parametrize("endpoint", PLACES)
def test_a_page_in_english_holds_no_korean(jiwon: Browser, visitor: Browser, endpoint: str) -> None:
    """On an English page only proper names stand in Korean too."""
    page = visitor.get(address(jiwon, endpoint, "en"), follow_redirects=True).text
    said = re.sub(r"<textarea.*?</textarea>|<[^>]+>", " ", page, flags=re.DOTALL)  # what one fills in may be Korean
    words = NAMES_IN_KOREAN.sub("", said)

    assert HANGUL.findall(words) == []


def test_the_english_catalogue_is_whole() -> None:
    """Everything said has its English, with the same placeholders, and nothing else is kept."""
    said = {message.id for message in catalogue.said() if message.id}
    written = catalogue.written()

    assert {message.id for message in written if message.id} == said
    assert catalogue.missing(written) == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    """`python -m portal.translations` was run after the last change."""
    with catalogue.MO.open("rb") as file:
        compiled = texts(read_mo(file))

    assert compiled == texts(catalogue.written())


def texts(catalog: Catalog) -> set[tuple[str, ...]]:
    """Return each message with its translations, however the reader shaped them."""
    return {(*flat(message.id), *flat(message.string)) for message in catalog if message.id}


def flat(words: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


@pytest.mark.parametrize("sheet", ["ui.css", "ui-dark.css"])
def test_a_stylesheet_asks_nobody_else(app: Flask, sheet: str) -> None:
    """No import, no foreign address, no embedded data, and small enough."""
    with app.test_client().get(f"/static/{sheet}") as answer:
        css = answer.text

    assert "@import" not in css
    assert "url(" not in css
    assert len(answer.data) <= 36_000


def test_every_class_of_the_stylesheet_is_used() -> None:
    """What no template uses is not carried along."""
    css = re.sub(r"/\*.*?\*/", "", (catalogue.PORTAL / "static" / "ui.css").read_text(), flags=re.S)
    classes = set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", css))
    used = " ".join(path.read_text() for path in (catalogue.PORTAL / "templates").rglob("*.html"))
    used += " ".join(path.read_text() for path in (catalogue.PORTAL / "views").glob("*.py"))

    assert {name for name in classes if not re.search(rf"\b{re.escape(name)}\b", used)} == set()


def address(jiwon: Browser, endpoint: str, language: str) -> str:
    """Return where a page is, with whatever its address in PLACES needs."""
    path = PLACES[endpoint]
    path = path.format(**{name: FILLED[name](jiwon) for name in re.findall(r"{(\w+)}", path)})
    return f"{path}{'&' if '?' in path else '?'}lang={language}"
