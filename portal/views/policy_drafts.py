"""/desk/policy/drafts: one draft of a version, fact by fact, what it changes and whom it asks again, and its release.
They add to the place of `policies`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.forms.handlers import Form
from portal.forms.policies import Adding, Releasing
from portal.forms.policy_facts import faults_of, fields_of, read, said_value, take_stored, title_of
from portal.policy.faults import PolicyFaults
from portal.policy.model import ARTICLE_NUMBERS, Policy
from portal.rules.naming import section_name
from portal.services import accounts, drafting, releasing
from portal.services.drafting import LISTS, SINGLE, ChangedMeanwhile, Draft, NoSuchDraft, name_of
from portal.services.publishing import StillUsed, TooLate, VersionTaken
from portal.services.releasing import TooSoon
from portal.speech import language, say_article, say_day, say_text
from portal.views import guarding
from portal.views.comparing import Line, words_apart
from portal.views.policies import place, to_draft
from portal.views.policy_words import placed, said_short
from portal.views.public import changes_between

TAKE = "take."  # before the path of a field: which of two texts is saved


@dataclass(frozen=True)
class Clash:
    """One field in which what is stored and what was typed differ, each cut where it does."""

    path: str
    words: str
    stored: Line
    mine: Line


@place.get("/drafts/<ref>")
def draft(ref: str) -> str:
    found = _draft(ref)
    spoken = language()
    base, now = drafting.facts_of_base(found), drafting.facts_of(found)
    dropped: dict[str, list[str]] = {}
    for section, key in base.keys() - now.keys():
        dropped.setdefault(section, []).append(key)
    sections = [
        {
            "name": section_name(section, spoken),
            "section": section,
            "facts": [(name_of(one), title_of(one, spoken)) for one in found.facts.get(section, ())],
            "dropped": [title_of(base[section, key], spoken) for key in dropped.get(section, ())],
        }
        for section in LISTS
    ]
    return render_template(
        "desk/policy_draft.html",
        draft=found,
        sections=sections,
        single=[(section, section_name(section, spoken)) for section in SINGLE],
        faults=[placed(fault, spoken) for fault in found.faults],
        changed={where for where, one in now.items() if base.get(where) != one},
        changed_by=accounts.names_of({found.changed_by}).get(found.changed_by, ""),
        may_write=guarding.allows("policies.write"),
    )


@place.route("/drafts/<ref>/<section>", methods=["GET", "POST"], defaults={"key": ""})
@place.route("/drafts/<ref>/<section>/<key>", methods=["GET", "POST"])
def fact(ref: str, section: str, key: str) -> Response:
    """Show one fact of a draft, filled in; take what was typed, whole or faulty, and say what is wrong with it."""
    found = _draft(ref)
    held = _fact(found, section, key)
    if request.method == "GET":
        return _fact_page(found, section, key, held, Form())
    typed = read(section, request.form, held)
    sides = ((name, side) for name, side in request.form.items() if name.startswith(TAKE))
    typed = take_stored(typed, held, {name.removeprefix(TAKE) for name, side in sides if side == "stored"})
    if isinstance(held, Mapping) and isinstance(typed, dict):
        typed |= {name: held[name] for name in ("key", "number") if name in held}
    form = Form(faults={fault.where: said_short(fault) for fault in faults_of(section, typed)})
    if form.faults:
        return _fact_page(found, section, key, typed, form)
    try:
        drafting.rewrite(ref, section, key, typed, seen=_seen(), by=guarding.by(), at=clock.now())
    except ChangedMeanwhile as changed:
        return _fact_page(_draft(ref), section, key, typed, form, changed=_who(changed))
    return to_draft(ref, gettext("저장했습니다."))


@place.route("/drafts/<ref>/add/<section>", methods=["GET", "POST"])
def add(ref: str, section: str) -> Response:
    """Name a new fact, and come to its form."""
    found = _draft(ref)
    if section not in LISTS:
        abort(404)
    form = Adding()
    known = {name_of(one) for one in found.facts.get(section, ())}
    if request.method == "POST":
        form = Adding.read(request.form, section)
        if form.key in known:
            form.faults["key"] = gettext("이미 있는 이름입니다.")
        if not form.faults:
            name = "number" if section == "articles" else "key"
            try:
                drafting.rewrite(
                    ref, section, form.key, {name: form.key}, seen=_seen(), by=guarding.by(), at=clock.now()
                )
            except ChangedMeanwhile as changed:
                form.faults["key"] = _changed(changed)
            else:
                return redirect(url_for("policies.fact", ref=ref, section=section, key=form.key), 303)  # type: ignore[return-value]
    page = render_template(
        "desk/policy_add.html",
        draft=_draft(ref),
        section=section,
        name=section_name(section, language()),
        numbers=[("", gettext("골라 주세요")), *((one, one) for one in ARTICLE_NUMBERS if one not in known)],
        form=form,
    )
    return make_response(page, 422 if form.faults else 200)


@place.post("/drafts/<ref>/take-out")
def take_out(ref: str) -> Response:
    """Take a fact out of a draft, or give the whole draft up."""
    section, key = request.form.get("section", ""), request.form.get("key", "")
    by, at = guarding.by(), clock.now()
    try:
        if not section:
            drafting.drop(ref, seen=_seen(), by=by, at=at)
            flash(gettext("초안을 버렸습니다."))
            return redirect(url_for("policies.overview"), 303)  # type: ignore[return-value]
        _fact(_draft(ref), section, key)
        drafting.rewrite(ref, section, key, None, seen=_seen(), by=by, at=at)
    except NoSuchDraft:
        abort(404)
    except ChangedMeanwhile as changed:
        return to_draft(ref, _changed(changed))
    return to_draft(ref, gettext("뺐습니다."))


@place.get("/drafts/<ref>/release")
def check(ref: str) -> Response:
    return _release_page(_draft(ref), Releasing(typed={"time": "00:00"}))


@place.post("/drafts/<ref>/release")
def release(ref: str) -> Response:
    """Release a draft: the version's name typed and the second factor given again."""
    found = _draft(ref)
    form = Releasing.read(request.form, found.version)
    if form.faults or form.effective_at is None:
        return _release_page(found, form)
    guarding.require_fresh()
    try:
        done = drafting.release(
            ref, form.effective_at, form.early_because, seen=_seen(), by=guarding.by(), at=clock.now()
        )
    except ChangedMeanwhile as changed:
        form.faults["confirm"] = _changed(changed)
    except PolicyFaults:
        form.faults["confirm"] = gettext("고칠 것이 남아 있어 발행할 수 없습니다.")
    except TooSoon as soon:
        form.faults["early_because"] = gettext("%(day)s보다 이르면 이유를 적어야 합니다.", day=say_day(soon.earliest))
    except TooLate:
        form.faults["time"] = gettext("이미 지난 때입니다. 앞으로 올 때를 적어 주세요.")
    except VersionTaken:
        form.faults["confirm"] = gettext("이 이름의 방침은 이미 발행되었습니다. 시행일을 바꿔 주세요.")
    except StillUsed as used:
        form.faults["confirm"] = gettext("아직 쓰고 있는 목적이 빠졌습니다: %(uses)s", uses="; ".join(used.uses))
    else:
        flash(gettext("%(version)s 방침을 발행했습니다. 회원에게 알리고 있습니다.", version=done.policy.version))
        return redirect(url_for("policies.overview"), 303)  # type: ignore[return-value]
    return _release_page(_draft(ref), form)


