"""Article 6: destruction."""

from portal.rules.ledger import METHODS_OF, Medium, Method
from portal.services.reckoning import Apart
from tests.articles.reading import POLICY, says


def test_paper_is_shredded_or_incinerated() -> None:
    """Personal information on paper is shredded or incinerated."""
    methods = {one.key: one.method.ko for one in POLICY.destruction_methods}
    assert methods["PAPER"] == "분쇄기로 분쇄하거나 소각"
    assert says("6", "분쇄기로 분쇄하거나 소각")


def test_files_are_deleted_beyond_reproduction() -> None:
    """Electronic files are deleted by technical means that leave nothing to reproduce."""
    methods = {one.key: one.method.ko for one in POLICY.destruction_methods}
    assert methods["ELECTRONIC"] == "기록을 재생할 수 없는 기술적 방법으로 삭제"
    assert says("6", "기록을 재생할 수 없는 기술적 방법")


def test_what_must_be_kept_moves_to_a_separate_store_first() -> None:
    """After its purpose data moves to a separate database, is kept for a set period and then destroyed."""
    assert says("6", "별도의 DB로 옮겨", "내부 방침과 관련 법령", "제5조", "일정 기간", "파기합니다")


def test_kept_data_serves_no_other_purpose() -> None:
    """Kept data is used for nothing else unless a law says so."""
    assert says("6", "법률에 따른 경우가 아니면", "다른 목적으로 이용하거나 제공하지 않습니다")


def test_a_leaver_asks_through_the_former_workplace() -> None:
    """When data remains after leaving, deletion is asked for through the person in charge at the former workplace."""
    assert says("6", "남아 있을 수 있습니다", "이전 직장의 담당자를 통하여", "삭제를 요청")


def test_leaving_and_backups_are_told_here_again() -> None:
    """The article repeats that data goes without delay after leaving and that backup copies may stay for a time."""
    assert says("6", "퇴사하기 전까지", "지체 없이 파기", "백업 사본")


def test_the_ledger_takes_no_other_way_for_paper() -> None:
    """Shredded or incinerated is all that can be entered for paper, and neither for files."""
    assert METHODS_OF[Medium.PAPER] == (Method.SHRED, Method.INCINERATE)
    assert not set(METHODS_OF[Medium.PAPER]) & set(METHODS_OF[Medium.ELECTRONIC])


def test_what_was_kept_apart_loses_its_key_before_its_row() -> None:
    """Nothing is left to reproduce it from: the key goes first, then what was sealed under it."""
    assert Apart.method == (Method.CRYPTO_SHRED, Method.DB_ERASE)
