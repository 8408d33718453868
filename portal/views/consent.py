"""/consent and /declined: what is asked, item by item, and what follows from a no."""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from middleware.paths import safe_next
from portal import clock
from portal.forms import consent as forms
from portal.policy.model import ConsentItem, Language, Policy
from portal.records.members import new_ref
from portal.rules.consent import facts_shown, kept_shown, refusal_shown
from portal.rules.deadline import Kind
from portal.rules.glance import at_a_glance
from portal.services import consenting, exercising, objecting, publishing
from portal.services.consenting import Asked, StaleForm, Unanswered
from portal.speech import language
from portal.views import facts
from portal.views.comparing import Line, words_apart

place = Blueprint("consent", __name__)
REFUSAL_ARTICLE = "7"
LABELS_BESIDE_FORM = ("items", "purposes", "retention", "third_parties", "processors", "destruction", "officer")


@dataclass(frozen=True)
class FactChange:
    """One fact of an item that differs from what the person agreed to last time, cut into pieces. `before` is empty
    where nothing went, `after` where nothing came."""

    term: str
    before: Line
    after: Line


@dataclass(frozen=True)
class Card:
    """One item of the form. `answer` is what this person said before an error, never a default."""

    key: str
    field: str
    title: str
    statement: str
    optional: bool
    facts: tuple[tuple[str, str, str, bool], ...]  # (heading, main words, rest, set larger)
    kept: tuple[tuple[str, str, str], ...]
    kept_heading: str
    articles: tuple[str, ...]
    answer: str
    error: str
    changes: tuple[FactChange, ...]


@dataclass(frozen=True)
class Fault:
    """One line of the error summary, which leads to its field."""

    field: str
    words: str


@place.get("/consent")
def form() -> Response:
    asked = consenting.asked_of(current_user.host_id, clock.now())
    return _page(asked, _next_asked())


@place.post("/consent")
def answer() -> Response:
    at = clock.now()
    sent = forms.read(request.form)
    host_id = current_user.host_id
    try:
        if sent.decision == "decline":
            consenting.decline(host_id, sent.filled, at)
            return _see(url_for("consent.declined"))
        if sent.decision != "agree":
            abort(400)
        outcome = consenting.decide(host_id, sent.filled, at)
    except Unanswered as error:
        asked = consenting.asked_of(host_id, at)
        return _page(asked, sent.next, 422, sent=sent, unanswered=error.items)
    except StaleForm:
        return _page(consenting.asked_of(host_id, at), sent.next, 409)
    return _see(sent.next if outcome.opened else url_for("consent.form", next=sent.next))


@place.post("/consent/carry-on")
def carry_on() -> Response:
    then = safe_next(request.form.get("next"))
    opened = consenting.carry_on(current_user.host_id, clock.now())
    return _see(then if opened else url_for("consent.form", next=then))


@place.get("/declined")
def declined() -> str:
    return render_template("consent/declined.html", refusal=REFUSAL_ARTICLE)


def _page(
    asked: Asked, then: str, status: int = 200, *, sent: forms.Sent | None = None, unanswered: tuple[str, ...] = ()
) -> Response:
    """Return the form for what is due, or the page that says that nothing is."""
    if not asked.items:
        page = render_template(
            "consent/settled.html",
            standing=asked.stands,
            suspended=asked.suspended,
            reported=objecting.of_member(current_user.member_ref) if asked.suspended else None,
            may_resume=asked.suspended and exercising.may_resume(current_user.host_id),
            deletion=exercising.open_number(current_user.host_id, Kind.DELETION) if asked.suspended else "",
            next=then,
        )
        return make_response(page, 409 if status == 409 else 200)
    spoken, policy = language(), asked.published.policy
    keys = [item.key for item in asked.items]
    cards = [_card(asked, item, spoken, sent, item.key in unanswered) for item in asked.items]
    refusals = dict.fromkeys(refusal_shown(item, spoken) for item in asked.items)
    page = render_template(
        "consent/form.html",
        account=current_user.host_id,
        changed=bool(asked.earlier),
        stale=status == 409,
        lead=_lead(len(keys)),
        items=cards,
        faults=[Fault(card.field, card.error) for card in cards if card.error],
        refusals=_refusals(asked, spoken) if len(refusals) > 1 else [("", next(iter(refusals)))],
        refusal=REFUSAL_ARTICLE,
        hidden=forms.hidden(policy.version, consenting.text_hash(policy, keys, spoken), spoken, keys, new_ref(), then),
        labels=[label for label in at_a_glance(policy, spoken) if label.key in LABELS_BESIDE_FORM],
        recipients=facts.recipients(policy, spoken),
        effective=clock.seoul_day(asked.published.effective_at),
    )
    return make_response(page, status)