def _fact_page(found: Draft, section: str, key: str, shown: Any, form: Form, changed: str = "") -> Response:
    fields = fields_of(found, section, shown, language())
    page = render_template(
        "desk/policy_fact.html",
        draft=found,
        section=section,
        key=key,
        name=section_name(section, language()),
        title=title_of(shown, language()) if isinstance(shown, Mapping) and key else "",
        fields=fields,
        form=form,
        faults=form.summary,
        changed=changed,
        clashes=_clashes(found, section, key, shown) if changed else [],
        take=TAKE,
        may_write=guarding.allows("policies.write"),
    )
    return make_response(page, 409 if changed else 422 if form.faults else 200)


def _clashes(found: Draft, section: str, key: str, typed: Any) -> list[Clash]:
    """Return where what is stored now and what was typed differ."""
    stored = fields_of(found, section, _fact(found, section, key), language())
    return [
        Clash(was.path, was.words, *words_apart(said_value(was), said_value(mine)))
        for was, mine in zip(stored, fields_of(found, section, typed, language()), strict=True)
        if was.value != mine.value
    ]


def _release_page(found: Draft, form: Releasing) -> Response:
    policy, spoken = found.policy, language()
    plan = releasing.plan_of(policy, clock.now(), spoken) if policy else None
    changed = [one for one in plan.difference.facts if one.section != "effective_on"] if plan else []
    heads = [(one.section, one.key) for one in changed]
    facts = [
        (one, *words_apart(one.before, one.after), n > 0 and heads[n] == heads[n - 1]) for n, one in enumerate(changed)
    ]
    page = render_template(
        "desk/policy_release.html",
        draft=found,
        plan=plan,
        before=plan.before.version if plan else "",
        changes=changes_between(plan.before, policy, spoken) if plan and policy else [],
        facts=facts,
        reminders=_reminders(plan.before, policy) if plan and policy else [],
        asked=[say_text(policy.consent_item(key).title) for key in plan.difference.asked_again]
        if plan and policy
        else [],
        people=ngettext("%(num)s명", "%(num)s명", plan.asked_again) if plan else "",
        faults_of_draft=[placed(fault, spoken) for fault in found.faults],
        may_write=guarding.allows("policies.write"),
        form=form,
        faults=form.summary,
    )
    return make_response(page, 422 if form.faults else 200)


def _reminders(before: Policy, policy: Policy) -> list[tuple[str, str, str]]:
    """Return what an officer easily overlooks and what is no fault, each with the section and key of the fact."""
    found, spoken = [], language()
    if policy.reason == before.reason:
        found.append((gettext("개정 이유가 이전 방침과 같습니다."), "reason", ""))
    day = say_day(before.effective_on)
    for article in policy.articles:
        if any(day in text.in_language(spoken) for text in (article.easy, article.text)):
            words = gettext(
                "%(article)s에 이전 시행일(%(day)s)이 있습니다.", article=say_article(article.number), day=day
            )
            found.append((words, "articles", article.number))
    return found


def _draft(ref: str) -> Draft:
    try:
        return drafting.draft_of(ref)
    except NoSuchDraft:
        abort(404)


def _fact(found: Draft, section: str, key: str) -> Any:
    """Return what the draft holds. One that somebody took out meanwhile is an empty one for who sends it: what they
    typed is not lost, and saving brings it back."""
    try:
        return drafting.fact_of(found, section, key)
    except NoSuchDraft:
        name = Adding.read(MultiDict({"key": key}), section)
        if request.method == "GET" or section not in LISTS or name.faults or request.endpoint != "policies.fact":
            abort(404)
        return {"number" if section == "articles" else "key": key}


def _seen() -> int:
    text = request.form.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def _changed(changed: ChangedMeanwhile) -> str:
    return gettext("%(name)s 님이 먼저 고쳤습니다. 바뀐 초안을 확인해 주세요.", name=_who(changed))


def _who(changed: ChangedMeanwhile) -> str:
    return changed.name or gettext("다른 담당자")
