"""/org/questions: people who say themselves that they have left, and what their former company answers."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from portal import clock
from portal.rules.leaving import Answer
from portal.rules.request import StepRefused
from portal.services import asking_company
from portal.services.requesting import NoSuchRequest
from portal.speech import say_text
from portal.views import guarding, org

place = Blueprint("org_questions", __name__, url_prefix="/org/questions")


@place.get("")
def overview() -> str:
    found = asking_company.questions_to(org.company().ref, guarding.by(), clock.now())
    return render_template("org/questions.html", questions=found)


@place.post("")
def answer() -> Response:
    said = next((one for one in Answer if one.value == request.form.get("answer")), None)
    if said is None:
        abort(400)
    number = request.form.get("number", "")
    try:
        asking_company.answer(number, said, company_ref=org.company().ref, by=guarding.by(), at=clock.now())
    except NoSuchRequest:
        abort(404)
    except StepRefused as refused:
        flash(say_text(refused.reason))
    else:
        flash(gettext("답을 저장했어요. CloudMate 담당자가 확인하고 결정해요."))
    return redirect(url_for("org_questions.overview"), 303)  # type: ignore[return-value]
