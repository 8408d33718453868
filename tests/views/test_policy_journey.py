"""Screen 19 as an officer goes through it: two versions drafted, compared, released, and what they turn for members."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from portal.rules.role import Role
from portal.services import drafting, publishing
from tests.fake_clock import FakeClock
from tests.fixtures_portal import Browser

DESK = "/desk/policy"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


class _Forms(HTMLParser):
    """Reads the forms of a page as a browser fills them in before anybody types."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value")
        if tag == "form":
            self.forms.append({})
        elif not self.forms:
            return
        elif tag == "input" and name and told.get("type") not in ("file", "submit"):
            if told.get("type") in ("checkbox", "radio") and "checked" not in told:
                self.forms[-1].setdefault(name, [])
                return
            self.forms[-1].setdefault(name, []).append("on" if value is None else value)
        elif tag == "textarea":
            self._area = name
            self.forms[-1][name] = [""]
        elif tag == "select":
            self._select = name
            self.forms[-1][name] = []
        elif tag == "option" and self._select and "selected" in told:
            self.forms[-1][self._select] = [value or ""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""


def forms_of(page: str) -> list[dict[str, Any]]:
    """Return the forms of a page, filled in as it shows them."""
    reader = _Forms()
    reader.feed(page)
    return reader.forms


def form_with(page: str, field: str) -> dict[str, Any]:
    """Return the form that has this field, filled in as the page shows it."""
    return next(form for form in forms_of(page) if field in form)


def fills(officer: Browser, path: str, field: str, **typed: Any) -> Any:
    """Open a page, type into the form that has `field`, and send it."""
    form = form_with(officer.get(path).text, field) | {name.replace("__", "."): told for name, told in typed.items()}
    form.pop("csrf_token", None)
    return officer.post(path, form)


def begins(officer: Browser, day: str) -> str:
    """Begin a draft for a day and return its address."""
    answer = officer.post(f"{DESK}/drafts", {"effective_on": day})
    assert answer.status_code == 303, answer.text
    return re.sub(r"^https?://[^/]+", "", answer.headers["Location"])


def releases(officer: Browser, draft: str, day: str, **more: str) -> Any:
    return fills(officer, f"{draft}/release", "confirm", confirm=day, **more)


def test_an_officer_changes_the_policy_twice(
    app: Flask, clock: FakeClock, at_desk: Callable[..., Browser], browser: Callable[..., Browser]
) -> None:
    """One version adds a processor and asks nobody; one changes a period, and who had agreed to it is asked for that
    alone. The page, the question and the clocks turn on its day, and not before."""
    jiwon, officer = browser(), at_desk(Role.OFFICER)
    jiwon.agree()

    draft = begins(officer, "2026-12-24")
    assert fills(officer, f"{draft}/add/processors", "key", key="mailer").status_code == 303
    told = {
        "name__ko": "(주)우체통",
        "name__en": "Letterbox",
        "relationship": "PROCESSOR",
        "task__ko": "청구서 메일 발송",
        "task__en": "Mailing bills",
        "purposes": ["bill"],
        "items": ["email"],
        "notice__ko": "청구서는 (주)우체통이 메일로 보내요.",
        "notice__en": "Letterbox mails the bills.",
        "articles": ["2-2"],
    }
    assert fills(officer, f"{draft}/processors/mailer", "name.ko", **told).status_code == 303
    plan = officer.get(f"{draft}/release").text
    assert "(주)우체통" in plan
    assert "0명" in plan
    assert releases(officer, draft, "2026-12-24").status_code == 303

    clock.advance(days=32)  # 2026-12-25 in Seoul
    assert "(주)우체통" in jiwon.get("/").text
    assert "shown" not in jiwon.form()

    officer = at_desk(Role.OFFICER)
    draft = begins(officer, "2027-01-30")
    assert (
        fills(officer, f"{draft}/retention_rules/access_record", "period.months", period__months="3").status_code == 303
    )
    plan = officer.get(f"{draft}/release").text
    assert "3개월" in plan
    assert "1명" in plan
    assert releases(officer, draft, "2027-01-30").status_code == 303

    clock.advance(days=35)
    assert "시행 예정" in at_desk(Role.OFFICER).get(DESK).text
    assert "shown" not in jiwon.form()
    clock.advance(days=2)
    assert jiwon.form()["shown"] == "access"
    assert "3개월" in jiwon.get("/consent").text
    with app.app_context():
        rules = publishing.in_force(clock()).policy.retention_rules
    assert {rule.key: rule.period.in_months for rule in rules} == {
        "fraud": 12,
        "identity_check": 6,
        "access_record": 3,
        "dispute": 36,
    }


def test_a_release_too_soon_asks_why(clock: FakeClock, at_desk: Callable[..., Browser]) -> None:
    """Three days ahead is refused until a reason is typed; the reason stands at the version afterwards."""
    officer = at_desk(Role.OFFICER)
    draft = begins(officer, "2026-11-26")

    assert releases(officer, draft, "2026-11-26").status_code == 422
    assert releases(officer, draft, "2026-11-26", early_because="법령 개정 긴급").status_code == 303
    assert "법령 개정 긴급" in officer.get(DESK).text


def test_a_release_wants_its_name_typed(clock: FakeClock, at_desk: Callable[..., Browser]) -> None:
    """Another name than the version's publishes nothing."""
    officer = at_desk(Role.OFFICER)
    draft = begins(officer, "2027-01-30")

    assert releases(officer, draft, "2027-01-31").status_code == 422
    assert officer.get(draft).status_code == 200


def test_saving_what_is_shown_changes_nothing(app: Flask, clock: FakeClock, at_desk: Callable[..., Browser]) -> None:
    """Every fact of a draft, opened and saved untouched, is the same policy still."""
    officer = at_desk(Role.OFFICER)
    draft = begins(officer, "2027-01-30")
    ref = draft.rpartition("/")[2]
    with app.app_context():
        before = drafting.draft_of(ref)
    places = [(section, "") for section in drafting.SINGLE]
    places += [(section, drafting.name_of(one)) for section in drafting.LISTS for one in before.facts[section]]

    for section, key in places:
        path = f"{draft}/{section}/{key}".rstrip("/")
        shown = officer.get(path)
        assert shown.status_code == 200, path
        form = next(form for form in forms_of(shown.text) if "seen" in form and "section" not in form)
        form.pop("csrf_token", None)
        answer = officer.post(path, form)
        assert answer.status_code == 303, (path, answer.text)

    with app.app_context():
        assert drafting.draft_of(ref).policy == before.policy
        assert before.policy is not None


def test_a_fault_is_told_at_its_field_and_what_was_typed_is_kept(at_desk: Callable[..., Browser]) -> None:
    """A text in one language only is refused beside its field; the other fields stay as typed."""
    officer = at_desk(Role.OFFICER)
    draft = begins(officer, "2027-01-30")

    answer = fills(officer, f"{draft}/processors/kicc", "name.ko", name__ko="새 이름(주)", name__en="")

    assert answer.status_code == 422
    assert "새 이름(주)" in answer.text
    assert "두 언어로 모두 적어 주세요" in answer.text


def test_of_two_officers_the_second_keeps_their_words(at_desk: Callable[..., Browser]) -> None:
    """Who saved a form that had grown old is told, with what they typed still there."""
    officer, other = at_desk(Role.OFFICER), at_desk(Role.OFFICER)
    draft = begins(officer, "2027-01-30")
    path = f"{draft}/processors/kicc"
    old = form_with(other.get(path).text, "name.ko") | {"name.ko": "둘째(주)"}
    old.pop("csrf_token")
    assert fills(officer, path, "name.ko", name__ko="첫째(주)").status_code == 303

    answer = other.post(path, old)

    assert answer.status_code == 409
    assert "둘째(주)" in answer.text
