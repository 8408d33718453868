"""Versions of the policy, from when each is in force, and which were withdrawn before. Append-only: triggers refuse
UPDATE and DELETE.

The gate reads `requirements`, and so does whoever asks here what is in force. Whoever adds a row to the other two holds
`portal.records.epoch.standing_change` round the commit.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class PolicyWithdrawal(Model):
    """That a version was withdrawn before its moment, so that it never is in force. `because` is kept for the desk."""

    __tablename__ = "policy_withdrawals"

    version: Mapped[str] = mapped_column(ForeignKey("policy_versions.version"), primary_key=True)
    because: Mapped[str]
    withdrawn_by: Mapped[str]
    withdrawn_at: Mapped[datetime] = mapped_column(UtcMicros)


class PolicyVersion(Model):
    """One published version, whole: a past consent must be readable against the text it was given to."""

    __tablename__ = "policy_versions"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    version: Mapped[str] = mapped_column(unique=True)  # "2021-02-04"
    body: Mapped[str] = mapped_column(deferred=True)  # canonical JSON of the whole Policy, texts included: read once
    body_sha256: Mapped[str]
    requirement_hash: Mapped[str]
    effective_at: Mapped[datetime] = mapped_column(UtcMicros, index=True)
    published_at: Mapped[datetime] = mapped_column(UtcMicros)
    withdrawn_at: Mapped[datetime | None] = column_property(
        select(PolicyWithdrawal.withdrawn_at).where(PolicyWithdrawal.version == version).scalar_subquery()
    )


class Requirement(Model):
    """A version that stands: what the gate asks for, and from when. Written by triggers alone, which follow versions
    and withdrawals."""

    __tablename__ = "requirements"

    id: Mapped[int] = mapped_column(ForeignKey(PolicyVersion.id), primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(unique=True)
    requirement_hash: Mapped[str]
    effective_at: Mapped[datetime] = mapped_column(UtcMicros, index=True)


def add(row: PolicyVersion | PolicyWithdrawal) -> None:
    """Keep a newly published version, or that one was withdrawn."""
    db.session.add(row)
    db.session.flush()


_STANDING = select(PolicyVersion).join(Requirement, Requirement.id == PolicyVersion.id)
_IN_FORCE = (
    _STANDING.where(Requirement.effective_at <= bindparam("at", type_=UtcMicros))
    .order_by(Requirement.effective_at.desc(), Requirement.id.desc())
    .limit(1)
)


def in_force(at: datetime) -> PolicyVersion | None:
    """Return the version in force at `at`, by the same rule as the gate: the newest that is effective and was not
    withdrawn, the later published of two with one moment."""
    return db.session.scalars(_IN_FORCE, {"at": at}).first()


def next_after(at: datetime) -> PolicyVersion | None:
    """Return the next version to come into force after `at`."""
    rows = _STANDING.where(Requirement.effective_at > at)
    return db.session.scalars(rows.order_by(Requirement.effective_at, Requirement.id.desc()).limit(1)).first()


def named(version: str) -> PolicyVersion | None:
    """Return the version with this name."""
    return db.session.scalars(select(PolicyVersion).where(PolicyVersion.version == version)).one_or_none()


def held(version: str) -> PolicyVersion | None:
    """Return the version with this name, held until the transaction ends: of two who withdraw it one is first."""
    query = select(PolicyVersion).where(PolicyVersion.version == version).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def withdrawals() -> dict[str, PolicyWithdrawal]:
    """Return what was withdrawn, by version."""
    return {row.version: row for row in db.session.scalars(select(PolicyWithdrawal))}


def newest_first() -> Sequence[PolicyVersion]:
    """Return every published version, withdrawn ones too, the last to come into force first."""
    rows = select(PolicyVersion)
    return db.session.scalars(rows.order_by(PolicyVersion.effective_at.desc(), PolicyVersion.id.desc())).all()
