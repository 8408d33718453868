"""Where today's law says something other than a policy does.

A check looks at the policy and returns what it says on one point, or None where there is nothing to tell. What the law
says comes as a note with source and date (`portal.policy.law`). Findings inform the privacy officer; they change
nothing: the policy's own numbers run until a new version is published.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

import msgspec

from portal.policy.law import LawNote, Severity
from portal.policy.model import Policy, RetentionRule, Text
from portal.rules.wording import joined, length_text, period_text

STATUTORY_LOG_MONTHS = 3  # Protection of Communications Secrets Act Decree art. 41(2)
PAYMENT_RECORD_MONTHS = 60  # E-Commerce Act Decree art. 6(1)2 and 3
OFFICER_TITLE = "개인정보 보호책임자"  # PIPA art. 31
EXECUTIVES = ("대표", "사장", "전무", "상무", "이사", "임원", "사업주")


class Finding(msgspec.Struct, frozen=True):
    """One point on which policy and law differ; `article` is the policy's."""

    key: str
    article: str
    severity: Severity
    policy_says: Text
    law_says: Text
    source: str
    verified_on: date


def lint(policy: Policy, notes: Iterable[LawNote]) -> tuple[Finding, ...]:
    """Return the findings in the order of the articles; raise KeyError for a note that no check belongs to."""
    found = []
    for note in notes:
        says = CHECKS[note.key](policy)
        if says is not None:
            found.append(
                Finding(note.key, note.article, note.severity, says, note.law_says, note.source, note.verified_on)
            )
    return tuple(sorted(found, key=lambda one: [int(part) for part in one.article.split("-")]))


def _consent_closes_service(policy: Policy) -> Text | None:
    closing = [item.title for item in policy.gate_items if item.kind == "consent" and item.refusal.closes_service]
    return _said("동의하지 않으면 이용할 수 없음: {}", "no use without consent to: {}", closing)


def _internal_ground(policy: Policy) -> Text | None:
    return _rules(
        "내부 방침으로 보관: {}", "kept by internal policy: {}", policy, lambda rule: rule.status == "INTERNAL"
    )


def _repealed_ground(policy: Policy) -> Text | None:
    return _rules("보관: {}", "kept: {}", policy, lambda rule: rule.status == "REPEALED")


def _backup_copies(policy: Policy) -> Text | None:
    return _rules("백업 사본을 보관: {}", "backup copies kept: {}", policy, lambda rule: rule.backup_copy)


def _access_record_period(policy: Policy) -> Text | None:
    return _rules(
        "통신비밀보호법에 따라 보관: {}",
        "kept under the Protection of Communications Secrets Act: {}",
        policy,
        lambda rule: rule.ground.short.ko == "통신비밀보호법" and rule.period.in_months > STATUTORY_LOG_MONTHS,
    )


def _payment_records(policy: Policy) -> Text | None:
    takes_payment = any("payment" in one.purposes for one in policy.processors)
    longest = max(policy.retention_rules, key=lambda rule: rule.period.in_months)
    if not takes_payment or longest.period.in_months >= PAYMENT_RECORD_MONTHS:
        return None
    return Text(
        ko=f"결제를 하면서 결제 기록의 보관 기간이 없음(가장 긴 기간 {period_text(longest.period, 'ko')})",
        en=f"takes payment but names no period for its records (longest of all: {period_text(longest.period, 'en')})",
    )


def _entrustment_or_provision(policy: Policy) -> Text | None:
    names = [one.name for one in policy.processors if one.review_required]
    return _said("위탁이라 하면서 제공의 말을 씀: {}", "called entrustment, worded as provision: {}", names)


def _card_data(policy: Policy) -> Text | None:
    passed = {key for one in policy.processors for key in one.items}
    cards = [item.label for item in policy.items if item.group == "PAYMENT" and item.key in passed]
    return _said("결제 대행사에 제공: {}", "passed to the payment agency: {}", cards)


def _purpose_per_item(policy: Policy) -> Text | None:
    told = [item.label for item in policy.items if "3" in item.articles]
    if len(told) == len(policy.items):
        return None
    return _said("목적을 적은 항목은 이것뿐임: {}", "a purpose stated only for: {}", told) or Text(ko="없음", en="none")


def _deletion_through_support(policy: Policy) -> Text | None:
    ways = [right.way for right in policy.rights if right.key == "DELETION" and "고객지원" in right.way.ko]
    return _said("삭제는 {}", "deletion: {}", ways)


def _training_regular(policy: Policy) -> Text | None:
    return _said("{}", "{}", [one.label for one in policy.safeguards if "수시" in one.label.ko])


def _officer_title(policy: Policy) -> Text | None:
    title = policy.officer.title
    return None if title.ko == OFFICER_TITLE else title


