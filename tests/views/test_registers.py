"""Screen 18, the register of processors: its one next step, its differences from the policy, and what went out."""

import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask import Flask

from portal.policy.model import Policy
from portal.rules.processor import CLAUSES
from portal.rules.role import Role
from portal.services import disclosing, entrusted, publishing
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, Browser, another

KICC = "/desk/registers/kicc"
CARD = ["card_number", "card_expiry", "business_registration_number"]
FACTS: dict[str, Any] = {
    "relationship": "PROCESSOR",
    "ground": "CONTRACT",
    "settled": "yes",
    "name": "한국정보통신(주)",
    "name_en": "Korea Information & Communications Co., Ltd. (한국정보통신(주))",
    "task": "이용요금 결제",
    "task_en": "Payment of charges",
    "period": "결제 후 5년",
    "department": "가맹점지원부",
    "email": "privacy@kicc.example",
    "item": CARD,
    "purpose": ["payment"],
}


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def officer(at_desk: Callable[..., Browser]) -> Browser:
    return at_desk(Role.OFFICER, Role.HANDLER)


def sign_contract(officer: Browser, *clauses: str, **changes: Any) -> Any:
    file = (io.BytesIO(b"the contract"), "contract.pdf")
    told = {"deed": "contract", "signed_on": "2026-01-02", "clause": list(clauses), "file": file, **changes}
    return officer.post(KICC, told, content_type="multipart/form-data")


def test_the_first_entry_says_what_it_lacks(officer: Browser) -> None:
    """The seeded entry is disclosed, lacks its contract, and the contract is the one next step."""
    page = officer.get(KICC).text

    assert "공개 중" in page
    assert "계약이 기록되어 있지 않습니다." in page
    assert "기록된 계약이 없습니다. 법에서 정한 일곱 가지를 하나도 확인하지 못했습니다." in page
    assert "다음 할 일: 계약 기록" in page
    assert page.count("btn--p") == 1


def test_a_contract_leaves_its_digest_and_not_its_file(app: Flask, officer: Browser) -> None:
    """The seven clauses are ticked off, and of the file the SHA-256 stays."""
    assert sign_contract(officer, *CLAUSES).status_code == 303

    page = officer.get(KICC).text
    assert page.count("확인 안 됨") == 0
    with app.app_context():
        standing = entrusted.standing_of("kicc")
        assert standing is not None
        assert standing.contract is not None
        assert len(standing.contract.file_sha256) == 64
        assert standing.contract.file_sha256 in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signed_on": "2027-01-01"}, "아직 오지 않은 날입니다."),
        ({"expires_on": "2025-01-01"}, "만료일은 계약일보다 뒤여야 합니다."),
        ({"file": (io.BytesIO(b""), "")}, "계약서 파일을 골라 주세요."),
        ({"signed_on": "yesterday"}, "날짜를 2026-11-23처럼 적어 주세요."),
    ],
)
def test_a_contract_that_cannot_be_is_told(officer: Browser, changes: dict[str, Any], words: str) -> None:
    """Every fault stands in the summary, and nothing is recorded."""
    answer = sign_contract(officer, *CLAUSES, **changes)

    assert answer.status_code == 422
    assert words in answer.text
    assert answer.text.count(" checked>") == 7
    assert "기록된 계약이 없습니다." in officer.get(KICC).text


def test_facts_written_anew_keep_what_was_told(app: Flask, officer: Browser) -> None:
    """With period, contact and the review settled, nothing is lacking but the contract; the contact lies sealed."""
    assert officer.post(f"{KICC}/facts", FACTS).status_code == 303
    sign_contract(officer, *CLAUSES)

    page = officer.get(KICC).text
    assert "<b>보유 기간</b> <del>없음</del> → <ins>결제 후 5년</ins>" in page
    assert "<b>위탁·제공 확인</b> <del>남음</del> → <ins>마침</ins>" in page
    assert page.count("<del>") == 2
    assert "모자란 것" not in page
    assert "가맹점지원부" in page
    assert "다음 할 일: 점검" in page
    stored = b"".join(path.read_bytes() for path in app.extensions["portal.settings"].instance.glob("*.db*"))
    assert "가맹점지원부".encode() not in stored
    assert b"privacy@kicc.example" not in stored


