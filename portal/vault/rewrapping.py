"""Re-wrapping: every key of the keys store under the newest wrapping key. No key changes and nothing is sealed anew, so
what the keys open is the same before, meanwhile and afterwards.

Each transaction takes a bounded number of keys and is committed; a run that was killed is finished by the next one.
A key that is destroyed meanwhile stays destroyed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Engine, bindparam, func, or_, select, update
from sqlalchemy.engine import Row

from portal.database import writing_on

from .day_keys import DayKey
from .person_keys import SubjectKey
from .wrapping import FIRST, NoWrappingKey, WrappingKeys, WrongWrappingKey

AT_ONCE = 500
Table = type[SubjectKey] | type[DayKey]
NAMED_BY: dict[Table, Any] = {SubjectKey: SubjectKey.ref, DayKey: DayKey.day}
Tell = Callable[[int], None]


@dataclass
class Stand:
    """How many keys each wrapping key holds, by its number, and which do not open."""

    by_wrapping_key: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def waiting(engine: Engine, wrapping_keys: WrappingKeys) -> int:
    """Return how many keys are not wrapped under the newest wrapping key."""
    newest = wrapping_keys.newest
    with engine.connect() as connection:
        return sum(
            connection.scalar(select(func.count()).where(table.wrapped.is_not(None), _is_older(table, newest))) or 0
            for table in NAMED_BY
        )


def rewrap(engine: Engine, wrapping_keys: WrappingKeys, tell: Tell = lambda done: None) -> Stand:
    """Wrap every key under the newest wrapping key; return those done by the wrapping key they came from, and those
    that do not open, which are left as they are. `tell` hears how many were looked at."""
    newest = wrapping_keys.newest
    stand = Stand()
    for table, name in NAMED_BY.items():
        last = None
        while True:
            with writing_on(engine) as connection:
                rows = connection.execute(_page(table, last).where(_is_older(table, newest))).all()
                changes = [change for row in rows if (change := _change(row, wrapping_keys, stand))]
                if changes:
                    again = update(table).where(name == bindparam("the_name"), table.wrapped == bindparam("old"))
                    connection.execute(again.values(wrapped=bindparam("new"), kek_id=bindparam("number")), changes)
            if not rows:
                break
            last = rows[-1].name
            tell(len(rows))
    return stand


def check(engine: Engine, wrapping_keys: WrappingKeys, tell: Tell = lambda done: None) -> Stand:
    """Open every key; change nothing."""
    stand = Stand()
    for row in _all(engine, tell):
        stand.by_wrapping_key[row.kek_id or FIRST] += 1
        _opened(row, wrapping_keys, stand)
    return stand


def key_count(engine: Engine) -> int:
    """Return how many keys there are that were not destroyed."""
    with engine.connect() as connection:
        return sum(connection.scalar(select(func.count()).where(table.wrapped.is_not(None))) or 0 for table in NAMED_BY)


def _all(engine: Engine, tell: Tell) -> Iterator[Row[Any]]:
    for table in NAMED_BY:
        last = None
        while True:
            with engine.connect() as connection:
                rows = connection.execute(_page(table, last)).all()
            if not rows:
                break
            yield from rows
            last = rows[-1].name
            tell(len(rows))


def _page(table: Table, last: Any) -> Any:
    name = NAMED_BY[table]
    query = select(name.label("name"), table.wrapped, table.kek_id).where(table.wrapped.is_not(None))
    if last is not None:
        query = query.where(name > last)
    return query.order_by(name).limit(AT_ONCE)


def _is_older(table: Table, newest: str) -> ColumnElement[bool]:
    other = table.kek_id != newest
    return other if newest == FIRST else or_(other, table.kek_id.is_(None))  # NULL names the first


def _change(row: Row[Any], wrapping_keys: WrappingKeys, stand: Stand) -> dict[str, Any] | None:
    key = _opened(row, wrapping_keys, stand)
    if key is None:
        return None
    stand.by_wrapping_key[row.kek_id or FIRST] += 1
    number, wrapped = wrapping_keys.wrap(key)
    return {"the_name": row.name, "old": row.wrapped, "new": wrapped, "number": number}


def _opened(row: Row[Any], wrapping_keys: WrappingKeys, stand: Stand) -> bytes | None:
    try:
        return wrapping_keys.unwrap(row.kek_id, row.wrapped)
    except (NoWrappingKey, WrongWrappingKey):
        stand.broken.append(str(row.name))
        return None
