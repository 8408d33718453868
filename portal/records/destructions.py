"""Destructions of people's data and the tasks each consists of; and holds, which stop them.

How a destruction stands is derived from its tasks by `portal.rules.destruction`; `unfinished` only lets the open ones
be found fast. What the tasks need to know of the person (the host's id, what to look for in files) lies sealed under a
key of the destruction's own, which ends with it.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros


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
        Index("ix_tasks_state_due_at", "state", "due_at"),
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
