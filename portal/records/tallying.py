"""Tallying: how many rows each of many people has, asked at once; used by the tables that hold people."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from ..database import db


def tally(column: Any, refs: Collection[str], *conditions: Any, joined: Any = None) -> Counter[str]:
    """Return how many rows name each of these references in `column`; name no more than one query can."""
    query = select(column, func.count()).where(column.in_(refs), *conditions).group_by(column)
    if joined is not None:
        query = query.join_from(*joined)
    return Counter(dict(db.session.execute(query).all()))
