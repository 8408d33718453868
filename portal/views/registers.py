"""/desk/registers: who receives members' data, what was checked, and what went to whom (screen 18)."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from portal import clock
from portal.clock import seoul_day
from portal.forms.handlers import Form
from portal.forms.registers import ContractForm, End, Facts, Supervision
from portal.policy.model import Policy
from portal.rules import processor
from portal.rules.processor import CLAUSES, GROUNDS, RELATIONSHIPS, Entry, Lack, Standing, State
from portal.services import disclosing, entrusted, entrusting, publishing
from portal.services.entrusting import Refused
from portal.speech import language, say_text
from portal.views import guarding
from portal.views import register_lines as lines
from portal.views.downloads import table as table_of

place = Blueprint("registers", __name__, url_prefix="/desk/registers")
MONTHS = 12
REFUSED_SHOWN = 25
ON_PAPER = {Lack.CONTRACT, Lack.EXPIRED, Lack.CLAUSES}
REFUSALS = {  # word: (the field it stands at, what it says)
    "TAKEN": ("key", lazy_gettext("이미 쓰고 있는 이름입니다.")),
    "ITEMS": ("item", lazy_gettext("처리방침에 없는 항목입니다.")),
    "PURPOSES": ("purpose", lazy_gettext("처리방침에 없는 목적입니다.")),
    "EXPIRES_BEFORE": ("expires_on", lazy_gettext("만료일은 계약일보다 뒤여야 합니다.")),
    "NEXT_DUE": ("next_due", lazy_gettext("다음 점검은 점검한 날부터 1년 안이어야 합니다.")),
    "LACKS": ("disclose", lazy_gettext("아직 모자란 것이 있어 공개로 올릴 수 없습니다.")),
    "DISCLOSED": ("disclose", lazy_gettext("이미 공개 중입니다.")),
}
TO_COME = lazy_gettext("아직 오지 않은 날입니다.")
DAY_FIELDS = {"contract": "signed_on", "supervise": "day_of", "end": "ended_on"}


@place.get("")
def overview() -> str:
    at = clock.now()
    policy, today = publishing.in_force(at).policy, seoul_day(at)
    standings = entrusted.standings()
    names = {one.entry.key: one.entry.name.in_language(language()) for one in standings}
    refusals = [
        (
            row.at,
            names.get(row.processor, row.processor),
            lines.items_text(policy, row.items),
            lines.purposes_text(policy, [row.purpose]),
            row.reference,
            lines.reason_text(row.reason),
        )
        for row in disclosing.refused(REFUSED_SHOWN)
    ]
    return render_template(
        "desk/registers.html",
        lines=[lines.line_of(one, policy, today) for one in standings],
        differences=lines.differing(policy, processor.differences(policy, standings), standings),
        version=policy.version,
        months=lines.months(disclosing.sums(today, MONTHS), names),
        refusals=refusals,
        may_write=guarding.allows("registers.write"),
    )


@place.get("/disclosures.csv")
def table() -> Response:
    """The sums by recipient and month, as a table for people."""
    at = clock.now()
    names = {one.entry.key: one.entry.name.in_language(language()) for one in entrusted.standings()}
    rows: list[list[object]] = [[gettext("월"), gettext("받는 곳"), gettext("판정"), gettext("사유"), gettext("건수")]]
    for one in disclosing.sums(seoul_day(at), None):
        verdict = gettext("보냄") if one.verdict == "ALLOWED" else gettext("거절")
        reason = lines.reason_text(one.reason) if one.reason else ""
        rows.append([one.month, names.get(one.processor, one.processor), verdict, reason, one.count])
    return table_of(rows, f"disclosures-{seoul_day(at)}.csv")


@place.route("/new", methods=["GET", "POST"])
def add() -> Response:
    form = Facts()
    if request.method == "POST":
        form = Facts.read(request.form)
        if form.entry is not None:
            try:
                entrusting.add(form.entry, form.contact, guarding.by(), clock.now())
                return _done(form.entry.key, gettext("대장에 적었습니다."))
            except Refused as refused:
                _tell(form, refused)
    return _form_page(form, None)


@place.get("/<key>")
def entry(key: str) -> Response:
    return _entry_page(_standing(key), Form())


@place.route("/<key>/facts", methods=["GET", "POST"])
def change(key: str) -> Response:
    standing = _standing(key)
    if standing.ended_on is not None:
        abort(404)
    form = _filled(standing.entry)
    if request.method == "POST":
        form = Facts.read(request.form, key)
        if form.entry is not None:
            try:
                entrusting.change(form.entry, form.contact, guarding.by(), clock.now())
                return _done(key, gettext("고쳐 적었습니다. 먼저 적은 것은 이력에 남습니다."))
            except Refused as refused:
                _tell(form, refused)
    return _form_page(form, standing.entry)


@place.post("/<key>")
def note(key: str) -> Response:
    """Do the next step of an entry: its contract, its disclosure, a supervision, its end."""
    standing, at, by, deed = _standing(key), clock.now(), guarding.by(), request.form.get("deed", "")
    form: Form = Form()
    try:
        if deed == "contract":
            form = paper = ContractForm.read(request.form, request.files.get("file"))
            if paper.contract is not None:
                entrusting.note_contract(key, paper.contract, by, at)
                return _done(key, gettext("계약을 기록했습니다. 파일은 남기지 않았습니다."))
        elif deed == "disclose":
            entrusting.disclose(key, by, at)
            return _done(key, gettext("공개 중입니다. 이제 등록한 항목을 등록한 목적으로 보낼 수 있습니다."))
        elif deed == "supervise":
            form = look = Supervision.read(request.form)
            if look.day_of and look.next_due and not look.faults:
                entrusting.supervise(key, look.day_of, look.method, look.findings, look.next_due, by, at)
                return _done(key, gettext("점검을 기록했습니다."))
        elif deed == "end":
            form = last = End.read(request.form)
            if last.ended_on and not last.faults:
                entrusting.end(key, last.ended_on, last.how, last.evidence, by, at)
                return _done(key, gettext("끝냈습니다. 이제 이곳으로는 아무것도 보낼 수 없습니다."))
        else:
            abort(400)
    except Refused as refused:
        _tell(form, refused, DAY_FIELDS.get(deed, ""))
    return _entry_page(standing, form, deed)


def _standing(key: str) -> Standing:
    found = entrusted.standing_of(key)
    if found is None:
        abort(404)
    return found


def _done(key: str, words: str) -> Response:
    flash(words)
    return redirect(url_for("registers.entry", key=key), 303)  # type: ignore[return-value]


def _tell(form: Form, refused: Refused, day_field: str = "") -> None:
    if refused.why == "TO_COME":
        form.faults[day_field] = str(TO_COME)
        return
    if refused.why not in REFUSALS:
        abort(404)
    field, words = REFUSALS[refused.why]
    form.faults[field] = str(words)


def _entry_page(standing: Standing, form: Form, deed: str = "") -> Response:
    at = clock.now()
    policy, today, entry = publishing.in_force(at).policy, seoul_day(at), standing.entry
    state = processor.state_of(standing, policy, today)
    lacks = processor.lacks_of(standing, policy, today)
    contract, ticked = standing.contract, request.form.getlist("clause")
    page = render_template(
        "desk/register.html",
        line=lines.line_of(standing, policy, today),
        entry=entry,
        name_en=entry.name.en if entry.name.en != entry.name.ko else "",
        ground=say_text(GROUNDS[entry.ground]),
        contact=entrusted.contact_of(entry.key),
        contract=contract,
        clauses=[
            (key, say_text(words), contract is not None and key in contract.clauses, key in ticked)
            for key, words in CLAUSES.items()
        ],
        differences=lines.differing(
            policy, [one for one in processor.differences(policy, [standing]) if one.key == entry.key], [standing]
        ),
        version=policy.version,
        step=_step(standing, policy, state, lacks),
        history=lines.history(policy, entrusted.history_of(entry.key)),
        state=state.value,
        ended_on=standing.ended_on,
        form=form,
        deed=deed,
        today=today.isoformat(),
        next_year=processor.supervision_due_on(today).isoformat(),
        how=[("", gettext("골라 주세요")), *lines.HOW.items()],
        may_write=guarding.allows("registers.write") and standing.ended_on is None,
    )
    return make_response(page, 422 if form.faults else 200)


def _step(standing: Standing, policy: Policy, state: State, lacks: tuple[Lack, ...]) -> str:
    """Return the one next step: what the page shows first."""
    if state is State.ENDED:
        return ""
    if ON_PAPER & set(lacks):
        return "contract"
    if state is State.DISCLOSED:
        return "supervise"
    return "disclose" if not set(lacks) - {Lack.SUPERVISION} else "mend"


def _filled(entry: Entry) -> Facts:
    """Return a form filled with what the register holds."""
    abroad = entry.overseas
    contact = entrusted.contact_of(entry.key)
    return Facts(
        typed={
            "key": entry.key,
            "name": entry.name.ko,
            "name_en": entry.name.en if entry.name.en != entry.name.ko else "",
            "task": entry.task.ko,
            "task_en": entry.task.en if entry.task.en != entry.task.ko else "",
            "relationship": entry.relationship,
            "ground": entry.ground,
            "period": entry.period,
            "settled": "" if entry.review_required else "yes",
            "department": contact.get("department", ""),
            "email": contact.get("email", ""),
            "subs": "\n".join(f"{one.name}: {one.task}" for one in entry.sub_processors),
            "country": abroad.country if abroad else "",
            "method": abroad.method if abroad else "",
            "term": abroad.period if abroad else "",
            "refusal": abroad.refusal if abroad else "",
        }
    )


def _form_page(form: Facts, entry: Entry | None) -> Response:
    policy = publishing.in_force(clock.now()).policy
    posted = request.method == "POST"
    held_items, held_purposes = (entry.items, entry.purposes) if entry else ((), ())
    page = render_template(
        "desk/register_form.html",
        form=form,
        entry=entry,
        title=entry.name.in_language(language()) if entry else "",
        relationships=_choices(RELATIONSHIPS),
        grounds=_choices(GROUNDS),
        items=_ticks(policy.items, request.form.getlist("item") if posted else held_items),
        purposes=_ticks(policy.purposes, request.form.getlist("purpose") if posted else held_purposes),
    )
    return make_response(page, 422 if form.faults else 200)


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(value, say_text(text)) for value, text in words.items()]


def _ticks(facts: Any, chosen: Any) -> list[tuple[str, str, bool]]:
    return [(fact.key, fact.label.in_language(language()), fact.key in chosen) for fact in facts]
