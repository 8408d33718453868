"""/desk/destructions: how far each destruction is, what it needs, and the evidence that people bring (screen 17).

By reference only: nothing here tells who somebody is, so that it can be read long after.
"""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext

from portal import clock
from portal.clock import seoul_day
from portal.forms.destructions import Proving
from portal.records.destructions import View
from portal.rules.destruction import LABELS, Kind, TaskState
from portal.rules.destruction_fault import FAULTS, Fault
from portal.rules.ledger import REASONS, Reason
from portal.services import evidencing, inspecting, watching
from portal.services.evidencing import EvidenceRefused
from portal.services.inspecting import Line, Opened, Step
from portal.speech import say_day, say_text
from portal.views import guarding
from portal.views.desk_people import PILLS
from portal.views.paging import counted, page_of, pages

place = Blueprint("destructions", __name__, url_prefix="/desk/destructions")
MOST_NUMBER = 20
VIEWS: dict[View, Any] = {
    "open": lazy_gettext("진행 중"),
    "attention": lazy_gettext("확인 필요"),
    "evidence": lazy_gettext("증빙 대기"),
    "done": lazy_gettext("끝난 파기"),
    "all": lazy_gettext("전체"),
}
STATES: dict[TaskState, tuple[str, Any]] = {
    TaskState.WAITING: (" pill--hold", lazy_gettext("대기")),
    TaskState.LEASED: (" pill--run", lazy_gettext("처리 중")),
    TaskState.DONE: (" pill--done", lazy_gettext("완료")),
    TaskState.ATTENTION: (" pill--bad", lazy_gettext("확인 필요")),
}


@place.get("", strict_slashes=False)
def overview() -> str:
    number = request.args.get("request", "")[:MOST_NUMBER]
    asked = request.args.get("view")
    view: View = next((known for known in VIEWS if known == asked), "all" if number else "open")
    page = page_of(request.args)
    lines, total = inspecting.listing(view, number, page)
    figures = inspecting.figures()
    narrowed = {"request": number} if number else {}
    return render_template(
        "desk/destructions.html",
        rows=[_row(line) for line in lines],
        chips=[
            {
                "url": url_for("destructions.overview", view=known, **narrowed),
                "name": str(name) if number else gettext("%(name)s %(count)s", name=name, count=f"{figures[known]:,}"),
                "is_here": known == view,
            }
            for known, name in VIEWS.items()
        ],
        caption=str(VIEWS[view]),
        number=number,
        certificate=inspecting.list_certificate(number),
        counted=counted(page, len(lines), total),
        pages=pages("destructions.overview", page, total),
        is_done=view == "done",
    )


@place.get("/<ref>")
def case(ref: str) -> Response:
    return _page(ref, Proving(), 0)


@place.post("/<ref>/again")
def again(ref: str) -> Response:
    """Put a step that needed attention back in line."""
    if watching.try_again(_task_of(ref), guarding.by(), clock.now()):
        flash(gettext("다시 시도합니다. 결과는 잠시 뒤 이 화면에 나옵니다."))
    else:
        flash(gettext("이미 다시 시도했거나 끝난 단계입니다."))
    return redirect(url_for("destructions.case", ref=ref), 303)  # type: ignore[return-value]


@place.post("/<ref>/evidence")
def prove(ref: str) -> Response:
    """Enter evidence for a step that waits for it."""
    task, form = _task_of(ref), Proving.read(request.form)
    if form.faults:
        return _page(ref, form, task)
    try:
        people = evidencing.enter(task, form.evidence, guarding.by(), clock.now(), for_batch=form.for_batch)
    except EvidenceRefused as refused:
        form.faults.update({name: say_text(fault) for name, fault in refused.faults.items()})
        return _page(ref, form, task)
    if people:
        flash(ngettext("증빙을 등록했습니다. (%(num)s명)", "증빙을 등록했습니다. (%(num)s명)", people))
    else:
        flash(gettext("이미 증빙이 있거나 끝난 단계입니다."))
    return redirect(url_for("destructions.case", ref=ref), 303)  # type: ignore[return-value]


