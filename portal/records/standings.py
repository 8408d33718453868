"""Where each member stands: the requirement satisfied, and whether the account is suspended.

The gate reads this table. Whoever changes a row holds `portal.records.epoch.standing_change` round the commit.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, false, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros, db, inserting
from .tallying import tally


class Standing(Model):
    """One row per member; no row, or another requirement than the one in force, means stopped at the gate."""

    __tablename__ = "standing"

    host_id: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str]
    requirement_hash: Mapped[str | None]
    suspended: Mapped[bool] = mapped_column(default=False, server_default=false())
    changed_at: Mapped[datetime] = mapped_column(UtcMicros)


def of_host(host_id: str) -> Standing | None:
    """Return the standing of the member whom the host calls `host_id`."""
    return db.session.get(Standing, host_id)


def satisfy(host_id: str, ref: str, requirement_hash: str | None, at: datetime) -> None:
    """Note which requirement the member has satisfied; None means none, and the gate stops the next request."""
    _change(host_id, ref, at, requirement_hash=requirement_hash)


def suspend(host_id: str, ref: str, at: datetime, *, suspended: bool = True) -> None:
    """Close the account at the gate, or open it again; what was satisfied stays."""
    _change(host_id, ref, at, suspended=suspended)


def count_satisfying(requirement_hash: str) -> int:
    """Return how many members have satisfied this requirement and may use the service."""
    query = select(func.count()).select_from(Standing)
    return db.session.scalar(query.where(Standing.requirement_hash == requirement_hash, ~Standing.suspended)) or 0


def suspended_of(host_ids: Collection[str]) -> set[str]:
    """Return those of these members whose account is closed; name no more than one query can."""
    query = select(Standing.host_id).where(Standing.host_id.in_(host_ids), Standing.suspended)
    return set(db.session.scalars(query))


def suspend_many(members: Collection[tuple[str, str]], at: datetime, *, suspended: bool = True) -> None:
    """Close the accounts of these members, each by host id and reference, or open them again, as `suspend` does."""
    if not members:
        return
    session = db.session()
    statement = inserting(session, Standing)
    changes = {"ref": statement.excluded.ref, "changed_at": statement.excluded.changed_at}
    raised = statement.on_conflict_do_update(
        index_elements=[Standing.host_id], set_={**changes, "suspended": statement.excluded.suspended}
    )
    session.connection().execute(
        raised, [{"host_id": host, "ref": ref, "changed_at": at, "suspended": suspended} for host, ref in members]
    )
    session.expire_all()


def _change(host_id: str, ref: str, at: datetime, **facts: object) -> None:
    session = db.session()
    statement = inserting(session, Standing).values(host_id=host_id, ref=ref, changed_at=at, **facts)
    changes = {"ref": ref, "changed_at": at, **facts}
    session.execute(statement.on_conflict_do_update(index_elements=[Standing.host_id], set_=changes))
    session.expire_all()


def count_of(ref: str) -> int:
    """Return how many standings the member with this reference has."""
    return db.session.scalar(select(func.count()).select_from(Standing).where(Standing.ref == ref)) or 0


def destroy_of(ref: str) -> int:
    """Delete a member's standing: the gate stops whoever has none. The caller holds `standing_change`."""
    return db.session.execute(delete(Standing).where(Standing.ref == ref)).rowcount


def counts_of(refs: Collection[str]) -> Counter[str]:
    """Return how many standings each member has, by reference."""
    return tally(Standing.ref, refs)
