import msgspec

from portal.policy.model import Article, Period, Policy, Text
from portal.rules.difference import FactDifference, Line, Piece, difference, lines_between
from tests.policy.samples import POLICY, changed


def with_articles(*articles: Article) -> Policy:
    return msgspec.structs.replace(POLICY, version="2026-12-01", articles=articles)


def test_a_policy_does_not_differ_from_itself() -> None:
    """Two equal policies have no changed article, no changed fact and ask nobody again."""
    found = difference(POLICY, POLICY, "ko")

    assert found.changed_articles == ()
    assert found.facts == ()
    assert not found.asks_again
    assert found.asked_again == ()
    assert len(found.articles) == 12


def test_a_changed_word_is_shown_inside_its_line() -> None:
    """In a changed line only the words that differ are marked, and the rest stays."""
    assert lines_between("보관 기간은 6개월입니다", "보관 기간은 3개월입니다") == (
        Line(
            "changed",
            (Piece("same", "보관 기간은 "), Piece("removed", "6개월입니다"), Piece("added", "3개월입니다")),
        ),
    )


def test_added_and_removed_lines_are_marked_whole() -> None:
    """A line that only one version has is one piece, and lines around it are the same."""
    assert lines_between("a\nb\nc", "a\nc\nd") == (
        Line("same", (Piece("same", "a"),)),
        Line("removed", (Piece("removed", "b"),)),
        Line("same", (Piece("same", "c"),)),
        Line("added", (Piece("added", "d"),)),
    )


def test_a_longer_change_pairs_lines_and_adds_the_rest() -> None:
    """Two lines in place of one are one changed line and one added."""
    found = lines_between("한 줄", "두 줄\n석 줄")

    assert [line.change for line in found] == ["changed", "added"]


def test_pieces_joined_are_the_two_texts() -> None:
    """What is same or removed makes up the old article, what is same or added the new one."""
    before, after = POLICY.article("5").text.ko, POLICY.article("6").text.ko

    lines = lines_between(before, after)

    for text, gone in ((before, "added"), (after, "removed")):
        kept = ["".join(p.words for p in line.pieces if p.change != gone) for line in lines if line.change != gone]
        assert "\n".join(kept) == text


def test_articles_added_and_removed_are_told_in_order() -> None:
    """An article that only one version has is told as added or removed, at its number's place."""
    first, last = POLICY.articles[0], POLICY.articles[-1]
    new = msgspec.structs.replace(first, number="1-1")

    found = difference(with_articles(first, last), with_articles(first, new), "en")

    assert [(one.number, one.change, one.title_before, one.title_after) for one in found.articles] == [
        ("1", "same", "Purpose", "Purpose"),
        ("1-1", "added", "", "Purpose"),
        ("10", "removed", "Whom to contact", ""),
    ]


def test_a_changed_title_changes_the_article() -> None:
    """An article whose title alone changed is a changed one."""
    new = msgspec.structs.replace(POLICY.articles[0], title=Text(ko="이 방침의 목적", en="Purpose"))

    found = difference(POLICY, with_articles(new, *POLICY.articles[1:]), "ko")

    assert [one.number for one in found.changed_articles] == ["1"]
    assert difference(POLICY, with_articles(new, *POLICY.articles[1:]), "en").changed_articles == ()


def test_a_changed_period_is_told_by_name_and_asks_again() -> None:
    """A shorter access record is told with section, name, field and both periods, and names who is asked what."""
    after = changed(POLICY, "retention_rules", "access_record", period=Period(months=3))

    found = difference(POLICY, after, "ko")

    assert found.facts[-1] == FactDifference(
        section="retention_rules",
        section_title="보관 규칙",
        key="access_record",
        name="서비스 접속 기록",
        field="period",
        field_title="기간",
        change="changed",
        before="6개월",
        after="3개월",
    )
    assert found.asks_again
    assert found.asked_again == ("access",)


def test_a_fact_added_and_a_fact_removed_are_told_with_their_fields() -> None:
    """A purpose that is new tells each field as added; the one that went tells each as removed."""
    research = msgspec.structs.replace(POLICY.purposes[0], key="research", label=Text(ko="연구", en="research"))
    after = msgspec.structs.replace(POLICY, purposes=(*POLICY.purposes[1:], research))

    facts = [fact for fact in difference(POLICY, after, "en").facts if fact.section == "purposes"]

    assert [(fact.key, fact.field_title, fact.change, fact.before, fact.after) for fact in facts] == [
        ("bill", "Name", "removed", "sending bills", ""),
        ("bill", "Articles", "removed", "2", ""),
        ("research", "Name", "added", "", "research"),
        ("research", "Articles", "added", "", "2"),
    ]


def test_inner_facts_are_told_with_both_names() -> None:
    """A changed ground is told as ground and name; a fixed value and a date are told in words."""
    ground = msgspec.structs.replace(POLICY.retention_rule("dispute").ground, kind="INTERNAL_POLICY")
    after = changed(POLICY, "retention_rules", "dispute", ground=ground, status="INTERNAL", backup_copy=False)

    facts = difference(POLICY, after, "en").facts

    assert [(fact.field_title, fact.before, fact.after) for fact in facts] == [
        ("Legal ground: Kind", "statute", "internal policy"),
        ("Standing of the ground", "valid", "internal policy"),
        ("Backup copy kept", "yes", "no"),
    ]


def test_a_reference_is_told_by_the_name_of_what_it_points_to() -> None:
    """Kept records and data items are told by their names, not by their keys."""
    after = changed(POLICY, "consent_items", "member", kept=("fraud",))

    (fact,) = difference(POLICY, after, "ko").facts

    assert fact.name == "회원 정보 수집·이용"
    assert fact.before == "부정 이용 방지 기록, 본인확인 기록, 소비자 불만·분쟁 처리 기록"
    assert fact.after == "부정 이용 방지 기록"


def test_every_field_can_be_told_in_both_languages() -> None:
    """Against a policy without any keyed fact, every field of every section has its name and its words."""
    sections = [name for name in POLICY.__struct_fields__ if isinstance(getattr(POLICY, name), tuple)]
    empty = msgspec.structs.replace(POLICY, **{name: () for name in sections if name != "articles"})

    for language in ("ko", "en"):
        facts = difference(POLICY, empty, language).facts
        assert {fact.section for fact in facts} == set(sections) - {"articles"}
        assert all(fact.section_title and fact.field_title for fact in facts)


def test_changed_company_facts_are_told() -> None:
    """A new telephone number of the person responsible is told with the old one, and asks nobody again."""
    officer = msgspec.structs.replace(POLICY.officer, phone="02-000-0000")
    after = msgspec.structs.replace(POLICY, officer=officer)

    found = difference(POLICY, after, "ko")

    assert [(f.section_title, f.name, f.field_title, f.before, f.after) for f in found.facts] == [
        ("개인정보 책임자", "", "전화번호", "02-2069-1980", "02-000-0000")
    ]
    assert not found.asks_again
