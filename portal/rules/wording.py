"""The words for facts: a period, an event, a list; one place, so that page, receipt and terminal say the same.

Numbers come in as numbers and leave as words here and nowhere else.
"""

from collections.abc import Iterable, Mapping

from portal.policy.model import Event, Ground, Language, Period, Policy, RetentionRule, Term, Text

HEADINGS: Mapping[str, Text] = {
    "recipient": Text(ko="제공받는 자", en="To whom"),
    "items": Text(ko="항목", en="What"),
    "purposes": Text(ko="목적", en="Why"),
    "period": Text(ko="보유 기간", en="How long"),
    "kept": Text(ko="그 뒤에도 보관하는 기록", en="Records we keep after that"),
    "refusal": Text(ko="동의하지 않으면", en="If you do not agree"),
}

SENTENCES: Mapping[str, Text] = {
    "destroyed_but_kept": Text(
        ko="그 뒤에는 지체 없이 파기하고, 아래 기록만 정해진 기간 보관해요.",
        en="After that we destroy it without delay and keep only the records below, for fixed periods.",
    ),
}

UNTIL: Mapping[Event, Text] = {
    "LEFT_COMPANY": Text(ko="회사를 퇴사하거나", en="you leave the company"),
    "MEMBER_LEFT": Text(ko="회원에서 탈퇴하거나", en="you end your membership"),
    "PURPOSE_MET": Text(ko="수집·이용 목적을 이루거나", en="the purpose is met"),
    "COLLECTED": Text(ko="수집하거나", en="it is collected"),
    "SETTLED": Text(ko="처리를 마치거나", en="the matter is settled"),
}

LAST_UNTIL_KO: Mapping[Event, str] = {
    "LEFT_COMPANY": "회사를 퇴사할 때까지",
    "MEMBER_LEFT": "회원에서 탈퇴할 때까지",
    "PURPOSE_MET": "수집·이용 목적을 이룰 때까지",
    "COLLECTED": "수집할 때까지",
    "SETTLED": "처리를 마칠 때까지",
}

STARTS: Mapping[Event, Text] = {
    "LEFT_COMPANY": Text(ko="퇴사 후", en="after leaving the company"),
    "MEMBER_LEFT": Text(ko="회원 탈퇴 후", en="after membership ends"),
    "PURPOSE_MET": Text(ko="목적을 이룬 후", en="after the purpose is met"),
    "COLLECTED": Text(ko="기록한 날부터", en="from the day it is recorded"),
    "SETTLED": Text(ko="처리를 마친 날부터", en="from the day the matter is settled"),
}

INTERNAL: Text = Text(ko="내부 방침", en="our own policy")


def heading(key: str, language: Language) -> str:
    return HEADINGS[key].in_language(language)


def sentence(key: str, language: Language) -> str:
    return SENTENCES[key].in_language(language)


def period_text(period: Period, language: Language) -> str:
    """Return the period in words: "6개월", "1년", "6 months", "1 year"; whole years of months read as years."""
    years, months = divmod(period.in_months, 12)
    if months:
        years, months = 0, period.in_months
    number = years or months
    if language == "ko":
        return f"{number}년" if years else f"{number}개월"
    unit = "year" if years else "month"
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def period_iso(period: Period) -> str:
    """Return the period as an ISO 8601 duration: "P6M", "P1Y"."""
    years, months = divmod(period.in_months, 12)
    return f"P{period.in_months}M" if months else f"P{years}Y"


def start_text(event: Event, language: Language) -> str:
    """Return the words for what a period runs from: "회원 탈퇴 후", "after membership ends"."""
    return STARTS[event].in_language(language)


def ground_text(ground: Ground, language: Language) -> str:
    return ground.short.in_language(language)


def until_text(events: Iterable[Event], language: Language) -> str:
    """Return until when something is kept: "회사를 퇴사하거나 수집·이용 목적을 이룰 때까지"."""
    events = tuple(events)
    if language == "ko":
        return " ".join([*(UNTIL[event].ko for event in events[:-1]), LAST_UNTIL_KO[events[-1]]])
    return "until " + " or ".join(UNTIL[event].en for event in events)


def term_text(policy: Policy, term: Term, language: Language) -> str:
    """Return how long data is kept, as one sentence with its number and, for a rule, its ground."""
    if not term.rule:
        until = until_text(term.until, language)
        return f"{until} 보관해요." if language == "ko" else f"{until[0].upper()}{until[1:]}."
    rule = policy.retention_rule(term.rule)
    name = rule.ground.name.in_language(language)
    length = length_text(rule, language)
    return f"{length} 동안 {name}에 따라 보관해요." if language == "ko" else f"{length}, under the {name}."


def length_text(rule: RetentionRule, language: Language) -> str:
    """Return from when and how long: "회원 탈퇴 후 1년", "1 year after membership ends"."""
    start, period = start_text(rule.start_event, language), period_text(rule.period, language)
    return f"{start} {period}" if language == "ko" else f"{period} {start}"


def joined(labels: Iterable[Text], language: Language) -> str:
    """Return the labels as one list, its first letter a capital where the language has them."""
    words = ", ".join(label.in_language(language) for label in labels)
    return words[:1].upper() + words[1:]
