"""The API for the host's own programs, under `/privacy/api/`: no session, no cookie, no form token, but a signature.

1. The size is bounded before a byte is read. 2. The signature is judged; whoever has none learns nothing more.
3. Content type and form. 4. Every field, all faults at once. 5. One service call, audited in its transaction.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, current_app, request
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from portal import clock
from portal.forms.api import (
    AllowedDisclosure,
    FieldProblem,
    NewMember,
    Problem,
    RegisteredMember,
    Unreadable,
    WantedDisclosure,
    facts_of,
    kind_faults,
)
from portal.policy.model import Text
from portal.rules.disclosure import REASONS, THEN
from portal.rules.identifier import IdentifierFault
from portal.rules.profile import ProfileFaults
from portal.services import disclosing, limiting, registering
from portal.services.auditing import By
from portal.services.disclosing import NotAsked, OtherContent
from portal.services.limiting import TooMany
from portal.services.registering import OtherProfile
from portal.speech import say_text
from portal.vault.calls import HEADER, is_signed
from portal.vault.person_keys import KeyDestroyed
from portal.views import guarding, openapi

place = Blueprint("api", __name__, url_prefix="/api")

BODY_BYTES = 16 * 1024
CALLS_A_MINUTE = 6000  # a hundred a second: a monthly run over every member fits, a loop gone wild does not
PROBLEMS = "urn:matecost-privacy:"
UNSIGNED = Text(
    ko="메서드, 주소, 초, 본문의 SHA-256을 줄바꿈으로 이어 `portal keys api`가 가리키는 파일의 바이트로 서명해 주세요. "
    "초는 이 응답의 Date와 5분 안이어야 하고, 본문은 서명한 바이트 그대로 보내야 해요.",
    en="Sign the method, the address, the seconds and the SHA-256 of the body, joined by line feeds, with the bytes of "
    "the file that `portal keys api` names. The seconds must be within five minutes of this answer's Date, and the "
    "body must be sent as it was signed.",
)
SIZE = Text(ko="본문은 16,384바이트까지 받아요.", en="A body may have 16,384 bytes.")
OTHER = Text(
    ko="등록된 값과 달라요. 정정은 회원의 요청으로 해요.",
    en="This differs from what is registered. A correction is a request of the member's own.",
)

NO_NAME = Text(
    ko="처리방침의 이름이 아니거나 정해진 형식이 아니에요. 값은 보내지 마세요.",
    en="This is no name of the policy, or not of the described form. Never send values.",
)


@place.get("/openapi.json")
def description() -> Response:
    """The description of this API, made of the structures that judge it."""
    return Response(openapi.document(request.script_root), content_type="application/json; charset=utf-8")


@place.post("/members")
def members() -> Response:
    """Register a member."""
    at = clock.now()
    facts = _facts_of_call(at)
    if isinstance(facts, Response):
        return facts
    # 4.
    wrong = kind_faults(facts)
    fields = {name: value for name, value in facts.items() if name not in wrong}
    host_id, source = fields.pop("host_id", ""), fields.pop("source", "self")
    try:
        registering.judged_with(host_id, fields)
    except ProfileFaults as told:
        wrong = {fault.field: fault for fault in told.faults} | wrong
    if wrong:
        return refused(wrong.values())
    # 5.
    by = By("HOST", "host", guarding.origin())
    try:
        done = registering.register(host_id, fields, "EMPLOYER" if source == "employer" else "SELF", at, by=by)
    except OtherProfile as other:
        return refused(
            (IdentifierFault(item, OTHER) for item in other.items),
            status=409,
            kind="other-profile",
            title=gettext("이미 다른 정보로 등록된 회원이에요"),
        )
    except KeyDestroyed:
        return problem(409, "destroyed", gettext("정보를 파기한 회원의 ID예요. 새 ID로 등록해 주세요"))
    return answered(200, RegisteredMember(done.member_ref, done.company_ref))


@place.post("/disclosures")
def disclosures() -> Response:
    """Say whether something may be sent to a processor or a third party, and keep the answer."""
    at = clock.now()
    facts = _facts_of_call(at)
    if isinstance(facts, Response):
        return facts
    # 4.
    wrong = kind_faults(facts, WantedDisclosure)
    if wrong:
        return refused(wrong.values(), of=WantedDisclosure)
    # 5.
    try:
        limiting.limit("disclosures", "host", at, times=CALLS_A_MINUTE, within=timedelta(minutes=1))
        answer = disclosing.disclose(**facts, at=at)
    except TooMany as told:
        response = problem(429, "too-many", gettext("잠시 뒤에 다시 요청해 주세요"))
        response.headers["Retry-After"] = str(told.wait_s)
        return response
    except NotAsked as told:
        fields = [f"#/{told.field}/{place}" for place in told.places] or [f"#/{told.field}"]
        errors = [FieldProblem(pointer, say_text(NO_NAME)) for pointer in fields]
        return problem(422, "fields", gettext("받을 수 없는 값이 있어요"), errors)
    except OtherContent:
        return problem(409, "other-content", gettext("다른 내용으로 이미 답한 번호예요. 새 번호로 물어 주세요"))
    if answer.verdict.reason is None:
        return answered(200, AllowedDisclosure(facts["reference"], answer.at))
    reason = answer.verdict.reason
    beyond = f" ({', '.join(answer.verdict.items)})" if answer.verdict.items else ""
    return problem(
        403, "not-allowed", say_text(REASONS[reason]), code=reason.value, detail=f"{say_text(THEN[reason])}{beyond}"
    )


def _facts_of_call(at: datetime) -> dict[str, Any] | Response:
    """Return what a signed call says, or why it is not heard."""
    # 1.
    request.max_content_length = BODY_BYTES
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return problem(413, "too-large", gettext("보낸 내용이 너무 커요"), detail=say_text(SIZE))
    # 2.
    key: bytes = current_app.extensions["portal.secrets"].api_key
    if not is_signed(key, request.headers.get(HEADER, ""), request.method, _target(), body, at):
        refusal = problem(401, "unsigned", gettext("서명을 확인할 수 없어요"), detail=say_text(UNSIGNED))
        refusal.headers["WWW-Authenticate"] = HEADER
        return refusal
    # 3.
    if request.mimetype != "application/json":
        return problem(415, "media-type", gettext("application/json으로 보내 주세요"))
    try:
        return facts_of(body)
    except Unreadable:
        return problem(400, "unreadable", gettext("이름이 겹치지 않는 JSON 객체 하나를 UTF-8로 보내 주세요"))


def problem(
    status: int,
    kind: str,
    title: str,
    errors: list[FieldProblem] | None = None,
    code: str | None = None,
    detail: str | None = None,
) -> Response:
    """Return why a call was refused; `detail` says what the caller does about it."""
    response = answered(status, Problem(f"{PROBLEMS}{kind}", title, status, detail, code, errors))
    response.headers["Content-Type"] = "application/problem+json; charset=utf-8"
    return response


def refused(
    faults: Iterable[IdentifierFault],
    status: int = 422,
    kind: str = "fields",
    title: str = "",
    of: type[msgspec.Struct] = NewMember,
) -> Response:
    """Return every field that cannot be taken, in the order of the description."""
    order = {name: place for place, name in enumerate(of.__struct_fields__)}
    told = sorted(faults, key=lambda fault: order.get(fault.field, len(order)))
    errors = [FieldProblem(_pointer(fault.field), say_text(fault.reason)) for fault in told]
    return problem(status, kind, title or gettext("받을 수 없는 값이 있어요"), errors)


def answered(status: int, what: Any) -> Response:
    """Return a structure as JSON."""
    return Response(msgspec.json.encode(what), status, content_type="application/json; charset=utf-8")


def _target() -> str:
    """Return the address as the caller wrote it into what is signed: path and query."""
    query = request.query_string.decode("latin-1")
    return request.script_root + request.path + (f"?{query}" if query else "")


def _pointer(name: str) -> str:
    return "#/" + quote(name.replace("~", "~0").replace("/", "~1"), safe="~")
