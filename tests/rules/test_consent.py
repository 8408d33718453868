import hashlib

import msgspec
import pytest

from portal.policy.model import ConsentItem, Language, Period, Policy, Text
from portal.rules.consent import content_hash, judge, kept_shown, requirement_hash, text_shown
from tests.policy.samples import POLICY, changed

OTHER = Text(ko="다른 말", en="other words")
MEMBER, ACCESS = POLICY.consent_item("member"), POLICY.consent_item("access")
REFUSAL = MEMBER.refusal

WORDING = {
    "item's name": changed(POLICY, "items", "email", label=OTHER),
    "purpose's name": changed(POLICY, "purposes", "bill", label=OTHER),
    "declaration": changed(POLICY, "consent_items", "member", label=OTHER, title=OTHER, ask=OTHER),
    "words of refusal": changed(
        POLICY, "consent_items", "member", refusal=msgspec.structs.replace(REFUSAL, consequence=OTHER, still=OTHER)
    ),
    "ground's name": changed(
        POLICY,
        "retention_rules",
        "fraud",
        ground=msgspec.structs.replace(POLICY.retention_rule("fraud").ground, name=OTHER, short=OTHER),
    ),
    "standing of a ground": changed(POLICY, "retention_rules", "dispute", status="REPEALED"),
    "twelve months for a year": changed(POLICY, "retention_rules", "fraud", period=Period(months=12)),
    "order of items": changed(POLICY, "consent_items", "member", items=MEMBER.items[::-1], kept=MEMBER.kept[::-1]),
    "order of questions": msgspec.structs.replace(POLICY, consent_items=POLICY.consent_items[::-1]),
    "contact": msgspec.structs.replace(
        POLICY,
        officer=msgspec.structs.replace(POLICY.officer, phone="02-000-0000", contact_mail="privacy@sample.example"),
    ),
    "processor": changed(POLICY, "processors", "kicc", name=OTHER),
    "article's words": msgspec.structs.replace(
        POLICY, articles=tuple(msgspec.structs.replace(article, text=OTHER, easy=OTHER) for article in POLICY.articles)
    ),
    "version": msgspec.structs.replace(POLICY, version="2026-12-01"),
    "added optional question": msgspec.structs.replace(
        POLICY,
        consent_items=(
            *POLICY.consent_items,
            msgspec.structs.replace(
                MEMBER, key="news", kind="optional", refusal=msgspec.structs.replace(REFUSAL, closes_service=False)
            ),
        ),
    ),
}

CONTENT = {
    "shorter access record": changed(POLICY, "retention_rules", "access_record", period=Period(months=3)),
    "longer fraud record": changed(POLICY, "retention_rules", "fraud", period=Period(years=2)),
    "other start of a period": changed(POLICY, "retention_rules", "fraud", start_event="LEFT_COMPANY"),
    "item dropped": changed(POLICY, "consent_items", "member", items=MEMBER.items[:-1]),
    "item added": changed(POLICY, "consent_items", "member", items=(*MEMBER.items, "cookie")),
    "purpose dropped": changed(POLICY, "consent_items", "member", purposes=MEMBER.purposes[:-1]),
    "other kind": changed(POLICY, "consent_items", "access", kind="notice"),
    "question made optional": changed(POLICY, "consent_items", "access", kind="optional"),
    "record no longer kept": changed(POLICY, "consent_items", "member", kept=("fraud", "dispute")),
    "kept until something else": changed(
        POLICY, "consent_items", "member", term=msgspec.structs.replace(MEMBER.term, until=("MEMBER_LEFT",))
    ),
    "refusal no longer closes": changed(
        POLICY, "consent_items", "member", refusal=msgspec.structs.replace(REFUSAL, closes_service=False)
    ),
    "revision": changed(POLICY, "consent_items", "member", revision=2),
    "question dropped": msgspec.structs.replace(POLICY, consent_items=(MEMBER,)),
}


@pytest.mark.parametrize("policy", WORDING.values(), ids=WORDING.keys())
def test_a_change_of_wording_asks_nobody_again(policy: Policy) -> None:
    """Words, names, contacts, order and optional questions leave the requirement hash alone."""
    assert requirement_hash(policy) == requirement_hash(POLICY)


@pytest.mark.parametrize("policy", CONTENT.values(), ids=CONTENT.keys())
def test_a_change_of_content_asks_everybody_again(policy: Policy) -> None:
    """A changed period, item, purpose, kind, consequence or revision changes the requirement hash."""
    assert requirement_hash(policy) != requirement_hash(POLICY)


def test_a_changed_question_leaves_the_other_alone() -> None:
    """A shorter access record changes the content of the access question only."""
    policy = CONTENT["shorter access record"]

    assert content_hash(policy, policy.consent_item("access")) != content_hash(POLICY, ACCESS)
    assert content_hash(policy, policy.consent_item("member")) == content_hash(POLICY, MEMBER)


def test_the_hashes_of_the_shipped_policy_stand() -> None:
    """The hashes that members' standings hold are the same in every release, or all would be asked again."""
    assert content_hash(POLICY, MEMBER) == "d8a40000a28fbf516f76b5fe54f6c77511a215a15d0add165617fa1f898f5f50"
    assert content_hash(POLICY, ACCESS) == "1e744ff70bca9e6e61d527ece994de55e04af7a2434e759c111e5fb1f058de70"
    assert requirement_hash(POLICY) == "108f935962a3b0e22adca615737f0d7c750e3bd3f6bd5722632d53f03e942500"


