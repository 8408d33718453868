"""/: the policy, earlier versions and their differences, for anybody; the key that checks receipts; light or dark."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext

from middleware.paths import safe_next
from portal import clock
from portal.policy.model import Article, Language, Policy
from portal.rules.consent import text_shown
from portal.rules.glance import Label, at_a_glance
from portal.services import entrusted, publishing, receipting
from portal.services.publishing import Published
from portal.speech import language, say_article
from portal.views import facts
from portal.views.comparing import Line, side_by_side
from portal.views.downloads import attached
from portal.views.shell import MEDIA

place = Blueprint("public", __name__)
RETENTION_ARTICLE = "5"
RECIPIENTS_ARTICLE = "2-2"


@dataclass(frozen=True)
class ShownArticle:
    """One article of the page. `lives` is empty but for the article on retention."""

    number: str
    anchor: str
    title: str
    easy: str
    html: str
    lives: tuple[facts.Life, ...]
    recipients: tuple[facts.Recipient, ...]


@dataclass(frozen=True)
class ShownPolicy:
    """One version of the policy as a page; `state` is "current", "past", "coming" or "withdrawn"."""

    version: str
    state: str
    title: str
    effective: date
    withdrawn: date | None
    lead: str
    description: str
    labels: tuple[Label, ...]
    articles: tuple[ShownArticle, ...]
    axis: facts.Axis
    company: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Row:
    """One line of the list of versions."""

    version: str
    state: str
    state_words: str
    effective: date
    withdrawn: date | None
    summary: str
    compare: str | None


@dataclass(frozen=True)
class Change:
    """One article that differs; a side without lines does not have it."""

    name: str
    before: list[Line]
    after: list[Line]


@place.get("/")
def policy() -> str:
    at = clock.now()
    published = publishing.in_force(at)
    return render_template("public/policy.html", shown=_shown(published, "current"))


@place.get("/versions")
def versions() -> str:
    at = clock.now()
    known = publishing.versions()
    current = publishing.in_force(at).policy.version
    older = publishing.followed(known)
    rows = [_row(one, older.get(one.policy.version), current, at) for one in known]
    return render_template("public/versions.html", choices=rows)


@place.get("/versions/compare")
def compare() -> str | Response:
    old, new = _named(request.args.get("from", "")), _named(request.args.get("to", ""))
    if old is None or new is None:
        return redirect(url_for("public.versions"), 303)  # type: ignore[return-value]
    changes = changes_between(old.policy, new.policy, language())
    untouched = len(new.policy.articles) - len(list(_changes(old.policy, new.policy, language())))
    return render_template(
        "public/compare.html",
        old=old.policy.version,
        new=new.policy.version,
        changes=changes,
        summary=_summary(old, new),
        same=ngettext("나머지 %(num)d개 조항은 같습니다.", "나머지 %(num)d개 조항은 같습니다.", untouched)
        if changes and untouched > 0
        else "",
    )


@place.get("/versions/<version>")
def version(version: str) -> str:
    published = _named(version)
    if published is None:
        abort(404)
    at = clock.now()
    state = _state(published, publishing.in_force(at).policy.version, at)
    return render_template("public/policy.html", shown=_shown(published, state))


@place.get("/receipt-key.pem")
def receipt_key() -> Response:
    response = make_response(receipting.signer().public_pem)
    response.headers["Content-Type"] = "application/x-pem-file"
    return attached(response, "matecost-receipt-key.pem")


@place.post("/theme")
def theme() -> Response:
    chosen = request.form.get("theme", "")
    if chosen in MEDIA:
        session["theme"] = chosen
    return redirect(safe_next(request.form.get("back")), 303)  # type: ignore[return-value]


def _shown(published: Published, state: str) -> ShownPolicy:
    policy, spoken = published.policy, language()
    company = policy.controller
    return ShownPolicy(
        version=policy.version,
        state=state,
        title=policy.title.in_language(spoken),
        effective=clock.seoul_day(published.effective_at),
        withdrawn=_withdrawn_on(published),
        lead=gettext(
            "%(service)s 회원의 개인정보를 어떻게 다루는지 알려드립니다.",
            service=company.service.in_language(spoken),
        ),
        description=policy.article("1").easy.in_language(spoken),
        labels=at_a_glance(policy, spoken),
        articles=tuple(
            ShownArticle(
                number=article.number,
                anchor=article.anchor,
                title=article.title.in_language(spoken),
                easy=article.easy.in_language(spoken),
                html=facts.article_html(article.text.in_language(spoken)),
                lives=facts.lives(policy, spoken) if article.number == RETENTION_ARTICLE else (),
                recipients=_recipients(policy, state) if article.number == RECIPIENTS_ARTICLE else (),
            )
            for article in policy.articles
        ),
        axis=facts.axis(policy, spoken, gettext("시작")),
        company=(
            (
                policy.officer.title.in_language(spoken),
                f"{policy.officer.name.in_language(spoken)} ({policy.officer.position.in_language(spoken)})",
            ),
            (gettext("전화"), policy.officer.phone),
            (gettext("메일"), policy.officer.contact_mail),
            (gettext("회사"), company.name.in_language(spoken)),
            (
                company.representative_title.in_language(spoken),
                company.representative.in_language(spoken),
            ),
            (gettext("주소"), company.address.in_language(spoken)),
            (gettext("대표 전화"), company.phone),
            (gettext("사업자등록번호"), company.business_registration_number),
        ),
    )


def _recipients(policy: Policy, state: str) -> tuple[facts.Recipient, ...]:
    return facts.recipients(policy, language(), entrusted.standings() if state == "current" else None)


def _named(version: str) -> Published | None:
    return publishing.version_named(version) if version else None


def _state(published: Published, current: str, at: datetime) -> str:
    if published.withdrawn_at is not None:
        return "withdrawn"
    if published.effective_at > at:
        return "coming"
    return "current" if published.policy.version == current else "past"


def _row(one: Published, older: Published | None, current: str, at: datetime) -> Row:
    state = _state(one, current, at)
    words = {
        "current": gettext("시행 중"),
        "coming": gettext("시행 예정"),
        "past": gettext("지난 방침"),
        "withdrawn": gettext("철회됨"),
    }
    summary = one.policy.reason.in_language(language())
    link = None
    if older is not None:
        link = url_for("public.compare", **{"from": older.policy.version, "to": one.policy.version})
    effective = clock.seoul_day(one.effective_at)
    return Row(one.policy.version, state, words[state], effective, _withdrawn_on(one), summary, link)


def _withdrawn_on(published: Published) -> date | None:
    return clock.seoul_day(published.withdrawn_at) if published.withdrawn_at else None


def _summary(old: Published, new: Published) -> str:
    if old.policy.version == new.policy.version:
        return gettext("같은 방침을 두 번 골랐습니다.")
    if new.withdrawn_at is not None:
        return gettext("%(version)s 방침은 철회되어 시행되지 않습니다.", version=new.policy.version)
    if old.requirement_hash == new.requirement_hash:
        return gettext("동의하는 내용은 같습니다. 이 변경으로 다시 동의를 받지 않습니다.")
    return gettext("동의하는 내용이 바뀌어 회원에게 다시 동의를 받습니다.")


def changes_between(old: Policy, new: Policy, spoken: Language) -> list[Change]:
    """Return what a reader sees changed: consent items as the form shows them, then articles."""
    return [*_asked_changes(old, new, spoken), *_changes(old, new, spoken)]


def _changes(old: Policy, new: Policy, spoken: Language) -> Iterator[Change]:
    before = {article.number: article for article in old.articles}
    after = {article.number: article for article in new.articles}
    for number in _in_order([*before], [*after]):
        was, now = before.get(number), after.get(number)
        left = _whole(was, spoken) if was else ""
        right = _whole(now, spoken) if now else ""
        if left != right:
            title = (now or was).title.in_language(spoken)  # type: ignore[union-attr]
            yield Change(f"{say_article(number)} {title}", *side_by_side(left, right))


def _asked_changes(old: Policy, new: Policy, spoken: Language) -> Iterator[Change]:
    """Yield the consent items whose text differs, as the form shows it."""
    before = {item.key: item for item in old.consent_items}
    after = {item.key: item for item in new.consent_items}
    for key in _in_order([*before], [*after]):
        left = text_shown(old, before[key], spoken) if key in before else ""
        right = text_shown(new, after[key], spoken) if key in after else ""
        if left != right:
            title = (after.get(key) or before[key]).title.in_language(spoken)
            yield Change(gettext("동의 항목: %(title)s", title=title), *side_by_side(left, right))


def _in_order(old: list[str], new: list[str]) -> list[str]:
    """Return the numbers of both versions, an article that is gone standing where it stood."""
    order: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        order += old[i1:i2] if tag in ("delete", "replace") else []
        order += new[j1:j2] if tag != "delete" else []
    return list(dict.fromkeys(order))


def _whole(article: Article, spoken: Language) -> str:
    parts = (article.title, article.easy, article.text)
    return "\n".join(part.in_language(spoken) for part in parts)
