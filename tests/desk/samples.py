"""Members and requests for tests of the desk; call them inside an app context."""

from datetime import datetime
from typing import Any

from portal.rules.deadline import Kind
from portal.services import registering, requesting
from portal.services.auditing import By
from tests.fixtures_portal import JIWON

JIWONS_PHONE = "010-1234-5678"


def a_member(at: datetime, host_id: str = JIWON, **profile: str) -> str:
    """Return the reference of a registered member."""
    known = {
        "email": host_id,
        "login_id": host_id.partition("@")[0],
        "company_name": "Gaon",
        "business_registration_number": "220-81-62517",
        "personal_contact": JIWONS_PHONE,
    }
    return registering.register(host_id, {**known, **profile}, "SELF", at).member_ref


def a_request(at: datetime, member_ref: str | None, kind: Kind = Kind.DELETION, **more: Any) -> str:
    """Return the number of a request that a member made on the site, or a stranger by the contact page."""
    facts: dict[str, Any] = {"requester": "SELF", "channel": "WEB", "language": "ko", "details": {"text": "Please."}}
    if member_ref is None:
        facts |= {"requester": "STRANGER", "channel": "CONTACT"}
    by = By("MEMBER", member_ref) if member_ref else By("STRANGER", "")
    return requesting.receive(kind, by=by, at=at, member_ref=member_ref, **{**facts, **more}).number