def test_what_is_shown_of_member_information_is_complete_in_korean() -> None:
    """The Korean text holds items, purposes, period, what is kept and why, and the right to refuse."""
    assert text_shown(POLICY, MEMBER, "ko") == (
        "회원 정보 수집·이용\n"
        "항목: 이메일 주소, 아이디, 근무 회사명, 사업자등록번호, 개인 연락처\n"
        "목적: 청구서 발송, 이용요금 결제, 이용량 증가 알림, 결제 정보 안내, 안전하고 원활한 서비스 제공\n"
        "보유 기간: 회사를 퇴사하거나 수집·이용 목적을 이룰 때까지 보관해요. "
        "그 뒤에는 지체 없이 파기하고, 아래 기록만 정해진 기간 보관해요.\n"
        "그 뒤에도 보관하는 기록:\n"
        "- 부정 이용 방지 기록: 회원 탈퇴 후 1년 (내부 방침)\n"
        "- 본인확인 기록: 기록한 날부터 6개월 (정보통신망법)\n"
        "- 소비자 불만·분쟁 처리 기록: 처리를 마친 날부터 3년 (전자상거래법)\n"
        "동의하지 않으면: 동의를 거부할 권리가 있어요. "
        "다만 서비스 제공에 꼭 필요한 정보라서, 동의하지 않으면 MateCost를 이용할 수 없어요. "
        "그래도 내 동의 기록을 볼 수 있고, 고객지원에 열람·정정·삭제를 요청할 수 있어요.\n"
        "회원 정보 수집·이용에 동의합니다\n"
    )


def test_what_is_shown_of_access_information_is_complete_in_english() -> None:
    """The English text holds items, purposes, the six months with their law, and the right to refuse."""
    assert text_shown(POLICY, ACCESS, "en") == (
        "Collection and use of access information\n"
        "What: Cookies, record of access to the service, IP address\n"
        "Why: Providing the service securely and smoothly\n"
        "How long: 6 months from the day it is recorded, under the Protection of Communications Secrets Act.\n"
        "If you do not agree: You have the right to refuse. This information arises automatically while the service is "
        "used, so you cannot use MateCost without agreeing. You can still see your consent records, and ask customer "
        "support to show, correct or delete your data.\n"
        "I agree to the collection and use of my access information\n"
    )


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("item", POLICY.consent_items, ids=lambda item: item.key)
def test_each_change_of_words_changes_what_was_shown(item: ConsentItem, language: Language) -> None:
    """A different name of a purpose gives another sha256, though nobody is asked again."""
    policy = changed(POLICY, "purposes", "service", label=OTHER)

    digests = {
        hashlib.sha256(text_shown(one, one.consent_item(item.key), language).encode()).hexdigest()
        for one in (POLICY, policy)
    }
    assert len(digests) == 2
    assert content_hash(policy, policy.consent_item(item.key)) == content_hash(POLICY, item)


def test_a_kept_record_is_shown_with_its_period_and_ground() -> None:
    """Each record that stays is told as record, period and ground, in the item's order."""
    assert kept_shown(POLICY, MEMBER, "en") == (
        ("Misuse-prevention record", "1 year after membership ends", "internal policy"),
        ("Identity-check record", "6 months from the day it is recorded", "Network Act"),
        (
            "Record of consumer complaints and disputes",
            "3 years from the day the matter is settled",
            "E-Commerce Act",
        ),
    )


def test_a_yes_to_each_question_opens_the_service() -> None:
    """Two explicit yeses are two grants and let the person in."""
    verdict = judge(POLICY, {"member": "yes", "access": "yes"})

    assert verdict.decisions == {"member": "GRANTED", "access": "GRANTED"}
    assert verdict.complete
    assert verdict.opens_service


def test_one_no_is_recorded_and_keeps_the_service_closed() -> None:
    """A yes and a no are both recorded, and the refused question is named."""
    verdict = judge(POLICY, {"member": "yes", "access": "no"})

    assert verdict.decisions == {"member": "GRANTED", "access": "REFUSED"}
    assert verdict.complete
    assert not verdict.opens_service
    assert verdict.refused == ("access",)


@pytest.mark.parametrize("answer", ["", "on", "1", "true", "YES", "Yes", " yes", "yes\n", "예", "no yes"])
def test_anything_but_yes_or_no_is_no_answer(answer: str) -> None:
    """Whatever is not exactly "yes" or "no" is named as invalid, and nothing may be recorded."""
    verdict = judge(POLICY, {"member": "yes", "access": answer})

    assert verdict.invalid == ("access",)
    assert not verdict.complete
    assert not verdict.opens_service


def test_a_missing_answer_is_no_answer() -> None:
    """Silence on a question is neither yes nor no: it is named, and the form is incomplete."""
    verdict = judge(POLICY, {"member": "yes"})

    assert verdict.missing == ("access",)
    assert not verdict.complete


def test_an_answer_to_no_question_is_named() -> None:
    """An answer to a question that this policy does not ask makes the form incomplete: it is for another version."""
    verdict = judge(POLICY, {"member": "yes", "access": "yes", "news": "yes"})

    assert verdict.unknown == ("news",)
    assert not verdict.complete


def test_refusing_an_optional_question_opens_the_service() -> None:
    """A no to an optional question closes nothing (PIPA art. 16(3), 22(5))."""
    policy = WORDING["added optional question"]

    verdict = judge(policy, {"member": "yes", "access": "yes", "news": "no"})

    assert verdict.decisions["news"] == "REFUSED"
    assert verdict.opens_service
