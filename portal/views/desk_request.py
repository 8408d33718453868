"""/desk/requests/<number>: one request, and the next step only (screen 14). Values are masked until revealed."""

from datetime import datetime
from io import BytesIO

from flask import Response, abort, flash, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.clock import seoul_day
from portal.forms.desk import Revealing, Stepping
from portal.forms.handlers import Form
from portal.rules import reveal
from portal.rules.deadline import DeferralRefused, received_day
from portal.rules.profile import ProfileFaults
from portal.rules.progress import DESTROYING, Word
from portal.rules.request import StepRefused
from portal.services import asking_company, certifying, judging, publishing, requesting, revealing, watching, working
from portal.services.carrying_out import CannotCarryOut
from portal.services.correcting import NotEverywhere
from portal.services.requesting import NoSuchRequest, Standing
from portal.services.working import Case, ChangedMeanwhile
from portal.speech import say_text
from portal.vault.person_keys import KeyDestroyed, NoKey
from portal.views import guarding
from portal.views.desk import place, who_of
from portal.views.desk_case import asked_of, facts_of, line_of, plan_of, steps_of
from portal.views.desk_words import LETTERS, STEPS, TOLD
from portal.views.downloads import attached
from portal.views.standing import CHANNELS, REQUESTERS, due_of, kind_name, pill_of


@place.get("/requests/<number>")
def case(number: str) -> Response:
    return _case_page(number, Form(), Form())


@place.post("/requests/<number>/steps")
def step(number: str) -> Response:
    """Take the next step. A destruction is approved with the number typed and the second factor given again."""
    at = clock.now()
    kind = _standing(number, at).kind
    form = Stepping.read(request.form, number, kind)
    if form.word is None or form.word not in STEPS:
        abort(400)
    if form.faults:
        return _case_page(number, form, Form())
    if form.word is Word.APPROVED and kind in DESTROYING:
        guarding.require_fresh()
    name = form.word.value.lower()
    try:
        working.step(
            number,
            form.word,
            seen=form.seen,
            by=guarding.by(),
            roles=current_user.roles,
            at=at,
            reason=form.ground,
            words=form.words,
            until=form.until,
            changes=form.changes,
        )
    except NoSuchRequest:
        abort(404)
    except ChangedMeanwhile as changed:
        return _case_page(number, form, Form(), changed=changed.name or gettext("요청한 사람"))
    except StepRefused as refused:
        form.faults[_field(form, name)] = f"{say_text(refused.reason)} {refused.source}".strip()
    except DeferralRefused as refused:
        form.faults[f"until_{name}"] = f"{say_text(refused.reason)} {refused.source}".strip()
    except CannotCarryOut as cannot:
        form.faults[_field(form, name)] = say_text(cannot.reason)
    except ProfileFaults as told:
        form.faults |= {f"change_{fault.field}": say_text(fault.reason) for fault in told.faults}
    except NotEverywhere as left:
        places = ", ".join(say_text(place) for place in left.where)
        form.faults[_field(form, name)] = gettext(
            "%(places)s: 아직 바꾸지 못했습니다. 나머지는 바뀌었으니 잠시 뒤에 다시 보내 주세요.", places=places
        )
    except (KeyDestroyed, NoKey):
        form.faults[_field(form, name)] = gettext("이 요청의 정보는 이미 파기되어 더 적을 수 없습니다.")
    else:
        flash(gettext("처리 기록에 남겼습니다: %(step)s", step=TOLD[form.word]))
        return redirect(url_for("desk.case", number=number), 303)  # type: ignore[return-value]
    return _case_page(number, form, Form())


@place.post("/requests/<number>/reveal", endpoint="reveal")
def reveal_values(number: str) -> Response:
    """Show the masked values of this request to this person for five minutes, for a reason."""
    _standing(number, clock.now())
    form = Revealing.read(request.form)
    if form.faults:
        return _case_page(number, Form(), form)
    try:
        revealing.reveal(number, form.reason, form.words, guarding.by(), clock.now())
    except NoSuchRequest:
        abort(404)
    except (KeyDestroyed, NoKey):
        form.faults["reason"] = gettext("이 요청의 정보는 이미 파기되어 볼 수 없습니다.")
        return _case_page(number, Form(), form)
    return redirect(url_for("desk.case", number=number), 303)  # type: ignore[return-value]