def test_a_check_moves_the_next_one(officer: Browser) -> None:
    """A supervision says when the next one is due, a year on at most, and its words are sealed."""
    look = {"deed": "supervise", "day_of": "2026-11-20", "next_due": "2027-05-20", "method": "서면", "findings": "양호"}

    assert officer.post(KICC, look | {"next_due": "2028-01-01"}).status_code == 422
    assert officer.post(KICC, look | {"day_of": "2026-12-01"}).status_code == 422
    assert officer.post(KICC, look).status_code == 303
    assert "2027-05-20" in officer.get("/desk/registers").text
    assert "서면" in officer.get(KICC).text


def test_a_new_entry_waits_for_the_policy(app: Flask, officer: Browser) -> None:
    """An entry that no policy names is a draft, then complete, and cannot be disclosed; the guard knows it not."""
    new = {**FACTS, "key": "mailer", "name": "가온메일(주)", "name_en": "", "item": ["email"], "purpose": ["bill"]}
    abroad = {"country": "일본", "method": "보낼 때마다", "term": "30일", "refusal": "메일로 거부, 화면에서만 보게 됨"}
    new |= abroad | {"subs": "가온전산(주): 서버 운영", "ground": "CONSENT"}
    assert officer.post("/desk/registers/new", new).status_code == 303
    assert officer.post("/desk/registers/new", new).status_code == 422

    page = officer.get("/desk/registers/mailer").text
    assert "작성 중" in page
    assert "시행 중인 처리방침에 없습니다." in page
    for words in (*abroad.values(), "가온전산(주)", "서버 운영", "정보주체의 동의", "가맹점지원부"):
        assert words in page
    answer = officer.post("/desk/registers/mailer", {"deed": "disclose"})
    assert answer.status_code == 422
    assert "아직 모자란 것이 있어" in answer.text
    assert "다릅니다" not in officer.get("/desk/registers").text


def test_every_fault_of_the_facts_is_told_at_once(officer: Browser) -> None:
    """What was typed is kept, and what is missing, forbidden or half told is named."""
    answer = officer.post(
        "/desk/registers/new",
        {"key": "Kicc!", "name": "", "task": "4539578763621486", "subs": "이름만", "country": "일본", "email": "x"},
    )

    assert answer.status_code == 422
    for words in (
        "영문 소문자로",
        "이름을 적어",
        "카드번호로 보이는",
        "보내는 항목을",
        "목적을 하나",
        "이름: 맡은 일",
        "국외 이전: 언제 어떻게",
    ):
        assert words in answer.text
    assert 'value="Kicc!"' in answer.text
    assert "4539578763621486" not in officer.get("/desk/registers").text


def test_a_switch_to_provision_makes_a_consent_item_due(officer: Browser) -> None:
    """As a third party the entry is closed and says that a policy with a consent item must be in force first."""
    officer.post(f"{KICC}/facts", FACTS | {"relationship": "THIRD_PARTY"})

    page = officer.get(KICC).text
    assert "제3자 제공에는 따로 받는 동의가 필요합니다." in page
    assert "위탁·제공 구분이 다릅니다." in page
    assert officer.post(KICC, {"deed": "disclose"}).status_code == 422


