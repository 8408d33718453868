"""/me: what is held of a member and why, their consents, receipts and visits, and the ways to act on them."""

from dataclasses import dataclass
from datetime import datetime

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from portal import clock
from portal.policy.model import ConsentItem
from portal.rules.wording import joined
from portal.services import (
    consenting,
    entrusted,
    exercising,
    exporting,
    objecting,
    publishing,
    reaching,
    receipting,
    showing,
)
from portal.services.consenting import NothingToWithdraw
from portal.services.showing import Decided
from portal.speech import language, say_moment, say_text
from portal.views import facts, guarding, held, receipts, step_up, visits
from portal.views.downloads import attached
from portal.views.requests import asking

place = Blueprint("me", __name__, url_prefix="/me")
LATEST_VISITS = 5
VISITS_A_PAGE = 25
# What a member may do with what is held, in this order. A page that is not there yet is left out.
ACTIONS = (
    ("me.download", lazy_gettext("내려받기")),
    ("exercising.correct", lazy_gettext("정정")),
    ("exercising.suspend", lazy_gettext("처리정지")),
    ("exercising.delete", lazy_gettext("삭제")),
)


@dataclass(frozen=True)
class ConsentLine:
    """One decision as a line of the list."""

    key: str
    label: str
    state: str
    mark: str
    line: str
    receipt: str | None
    withdrawable: bool


@place.get("")
def overview() -> str:
    at = clock.now()
    host_id = current_user.host_id
    asked = consenting.asked_of(host_id, at)
    policy, spoken = asked.published.policy, language()
    access = visits.table_of(host_id, at, LATEST_VISITS, None)
    register = entrusted.standings()
    return render_template(
        "me/overview.html",
        due=any(item.kind != "optional" for item in asked.items),
        suspended=asked.suspended,
        may_resume=asked.suspended and exercising.may_resume(current_user.host_id),
        reported=objecting.of_member(current_user.member_ref),
        actions=[(url_for(endpoint), words) for endpoint, words in ACTIONS if endpoint in current_app.view_functions],
        requests=held.open_requests(at),
        held=held.held_table(policy, at, access),
        consents=[_line(decided) for decided in showing.decided_by(host_id)],
        recipients=facts.recipients(policy, spoken, register),
        disclosed=held.disclosed(policy, register),
        disclosed_kept=held.DISCLOSURES_SHOWN,
        looks=held.looks(),
        lives=facts.lives(policy, spoken, member_data=True),
        axis=facts.axis(policy, spoken, gettext("시작")),
        access=access,
        contact=reaching.contact_of(current_user.member_ref),
    )


@place.post("/contact")
def prove_contact() -> Response:
    """Take the personal contact for a way in, once the member has brought back a code that was mailed there."""
    contact = reaching.contact_of(current_user.member_ref)
    if contact is not None and not contact.is_proved:
        step_up.require(f"contact {contact.mark}", address=contact.address)
        reaching.prove_contact(current_user.member_ref, contact.mark, guarding.by(), language(), clock.now())
    return redirect(url_for("me.overview"), 303)  # type: ignore[return-value]


@place.get("/download")
def download() -> str:
    return render_template(
        "me/download.html",
        categories=[say_text(name) for name in exporting.categories()],
        left_out=[(say_text(one.what), say_text(one.why)) for one in exporting.left_out()],
    )


@place.post("/download")
def download_file() -> Response:
    form = request.form.get("form", "")
    if form not in exporting.MEDIA:
        abort(400)
    step_up.require("export")
    made = exporting.export(held.subject(), form, guarding.by(), clock.now(), language())
    response = Response(stream_with_context(made.pieces), content_type=made.media)
    return attached(response, made.name)


@place.get("/records")
def records() -> str:
    before = visits.cursor(request.args.get("before"))
    return render_template(
        "me/records.html", access=visits.table_of(current_user.host_id, clock.now(), VISITS_A_PAGE, before)
    )


@place.route("/withdraw/<item>", methods=["GET", "POST"])
def withdraw(item: str) -> Response | str:
    at = clock.now()
    decided = showing.decided_on(current_user.host_id, item)
    if decided is not None and decided.event.decision == "WITHDRAWN":  # sent twice, or come back to
        return redirect(url_for("me.withdrawn", item=item), 303)  # type: ignore[return-value]
    if request.method == "POST":
        try:
            exercising.withdraw(asking(), item, at)
        except NothingToWithdraw:
            abort(404)
        return redirect(url_for("me.withdrawn", item=item), 303)  # type: ignore[return-value]
    if decided is None or not _is_withdrawable(decided):
        abort(404)
    spoken = language()
    policy = publishing.version_named(decided.event.policy_version).policy  # type: ignore[union-attr]
    asked = decided.item
    return render_template(
        "me/withdraw.html",
        key=item,
        label=_label(decided),
        data=joined([policy.item(key).label for key in asked.items], spoken),  # type: ignore[union-attr]
        purposes=joined([policy.purpose(key).label for key in asked.purposes], spoken),  # type: ignore[union-attr]
        given=decided.event.decided_at,
        articles=("2-1", *(article for article in asked.articles if article != "2-1")),  # type: ignore[union-attr]
        required=_closes_service(item, at),
    )


@place.get("/withdrawn/<item>")
def withdrawn(item: str) -> str:
    decided = showing.decided_on(current_user.host_id, item)
    if decided is None or decided.event.decision != "WITHDRAWN":
        abort(404)
    return render_template(
        "me/withdrawn.html",
        label=_label(decided),
        at=decided.event.decided_at,
        receipt=decided.receipt.receipt_ref if decided.receipt else None,
        required=_closes_service(item, clock.now()),
    )


@place.get("/receipts/<ref>")
def receipt(ref: str) -> str:
    found = receipting.receipt_of(current_user.host_id, ref)
    if found is None:
        abort(404)
    return render_template("me/receipt.html", shown=receipts.shown_receipt(*receipting.parts(found)))


@place.get("/receipts/<ref>.json")
def receipt_file(ref: str) -> Response:
    found = receipting.receipt_of(current_user.host_id, ref)
    if found is None:
        abort(404)
    response = make_response(found.body)
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    return attached(response, f"matecost-receipt-{found.issued_at:%Y-%m-%d}-{found.receipt_ref}.json")


def _line(decided: Decided) -> ConsentLine:
    event = decided.event
    state, mark = receipts.state(event.decision)
    return ConsentLine(
        key=event.item,
        label=_label(decided),
        state=state,
        mark=mark,
        line=gettext("%(at)s · %(version)s 시행 방침", at=say_moment(event.decided_at), version=event.policy_version),
        receipt=decided.receipt.receipt_ref if decided.receipt else None,
        withdrawable=_is_withdrawable(decided),
    )


def _label(decided: Decided) -> str:
    return decided.item.title.in_language(language()) if decided.item else decided.event.item


def _is_withdrawable(decided: Decided) -> bool:
    return decided.event.decision == "GRANTED" and decided.item is not None and decided.item.kind != "notice"


def _closes_service(key: str, at: datetime) -> bool:
    item: ConsentItem | None = next(
        (item for item in publishing.in_force(at).policy.gate_items if item.key == key), None
    )
    return item is not None
