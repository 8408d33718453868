"""/desk/policy: versions of the policy and how they stand, the withdrawal of one that lies ahead, and the beginning of
a draft (screen 19)."""

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge

from portal import clock
from portal.clock import seoul_day
from portal.forms.handlers import Form
from portal.forms.policies import Beginning, Withdrawing
from portal.policy.faults import PolicyFaults
from portal.rules.lead_time import DAYS, earliest_day
from portal.services import drafting, recalling, versioning
from portal.services.recalling import NoSuchVersion, NotAhead
from portal.services.versioning import Version
from portal.views import errors, guarding
from portal.views.policy_words import STATES, TOO_LARGE, said_of_file

place = Blueprint("policies", __name__, url_prefix="/desk/policy")
MOST_BYTES = 1 << 20  # of a policy file


@place.get("")
def overview() -> Response:
    return _overview(Form())


@place.post("/drafts")
def begin() -> Response:
    """Begin a draft as the version in force, or as an uploaded file has it."""
    by, at = guarding.by(), clock.now()
    file = request.files.get("file")
    if file is not None and file.filename:
        content = file.stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return _overview(Form(faults={"file": str(TOO_LARGE)}), 413)
        try:
            ref = drafting.begin_from_file(content, by, at)
        except PolicyFaults as told:
            return _overview(Form(faults={"file": " ".join(said_of_file(fault, content) for fault in told.details)}))
        return to_draft(ref, gettext("파일로 초안을 만들었습니다."))
    beginning = Beginning.read(request.form)
    if beginning.effective_on is None:
        return _overview(beginning)
    return to_draft(drafting.begin(beginning.effective_on, by, at), gettext("시행 중인 방침으로 초안을 만들었습니다."))


@place.get("/versions/<version>/withdrawal")
def withdrawal(version: str) -> Response:
    return _withdrawal_page(version, Withdrawing())


@place.post("/versions/<version>/withdrawal")
def withdraw(version: str) -> Response:
    """Withdraw an announced version: a reason, its name typed and the second factor given again."""
    form = Withdrawing.read(request.form, version)
    if form.faults:
        return _withdrawal_page(version, form)
    guarding.require_fresh()
    try:
        recalling.withdraw(version, form.because, guarding.by(), clock.now)
    except NoSuchVersion:
        abort(404)
    except NotAhead:
        return _not_ahead(version)
    flash(gettext("%(version)s 방침을 철회했습니다. 시행되지 않습니다.", version=version))
    return redirect(url_for("policies.overview"), 303)  # type: ignore[return-value]


@place.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response:
    """Tell at the field that a file is too large, though nothing of it was read; elsewhere as everywhere."""
    if request.endpoint != "policies.begin" or not guarding.allows("policies.write") or not errors.wants_page():
        return errors.refused(error)
    return _overview(Form(faults={"file": str(TOO_LARGE)}), 413)


def _overview(form: Form, refused: int = 422) -> Response:
    at = clock.now()
    page = render_template(
        "desk/policies.html",
        versions=[
            {
                "version": one.published.policy.version,
                "pill": STATES[one.state][0],
                "state": str(STATES[one.state][1]),
                "effective_at": one.published.effective_at,
                "asks_again": one.asks_again,
                "asked_again": one.asked_again,
                "announced": one.announced,
                "early_because": one.early_because,
                "withdrawn": one.withdrawn,
                "recalled": one.recalled,
                "told": _told(one),
                "may_withdraw": one.state == "ANNOUNCED",
            }
            for one in versioning.versions(at)
        ],
        drafts=drafting.open_drafts(),
        may_write=guarding.allows("policies.write"),
        earliest=earliest_day(seoul_day(at), material=False),
        lead=DAYS,
        form=form,
        faults=form.summary,
    )
    return make_response(page, refused if form.faults else 200)


def _told(one: Version) -> int:
    """Return how many members were written to, without letters that were called off before they were sent."""
    if one.announced is None:
        return 0
    return one.announced.told - (one.recalled.called_off if one.recalled else 0)


def _withdrawal_page(version: str, form: Withdrawing) -> Response:
    found = versioning.version(version, clock.now())
    if found is None:
        abort(404)
    if found.state != "ANNOUNCED":
        return _not_ahead(version)
    page = render_template(
        "desk/policy_withdrawal.html",
        version=version,
        effective_at=found.published.effective_at,
        told=_told(found),
        form=form,
        faults=form.summary,
    )
    return make_response(page, 422 if form.faults else 200)


def _not_ahead(version: str) -> Response:
    flash(gettext("%(version)s 방침은 이제 철회할 수 없습니다. 시행 1분 전까지 철회할 수 있습니다.", version=version))
    return redirect(url_for("policies.overview"), 303)  # type: ignore[return-value]


def to_draft(ref: str, words: str) -> Response:
    """Go on to a draft, and say what was done."""
    flash(words)
    return redirect(url_for("policies.draft", ref=ref), 303)  # type: ignore[return-value]