def _officer_rank(policy: Policy) -> Text | None:
    position = policy.officer.position
    return None if any(word in position.ko for word in EXECUTIVES) else position


def _officer_mail(policy: Policy) -> Text | None:
    officer = policy.officer
    return None if officer.mail_usable else Text(ko=officer.mail, en=officer.mail)


def _mediation_missing(policy: Policy) -> Text | None:
    if any("분쟁조정" in body.name.ko for body in policy.remedy_bodies):
        return None
    return _said("안내하는 기관: {}", "agencies named: {}", [body.name for body in policy.remedy_bodies])


def _names(agency: str) -> Callable[[Policy], Text | None]:
    def check(policy: Policy) -> Text | None:
        for body in policy.remedy_bodies:
            if body.name.ko == agency:
                return Text(ko=f"{body.name.ko} ({body.phone})", en=f"{body.name.en}: {body.phone}")
        return None

    return check


def _article_says(number: str, pattern: str, ko: str, en: str) -> Callable[[Policy], Text | None]:
    def check(policy: Policy) -> Text | None:
        return Text(ko=ko, en=en) if re.search(pattern, policy.article(number).text.ko) else None

    return check


def _silent_on(pattern: str, ko: str, en: str) -> Callable[[Policy], Text | None]:
    """A check that tells when no article speaks of something."""

    def check(policy: Policy) -> Text | None:
        said = any(re.search(pattern, article.text.ko) for article in policy.articles)
        return None if said else Text(ko=ko, en=en)

    return check


def _rules(ko: str, en: str, policy: Policy, applies: Callable[[RetentionRule], bool]) -> Text | None:
    return _said(ko, en, [_kept(rule) for rule in policy.retention_rules if applies(rule)])


def _kept(rule: RetentionRule) -> Text:
    told = length_text if rule.start_stated else lambda one, language: period_text(one.period, language)
    return Text(ko=f"{rule.label.ko}({told(rule, 'ko')})", en=f"{rule.label.en} ({told(rule, 'en')})")


def _said(ko: str, en: str, labels: Iterable[Text]) -> Text | None:
    labels = tuple(labels)
    if not labels:
        return None
    return Text(ko=ko.format(joined(labels, "ko")), en=en.format(", ".join(label.en for label in labels)))


CHECKS: Mapping[str, Callable[[Policy], Text | None]] = {
    "consent_closes_service": _consent_closes_service,
    "cookie_refusal": _silent_on(
        r"쿠키.*(거부|차단)", "쿠키를 거부하는 방법이 없음", "no way to refuse cookies is given"
    ),
    "leaver_through_employer": _article_says(
        "6",
        "이전 직장의 담당자",
        "퇴사자는 이전 직장의 담당자를 통해 삭제 요청",
        "leavers ask through their former workplace",
    ),
    "deletion_through_support": _deletion_through_support,
    "repealed_ground": _repealed_ground,
    "access_record_period": _access_record_period,
    "internal_ground": _internal_ground,
    "payment_records": _payment_records,
    "backup_copies": _backup_copies,
    "entrustment_or_provision": _entrustment_or_provision,
    "card_data": _card_data,
    "purpose_per_item": _purpose_per_item,
    "open_list": _article_says(
        "2", r"비롯한|같은 정보|등의?\s", "항목과 목적을 다 적지 않고 열어 둠", "items and purposes are left open"
    ),
    "grounds_apart": _silent_on(
        "법적 근거|동의 없이 처리", "법적 근거를 나누어 적지 않음", "legal grounds are not told apart"
    ),
    "age_statement": _silent_on("14세", "아동의 가입에 관한 말이 없음", "silent on children"),
    "objection_route": _silent_on("이의", "이의제기 방법이 없음", "no way to object is given"),
    "transfer_abroad": _silent_on("국외", "국외 이전에 관한 말이 없음", "silent on transfers abroad"),
    "safeguard_detail": _silent_on(
        "암호화|접근 ?권한", "권한 관리와 암호화가 없음", "silent on access rights and encryption"
    ),
    "training_regular": _training_regular,
    "breach_notice": _silent_on("통지|72시간", "유출 통지에 관한 말이 없음", "silent on notice of breaches"),
    "blanket_disclaimer": _article_says(
        "9", "전적으로 이용자", "책임은 전적으로 이용자에게 있음", "responsibility lies entirely with the user"
    ),
    "officer_title": _officer_title,
    "officer_rank": _officer_rank,
    "officer_mail": _officer_mail,
    "agency_merged": _names("한국정보보호진흥원"),
    "prosecution_abolished": _names("대검찰청 인터넷범죄수사센터"),
    "police_renamed": _names("경찰청 사이버테러대응센터"),
    "mediation_missing": _mediation_missing,
}
