"""The bounded dict that the gate keeps verified cookies and decisions in."""

from __future__ import annotations

import threading

import pytest

from middleware.kept import Kept


def test_what_was_put_is_returned() -> None:
    """A value is returned under its key until newer ones push it out."""
    kept: Kept[str, int] = Kept(2)

    kept.put("a", 1)

    assert kept.get("a") == 1
    assert kept.get("b") is None


def test_memory_stays_flat() -> None:
    """A million distinct keys leave at most two generations behind."""
    kept: Kept[int, int] = Kept(100)

    for number in range(1_000_000):
        kept.put(number, number)

    assert len(kept) <= 200


def test_what_is_in_use_stays() -> None:
    """An entry that is asked for in every generation is never forgotten."""
    kept: Kept[str, int] = Kept(10)
    kept.put("in use", 1)

    for number in range(1000):
        kept.put(str(number), number)
        assert kept.get("in use") == 1


def test_what_is_not_in_use_goes() -> None:
    """An entry nobody asks for is gone after two generations."""
    kept: Kept[str, int] = Kept(10)
    kept.put("once", 1)

    for number in range(20):
        kept.put(str(number), number)

    assert kept.get("once") is None


def test_a_new_value_replaces_an_old_one() -> None:
    """A value put again is returned as it was put last, also when the first has grown old."""
    kept: Kept[str, str] = Kept(2)
    kept.put("member", "first")
    kept.put("other", "x")

    kept.put("member", "second")

    assert kept.get("member") == "second"


def test_a_size_below_one_is_refused() -> None:
    """A keeper that could keep nothing is a mistake and is refused."""
    with pytest.raises(ValueError, match="expected 1 or more"):
        Kept(0)


def test_threads_never_see_a_foreign_value() -> None:
    """Eight threads that put and get at once only ever get the value that belongs to the key."""
    kept: Kept[int, int] = Kept(50)
    wrong: list[tuple[int, int]] = []

    def work(start: int) -> None:
        for turn in range(20_000):
            key = (start + turn) % 500
            kept.put(key, key * 7)
            value = kept.get((key * 3) % 500)
            if value is not None and value != (key * 3) % 500 * 7:
                wrong.append((key, value))

    threads = [threading.Thread(target=work, args=(n * 60,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(kept) <= 2 * 50 + 16