@place.get("/requests/<number>/papers/<ref>")
def paper(number: str, ref: str) -> Response:
    """Give a document that proves an agent's power, while the values of the request are revealed."""
    try:
        found, content = working.paper(number, ref, guarding.by(), clock.now(), current_user.began_at)
    except NoSuchRequest:
        abort(404)
    return attached(send_file(BytesIO(content), mimetype=found.media_type), f"{number}-{ref[:6]}")


def _standing(number: str, at: datetime) -> Standing:
    try:
        return requesting.stand_of(number, at)
    except NoSuchRequest:
        abort(404)


def _field(form: Stepping, name: str) -> str:
    """Return the field at which a refusal stands: the first of the form's own, else its button."""
    own = (f"ground_{name}", f"words_{name}", "confirm")
    return next((field for field in own if field in form.typed), f"do_{name}")


def _may_take(found: Case) -> bool:
    is_mine = found.standing.request.handler_ref == current_user.account_ref
    return found.standing.state.is_open and not found.is_own and not is_mine


def _waits_for_another(found: Case) -> bool:
    """Tell whether one has approved, and somebody else than who looks must, too."""
    state = found.standing.state
    approved = any(event.word == Word.APPROVED for event in found.standing.events)
    return state.status == "AWAITING_APPROVAL" and approved and Word.APPROVED not in found.next


def _case_page(number: str, form: Form, revealing_form: Form, changed: str = "") -> Response:
    at = clock.now()
    try:
        found = working.opened(number, guarding.by(), current_user.roles, at, current_user.began_at)
    except NoSuchRequest:
        abort(404)
    standing, one = found.standing, found.standing.request
    received = received_day(one.received_at)
    days = (one.due_day - received).days
    pill, state = pill_of(standing.state)
    primary, others = steps_of(found, form)
    may_decide = guarding.allows("desk.request.decide")
    page = render_template(
        "desk/request.html",
        number=number,
        certificate=certifying.code_of_request(number),
        has_people=standing.kind in DESTROYING,
        attention=watching.attention_count(number) if standing.kind in DESTROYING else 0,
        objections=judging.open_count(number),
        question=asking_company.clock_of(number, at),
        letter_names=LETTERS,
        title=gettext("%(kind)s 요청", kind=kind_name(standing.kind)),
        pill_mark=pill,
        state=state,
        due=due_of(standing.badge, one.due_day) if standing.state.is_open else None,
        due_day=one.due_day,
        basis=say_text(standing.basis),
        received_at=one.received_at,
        received_day=received,
        passed=min(days, max(0, (seoul_day(at) - received).days)),
        days=days,
        received_from=REQUESTERS[one.requester],
        channel=CHANNELS[one.channel],
        who=who_of(found.known, found.is_gone, one.requester),
        facts=facts_of(found),
        asked=asked_of(found),
        papers=found.papers,
        line=line_of(found),
        plan=plan_of(working.preview_of(found, at), publishing.in_force(at).policy),
        handler=found.names.get(one.handler_ref or "", ""),
        handler_ref=one.handler_ref or "",
        may_take=may_decide and _may_take(found),
        primary=primary if may_decide else None,
        others=others if may_decide else [],
        is_own=found.is_own,
        waits_for_another=_waits_for_another(found),
        waits_for_destruction=standing.state.detail == "WAITING_FOR_DESTRUCTION",
        is_open=standing.state.is_open,
        seen=found.seen,
        form=form,
        changed=changed,
        may_reveal=guarding.allows("desk.reveal") and not found.is_gone,
        revealed_until=found.revealed_until,
        revealing=revealing_form,
        reasons=[("", gettext("골라 주세요")), *((code, say_text(words)) for code, words in reveal.REASONS.items())],
        faults=[*form.summary, *revealing_form.summary],
    )
    status = 409 if changed else 422 if form.faults or revealing_form.faults else 200
    return make_response(page, status)
