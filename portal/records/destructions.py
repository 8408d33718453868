"""Destructions of people's data and the tasks each consists of; and holds, which stop them.

How a destruction stands is derived from its tasks by `portal.rules.destruction`; `unfinished` only lets the open ones
be found fast. What the tasks need to know of the person (the host's id, what to look for in files) lies sealed under a
key of the destruction's own, which ends with it.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    UniqueConstraint,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from portal.rules.destruction import FIRST_HELD

from ..database import Identifier, Model, UtcMicros, db, in_parts

View = Literal["open", "attention", "evidence", "done", "all"]


class Destruction(Model):
    """The destruction of one person's data. A person is destroyed once: `member_ref` is unique."""

    __tablename__ = "destructions"
    __table_args__ = (
        CheckConstraint("reason IN ('LEFT_COMPANY', 'ASKED', 'PERIOD_ENDED', 'REPLAYED')", name="reason"),
        Index("ix_destructions_unfinished_id", "unfinished", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    member_ref: Mapped[str] = mapped_column(unique=True)
    member_since: Mapped[datetime] = mapped_column(UtcMicros)
    company_ref: Mapped[str | None] = mapped_column(index=True)
    batch_ref: Mapped[str | None] = mapped_column(index=True)
    request_number: Mapped[str | None] = mapped_column(index=True)
    reason: Mapped[str]
    event_day: Mapped[date]  # the Seoul day from which kept records count
    handler: Mapped[str]
    approver: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(UtcMicros)
    plan: Mapped[str]  # JSON: what the preview counted, by holding; nothing personal
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    unfinished: Mapped[bool] = mapped_column(default=True, server_default=true())


class Task(Model):
    """One step of one destruction, done by whoever holds its lease. `fence` rises with each lease: a worker that was
    slow finds its own outdated."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("state IN ('WAITING', 'LEASED', 'DONE', 'ATTENTION')", name="state"),
        CheckConstraint("(state = 'DONE') = (done_at IS NOT NULL)", name="done_has_its_moment"),
        UniqueConstraint("destruction_id", "kind", "target"),
        Index("ix_tasks_state_stage_id", "state", "stage", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    destruction_id: Mapped[int] = mapped_column(ForeignKey(Destruction.id), index=True)
    stage: Mapped[int]  # portal.rules.destruction.Stage
    kind: Mapped[str]
    target: Mapped[str]  # the holding, the connected system or the retention rule
    expected: Mapped[int | None]  # how many the preview counted; None where nothing can be counted
    state: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(UtcMicros)  # the next attempt, or the end of the lease
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    removed: Mapped[int] = mapped_column(default=0)  # over all attempts
    fault: Mapped[str] = mapped_column(default="")  # what could not be proved, by kind; nothing personal
    evidence: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class Hold(Model):
    """A legal hold on one person's data, or an objection that is being judged; while one stands, nothing more goes."""

    __tablename__ = "holds"
    __table_args__ = (CheckConstraint("kind IN ('LEGAL', 'OBJECTION')", name="kind"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    member_ref: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    reason: Mapped[str]  # a code or a case number, nothing personal
    placed_by: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(UtcMicros)
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class DestroyedMark(Model):
    """The newest tombstone that this store knows of. A store that was restored knows fewer than the keys store."""

    __tablename__ = "destroyed_mark"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Identifier)


def add_many(made: Sequence[tuple[Destruction, list[dict[str, Any]]]]) -> None:
    """Keep destructions and the tasks each consists of, dicts of columns. Raises IntegrityError for a member who has
    one."""
    db.session.add_all([destruction for destruction, _ in made])
    db.session.flush()
    rows = [{**task, "destruction_id": destruction.id, "evidence": ""} for destruction, tasks in made for task in tasks]
    if rows:
        db.session.connection().execute(insert(Task), rows)


def of_ref(ref: str) -> Destruction | None:
    """Return the destruction of this reference."""
    return db.session.scalars(select(Destruction).where(Destruction.ref == ref)).one_or_none()


def of_member(member_ref: str) -> Destruction | None:
    """Return the destruction of a member's data."""
    return db.session.scalars(select(Destruction).where(Destruction.member_ref == member_ref)).one_or_none()


def refs_destroyed(member_refs: Collection[str]) -> set[str]:
    """Return those of these members whose destruction was ordered; name no more than one query can."""
    query = select(Destruction.member_ref).where(Destruction.member_ref.in_(member_refs))
    return set(db.session.scalars(query))


def of_members(member_refs: Collection[str]) -> dict[str, Destruction]:
    """Return the destructions of these members, by member; name no more than one query can."""
    found = db.session.scalars(select(Destruction).where(Destruction.member_ref.in_(member_refs)))
    return {destruction.member_ref: destruction for destruction in found}


def first_of_request(number: str) -> Sequence[Destruction]:
    """Return the destruction that a request led to, two where there are more, or none."""
    query = select(Destruction).where(Destruction.request_number == number).order_by(Destruction.id)
    return db.session.scalars(query.limit(2)).all()


def of_requests(numbers: Collection[str]) -> dict[str, Destruction]:
    """Return the destructions that these requests led to, by request."""
    found = db.session.scalars(select(Destruction).where(Destruction.request_number.in_(numbers)))
    return {destruction.request_number or "": destruction for destruction in found}


def of_ids(ids: Collection[int]) -> dict[int, Destruction]:
    """Return destructions by id."""
    return {one.id: one for one in db.session.scalars(select(Destruction).where(Destruction.id.in_(ids)))}


def refs_known(refs: Collection[str]) -> set[str]:
    """Return those of these references that are destructions here."""
    return set(db.session.scalars(select(Destruction.ref).where(Destruction.ref.in_(refs))))


def page(view: View, number: str, *, limit: int, offset: int) -> tuple[Sequence[Destruction], int]:
    """Return destructions and how many there are in all: those under way oldest first, finished ones newest first;
    `number` narrows to one request."""
    query = _seen_as(select(Destruction), view)
    if number:
        query = query.where(Destruction.request_number == number)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Destruction.id.desc() if view == "done" else Destruction.id
    return db.session.scalars(query.order_by(order).limit(limit).offset(offset)).all(), total


def figures() -> dict[str, int]:
    """Return how many destructions each view of the desk has."""
    count = select(func.count()).select_from(Destruction)
    return {view: db.session.scalar(_seen_as(count, view)) or 0 for view in get_args(View)}


def _seen_as(query: Select[Any], view: View) -> Select[Any]:
    if view == "all":
        return query
    query = query.where(Destruction.unfinished if view != "done" else ~Destruction.unfinished)
    tasks = select(Task.destruction_id)
    if view == "attention":
        return query.where(Destruction.id.in_(tasks.where(Task.state == "ATTENTION")))
    if view == "evidence":
        return query.where(Destruction.id.in_(tasks.where(Task.kind == "EVIDENCE", Task.state != "DONE")))
    return query


def unfinished(limit: int, offset: int = 0) -> Sequence[Destruction]:
    """Return destructions that are not finished, oldest first."""
    query = select(Destruction).where(Destruction.unfinished).order_by(Destruction.id).limit(limit).offset(offset)
    return db.session.scalars(query).all()


def tasks_of(destruction_ids: Collection[int]) -> dict[int, list[Task]]:
    """Return the tasks of destructions, in the order of their stages."""
    found: dict[int, list[Task]] = {destruction_id: [] for destruction_id in destruction_ids}
    query = select(Task).where(Task.destruction_id.in_(found)).order_by(Task.stage, Task.id)
    for task in db.session.scalars(query):
        found[task.destruction_id].append(task)
    return found


def lease(at: datetime, until: datetime, limit: int) -> list[tuple[Task, bool]]:
    """Lease tasks of one kind and target whose turn it is, until `until`; with each, whether a lease had run out.

    A task's turn comes when every task of a lower stage is done and nothing is held. Each lease counts an attempt and
    raises the fence.
    """
    leased: list[tuple[Task, bool]] = []
    for state in ("LEASED", "WAITING"):
        due = _due(at, state)
        first = db.session.execute(due.with_only_columns(Task.kind, Task.target).limit(1)).first()
        if first is None:
            continue
        same = due.where(Task.kind == first.kind, Task.target == first.target).limit(limit)
        for task in db.session.scalars(same.with_for_update(of=Task, skip_locked=True)).all():
            leased.append((task, state == "LEASED"))
            task.state, task.due_at = "LEASED", until
            task.attempts, task.fence = task.attempts + 1, task.fence + 1
        if leased:
            break
    db.session.flush()
    return leased


def still_leased(fences: dict[int, int]) -> dict[int, Task]:
    """Return those of these tasks, by id, whose lease is still the one with this fence, held until the transaction
    ends."""
    query = select(Task).where(Task.id.in_(fences), Task.state == "LEASED").with_for_update()
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return {task.id: task for task in found if task.fence == fences[task.id]}


def people_in_attention(request_number: str) -> int:
    """Return of how many people the destruction, of those that a request led to, needs attention."""
    stuck = select(func.count(Task.destruction_id.distinct())).join(Destruction, Destruction.id == Task.destruction_id)
    return db.session.scalar(stuck.where(Destruction.request_number == request_number, Task.state == "ATTENTION")) or 0


def attention_count(request_number: str) -> int:
    """Return how many tasks of the destructions that a request led to need attention."""
    query = select(func.count()).select_from(Task).join(Destruction, Destruction.id == Task.destruction_id)
    stuck = query.where(Destruction.request_number == request_number, Task.state == "ATTENTION")
    return db.session.scalar(stuck) or 0


def hold_tasks(task_ids: Sequence[int]) -> list[tuple[Task, Destruction]]:
    """Return tasks with their destructions, held until the transaction ends."""
    found: list[tuple[Task, Destruction]] = []
    for some in in_parts(task_ids):
        query = select(Task, Destruction).join(Destruction, Destruction.id == Task.destruction_id)
        query = query.where(Task.id.in_(some)).order_by(Task.id)
        rows = db.session.execute(query.with_for_update(of=Task).execution_options(populate_existing=True))
        found += [(task, destruction) for task, destruction in rows]
    return found


def same_in_batch(batch_ref: str, kind: str, target: str) -> list[int]:
    """Return the tasks of this kind and target that are not done, of everybody in a batch."""
    query = select(Task.id).join(Destruction, Destruction.id == Task.destruction_id)
    query = query.where(Destruction.batch_ref == batch_ref, Task.kind == kind, Task.target == target)
    return list(db.session.scalars(query.where(Task.state != "DONE").order_by(Task.id)))


def try_again(task_id: int, at: datetime) -> bool:
    """Put a task that needed attention back in line; tell whether it did."""
    stuck = update(Task).where(Task.id == task_id, Task.state == "ATTENTION")
    return bool(db.session.execute(stuck.values(state="WAITING", due_at=at, attempts=0)).rowcount)


def wipe(destruction_ids: Collection[int]) -> None:
    """Wipe what the tasks of these destructions had to know."""
    db.session.execute(update(Destruction).where(Destruction.id.in_(destruction_ids)).values(sealed=None))


def finish(destruction_ids: Collection[int]) -> None:
    """Close destructions."""
    db.session.execute(update(Destruction).where(Destruction.id.in_(destruction_ids)).values(unfinished=False))


def holds_on(member_refs: Collection[str]) -> dict[str, list[Hold]]:
    """Return the holds that stand, by member."""
    found: dict[str, list[Hold]] = {}
    query = select(Hold).where(Hold.member_ref.in_(member_refs), Hold.lifted_at.is_(None)).order_by(Hold.id)
    for hold in db.session.scalars(query):
        found.setdefault(hold.member_ref, []).append(hold)
    return found


def standing_holds(limit: int, offset: int = 0) -> tuple[Sequence[Hold], int]:
    """Return one page of the holds that stand, the newest first, and how many there are in all."""
    query = select(Hold).where(Hold.lifted_at.is_(None))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return db.session.scalars(query.order_by(Hold.id.desc()).limit(limit).offset(offset)).all(), total


def hold_of(hold_id: int) -> Hold | None:
    """Return one hold, held until the transaction ends."""
    query = select(Hold).where(Hold.id == hold_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def task_of(task_id: int) -> tuple[Task, Destruction] | None:
    """Return one task with its destruction."""
    query = select(Task, Destruction).join(Destruction, Destruction.id == Task.destruction_id)
    row = db.session.execute(query.where(Task.id == task_id)).one_or_none()
    return (row[0], row[1]) if row else None


def members_held() -> set[str]:
    """Return the members on whose data a hold stands."""
    return set(db.session.scalars(select(Hold.member_ref).where(Hold.lifted_at.is_(None))))


def place_hold(hold: Hold) -> None:
    """Keep a hold; nothing more of this person goes while it stands."""
    db.session.add(hold)
    db.session.flush()


def lift_hold(hold_id: int, by: str, at: datetime) -> bool:
    """Lift a hold; tell whether it stood."""
    standing = update(Hold).where(Hold.id == hold_id, Hold.lifted_at.is_(None))
    return bool(db.session.execute(standing.values(lifted_by=by, lifted_at=at)).rowcount)


def mark() -> int:
    """Return the newest tombstone that this store knows of."""
    found = db.session.get(DestroyedMark, 1)
    return found.seq if found else 0


def raise_mark(seq: int) -> None:
    """Keep that this store knows of every tombstone up to `seq`."""
    db.session.execute(update(DestroyedMark).where(DestroyedMark.seq < seq).values(seq=seq))


def _due(at: datetime, state: str) -> Any:
    """Tasks in one state: two at once would have every open task sorted for each lease."""
    lower = aliased(Task)
    earlier = exists().where(
        and_(lower.destruction_id == Task.destruction_id, lower.stage < Task.stage, lower.state != "DONE")
    )
    held = exists().where(and_(Hold.member_ref == Destruction.member_ref, Hold.lifted_at.is_(None)))
    return (
        select(Task)
        .join(Destruction, Destruction.id == Task.destruction_id)
        .where(
            Task.state == state,
            Task.due_at <= at,
            ~earlier,
            or_(Task.stage < FIRST_HELD, ~held),
        )
        .order_by(Task.stage, Task.id)
    )
