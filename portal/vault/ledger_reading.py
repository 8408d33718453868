"""Reading the destruction ledger as one line per destruction, with what was signed under it; and signing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, exists, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.database import writing_on

from . import signatures
from .ledger import LedgerEntry
from .signatures import Signature

AT_ONCE = 200  # lines that one query names


@dataclass(frozen=True)
class Whole:
    """One destruction: its first line; its second, once it is proved; who signed, by step."""

    first: LedgerEntry
    done: LedgerEntry | None
    signed: dict[str, Signature]


@dataclass(frozen=True)
class Wanted:
    """Which lines: of one Seoul year, for one reason; all where not given."""

    year: int | None = None
    reason: str = ""


def newest(engine: Engine, wanted: Wanted, limit: int, before: int | None = None) -> list[Whole]:
    """Return lines, the newest first; `before` is the id of the last one of the former page."""
    query = select(*LedgerEntry.__table__.columns).where(*_conditions(wanted)).order_by(LedgerEntry.id.desc())
    if before is not None:
        query = query.where(LedgerEntry.id < before)
    with engine.connect() as connection:
        firsts = [LedgerEntry(**row._mapping) for row in connection.execute(query.limit(limit))]
        return _whole(connection, firsts)


def oldest_first(engine: Engine, wanted: Wanted) -> Iterator[Whole]:
    """Yield every line, page by page, so that a long ledger fits in memory."""
    after = 0
    while True:
        query = select(*LedgerEntry.__table__.columns).where(*_conditions(wanted), LedgerEntry.id > after)
        with engine.connect() as connection:
            page = connection.execute(query.order_by(LedgerEntry.id).limit(AT_ONCE))
            found = _whole(connection, [LedgerEntry(**row._mapping) for row in page])
        yield from found
        if len(found) < AT_ONCE:
            return
        after = found[-1].first.id


def years(engine: Engine) -> list[int]:
    """Return the Seoul years in which something was destroyed, the newest first."""
    year = func.substr(LedgerEntry.number, 3, 4)
    with engine.connect() as connection:
        return sorted((int(found) for found in connection.scalars(select(year).distinct())), reverse=True)


def to_confirm(engine: Engine, up_to: int | None = None) -> int:
    """Return how many lines are complete and not confirmed yet."""
    with engine.connect() as connection:
        query = select(func.count()).select_from(LedgerEntry).where(*_unconfirmed(up_to))
        return connection.scalar(query) or 0


def confirm(engine: Engine, up_to: int, by: str, at: datetime) -> int:
    """Confirm every complete line up to this one, in one transaction; return how many there were. What was entered by
    hand is complete once a second person has signed."""
    count = 0
    with writing_on(engine) as connection:
        query = select(LedgerEntry.destruction_ref).where(*_unconfirmed(up_to)).order_by(LedgerEntry.id)
        refs = list(connection.scalars(query))
        for start in range(0, len(refs), AT_ONCE):
            count += signatures.put(connection, refs[start : start + AT_ONCE], "CONFIRMED", by, at)
    return count


def second(engine: Engine, number: str, by: str, at: datetime) -> bool:
    """Sign what somebody else entered by hand; False when it is no such line, or somebody has. Raises PermissionError
    for whoever entered it."""
    with writing_on(engine) as connection:
        line = select(LedgerEntry.destruction_ref).where(LedgerEntry.number == number, LedgerEntry.entry == "PAPER")
        ref = connection.scalar(line)
        if ref is None:
            return False
        if _signed_by(connection, ref) == by:
            raise PermissionError("whoever entered a line does not second it")
        return bool(signatures.put(connection, [ref], "SECONDED", by, at))


def _signed_by(connection: Connection, ref: str) -> str | None:
    entered = select(Signature.signed_by).where(Signature.destruction_ref == ref, Signature.step == "ENTERED")
    return connection.scalar(entered)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [LedgerEntry.entry.in_(("BEGUN", "PAPER"))]
    if wanted.year is not None:
        conditions.append(LedgerEntry.number.startswith(f"D-{wanted.year}-"))
    if wanted.reason:
        conditions.append(LedgerEntry.reason == wanted.reason)
    return conditions


def _unconfirmed(up_to: int | None) -> list[ColumnElement[bool]]:
    done = aliased(LedgerEntry)
    is_done = exists().where(done.destruction_ref == LedgerEntry.destruction_ref, done.entry == "DONE")
    conditions = [
        or_(and_(LedgerEntry.entry == "BEGUN", is_done), and_(LedgerEntry.entry == "PAPER", _has("SECONDED"))),
        ~_has("CONFIRMED"),
    ]
    return conditions if up_to is None else [*conditions, LedgerEntry.id <= up_to]


def _has(step: signatures.Step) -> ColumnElement[bool]:
    return exists().where(Signature.destruction_ref == LedgerEntry.destruction_ref, Signature.step == step)


def _whole(connection: Connection, firsts: Sequence[LedgerEntry]) -> list[Whole]:
    refs = [first.destruction_ref for first in firsts]
    done: dict[str, LedgerEntry] = {}
    signed: dict[str, dict[str, Signature]] = {ref: {} for ref in refs}
    for start in range(0, len(refs), AT_ONCE):
        some = refs[start : start + AT_ONCE]
        query = select(*LedgerEntry.__table__.columns)
        ends = query.where(LedgerEntry.destruction_ref.in_(some), LedgerEntry.entry == "DONE")
        done.update((row.destruction_ref, LedgerEntry(**row._mapping)) for row in connection.execute(ends))
        names = select(*Signature.__table__.columns).where(Signature.destruction_ref.in_(some))
        for row in connection.execute(names):
            signed[row.destruction_ref][row.step] = Signature(**row._mapping)
    return [Whole(first, done.get(first.destruction_ref), signed[first.destruction_ref]) for first in firsts]
