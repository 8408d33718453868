"""Drafts of policy versions, how a version was released, and how far its announcement has come. Public texts only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db
from .members import Member


class PolicyDraft(Model):
    """One draft: the tables of a policy as JSON, article texts included. `edition` rises with each change, so that of
    two who edit at once the second is told."""

    __tablename__ = "policy_drafts"
    __table_args__ = (CheckConstraint("state IN ('OPEN', 'PUBLISHED', 'DROPPED')", name="state"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    based_on: Mapped[str]  # the version that it began as
    facts: Mapped[str]
    state: Mapped[str]
    edition: Mapped[int]
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(UtcMicros)


class PolicyRelease(Model):
    """How a version was released from the desk, and why sooner than usual where it was. Append-only."""

    __tablename__ = "policy_releases"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    version: Mapped[str] = mapped_column(unique=True)
    draft_ref: Mapped[str]
    material: Mapped[bool]
    asked_again: Mapped[int]  # members who are stopped at the gate when it takes effect, as counted that day
    early_because: Mapped[str]
    released_by: Mapped[str]
    released_at: Mapped[datetime] = mapped_column(UtcMicros)


class Announcement(Model):
    """How far the letters about a version have come: the last member told, by row."""

    __tablename__ = "policy_announcements"

    version: Mapped[str] = mapped_column(primary_key=True)
    last_member: Mapped[int] = mapped_column(Identifier)
    told: Mapped[int]
    without_address: Mapped[int]
    done_at: Mapped[datetime | None] = mapped_column(UtcMicros)


class Recall(Model):
    """How far the letters that a withdrawn version will not take effect have come: the last letter about its coming
    that was answered, by row, and how many were called off before they were sent."""

    __tablename__ = "policy_recalls"

    version: Mapped[str] = mapped_column(primary_key=True)
    last_mail: Mapped[int] = mapped_column(Identifier)
    told: Mapped[int]
    called_off: Mapped[int]
    done_at: Mapped[datetime | None] = mapped_column(UtcMicros)


def add(row: PolicyDraft | PolicyRelease | Announcement | Recall) -> None:
    """Keep a draft, a release, or the beginning of an announcement or of a recall."""
    db.session.add(row)
    db.session.flush()


def of_ref(ref: str) -> PolicyDraft | None:
    """Return the draft of this reference."""
    return db.session.scalars(select(PolicyDraft).where(PolicyDraft.ref == ref)).one_or_none()


def held(ref: str) -> PolicyDraft | None:
    """Return the draft of this reference, held until the transaction ends."""
    query = select(PolicyDraft).where(PolicyDraft.ref == ref).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def open_ones() -> Sequence[PolicyDraft]:
    """Return the drafts that are neither published nor dropped, the last changed first."""
    query = select(PolicyDraft).where(PolicyDraft.state == "OPEN").order_by(PolicyDraft.changed_at.desc())
    return db.session.scalars(query).all()


def releases() -> dict[str, PolicyRelease]:
    """Return how versions were released, by version."""
    return {row.version: row for row in db.session.scalars(select(PolicyRelease))}


def announcements() -> dict[str, Announcement]:
    """Return how far each announcement has come, by version."""
    return {row.version: row for row in db.session.scalars(select(Announcement))}


def recalls() -> dict[str, Recall]:
    """Return how far each recall has come, by version."""
    return {row.version: row for row in db.session.scalars(select(Recall))}


def announcement_held(version: str) -> Announcement | None:
    """Return the announcement of a version, held until the transaction ends."""
    query = select(Announcement).where(Announcement.version == version).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def unfinished_recall() -> Recall | None:
    """Return a recall that is not done, held until the transaction ends."""
    query = select(Recall).where(Recall.done_at.is_(None)).order_by(Recall.version).limit(1)
    return db.session.scalars(query.with_for_update(skip_locked=True)).first()


def unfinished_announcement() -> Announcement | None:
    """Return an announcement that is not done, held until the transaction ends."""
    query = select(Announcement).where(Announcement.done_at.is_(None)).order_by(Announcement.version).limit(1)
    return db.session.scalars(query.with_for_update(skip_locked=True)).first()


def members_after(last_member: int, limit: int) -> Sequence[Member]:
    """Return the next members who have a profile, in the order in which they came."""
    query = select(Member).where(Member.id > last_member, Member.sealed.is_not(None)).order_by(Member.id).limit(limit)
    return db.session.scalars(query).all()


def advance(version: str, *, last_member: int, told: int, without_address: int, done_at: datetime | None) -> None:
    """Keep how far an announcement has come."""
    db.session.execute(
        update(Announcement)
        .where(Announcement.version == version)
        .values(
            last_member=last_member,
            told=Announcement.told + told,
            without_address=Announcement.without_address + without_address,
            done_at=done_at,
        )
    )
