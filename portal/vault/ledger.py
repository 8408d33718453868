"""The destruction ledger and the tombstones: what was destroyed, told without the one it was.

They lie in the keys store, away from the data: a restored main store cannot bring back a person whose tombstone stands
here. Append-only, by triggers. A ledger line is written before the first irreversible step and a second one when all
of it is proved; between the two the destruction is under way, whatever else a store may say.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Engine, UniqueConstraint, exists, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, aliased, mapped_column

from portal.clock import seoul_day
from portal.database import Identifier, Model, UtcMicros, in_parts, inserting_on, writing_on

from . import signatures

Entry = Literal["BEGUN", "DONE", "PAPER"]  # who confirmed a line stands in portal.vault.signatures


class LedgerEntry(Model):
    """One line of the ledger. `number` is the same on every line of one destruction."""

    __bind_key__ = "keys"
    __tablename__ = "destruction_ledger"
    __table_args__ = (
        CheckConstraint("entry IN ('BEGUN', 'DONE', 'PAPER', 'CONFIRMED')", name="entry"),
        CheckConstraint("media IN ('ELECTRONIC', 'PAPER')", name="media"),
        UniqueConstraint("destruction_ref", "entry"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    number: Mapped[str] = mapped_column(index=True)  # "D-2026-0007"
    destruction_ref: Mapped[str]
    entry: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)
    files: Mapped[str]  # the names of the files of personal data, by key
    media: Mapped[str]
    made_on: Mapped[date | None]  # the Seoul day on which the data was first kept
    reason: Mapped[str]  # a word of portal.rules
    methods: Mapped[str]  # JSON: a list of words
    counts: Mapped[str]  # JSON: how many records, by holding
    kept: Mapped[str]  # JSON: what was moved apart, by retention rule, and until when
    handler: Mapped[str]
    approver: Mapped[str]
    evidence: Mapped[str]
    destroyed_on: Mapped[date | None]  # where people did it by hand; else the second line's day


class Tombstone(Model):
    """One person who is to stay gone: found again after a restore by reference or by a keyed digest of the host's id,
    and told apart from somebody who came later under the same id by `member_since`."""

    __bind_key__ = "keys"
    __tablename__ = "tombstones"

    seq: Mapped[int] = mapped_column(Identifier, primary_key=True)
    member_ref: Mapped[str] = mapped_column(unique=True)
    host_index: Mapped[bytes] = mapped_column(index=True)
    member_since: Mapped[datetime] = mapped_column(UtcMicros)
    destruction_ref: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(UtcMicros)


class LedgerNumber(Model):
    """The last number given in a Seoul year."""

    __bind_key__ = "keys"
    __tablename__ = "ledger_numbers"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


@dataclass(frozen=True)
class Line:
    """What one line of the ledger says. Nothing in it is personal."""

    destruction_ref: str
    reason: str
    files: Sequence[str] = ()
    media: Literal["ELECTRONIC", "PAPER"] = "ELECTRONIC"
    made_on: date | None = None
    methods: Sequence[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    kept: Sequence[Mapping[str, Any]] = ()
    handler: str = ""
    approver: str = ""
    evidence: str = ""
    destroyed_on: date | None = None


@dataclass(frozen=True)
class Gone:
    """Whom a tombstone keeps away."""

    member_ref: str
    host_index: bytes
    member_since: datetime
    destruction_ref: str


def begin(engine: Engine, lines: Sequence[tuple[Line, Gone | None]], at: datetime) -> dict[str, str]:
    """Write the first line of each destruction and, where a person is to stay gone, the tombstone, in one committed
    transaction; return the ledger numbers by destruction. What was begun before keeps its number, so a repeat changes
    nothing."""
    with writing_on(engine) as connection:
        known = _numbers(connection, [line.destruction_ref for line, _ in lines])
        new = [(line, gone) for line, gone in lines if line.destruction_ref not in known]
        numbers = _next_numbers(connection, len(new), at)
        if not new:
            return known
        rows = [_row(line, "BEGUN", number, at) for (line, _), number in zip(new, numbers, strict=True)]
        connection.execute(insert(LedgerEntry), rows)
        _set_stones(connection, [gone for _, gone in new if gone is not None], at)
        known.update((row["destruction_ref"], row["number"]) for row in rows)
    return known


def begun(engine: Engine, prefix: str) -> LedgerEntry | None:
    """Return the newest line that was begun under a reference of this beginning and is not done: somebody was stopped
    in the middle of it."""
    done = aliased(LedgerEntry)
    is_done = exists().where(done.destruction_ref == LedgerEntry.destruction_ref, done.entry == "DONE")
    query = (
        select(*LedgerEntry.__table__.columns)
        .where(LedgerEntry.destruction_ref.startswith(prefix, autoescape=True))
        .where(LedgerEntry.entry == "BEGUN", ~is_done)
        .order_by(LedgerEntry.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return LedgerEntry(**row._mapping) if row else None


def numbers_of(engine: Engine, refs: Iterable[str]) -> dict[str, str]:
    """Return the ledger numbers of destructions that were begun."""
    with engine.connect() as connection:
        return _numbers(connection, refs)


def proved(engine: Engine, refs: Sequence[str]) -> list[LedgerEntry]:
    """Return the last lines of those of these destructions that were proved, in the order of their numbers."""
    found: list[LedgerEntry] = []
    with engine.connect() as connection:
        for some in in_parts(refs):
            query = select(*LedgerEntry.__table__.columns).where(LedgerEntry.entry == "DONE")
            rows = connection.execute(query.where(LedgerEntry.destruction_ref.in_(some)))
            found += (LedgerEntry(**row._mapping) for row in rows)
    return sorted(found, key=lambda line: (len(line.number), line.number))


def finish(engine: Engine, lines: Sequence[Line], at: datetime) -> None:
    """Write that these destructions were proved; a second time changes nothing. Raises KeyError for one not begun."""
    with writing_on(engine) as connection:
        numbers = _numbers(connection, [line.destruction_ref for line in lines])
        rows = [_row(line, "DONE", numbers[line.destruction_ref], at) for line in lines]
        if rows:
            connection.execute(inserting_on(connection, LedgerEntry).on_conflict_do_nothing(), rows)


def enter_paper(engine: Engine, line: Line, at: datetime, by: str) -> str:
    """Write a destruction that people did by hand, shredding or burning paper, and who says so; return its number.
    Entered again, as by a form that was sent twice, it keeps its number."""
    with writing_on(engine) as connection:
        known = _numbers(connection, [line.destruction_ref])
        if known:
            return known[line.destruction_ref]
        [number] = _next_numbers(connection, 1, at)
        connection.execute(insert(LedgerEntry).values(_row(line, "PAPER", number, at)))
        signatures.put(connection, [line.destruction_ref], "ENTERED", by, at)
    return number


def entries(engine: Engine, *, limit: int = 100, before: int | None = None) -> list[LedgerEntry]:
    """Return lines of the ledger, newest first; `before` is the id where the former page ended."""
    query = select(*LedgerEntry.__table__.columns).order_by(LedgerEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(LedgerEntry.id < before)
    with engine.connect() as connection:
        return [LedgerEntry(**row._mapping) for row in connection.execute(query)]


def tombstones_after(engine: Engine, seq: int = 0) -> list[Tombstone]:
    """Return the tombstones set after `seq`, oldest first."""
    query = select(*Tombstone.__table__.columns).where(Tombstone.seq > seq).order_by(Tombstone.seq)
    with engine.connect() as connection:
        return [Tombstone(**row._mapping) for row in connection.execute(query)]


def last_seq(engine: Engine) -> int:
    """Return the number of the newest tombstone, 0 where nobody was destroyed yet."""
    with engine.connect() as connection:
        return connection.scalar(select(func.max(Tombstone.seq))) or 0


def _set_stones(connection: Connection, some: Sequence[Gone], at: datetime) -> None:
    stones = [
        {
            "member_ref": gone.member_ref,
            "host_index": gone.host_index,
            "member_since": gone.member_since,
            "destruction_ref": gone.destruction_ref,
            "at": at,
        }
        for gone in some
    ]
    if stones:
        connection.execute(inserting_on(connection, Tombstone).on_conflict_do_nothing(), stones)


def _row(line: Line, entry: Entry, number: str, at: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "destruction_ref": line.destruction_ref,
        "entry": entry,
        "at": at,
        "files": json.dumps(list(line.files)),
        "media": line.media,
        "made_on": line.made_on,
        "reason": line.reason,
        "methods": json.dumps(list(line.methods)),
        "counts": json.dumps(dict(line.counts), sort_keys=True),
        "kept": json.dumps(list(line.kept)),
        "handler": line.handler,
        "approver": line.approver,
        "evidence": line.evidence,
        "destroyed_on": line.destroyed_on,
    }


def _numbers(connection: Connection, refs: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in in_parts(refs):
        query = select(LedgerEntry.destruction_ref, LedgerEntry.number)
        rows = connection.execute(query.where(LedgerEntry.destruction_ref.in_(some)))
        found.update((ref, number) for ref, number in rows)
    return found


def _next_numbers(connection: Connection, count: int, at: datetime) -> list[str]:
    """Give the next numbers of the year; whoever else wants some waits for this transaction."""
    if not count:
        return []
    year = seoul_day(at).year
    statement = inserting_on(connection, LedgerNumber).values(year=year, last=count)
    more = {"last": LedgerNumber.last + count}
    raised = statement.on_conflict_do_update(index_elements=[LedgerNumber.year], set_=more)
    last: int = connection.execute(raised.returning(LedgerNumber.last)).scalar_one()
    return [f"D-{year}-{number:04}" for number in range(last - count + 1, last + 1)]
