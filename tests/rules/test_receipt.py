import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from portal.rules.receipt import Event, State, build
from tests.policy.samples import POLICY

AT = datetime(2026, 11, 23, 12, 0, 0, 250000, tzinfo=timezone(timedelta(hours=9)))


def an_event(item: str = "member", decision: State = "GRANTED", at: datetime = AT) -> Event:
    return Event(f"event-{item}", item, decision, content_hash="c" * 64, text_sha256="d" * 64, decided_at=at)


def a_receipt(*events: Event, **fields: Any) -> dict[str, Any]:
    facts = {
        "receipt_ref": "receipt-1",
        "submission": "submission-1",
        "member_ref": "member-1",
        "events": events or (an_event("member"), an_event("access")),
        "language": "ko",
        "issued_at": AT,
        "notice_url": "https://matecost.example/privacy/policy/2021-02-04",
        "withdrawal_url": "https://matecost.example/privacy/me",
    }
    return build(POLICY, **(facts | fields))


def test_a_receipt_holds_every_mandatory_field_of_the_record() -> None:
    """Schema version, ids, notice, language, parties, processing and events of TS 27560 are all there and filled."""
    receipt = a_receipt()

    for field in (
        "@context",
        "schema_version",
        "record_id",
        "pii_principal_id",
        "privacy_notice",
        "language",
        "jurisdiction",
        "withdrawal",
        "parties",
        "processing",
        "events",
    ):
        assert receipt[field], field
    for processing in receipt["processing"]:
        for field in (
            "purposes",
            "pii_information",
            "pii_controllers",
            "storage_locations",
            "retention",
            "termination",
        ):
            assert processing[field], field
        assert all(one["pii_type"] and one["sensitive"] is False for one in processing["pii_information"])
    for party in receipt["parties"]:
        assert all(party[field] for field in ("party_id", "party_type", "name", "address", "contact"))
    for event in receipt["events"]:
        for field in ("event_id", "event_type", "event_state", "event_time", "entity_id", "text_sha256"):
            assert event[field], field
        assert "validity_duration" in event


def test_a_receipt_links_the_vocabulary_it_speaks() -> None:
    """The receipt is plain JSON with the Data Privacy Vocabulary as its context."""
    receipt = a_receipt()

    assert receipt["@context"] == "https://w3id.org/dpv"
    assert json.loads(json.dumps(receipt, ensure_ascii=False)) == receipt


def test_a_receipt_tells_what_was_agreed_to() -> None:
    """The receipt names the five data items, what is kept afterwards for how long, and who receives what."""
    member = a_receipt()["processing"][0]

    assert [item["name"]["ko"] for item in member["pii_information"]] == [
        "이메일 주소",
        "아이디",
        "근무 회사명",
        "사업자등록번호",
        "개인 연락처",
    ]
    assert [(kept["id"], kept["duration"]) for kept in member["retention"]["kept_afterwards"]] == [
        ("fraud", "P1Y"),
        ("identity_check", "P6M"),
        ("dispute", "P3Y"),
    ]
    assert member["recipients"][0]["name"]["ko"] == "한국정보통신(주)"
    assert member["recipients"][0]["pii_information"] == ["business_registration_number"]


def test_access_records_are_valid_for_six_months_and_go_to_nobody() -> None:
    """The access question's validity is six months from collection, and nobody receives what it covers."""
    receipt = a_receipt(an_event("access"))

    assert receipt["events"][0]["validity_duration"] == "P6M"
    assert receipt["processing"][0]["termination"] == ["COLLECTED"]
    assert receipt["processing"][0]["recipients"] == []


def test_times_are_utc_to_the_microsecond() -> None:
    """A decision at noon in Seoul stands as three in the morning UTC."""
    receipt = a_receipt()

    assert receipt["issued_at"] == "2026-11-23T03:00:00.250000+00:00"
    assert receipt["events"][0]["event_time"] == "2026-11-23T03:00:00.250000+00:00"


def test_a_withdrawal_is_a_new_receipt_that_names_the_old() -> None:
    """A withdrawal has its own id and names the receipt it replaces; no receipt carries a status."""
    receipt = a_receipt(an_event(decision="WITHDRAWN"), receipt_ref="receipt-2", replaces="receipt-1")

    assert receipt["record_id"] == "receipt-2"
    assert receipt["replaces"] == "receipt-1"
    assert receipt["events"][0]["event_state"] == "WITHDRAWN"
    assert receipt["events"][0]["event_type"] == "withdrawn"
    assert "status" not in receipt


def test_a_grant_is_explicit_and_a_refusal_is_told_as_one() -> None:
    """The event types say what happened: explicit consent, or refused."""
    events = a_receipt(an_event("member"), an_event("access", "REFUSED"))["events"]

    assert [event["event_type"] for event in events] == ["explicit consent", "refused"]


def test_the_working_mail_is_the_one_to_write_to() -> None:
    """The receipt gives the address that works, not the "@matecost" that the policy prints."""
    receipt = a_receipt()

    assert receipt["withdrawal"]["contact"] == "contact@cloudmt.co.kr"
    assert '@matecost"' not in json.dumps(receipt)


def test_a_receipt_of_nothing_is_refused() -> None:
    """A receipt without an event proves nothing and is not built."""
    with pytest.raises(ValueError, match="at least one event"):
        build(
            POLICY,
            receipt_ref="r",
            submission="s",
            member_ref="m",
            events=(),
            language="en",
            issued_at=AT,
            notice_url="n",
            withdrawal_url="w",
        )


def test_a_time_without_a_zone_is_refused() -> None:
    """A naive time could be read as another moment and is refused."""
    with pytest.raises(ValueError, match="without a zone"):
        a_receipt(issued_at=AT.astimezone(UTC).replace(tzinfo=None))


def test_an_item_of_another_policy_is_refused() -> None:
    """An event on an item that the policy does not have raises KeyError."""
    with pytest.raises(KeyError):
        a_receipt(an_event("news"))