def _task_of(ref: str) -> int:
    """Return the task that a form of this destruction's page names."""
    text = request.form.get("task", "")
    found = inspecting.opened(ref, clock.now())
    known = {str(step.task_id) for step in found.steps} if found else set()
    if text not in known:
        abort(404)
    return int(text)


def _page(ref: str, form: Proving, open_for: int) -> Response:
    found = inspecting.opened(ref, clock.now())
    if found is None:
        abort(404)
    html = render_template(
        "desk/destruction.html",
        line=_row(found.line),
        facts=_facts(found),
        steps=[_step(step) for step in found.steps],
        holds=[
            (gettext("법적 보존") if hold.kind == "LEGAL" else gettext("본인 이의 확인 중"), hold.placed_at)
            for hold in found.holds
        ],
        kept=[(say_text(label), say_day(until)) for label, until in found.kept],
        certificate=found.certificate,
        may_write=guarding.allows("destructions.write"),
        form=form,
        faults=form.summary,
        open_for=open_for,
        today=f"{seoul_day(clock.now()):%Y-%m-%d}",
    )
    return make_response(html, 422 if form.faults else 200)


def _row(line: Line) -> dict[str, Any]:
    destruction = line.destruction
    return {
        "ref": destruction.ref,
        "short": destruction.ref[:8],
        "number": line.number,
        "request": destruction.request_number or "",
        "is_list": bool(destruction.batch_ref),
        "reason": say_text(REASONS[Reason(destruction.reason)]),
        "decided_at": destruction.decided_at,
        "pill": PILLS[line.stand],
        "stand": say_text(LABELS[line.stand]),
        "done": line.done,
        "steps": line.steps,
        "stuck": [say_text(FAULTS[task.fault or Fault.BROKEN][0]) for task in line.stuck],
        "waits": line.waits_for_evidence,
    }


def _facts(found: Opened) -> list[tuple[str, str]]:
    destruction = found.line.destruction
    facts = [
        (gettext("관리대장 번호"), found.line.number or gettext("아직 없음")),
        (gettext("참조"), destruction.ref),
        (gettext("사유"), say_text(REASONS[Reason(destruction.reason)])),
        (gettext("기준일"), say_day(destruction.event_day)),
        (gettext("담당"), found.names.get(destruction.handler, "")),
        (gettext("승인"), found.names.get(destruction.approver, "")),
    ]
    return [fact for fact in facts if fact[1]]


def _step(step: Step) -> dict[str, Any]:
    facts = step.facts
    pill, state = STATES[facts.state]
    waits = facts.kind is Kind.EVIDENCE and facts.state is TaskState.WAITING
    fault = FAULTS[facts.fault] if facts.fault else None
    proof = step.evidence
    return {
        "task": step.task_id,
        "what": say_text(step.what),
        "where": say_text(step.where) if step.where else "",
        "counts": "–"
        if facts.expected is None and not facts.removed
        else f"{facts.removed:,} / {facts.expected:,}"
        if facts.expected is not None
        else f"{facts.removed:,}",
        "pill": pill,
        "state": str(VIEWS["evidence"]) if waits else str(state),
        "done_at": step.done_at,
        "due_at": step.due_at if facts.state is TaskState.WAITING and (facts.fault or waits) else None,
        "fault": say_text(fault[0]) if fault else "",
        "next": say_text(fault[1]) if fault and facts.state is TaskState.ATTENTION else "",
        "may_again": facts.state is TaskState.ATTENTION and facts.kind is not Kind.EVIDENCE,
        "may_prove": step.takes_evidence,
        "others": step.same_in_batch,
        "proof": (say_day(proof.on) if proof.on else "", proof.office, proof.note, proof.sha256) if proof else None,
    }
