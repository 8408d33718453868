import msgspec

from portal.policy.model import Policy
from portal.rules.glance import at_a_glance
from tests.policy.samples import POLICY, changed


def said(policy: Policy, key: str, language: str = "ko") -> str:
    (label,) = [label for label in at_a_glance(policy, language) if label.key == key]
    return label.said


def test_the_labels_of_the_shipped_policy_are_derived_from_it() -> None:
    """The eight labels tell the counts and names of the policy's own facts."""
    assert [(label.key, label.term, label.said, label.article) for label in at_a_glance(POLICY, "ko")] == [
        ("items", "수집 항목", "회원 5 · 접속 3 · 결제 2", "2"),
        ("purposes", "처리 목적", "청구서 발송 외 4가지", "3"),
        ("retention", "보유 기간", "퇴사까지, 기록 4가지는 더", "5"),
        ("destruction", "파기", "지체 없이, 복구 불가", "6"),
        ("third_parties", "제3자 제공", "동의 없이 안 함", "4"),
        ("processors", "처리 위탁", "1곳 (이용요금 결제)", "2-2"),
        ("rights", "정보주체 권리", "열람·정정·삭제·철회", "2-1"),
        ("officer", "개인정보관리책임자", "02-2069-1980", "10"),
    ]


def test_the_labels_read_in_english() -> None:
    """The English labels say the same."""
    assert [label.said for label in at_a_glance(POLICY, "en")] == [
        "5 member, 3 access, 2 payment",
        "Sending bills and 4 more",
        "Until you leave; 4 records longer",
        "Without delay, beyond recovery",
        "Never without consent",
        "1 (payment of charges)",
        "Access, correction, deletion, withdrawal",
        "02-2069-1980",
    ]


def test_a_third_party_is_counted_as_one() -> None:
    """A recipient that is a third party counts there and no longer among the processors."""
    policy = changed(POLICY, "processors", "kicc", relationship="THIRD_PARTY")

    assert said(policy, "third_parties") == "1곳"
    assert said(policy, "third_parties", "en") == "1 recipient"
    assert said(policy, "processors") == "없음"
    assert said(policy, "processors", "en") == "None"


def test_a_single_purpose_is_named_alone() -> None:
    """A policy with one purpose names it without a count."""
    policy = msgspec.structs.replace(POLICY, purposes=POLICY.purposes[:1])

    assert said(policy, "purposes") == "청구서 발송"
