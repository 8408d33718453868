"""What is held of a member, as rows of the page: value, purpose, period and article, each in the policy's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from flask_login import current_user

from portal.clock import seoul_day
from portal.holdings import Subject
from portal.policy.model import DataItem, Language, Policy, Text
from portal.rules import processor
from portal.rules.wording import joined
from portal.services import disclosing, exporting, requesting, showing
from portal.services.requesting import Standing
from portal.services.showing import Look
from portal.speech import language, say_day, say_moment, say_text
from portal.views.visits import VisitTable

LOOKS = 5
DISCLOSURES_SHOWN = 10


@dataclass(frozen=True)
class HeldLine:
    """One item: `values` are pairs of a value and where it lies, the latter "" where every source holds the same."""

    label: str
    values: tuple[tuple[str, str], ...]
    purposes: str
    period: str
    articles: tuple[str, ...]


@dataclass(frozen=True)
class HeldTable:
    """Everything held; `missing` names the sources that cannot be asked now, `passed_on` what is never kept here."""

    lines: tuple[HeldLine, ...]
    missing: str
    passed_on: str


@dataclass(frozen=True)
class RequestLine:
    """An open request in one sentence; `late` where its day has passed."""

    title: str
    due: str
    late: bool
    number: str
    url: str


@dataclass(frozen=True)
class LookLine:
    """Somebody looked: why, and when at what."""

    why: str
    line: str


@dataclass(frozen=True)
class DisclosedLine:
    """Something went to somebody: when, to whom, what and what for."""

    at: datetime
    who: str
    items: str
    purpose: str


def subject() -> Subject:
    """Return whose page this is."""
    return Subject(current_user.member_ref, current_user.host_id)


def held_table(policy: Policy, at: datetime, visits: VisitTable) -> HeldTable:
    """Return what every holding tells of the member, in the order of the policy."""
    spoken = language()
    held = showing.held_of(subject(), at)
    values = {key: _values(found, spoken) for key, found in held.values.items()} | _of_latest(visits)
    lines = [_line(policy, item, values[item.key], spoken) for item in policy.items if values.get(item.key)]
    return HeldTable(tuple(lines), joined(held.missing, spoken), _passed_on(policy, spoken))


def open_requests(at: datetime) -> list[RequestLine]:
    """Return the member's requests that wait for an answer, newest first."""
    ref = current_user.member_ref
    found = requesting.of_member(ref, at) if ref else []
    return [
        RequestLine(
            title=_how_it_stands(standing),
            due=say_day(standing.request.due_day),
            late=standing.request.due_day < seoul_day(at),
            number=standing.request.number,
            url=url_for("requests.receipt", number=standing.request.number),
        )
        for standing in found
        if standing.state.is_open
    ]


def disclosed(policy: Policy, register: Sequence[processor.Standing]) -> list[DisclosedLine]:
    """Return the latest disclosures of the member's data, in the words of the policy; of the register for whom the
    policy does not name any more."""
    if not current_user.member_ref:
        return []
    spoken = language()
    names = {standing.entry.key: standing.entry.name for standing in register}
    names |= {one.key: one.name for one in policy.processors}
    labels = {item.key: item.label for item in policy.items}
    purposes = {purpose.key: purpose.label for purpose in policy.purposes}
    return [
        DisclosedLine(
            at=one.at,
            who=names[one.processor].in_language(spoken) if one.processor in names else one.processor,
            items=", ".join(labels[key].in_language(spoken) if key in labels else key for key in one.items),
            purpose=purposes[one.purpose].in_language(spoken) if one.purpose in purposes else one.purpose,
        )
        for one in disclosing.of_member(current_user.member_ref, DISCLOSURES_SHOWN)
    ]


def looks() -> list[LookLine]:
    """Return the latest views of the member's data by staff and by the company; who it was is told by the role, not by
    the name."""
    return [_look(look) for look in showing.looks_at(current_user.member_ref, LOOKS)]


def _look(look: Look) -> LookLine:
    """Return one view as a line; what was done stands below the reason, or in its place where there is none."""
    deed = say_text(look.deed)
    why = ": ".join(filter(None, (say_text(look.reason) if look.reason else "", look.words)))
    who = gettext("회사 담당자") if look.by_company else gettext("지정 취급자")
    what = filter(None, (deed if why else "", look.about))
    return LookLine(why or deed, " · ".join((say_moment(look.at), who, *what)))


def _how_it_stands(standing: Standing) -> str:
    kind, number = say_text(requesting.KIND_WORDS[standing.kind]), standing.request.number
    if standing.state.status in ("NEW", "IN_PROGRESS") and not standing.state.detail:
        return gettext("%(kind)s 요청(%(number)s)을 처리하고 있어요.", kind=kind, number=number)
    state = say_text(standing.state.label)
    return gettext("%(kind)s 요청(%(number)s): %(state)s.", kind=kind, number=number, state=state)


def _line(policy: Policy, item: DataItem, values: tuple[tuple[str, str], ...], spoken: Language) -> HeldLine:
    period = exporting.period_of(policy, item, spoken)
    return HeldLine(
        label=joined([item.label], spoken),
        values=values,
        purposes=joined([policy.purpose(key).label for key in item.purposes], spoken),
        period=period[:1].upper() + period[1:],
        articles=item.articles,
    )


def _values(found: Mapping[str, list[Text]], spoken: Language) -> tuple[tuple[str, str], ...]:
    """Return each value once; where sources differ, which of them holds it."""
    differ = len(found) > 1
    return tuple(
        (value, ", ".join(source.in_language(spoken) for source in sources) if differ else "")
        for value, sources in found.items()
    )


def _of_latest(visits: VisitTable) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the items of the newest access record; the others stand in the table below."""
    if not visits.rows:
        return {}
    newest = visits.rows[0]
    latest = gettext("가장 최근 %(at)s", at=say_moment(newest.at))
    more = gettext("아래에 접속 기록이 모두 있어요") if len(visits.rows) > 1 else ""
    return {
        "ip_address": ((newest.ip, latest),),
        "access_log": ((newest.deed, more or latest),),
        "cookie": ((newest.cookies.partition(": ")[2], latest),) if newest.cookies else (),
    }


def _passed_on(policy: Policy, spoken: Language) -> str:
    """Return which items go to a processor without being kept here, in one sentence; "" where none do."""
    items = [item for item in policy.items if not item.stored]
    takers = [one.name for one in policy.processors if any(item.key in one.items for item in items)]
    if not items or not takers:
        return ""
    return gettext(
        "%(items)s: 저장하지 않고, 결제할 때 %(taker)s에 바로 보내요.",
        items=joined([item.label for item in items], spoken),
        taker=", ".join(name.in_language(spoken) for name in takers),
    )
