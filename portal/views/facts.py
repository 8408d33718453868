"""The facts of a policy as values for a page: articles as HTML, retention as bars. Every word is the policy's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import gettext
from markdown_it import MarkdownIt

from portal.policy.model import Language, Policy, Processor
from portal.rules.processor import RELATIONSHIPS, Standing, is_told
from portal.rules.wording import ground_text, period_text, start_text

KEPT_ARTICLES = 512
MONTHS_IN_A_YEAR = 12
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Life:
    """How long one record stays. `percent` is its share of the longest, for the bar; `kept`: it outlives a leaver."""

    label: str
    ground: str
    article: str
    period: str
    percent: float
    kept: bool


@dataclass(frozen=True)
class Mark:
    """A whole year on the axis of the bars, `at` per cent from the start."""

    at: float
    name: str


@dataclass(frozen=True)
class Axis:
    origin: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Recipient:
    """Somebody who processes data for us, in the words of the policy."""

    name: str
    relationship: str
    task: str
    purposes: str
    data: str
    notice: str
    article: str
    is_open: bool  # the register agrees that something may go there now


@lru_cache(KEPT_ARTICLES)
def article_html(text: str) -> str:
    """Return markdown as HTML; raw HTML in the text is shown, not run."""
    return _markdown.render(text)


def lives(policy: Policy, language: Language, *, member_data: bool = False) -> tuple[Life, ...]:
    """Return the retention rules, shortest first; with `member_data` also what goes at once, before them all."""
    rules = sorted(policy.retention_rules, key=lambda rule: rule.period.in_months)
    whole = _whole_years(policy) * MONTHS_IN_A_YEAR
    drawn = [
        Life(
            label=rule.label.in_language(language),
            ground=ground_text(rule.ground, language),
            article="5" if member_data else "",
            period=_period(rule.start_event, period_text(rule.period, language), language)
            if member_data
            else period_text(rule.period, language),
            percent=round(100 * rule.period.in_months / whole, 1),
            kept=True,
        )
        for rule in rules
    ]
    if member_data:
        at_once = Life(gettext("회원 정보"), "", "5", gettext("지체 없이 파기"), 1.4, kept=False)
        return (at_once, *drawn)
    return tuple(drawn)


def axis(policy: Policy, language: Language, origin: str) -> Axis:
    """Return the years under the bars."""
    years = _whole_years(policy)
    names = [f"{year}년" if language == "ko" else f"{year} y" for year in range(1, years + 1)]
    return Axis(origin, tuple(Mark(round(100 * n / years, 1), name) for n, name in enumerate(names, start=1)))


def recipients(
    policy: Policy, language: Language, standings: Sequence[Standing] | None = None
) -> tuple[Recipient, ...]:
    """Return who receives data, as the policy tells it; `standings`, the register, says where something may go now.

    Whatever the register says otherwise is not shown: the public is told by the policy, and the officer of the
    difference. Without a register, as for a version of the past, every recipient is open.
    """
    entered = {standing.entry.key: standing for standing in standings or ()}
    return tuple(
        _recipient(policy, one, language, standings is None or _is_open(policy, entered.get(one.key)))
        for one in policy.processors
    )


def _is_open(policy: Policy, standing: Standing | None) -> bool:
    return (
        standing is not None
        and standing.ended_on is None
        and standing.disclosed_on is not None
        and is_told(standing.entry, policy)
    )


def _recipient(policy: Policy, one: Processor, language: Language, is_open: bool) -> Recipient:
    return Recipient(
        name=one.name.in_language(language),
        relationship=RELATIONSHIPS[one.relationship].in_language(language),
        task=one.task.in_language(language),
        purposes=", ".join(policy.purpose(key).label.in_language(language) for key in one.purposes),
        data=", ".join(policy.item(key).label.in_language(language) for key in one.items),
        notice=one.notice.in_language(language),
        article=one.articles[0],
        is_open=is_open,
    )


def _period(event: str, period: str, language: Language) -> str:
    start = start_text(event, language)  # type: ignore[arg-type]
    return f"{start} {period}" if language == "ko" else f"{period} {start}"


def _whole_years(policy: Policy) -> int:
    longest = max((rule.period.in_months for rule in policy.retention_rules), default=MONTHS_IN_A_YEAR)
    return max(1, -(-longest // MONTHS_IN_A_YEAR))
