"""A bounded dict that forgets by generations: what it holds and how it forgets. It knows nothing of what is kept.

New entries go into the young generation. When that has `size` entries it becomes the old generation and the
former old one is dropped whole, so every step is O(1) and at most two generations are in memory. An entry that
is still asked for while it is old moves to the young generation, so what is in use stays.

Why not an ordered LRU: each hit would have to be written down, and threads would need a lock. Here a hit is one
dict look-up, and where every microsecond counts `kept.young.get(key) or kept.get(key)` makes it without a call. Under
the GIL each single step is atomic and the worst that two threads can do to each other is forget an entry early; a
value put by one thread is never replaced by an older one that another thread moves.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Keep at most 2 x `size` entries; `None` cannot be kept, for it means "not here".

    There is no way to empty it: whoever must forget everything makes a new one and drops this one, so that a
    thread still holding the old one cannot carry a forgotten entry over.
    """

    __slots__ = ("_old", "size", "young")

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"size: got {size}; expected 1 or more.")
        self.size = size
        self.young: dict[K, V] = {}  # to be read only; it is another dict after each turn
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return the value kept under `key`, or None."""
        young = self.young
        value = young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                # setdefault, not assignment: another thread may have put a newer value meanwhile.
                value = young.setdefault(key, value)
                self._turn(young)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep `value` under `key`; it may be forgotten at any later time."""
        young = self.young
        young[key] = value
        self._turn(young)

    def _turn(self, young: dict[K, V]) -> None:
        """Make a full young generation the old one."""
        if len(young) >= self.size and young is self.young:
            # The old generation is replaced first, so that no entry is in neither for a moment.
            self._old = young
            self.young = {}

    def __len__(self) -> int:
        return len(self.young) + len(self._old)