def test_provision_is_disclosed_once_the_policy_asks_for_it(
    app: Flask, clock: FakeClock, policy: Policy, officer: Browser
) -> None:
    """With the consent item in force the officer discloses, and from then on the entry is open."""
    told = msgspec.structs.replace(policy.processors[0], relationship="THIRD_PARTY")
    item = msgspec.structs.replace(
        policy.consent_items[0], key="provision", kind="optional", items=told.items, recipient="kicc"
    )
    new = another(policy, "2026-12-01", processors=(told,), consent_items=(*policy.consent_items, item))
    with app.app_context():
        publishing.publish(new, clock.advance(seconds=1), clock())
    officer.post(f"{KICC}/facts", FACTS | {"relationship": "THIRD_PARTY"})

    assert "다릅니다" not in officer.get("/desk/registers").text
    assert "공개 중" in officer.get(KICC).text


@pytest.mark.parametrize("path", ["/desk", "/desk/registers", KICC])
def test_a_difference_cannot_be_overlooked(officer: Browser, path: str) -> None:
    """Where the register and the policy in force differ, the queue, the list and the entry say so in red."""
    assert "note--bad" not in officer.get(path).text
    officer.post(f"{KICC}/facts", FACTS | {"item": ["card_number", "email"]})

    page = officer.get(path).text
    assert "note--bad" in page
    if path != "/desk":
        assert "대장: 신용카드 번호, 이메일 주소" in page
        assert "처리방침: 신용카드 번호, 신용카드 유효기간, 사업자등록번호" in page


def test_ending_keeps_a_record_of_what_became_of_the_data(officer: Browser) -> None:
    """An end needs its evidence; afterwards there is no step left, and the difference from the policy is told."""
    last = {"deed": "end", "ended_on": "2026-11-22", "how": "DESTROYED", "evidence": ""}
    assert officer.post(KICC, last).status_code == 422
    assert officer.post(KICC, last | {"how": "", "evidence": "파기 확인서"}).status_code == 422
    assert officer.post(KICC, last | {"evidence": "파기 확인서"}).status_code == 303

    page = officer.get(KICC).text
    assert "파기를 확인함 · 파기 확인서" in page
    assert "다음 할 일" not in page
    assert officer.get(f"{KICC}/facts").status_code == 404
    assert officer.post(KICC, last | {"evidence": "again"}).status_code == 404
    assert "대장에서는 끝났지만" in officer.get("/desk/registers").text


def test_what_went_out_is_summed(
    app: Flask, clock: FakeClock, browser: Callable[..., Browser], officer: Browser
) -> None:
    """By recipient and month, with the reasons of refusals, on the page and as a table; nobody is named."""
    browser().agree()
    with app.app_context():
        for number, processor in enumerate(["kicc", "kicc", "stranger"]):
            disclosing.disclose(JIWON, processor, CARD, "payment", f"charge-{number}", clock())

    page = officer.get("/desk/registers").text
    assert "대장에 없는 곳입니다." in page
    assert "charge-2" in page
    assert "jiwon" not in page
    table = officer.get("/desk/registers/disclosures.csv")
    assert table.data.decode("utf-8-sig").splitlines() == [
        "월,받는 곳,판정,사유,건수",
        "2026-11,한국정보통신(주),보냄,,2",
        "2026-11,stranger,거절,대장에 없는 곳입니다.,1",
    ]


def test_the_auditor_reads_and_writes_nothing(at_desk: Callable[..., Browser]) -> None:
    """The auditor sees the register and no form."""
    auditor = at_desk(Role.AUDITOR)

    assert '<form method="post" action="/desk/registers' not in auditor.get(KICC).text
    assert auditor.get("/desk/registers").status_code == 200
    assert auditor.post(KICC, {"deed": "disclose"}).status_code == 403


def test_an_unknown_entry_is_not_found(officer: Browser) -> None:
    """A key that the register does not know, and a deed that there is not, change nothing."""
    assert officer.get("/desk/registers/nobody").status_code == 404
    assert officer.post("/desk/registers/nobody", {"deed": "end"}).status_code == 404
    assert officer.post(KICC, {"deed": "burn"}).status_code == 400
