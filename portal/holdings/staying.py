"""Staying: categories of which a destruction destroys nothing by itself.

They are kept by law until a day that the sweep watches, or name the member by an opaque reference alone. That this
reference leads to nobody is proved where the member's row is destroyed, perhaps by another worker and a moment later.
"""

from collections.abc import Sequence
from datetime import datetime

from . import Piece, Subject


class Staying:
    """What such a holding answers: it has a page of its own, and there is nothing to count, destroy or find again."""

    def find(self, subject: Subject, at: datetime) -> list[Piece]:
        return []

    def count(self, subject: Subject) -> int:
        return 0

    def destroy(self, subject: Subject, at: datetime) -> int:
        return 0

    def verify(self, subject: Subject) -> int:
        return 0

    def count_many(self, subjects: Sequence[Subject]) -> list[int]:
        return [0 for _ in subjects]
