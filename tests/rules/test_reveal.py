"""What must be said before a masked value is shown."""

import pytest

from portal.rules.reveal import LASTS, REASONS, faults

GOOD = "퇴사일을 본인에게 확인하려고 합니다"


def test_a_reason_from_the_list_and_words_are_enough() -> None:
    """For five minutes."""
    assert [faults(reason, GOOD) for reason in REASONS] == [{}] * 4
    assert LASTS.total_seconds() == 300


@pytest.mark.parametrize(
    ("reason", "words", "fields"),
    [
        ("", GOOD, ["reason"]),
        ("CURIOUS", GOOD, ["reason"]),
        ("TARGET", "", ["words"]),
        ("TARGET", "확인합니다", ["words"]),
        ("TARGET", "확 인 합 니 다", ["words"]),
        ("TARGET", "..........", ["words"]),
        ("TARGET", "가나다" * 101, ["words"]),
        ("TARGET", "카드 4539 5787 6362 1486 확인", ["words"]),
        ("", "", ["reason", "words"]),
    ],
)
def test_less_than_that_is_refused(reason: str, words: str, fields: list[str]) -> None:
    """Each fault at its field, all at once."""
    assert list(faults(reason, words)) == fields
