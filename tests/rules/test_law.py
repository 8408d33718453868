import re
from datetime import date

import msgspec
import pytest

from portal.policy.law import notes
from portal.policy.model import Period, Policy, Text
from portal.rules.law import CHECKS, lint
from tests.policy.samples import POLICY, changed


def keys_of(policy: Policy) -> set[str]:
    return {finding.key for finding in lint(policy, notes())}


def with_text(number: str, old: str, new: str) -> Policy:
    """Return the shipped policy with one phrase of an article's Korean text replaced."""
    article = POLICY.article(number)
    assert old in article.text.ko
    text = Text(ko=article.text.ko.replace(old, new), en=article.text.en)
    return msgspec.structs.replace(
        POLICY,
        articles=tuple(
            msgspec.structs.replace(one, text=text) if one.number == number else one for one in POLICY.articles
        ),
    )


def officer(**fields: object) -> Policy:
    return msgspec.structs.replace(POLICY, officer=msgspec.structs.replace(POLICY.officer, **fields))


def body(key: str, name: str) -> Policy:
    return changed(POLICY, "remedy_bodies", key, name=Text(ko=name, en=name))


ANY = Text(ko="그 밖의 말", en="other words")
FRAUD, IDENTITY = POLICY.retention_rule("fraud"), POLICY.retention_rule("identity_check")

MENDED = {
    "consent_closes_service": msgspec.structs.replace(
        POLICY, consent_items=tuple(msgspec.structs.replace(item, kind="notice") for item in POLICY.consent_items)
    ),
    "cookie_refusal": with_text("7", "다만", "쿠키는 브라우저 설정에서 거부할 수 있습니다. 다만"),
    "leaver_through_employer": with_text("6", "이전 직장의 담당자를 통하여", "내 개인정보 화면에서"),
    "deletion_through_support": changed(POLICY, "rights", "DELETION", way=ANY),
    "repealed_ground": changed(POLICY, "retention_rules", "identity_check", status="VALID"),
    "access_record_period": changed(POLICY, "retention_rules", "access_record", period=Period(months=3)),
    "internal_ground": changed(POLICY, "retention_rules", "fraud", status="VALID"),
    "payment_records": changed(POLICY, "retention_rules", "dispute", period=Period(years=5)),
    "backup_copies": msgspec.structs.replace(
        POLICY, retention_rules=tuple(msgspec.structs.replace(r, backup_copy=False) for r in POLICY.retention_rules)
    ),
    "entrustment_or_provision": changed(POLICY, "processors", "kicc", review_required=False),
    "card_data": changed(POLICY, "processors", "kicc", items=("business_registration_number",)),
    "purpose_per_item": msgspec.structs.replace(
        POLICY, items=tuple(msgspec.structs.replace(item, articles=("2", "3")) for item in POLICY.items)
    ),
    "open_list": msgspec.structs.replace(
        POLICY,
        articles=tuple(msgspec.structs.replace(one, text=ANY) if one.number == "2" else one for one in POLICY.articles),
    ),
    "grounds_apart": with_text("2", "수집하는 방법은", "동의 없이 처리하는 항목은 없습니다. 수집하는 방법은"),
    "age_statement": with_text("2", "수집하는 방법은", "만 14세 이상만 가입할 수 있습니다. 수집하는 방법은"),
    "objection_route": with_text("2-1", "이 조의 권리는", "거절에는 이의를 제기할 수 있습니다. 이 조의 권리는"),
    "transfer_abroad": with_text("4", "회원의", "국외로 이전하지 않습니다. 회원의"),
    "safeguard_detail": with_text("8", "클라우드메이트는", "접근 권한을 관리합니다. 클라우드메이트는"),
    "training_regular": changed(POLICY, "safeguards", "training", label=ANY),
    "breach_notice": with_text("8", "클라우드메이트는", "유출을 72시간 안에 통지합니다. 클라우드메이트는"),
    "blanket_disclaimer": with_text("9", "책임은 전적으로 이용자에게 있습니다", "문의는 고객지원이 받습니다"),
    "officer_title": officer(title=Text(ko="개인정보 보호책임자", en="Privacy officer")),
    "officer_rank": officer(position=Text(ko="대표이사", en="Chief executive officer")),
    "officer_mail": officer(mail="privacy@sample.example", mail_usable=True),
    "agency_merged": body("information_security_agency", "한국인터넷진흥원"),
    "prosecution_abolished": body("prosecution_cybercrime", "다른 기관"),
    "police_renamed": body("police_cyberterror", "경찰청 사이버수사국"),
    "mediation_missing": body("police_cyberterror", "개인정보 분쟁조정위원회"),
}


def test_every_check_has_a_note_and_every_note_a_check() -> None:
    """No check is silent for want of a note, and no note waits for a check."""
    assert sorted(note.key for note in notes()) == sorted(CHECKS)
    assert sorted(MENDED) == sorted(CHECKS)


def test_the_policy_of_2021_is_found_at_every_point() -> None:
    """Each point on which the law has moved since 2021 is told of the shipped policy."""
    assert keys_of(POLICY) == set(CHECKS)


@pytest.mark.parametrize(("key", "policy"), MENDED.items(), ids=MENDED.keys())
def test_a_mended_policy_is_no_longer_found(key: str, policy: Policy) -> None:
    """A policy that meets the law on a point is not told about it."""
    assert key not in keys_of(policy)


def test_findings_come_in_the_order_of_the_articles() -> None:
    """Article 2-1 comes after 2 and before 3, and 10 comes last."""
    numbers = [finding.article for finding in lint(POLICY, notes())]

    assert list(dict.fromkeys(numbers)) == ["2", "2-1", "2-2", "3", "4", "5", "6", "7", "8", "9", "10"]


def test_every_finding_has_a_source_and_a_date() -> None:
    """A finding without its source, its date or its words in either language could not be checked."""
    for finding in lint(POLICY, notes()):
        assert re.search(r"[0-9]", finding.source) or ".kr" in finding.source
        assert finding.verified_on >= date(2026, 11, 23)
        for text in (finding.policy_says, finding.law_says):
            assert text.ko
            assert re.search("[A-Za-z@]", text.en)


def test_the_access_record_finding_tells_both_numbers() -> None:
    """The finding says six months for the policy and three for the law."""
    (finding,) = [one for one in lint(POLICY, notes()) if one.key == "access_record_period"]

    assert finding.policy_says.ko == "통신비밀보호법에 따라 보관: 서비스 접속 기록(6개월)"
    assert "3개월" in finding.law_says.ko


def test_payment_records_are_no_matter_without_payment() -> None:
    """A policy under which nobody takes payment needs no period for payment records."""
    policy = msgspec.structs.replace(POLICY, processors=())

    assert "payment_records" not in keys_of(policy)


def test_a_policy_without_any_told_purpose_is_found() -> None:
    """Where Article 3 names no item at all, the finding says none."""
    items = tuple(msgspec.structs.replace(item, articles=("2",)) for item in POLICY.items)

    (finding,) = [
        one for one in lint(msgspec.structs.replace(POLICY, items=items), notes()) if one.key == "purpose_per_item"
    ]
    assert finding.policy_says.en == "none"
