"""What went to others is shown to whose it is, and the public is told by the policy alone."""

import csv
import io
from collections.abc import Callable

import msgspec
import pytest
from flask import Flask

from portal.holdings import Subject
from portal.records import members
from portal.rules.processor import Overseas, SubProcessor
from portal.services import disclosing, entrusted, entrusting, exporting
from portal.services.auditing import OPERATOR, By
from tests.fake_clock import FakeClock
from tests.fixtures_portal import JIWON, MINHO, Browser

CARD = ["card_number", "card_expiry", "business_registration_number"]


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def jiwon(browser: Callable[..., Browser]) -> Browser:
    jiwon = browser()
    jiwon.agree()
    return jiwon


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_a_member_sees_a_disclosure_at_once(
    app: Flask, clock: FakeClock, browser: Callable[..., Browser], jiwon: Browser
) -> None:
    """The very next page shows who received what, for what and when; nobody else's page does, nor a refusal."""
    assert "맡기거나 제공한 내역" not in jiwon.get("/me").text
    with app.app_context():
        disclosing.disclose(JIWON, "kicc", CARD, "payment", "charge-1", clock())
        disclosing.disclose(JIWON, "kicc", ["email"], "payment", "charge-2", clock())

    page = jiwon.get("/me").text
    table = page[page.index("맡기거나 제공한 내역") :].split("</table>")[0]
    assert "2026-11-23 12:00" in table
    assert "한국정보통신(주)" in table
    assert "신용카드 번호, 신용카드 유효기간, 사업자등록번호" in table
    assert "이용요금 결제" in table
    assert "이메일" not in table
    minho = browser(MINHO)
    minho.agree()
    assert "맡기거나 제공한 내역" not in minho.get("/me").text


def test_disclosures_are_in_the_file(app: Flask, clock: FakeClock, jiwon: Browser) -> None:
    """The export has each of them, in the policy's words for people and by its keys for programs."""
    with app.app_context():
        disclosing.disclose(JIWON, "kicc", CARD, "payment", "charge-1", clock())
        member = members.of_host(JIWON)
        assert member is not None
        subject, by = Subject(member.ref, JIWON), By("MEMBER", member.ref)
        document = b"".join(exporting.export(subject, "json", by, clock(), "ko").pieces)
        table = b"".join(exporting.export(subject, "csv", by, clock(), "ko").pieces).decode("utf-8-sig")

    (category,) = [one for one in msgspec.json.decode(document)["categories"] if one["category"] == "disclosures"]
    assert category["records"] == [
        {
            "processor": "kicc",
            "disclosed": [
                {"item": "card_number"},
                {"item": "card_expiry"},
                {"item": "business_registration_number"},
            ],
            "purpose": "payment",
            "at": "2026-11-23T03:00:00+00:00",
            "reference": "charge-1",
        }
    ]
    rows = [row for row in csv.reader(io.StringIO(table)) if row[0] == "맡기거나 제공한 내역"]
    assert [(row[2], row[3]) for row in rows] == [
        ("받은 곳", "한국정보통신(주)"),
        ("보낸 항목 · 1 · 항목", "신용카드 번호"),
        ("보낸 항목 · 2 · 항목", "신용카드 유효기간"),
        ("보낸 항목 · 3 · 항목", "사업자등록번호"),
        ("목적", "이용요금 결제"),
        ("시각", "2026-11-23 12:00:00"),
        ("전송 번호", "charge-1"),
    ]


@pytest.mark.parametrize("path", ["/", "/me", "/consent", "/versions/2021-02-04"])
def test_the_public_is_told_by_the_policy_alone(app: Flask, clock: FakeClock, jiwon: Browser, path: str) -> None:
    """Whatever the register says beyond the policy in force stands on no page of members or the public."""
    before = main_of(jiwon.get(path).text)
    with app.app_context():
        standing = entrusted.standing_of("kicc")
        assert standing is not None
        wider = msgspec.structs.replace(
            standing.entry,
            items=(*standing.entry.items, "email"),
            purposes=("payment", "bill"),
            period="영원히",
            sub_processors=(SubProcessor("가온전산(주)", "전산 운영"),),
            overseas=Overseas("일본", "수시 전송", "3년", "거부할 수 없음"),
        )
        entrusting.change(wider, {"department": "가맹점지원부"}, OPERATOR, clock())
        other = msgspec.structs.replace(standing.entry, key="other")
        entrusting.add(other, {}, OPERATOR, clock())

    assert main_of(jiwon.get(path).text) == before


@pytest.mark.parametrize("path", ["/", "/me"])
def test_what_has_ended_is_told(app: Flask, clock: FakeClock, jiwon: Browser, path: str) -> None:
    """The policy's table keeps its row while the policy has it, and says that nothing is sent any more."""
    assert "지금은 보내지" not in jiwon.get(path).text
    with app.app_context():
        entrusting.end("kicc", clock().date(), "DESTROYED", "파기 확인서", OPERATOR, clock())

    page = jiwon.get(path).text
    assert "지금은 보내지" in page
    assert "한국정보통신(주)" in page
