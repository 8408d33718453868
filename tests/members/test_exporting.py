"""A member takes everything with them: whole, readable by programs and by people, and on record."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from portal.holdings import Subject, Unreachable, access, holdings, profile
from portal.records import audit
from portal.records.access import AccessRecord
from portal.rules.deadline import Kind
from portal.rules.exported import Exported
from portal.services import exporting, registering, requesting
from portal.services.auditing import By
from tests.fake_clock import FakeClock
from tests.members.samples import KEPT
from tests.members.samples import profile as a_profile

SCHEMA = Path(__file__).parents[2] / "docs" / "export.schema.json"


@pytest.fixture
def jiwon(app: Flask, clock: FakeClock) -> Subject:
    """A registered member with a request."""
    with app.app_context():
        ref = registering.register("jiwon", a_profile(), "SELF", clock()).member_ref
        requesting.receive(
            Kind.COMPLAINT,
            requester="SELF",
            channel="WEB",
            by=By("MEMBER", ref),
            at=clock(),
            language="ko",
            details={"text": "=1+1 왜 두 번 청구되었나요?"},
            member_ref=ref,
        )
    return Subject(ref, "jiwon")


def told(app: Flask, subject: Subject, form: exporting.Format, clock: FakeClock) -> bytes:
    with app.app_context():
        made = exporting.export(subject, form, By("MEMBER", subject.member_ref, "192.0.2.3"), clock(), "ko")
        return b"".join(made.pieces)


def category(document: dict[str, Any], key: str) -> dict[str, Any]:
    return next(one for one in document["categories"] if one["category"] == key)


def test_the_document_has_every_category(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """Each holding stands in it with what it holds, and every item with its purposes, period and articles."""
    document = json.loads(told(app, jiwon, "json", clock))

    with app.app_context():
        assert [one["category"] for one in document["categories"]] == [holding.key for holding in holdings()]
    assert (document["schema"], document["version"]) == ("matecost-privacy-export", 1)
    assert {item: category(document, "profile")["records"][0][item] for item in KEPT} == KEPT
    assert category(document, "requests")["records"][0]["details"]["text"] == "=1+1 왜 두 번 청구되었나요?"
    contact = next(item for item in document["items"] if item["item"] == "personal_contact")
    assert contact["articles"] == ["2", "3"]
    assert contact["period"]["ko"] == "회사를 퇴사하거나 수집·이용 목적을 이룰 때까지"


def test_the_document_is_what_the_schema_says(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """The published schema is made from the shape in the rules, and a file is read by it without a remainder."""
    import jsonschema_rs

    made = told(app, jiwon, "json", clock)

    schema = json.loads(SCHEMA.read_text("utf-8"))
    assert schema["$defs"] == json.loads(msgspec.json.encode(msgspec.json.schema(Exported)))["$defs"]
    jsonschema_rs.validate(schema, json.loads(made))
    assert msgspec.json.decode(made, type=Exported).member == jiwon.member_ref


def test_the_table_is_for_a_spreadsheet(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """A mark for Korean Excel, one value a line with purpose, period and article, and no cell that is run."""
    made = told(app, jiwon, "csv", clock)

    assert made.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))
    assert rows[0] == ["분류", "번호", "항목", "값", "목적", "보유 기간", "근거"]
    assert [
        "회원 정보",
        "1",
        "개인 연락처",
        "010-1234-5678",
        "청구서 발송, 이용요금 결제, 이용량 증가 알림, 결제 정보 안내, 안전하고 원활한 서비스 제공",
        "회사를 퇴사하거나 수집·이용 목적을 이룰 때까지",
        "2, 3",
    ] in rows
    assert ["요청과 처리 결과", "1", "요청 내용 · 내용", "'=1+1 왜 두 번 청구되었나요?", "", "", ""] in rows
    assert ["회원 정보", "1", "정보를 준 곳", "본인", "", "", ""] in rows
    assert ["회원 정보", "1", "처음 알게 된 때", "2026-11-23 12:00:00", "", "", ""] in rows
    assert {len(row) for row in rows} == {7}


def test_it_is_audited_before_a_byte_leaves(app: Flask, clock: FakeClock, jiwon: Subject) -> None:
    """Who took it, from where, and in which form; nothing of it is read before that stands."""
    with app.app_context():
        exporting.export(jiwon, "json", By("MEMBER", jiwon.member_ref, "192.0.2.3"), clock(), "ko")
        [row] = audit.found(limit=5, deed="data.exported")

    assert (row.actor, row.subject, row.origin) == (jiwon.member_ref, jiwon.member_ref, "192.0.2.3")
    assert row.facts == '{"form":"json"}'


def test_a_source_that_breaks_off_is_named(
    app: Flask, clock: FakeClock, jiwon: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read before it broke off is there, it is called unreachable, and the rest of the file is whole."""

    def breaks_off(self: object, subject: Subject, at: object) -> Iterator[dict[str, Any]]:
        yield {"member_ref": subject.member_ref}
        raise Unreachable(profile.HOLDING.name, "gone")

    monkeypatch.setattr(profile.Profile, "export", breaks_off)

    document = json.loads(told(app, jiwon, "json", clock))
    table = told(app, jiwon, "csv", clock).decode("utf-8-sig")

    assert category(document, "profile")["state"] == "unreachable"
    assert len(category(document, "profile")["records"]) == 1
    assert category(document, "requests")["state"] == "complete"
    assert "회원 정보,,,지금은 읽을 수 없어요. 나중에 다시 내려받아 주세요.,,," in table


def test_access_records_are_read_page_by_page(
    app: Flask, clock: FakeClock, jiwon: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are in the file, however many: the store is asked for a page at a time."""
    kept = [
        AccessRecord(
            at=clock() - timedelta(seconds=n),
            request_id=f"r{n}",
            ref=jiwon.member_ref,
            method="GET",
            path="/",
            status=200,
            decision="passed",
            ip="192.0.2.3",
            user_agent="Firefox",
            cookies="",
        )
        for n in range(7)
    ]
    asked = []

    def search(at: object, *, ref: str, limit: int, before: object) -> list[AccessRecord]:
        asked.append(before)
        start = next((n for n, row in enumerate(kept, 1) if row.cursor == before), 0)
        return kept[start : start + limit]

    monkeypatch.setitem(app.extensions, "portal.search_access", search)
    monkeypatch.setattr(access, "READ_AT_ONCE", 3)

    document = json.loads(told(app, jiwon, "json", clock))

    assert len(category(document, "access_records")["records"]) == 7
    assert asked == [None, kept[2].cursor, kept[5].cursor]


def test_whom_the_portal_has_not_met_is_met(app: Flask, clock: FakeClock) -> None:
    """Somebody known to the host alone may take what is held as well, and the row in the chain names them."""
    with app.app_context():
        made = exporting.export(Subject("", "newcomer"), "json", By("MEMBER", ""), clock(), "ko")
        document = json.loads(b"".join(made.pieces))
        [row] = audit.found(limit=5, deed="data.exported")

    assert document["member"] == row.subject == row.actor != ""
