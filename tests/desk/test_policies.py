"""Versions of the policy at the desk: begun, filled in with every fault at its field, compared, typed and released."""

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from flask import Flask

from portal.policy.loading import shipped
from portal.records import policy_drafts
from portal.rules.role import Role
from portal.services import drafting, publishing
from portal.services.auditing import By
from tests.fake_clock import FakeClock
from tests.fixtures_portal import PAGE, Browser

AtDesk = Callable[..., Browser]
OTHER = By("STAFF", "other")


@pytest.fixture
def officer(at_desk: AtDesk) -> Browser:
    return at_desk(Role.OFFICER, name="박서윤")


@pytest.fixture
def draft(officer: Browser) -> str:
    """The address of a draft for 4 January 2027."""
    answer = officer.post("/desk/policy/drafts", {"effective_on": "2027-01-04"})
    assert answer.status_code == 303
    return str(answer.location)


def filled(page: str) -> dict[str, object]:
    """Return the fields of the form of a fact as a browser would send them back."""
    form = page.partition('class="card" novalidate>')[2].partition("</form>")[0]
    inputs = re.findall(r'<input class="in" id="[^"]+" name="([^"]+)"[^>]* value="([^"]*)"', form)
    areas = re.findall(r'<textarea class="in" id="[^"]+" name="([^"]+)"[^>]*>([^<]*)</textarea>', form)
    fields: dict[str, object] = {name: unescape(words) for name, words in [*inputs, *areas]}
    for name, options in re.findall(r'<select class="in" id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        fields[name] = chosen[0] if chosen else ""
    ticked: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="checkbox" name="([^"]+)" value="([^"]+)"[^>]* checked', form):
        ticked.setdefault(name, []).append(value)
    return fields | ticked | {"seen": re.findall(r'name="seen" value="(\d+)"', form)[0]}


FACTS = (
    *("officer", "controller", "title", "reason", "effective_on", "items/email", "consent_items/member"),
    *("processors/kicc", "retention_rules/dispute", "articles/2-1", "purposes/bill", "destruction_methods/PAPER"),
    "remedy_bodies/police_cyberterror",
)


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_that_is_sent_back_unchanged_changes_nothing(
    app: Flask, officer: Browser, draft: str, fact: str
) -> None:
    """Every kind of fact survives its form: texts, references, periods, terms, yes and no."""
    ref = draft.rpartition("/")[2]
    with app.app_context():
        before = drafting.draft_of(ref).policy

    answer = officer.post(f"{draft}/{fact}", filled(officer.get(f"{draft}/{fact}").text))

    assert answer.status_code == 303, answer.text
    with app.app_context():
        assert drafting.draft_of(ref).policy == before
        assert drafting.draft_of(ref).edition == 2


def test_a_fault_stands_at_its_field_and_what_was_typed_stays(app: Flask, officer: Browser, draft: str) -> None:
    """An empty English text, a phone that is gone: each is told where it is, and the draft is as it was."""
    fields = filled(officer.get(f"{draft}/processors/kicc").text) | {"name.en": "", "name.ko": "새 이름(주)"}

    answer = officer.post(f"{draft}/processors/kicc", fields)

    assert answer.status_code == 422
    assert 'id="name.en-err">비어 있습니다. 두 언어로 모두 적어 주세요.' in answer.text
    assert 'value="새 이름(주)"' in answer.text
    assert answer.text.count('class="err"') == 1
    with app.app_context():
        assert drafting.draft_of(draft.rpartition("/")[2]).edition == 1


def test_two_officers_do_not_overwrite_each_other(app: Flask, clock: FakeClock, officer: Browser, draft: str) -> None:
    """The second gets 409 and reads what is stored beside what they typed, word by word; saved again it is as they
    chose for each field, and nothing else of the other's is lost."""
    ref, page = draft.rpartition("/")[2], f"{draft}/processors/kicc"
    fields = filled(officer.get(page).text)
    with app.app_context():
        theirs = drafting.fact_of(drafting.draft_of(ref), "processors", "kicc") | {"items": ["card_number"]}
        theirs |= {"task": {"ko": "카드 결제와 전표 보관", "en": "Payment, slips kept"}, "review_required": False}
        drafting.rewrite(ref, "processors", "kicc", theirs, seen=1, by=OTHER, at=clock())

    late = officer.post(page, fields | {"task.ko": "카드 결제와 취소", "name.ko": "새 결제(주)"})

    assert late.status_code == 409
    assert "다른 담당자 님이 먼저 고쳐서 저장하지 않았습니다." in late.text
    assert '<del><span class="sr">삭제됨: </span>전표 보관</del>' in late.text
    assert '<ins><span class="sr">추가됨: </span>취소</ins>' in late.text
    sides = set(re.findall(r'name="take\.([^"]+)" value="stored"', late.text))
    assert sides >= {"name.ko", "task.ko", "task.en", "review_required"}
    again = filled(late.text)
    assert (again["seen"], again["name.ko"]) == ("2", "새 결제(주)")
    taken = {f"take.{side}": "stored" for side in sides} | {"take.name.ko": "mine"}
    assert officer.post(page, again | taken).status_code == 303
    with app.app_context():
        kept = drafting.fact_of(drafting.draft_of(ref), "processors", "kicc")
        assert kept == theirs | {"name": {"ko": "새 결제(주)", "en": theirs["name"]["en"]}}


def test_what_was_taken_out_meanwhile_comes_back_as_typed(
    app: Flask, clock: FakeClock, officer: Browser, draft: str
) -> None:
    """Who was writing a fact that a colleague took out of the draft keeps what they wrote, and saving adds it again."""
    ref = draft.rpartition("/")[2]
    with app.app_context():
        key = str(drafting.draft_of(ref).facts["safeguards"][0]["key"])
    page = f"{draft}/safeguards/{key}"
    fields = filled(officer.get(page).text)
    with app.app_context():
        drafting.rewrite(ref, "safeguards", key, None, seen=1, by=OTHER, at=clock())

    late = officer.post(page, fields)
    assert late.status_code == 409
    assert officer.post(page, filled(late.text)).status_code == 303

    with app.app_context():
        assert drafting.draft_of(ref).facts["safeguards"][-1]["key"] == key
    assert officer.get(f"{draft}/safeguards/nothing").status_code == 404


def test_from_the_draft_to_the_release(app: Flask, clock: FakeClock, officer: Browser, draft: str) -> None:
    """A longer period is compared word by word, the wrong name is refused, the right one releases; then it stands as
    coming on the public page, and the draft is gone."""
    fields = filled(officer.get(f"{draft}/retention_rules/dispute").text) | {"period.years": "4"}
    officer.post(f"{draft}/retention_rules/dispute", fields)
    page = officer.get(f"{draft}/release").text
    assert '<ins><span class="sr">추가됨: </span>4년</ins>' in page
    assert "30일 (중요한 변경)" in page
    assert "사실 1가지, 조항 0개" in page
    assert "개정 이유가 이전 방침과 같습니다." in page
    assert "제1조에 이전 시행일(2021년 2월 4일)이 있습니다." in page
    assert officer.get(draft).text.count("바뀜</span>") == 1
    assert "동의하는 내용이 바뀝니다. 지금 동의한 회원은 없습니다." in page

    seen = {"seen": "2", "time": "09:30", "early_because": ""}
    wrong = officer.post(f"{draft}/release", {**seen, "confirm": "2027-01-03"})
    assert (wrong.status_code, "그대로 입력해 주세요: 2027-01-04</p>" in wrong.text) == (422, True)
    done = officer.post(f"{draft}/release", {**seen, "confirm": "2027-01-04"})
    assert (done.status_code, done.location) == (303, "/desk/policy")

    with app.app_context():
        found = publishing.version_named("2027-01-04")
        assert found is not None
        assert found.effective_at.isoformat() == "2027-01-04T00:30:00+00:00"
        assert policy_drafts.releases()["2027-01-04"].material
    assert "시행 예정" in officer.get("/desk/policy").text
    assert "시행 예정" in officer.get("/versions").text
    assert officer.get(draft).status_code == 404


def test_too_soon_asks_for_a_reason(officer: Browser) -> None:
    """A new processor in a week: refused with the day it names, taken with a reason that the list then shows."""
    draft = officer.post("/desk/policy/drafts", {"effective_on": "2026-12-01"}).location
    officer.post(f"{draft}/add/processors", {"key": "carrier", "seen": "1"})
    fields = filled(officer.get(f"{draft}/processors/kicc").text) | {"name.ko": "한빛메일(주)", "name.en": "Hanbit"}
    officer.post(f"{draft}/processors/carrier", fields | {"seen": "2"})
    sent = {"seen": "3", "time": "00:00", "confirm": "2026-12-01"}

    soon = officer.post(f"{draft}/release", {**sent, "early_because": ""})
    assert soon.status_code == 422
    assert "2026년 12월 23일보다 이르면 이유를 적어야 합니다." in soon.text
    assert officer.post(f"{draft}/release", {**sent, "early_because": "법령 개정"}).status_code == 303
    assert "앞당긴 이유: 법령 개정" in officer.get("/desk/policy").text


def test_a_file_becomes_a_draft(officer: Browser) -> None:
    """A TOML file begins one, with what is wrong with it listed; what is no TOML is refused with its line."""
    words = shipped()[-1].read_text("utf-8").replace("2021-02-04", "2027-02-01")
    taken = officer.post("/desk/policy/drafts", {"file": (BytesIO(words.encode()), "2027-02-01.toml")})
    assert taken.status_code == 303
    assert "2027-02-01 초안" in officer.get(taken.location).text

    broken = words.replace('key = "bill"', 'key = "Bill"', 1)
    kept = officer.post("/desk/policy/drafts", {"file": (BytesIO(broken.encode()), "policy.toml")}).location
    assert "발행하기 전에 고칠 것이" in officer.get(kept).text
    assert "고칠 것이 있어 비교하거나 발행할 수 없습니다." in officer.get(f"{kept}/release").text


UNREADABLE = {
    "empty": (b" \n", 422, "빈 파일입니다."),
    "no TOML": (b"# a\n= what", 422, "2번째 줄을 TOML로 읽을 수 없습니다: = what (Invalid statement)"),
    "no UTF-8": ("# a\ntitle = '방침'".encode("cp949"), 422, "2번째 줄에 UTF-8이 아닌 글자가 있습니다."),
    "another shape": (b"items = [1]", 422, "items[1]: 이름(key)이 있는 표로 적어 주세요."),
    "over 1 MiB": (b"#" * (1024 * 1024 + 1), 413, "파일이 1MB를 넘어 받지 않았습니다."),
    "far over it": (b"#" * (2 * 1024 * 1024), 413, "파일이 1MB를 넘어 받지 않았습니다."),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_policy_is_refused(app: Flask, officer: Browser, name: str) -> None:
    """What is wrong stands at the field, with the line that cannot be read; nothing is cut and no draft begins."""
    content, status, words = UNREADABLE[name]

    head = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{officer.token()}\r\n'
    head += '--x\r\nContent-Disposition: form-data; name="file"; filename="policy.toml"\r\n\r\n'
    data, kind = head.encode() + content + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
    answer = officer.client.post("/desk/policy/drafts", data=data, headers=PAGE, content_type=kind)

    assert answer.status_code == status
    assert f'id="file-err">{words}' in answer.text
    with app.app_context():
        assert drafting.open_drafts() == []


def test_an_announced_version_is_withdrawn(officer: Browser, draft: str) -> None:
    """A reason and its name typed: the desk and the public say so from then on, and it is not withdrawn twice."""
    officer.post(f"{draft}/release", {"seen": "1", "time": "00:00", "confirm": "2027-01-04"})
    page = "/desk/policy/versions/2027-01-04/withdrawal"
    assert page in officer.get("/desk/policy").text

    wrong = officer.post(page, {"because": "", "confirm": "2027"})
    assert (wrong.status_code, wrong.text.count('class="err"')) == (422, 2)
    done = officer.post(page, {"because": "수탁자 이름 오류", "confirm": "2027-01-04"})
    assert (done.status_code, done.location) == (303, "/desk/policy")

    desk = officer.get("/desk/policy").text
    assert "철회 이유: 수탁자 이름 오류" in desk
    assert page not in desk
    assert "2026년 11월 23일에 철회되어 시행되지 않는 처리방침입니다." in officer.get("/versions/2027-01-04").text
    public = officer.get("/versions").text
    assert ("철회됨" in public, "수탁자 이름 오류" in public) == (True, False)
    assert officer.get(page).status_code == 303
    assert "이제 철회할 수 없습니다." in officer.get("/desk/policy").text
    assert officer.get("/desk/policy/versions/2027-01-05/withdrawal").status_code == 404


@pytest.mark.parametrize("day", ["", "2027-02-30", "yesterday"])
def test_a_day_that_is_none_is_told(officer: Browser, day: str) -> None:
    """The field says how to write it."""
    answer = officer.post("/desk/policy/drafts", {"effective_on": day})

    assert (answer.status_code, "날짜를 2026-11-23처럼 적어 주세요." in answer.text) == (422, True)


def test_what_is_not_there_is_not_found(officer: Browser, draft: str) -> None:
    """Unknown drafts, sections and facts, on every address."""
    for path in (f"{draft}/nothing", f"{draft}/items/shoe", "/desk/policy/drafts/x", f"{draft}/add/nothing"):
        assert officer.get(path).status_code == 404, path


def test_a_dropped_draft_is_gone(officer: Browser, draft: str) -> None:
    """And nothing was published."""
    assert officer.post(f"{draft}/take-out", {"seen": "1"}).location == "/desk/policy"
    assert officer.get(draft).status_code == 404
    assert "2027-01-04" not in officer.get("/versions").text


def test_a_fact_is_taken_out(app: Flask, officer: Browser, draft: str) -> None:
    """What still points to it is then listed as a thing to correct."""
    officer.post(f"{draft}/take-out", {"section": "purposes", "key": "bill", "seen": "1"})

    page = officer.get(draft).text
    assert "발행하기 전에 고칠 것이" in page
    assert f'href="{draft}/items/email">수집 항목 · email · 목적</a>:' in page
    assert "뺀 것: 청구서 발송" in page
