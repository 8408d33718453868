"""Receipts as pages, from the signed record alone: what is signed is what is shown."""

from datetime import datetime
from typing import Any

from flask_babel import gettext

from portal.speech import language, say_moment


def state(decision: str) -> tuple[str, str]:
    """Return the word for a decision and the shape that repeats it."""
    return {
        "GRANTED": (gettext("동의함"), " pill--done"),
        "REFUSED": (gettext("동의하지 않음"), ""),
        "WITHDRAWN": (gettext("철회함"), " pill--hold"),
    }[decision]


def shown_receipt(record: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt as a page, from the signed record alone: what is signed is what is shown."""
    spoken = language()
    states = {event["event_state"] for event in record["events"]}
    processing = {one["consent_item"]: one for one in record["processing"]}
    controller = record["parties"][0]
    return {
        "ref": record["record_id"],
        "heading": gettext("동의 철회 확인서") if states == {"WITHDRAWN"} else gettext("동의 확인서"),
        "facts": [
            fact
            for fact in (
                (gettext("확인서 번호"), record["record_id"], True),
                (gettext("발급한 때"), _moment(record["issued_at"]), False),
                (gettext("회원 번호"), record["pii_principal_id"], True),
                (gettext("받은 곳"), controller["name"][spoken], False),
                (gettext("처리방침"), record["privacy_notice"]["version"], False),
                (gettext("이전 확인서"), record["replaces"], True),
            )
            if fact[1]
        ],
        "decisions": [_shown_event(event, processing[event["consent_item"]], spoken) for event in record["events"]],
        "proof": [
            (gettext("방식"), f"{proof['type']}, {proof['canonicalization']}"),
            (gettext("키"), proof["key_id"]),
            (gettext("서명"), proof["signature"]),
        ],
    }


def _shown_event(event: dict[str, Any], asked: dict[str, Any], spoken: str) -> dict[str, Any]:
    said, mark = state(event["event_state"])
    return {
        "label": asked["title"][spoken],
        "state": said,
        "mark": mark,
        "facts": [
            (gettext("답한 때"), _moment(event["event_time"])),
            (gettext("항목"), ", ".join(one["name"][spoken] for one in asked["pii_information"])),
            (gettext("목적"), ", ".join(one["name"][spoken] for one in asked["purposes"])),
            (gettext("보유 기간"), asked["retention"]["period"][spoken]),
        ],
    }


def _moment(iso: str) -> str:
    return say_moment(datetime.fromisoformat(iso))
