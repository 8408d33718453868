"""The people of a request: what was said to each, what holds their destruction, and what needs somebody."""

from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from portal import clock
from portal.forms.holds import Holding
from portal.rules.destruction import LABELS, Stand
from portal.rules.mask import mask
from portal.services import holding_back, watching
from portal.services.requesting import NoSuchRequest
from portal.services.watching import Person
from portal.speech import say_text
from portal.views import guarding
from portal.views.desk import place, who_of
from portal.views.holds import REFUSED
from portal.views.paging import counted, number_of, page_of, pages

PILLS: dict[Stand, str] = {
    Stand.WAITING: " pill--hold",
    Stand.RUNNING: " pill--run",
    Stand.HELD: " pill--hold",
    Stand.ATTENTION: " pill--bad",
    Stand.DONE: " pill--done",
}
TELLING: dict[str, Any] = {
    "HELD": lazy_gettext("담당자 확인 전"),
    "WAITING": lazy_gettext("알리는 중"),
    "TOLD": lazy_gettext("본인에게 알림"),
    "NO_ADDRESS": lazy_gettext("알릴 메일 주소 없음"),
}
ENDS: dict[str, Any] = {
    "RIGHT": lazy_gettext("파기 완료"),
    "WRONG": lazy_gettext("이의 인정, 파기하지 않음"),
    "TAKEN_BACK": lazy_gettext("요청 취소"),
}


@place.get("/requests/<number>/people")
def people(number: str) -> Response:
    return _page(number, Holding())


@place.post("/requests/<number>/holds")
def hold(number: str) -> Response:
    """Place a legal hold on one of the people of this request."""
    form = Holding.read(request.form)
    if form.faults:
        return _page(number, form)
    if not watching.concerns(number, request.form.get("member", "")):
        abort(404)
    try:
        holding_back.place(request.form["member"], form.case, guarding.by(), clock.now())
    except holding_back.Refused as refused:
        form.faults["case"] = str(REFUSED[refused.why])
        return _page(number, form)
    flash(gettext("보류했습니다. 다음 파기 단계부터 멈춥니다."))
    return redirect(url_for("desk.people", number=number), 303)  # type: ignore[return-value]


@place.post("/requests/<number>/again")
def again(number: str) -> Response:
    """Put a step that needed attention back in line."""
    task = number_of(request.form.get("task"))
    if task is None:
        abort(400)
    if watching.try_again(task, guarding.by(), clock.now()):
        flash(gettext("다시 시도합니다. 결과는 잠시 뒤 이 화면에 나옵니다."))
    else:
        flash(gettext("이미 다시 시도했거나 끝난 단계입니다."))
    return redirect(url_for("desk.people", number=number), 303)  # type: ignore[return-value]


def _page(number: str, form: Holding) -> Response:
    page = page_of(request.args)
    try:
        found, total = watching.people_of(number, page, guarding.by(), clock.now())
    except NoSuchRequest:
        abort(404)
    html = render_template(
        "desk/people.html",
        number=number,
        people=[_row(person) for person in found],
        counted=counted(page, len(found), total, are_people=True),
        pages=pages("desk.people", page, total, number=number),
        may_hold=guarding.allows("holds.write"),
        may_decide=guarding.allows("desk.request.decide"),
        form=form,
        faults=form.summary,
        open_for=request.form.get("member", ""),
    )
    return make_response(html, 422 if form.faults else 200)


def _row(person: Person) -> dict[str, Any]:
    leaver, stand = person.leaver, person.stand
    return {
        "ref": person.member_ref,
        "who": who_of(person.known, not person.known, "SELF"),
        "login_id": mask("login_id", person.known["login_id"]) if person.known.get("login_id") else "",
        "left_on": person.left_on,
        "telling": str(TELLING[leaver.telling]) if leaver else "",
        "end": str(ENDS[leaver.end]) if leaver and leaver.end else "",
        "objects": person.objection is not None and person.objection.upheld is None,
        "holds": [one for one in person.holds if one.kind == holding_back.LEGAL],
        "pill": PILLS[stand] if stand else "",
        "stand": say_text(LABELS[stand]) if stand else "",
        "stuck": [
            {
                "task": one.task_id,
                "where": one.attention.where,
                "what": say_text(one.attention.what),
                "next": say_text(one.attention.next_step),
            }
            for one in person.stuck
        ],
        "may_hold": bool(person.known) and not any(one.kind == holding_back.LEGAL for one in person.holds),
    }