def _card(asked: Asked, item: ConsentItem, spoken: Language, sent: forms.Sent | None, faulty: bool) -> Card:
    policy = asked.published.policy
    kept = kept_shown(policy, item, spoken)
    return Card(
        key=item.key,
        field=forms.field(item.key),
        title=item.title.in_language(spoken),
        statement=item.label.in_language(spoken),
        optional=item.kind == "optional",
        facts=_facts(policy, item, spoken),
        kept=kept,
        kept_heading=ngettext("그 뒤에도 보관하는 기록 %(num)d가지", "그 뒤에도 보관하는 기록 %(num)d가지", len(kept)),
        articles=item.articles,
        answer=sent.filled.answers.get(item.key, "") if sent else "",
        error=_ask(item, spoken) if faulty else "",
        changes=_changes(asked, item, spoken),
    )


def _ask(item: ConsentItem, spoken: Language) -> str:
    """Return what an unanswered item says; an optional one asks for an answer, never for a yes."""
    if item.kind != "optional":
        return item.ask.in_language(spoken)
    return gettext("%(title)s: 동의하는지 하나를 골라 주세요", title=item.title.in_language(spoken))


def _facts(policy: Policy, item: ConsentItem, spoken: Language) -> tuple[tuple[str, str, str, bool], ...]:
    """Return the facts as (heading, main words, rest, set larger). Purpose and period are set larger, as the
    regulator's guide asks of what must be told; of the period only its first sentence."""
    (what, items), (why, purposes), (how_long, period) = facts_shown(policy, item, spoken)
    first, dot, rest = period.partition(". ")
    return ((what, items, "", False), (why, purposes, "", True), (how_long, first + dot.strip(), rest, True))


def _changes(asked: Asked, item: ConsentItem, spoken: Language) -> tuple[FactChange, ...]:
    """Return what differs from the text that this person agreed to last time."""
    earlier = asked.earlier.get(item.key)
    published = publishing.version_named(earlier.policy_version) if earlier else None
    if published is None:
        return ()
    old = published.policy
    before = dict(facts_shown(old, old.consent_item(item.key), spoken))
    kept_before = _kept_line(old, old.consent_item(item.key), spoken)
    policy = asked.published.policy
    now = [*facts_shown(policy, item, spoken), (gettext("보관하는 기록"), _kept_line(policy, item, spoken))]
    before[now[-1][0]] = kept_before
    return tuple(_change(term, before.get(term, ""), words) for term, words in now if before.get(term, "") != words)


def _change(term: str, before: str, after: str) -> FactChange:
    went, came = words_apart(before, after)
    return FactChange(
        term,
        went if any(piece.changed for piece in went) else (),
        came if any(piece.changed for piece in came) else (),
    )


def _kept_line(policy: Policy, item: ConsentItem, spoken: Language) -> str:
    return ", ".join(f"{record} {period}" for record, period, _ in kept_shown(policy, item, spoken))


def _refusals(asked: Asked, spoken: Language) -> list[tuple[str, str]]:
    return [(item.title.in_language(spoken), refusal_shown(item, spoken)) for item in asked.items]


def _lead(count: int) -> str:
    if count == 1:
        return gettext("한 가지를 읽고 답해 주세요. 동의하지 않을 수 있고, 동의한 뒤에도 언제든 철회할 수 있어요.")
    if count == 2:
        return gettext(
            "두 가지를 읽고 하나씩 답해 주세요. 동의하지 않을 수 있고, 동의한 뒤에도 언제든 철회할 수 있어요."
        )
    return gettext(
        "%(count)d가지를 읽고 하나씩 답해 주세요. 동의하지 않을 수 있고, 동의한 뒤에도 언제든 철회할 수 있어요.",
        count=count,
    )


def _next_asked() -> str:
    """Return where the person was going; an address given twice is not believed."""
    return safe_next(_single(request.args, "next"))


def _single(values: MultiDict[str, str], name: str) -> str | None:
    found = values.getlist(name)
    return found[0] if len(found) == 1 else None


def _see(address: str) -> Response:
    return redirect(address, 303)  # type: ignore[return-value]
