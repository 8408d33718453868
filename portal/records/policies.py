"""Versions of the policy, and from when each is in force. Append-only: a trigger refuses UPDATE and DELETE.

The gate reads this table. Whoever adds a row holds `portal.records.epoch.standing_change` round the commit.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


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


def add(version: PolicyVersion) -> None:
    """Keep a newly published version."""
    db.session.add(version)
    db.session.flush()


_IN_FORCE = (
    select(PolicyVersion)
    .where(PolicyVersion.effective_at <= bindparam("at", type_=UtcMicros))
    .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.id.desc())
    .limit(1)
)


def in_force(at: datetime) -> PolicyVersion | None:
    """Return the version in force at `at`, by the same rule as the gate: the newest that is effective, the later
    published of two with one moment."""
    return db.session.scalars(_IN_FORCE, {"at": at}).first()


def next_after(at: datetime) -> PolicyVersion | None:
    """Return the next version to come into force after `at`."""
    rows = select(PolicyVersion).where(PolicyVersion.effective_at > at)
    return db.session.scalars(rows.order_by(PolicyVersion.effective_at, PolicyVersion.id.desc()).limit(1)).first()


def named(version: str) -> PolicyVersion | None:
    """Return the version with this name."""
    return db.session.scalars(select(PolicyVersion).where(PolicyVersion.version == version)).one_or_none()


def newest_first() -> Sequence[PolicyVersion]:
    """Return every published version, the last to come into force first."""
    rows = select(PolicyVersion)
    return db.session.scalars(rows.order_by(PolicyVersion.effective_at.desc(), PolicyVersion.id.desc())).all()
