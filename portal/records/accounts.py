"""Accounts of staff and of company admins, and which roles they were given. Sign-in sessions are in `sessions`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, Select, func, literal, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db, inserting


class Account(Model):
    """One person who works here; `sealed` holds e-mail and name under the account's own key."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("state IN ('INVITED', 'ACTIVE', 'DISABLED')", name="state"),
        CheckConstraint(
            "state <> 'ACTIVE' OR (password_hash IS NOT NULL AND totp IS NOT NULL)", name="active_has_both_factors"
        ),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    company_ref: Mapped[str | None] = mapped_column(index=True)  # a company admin's company
    state: Mapped[str]
    password_hash: Mapped[str | None]
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)  # the second factor's secret, sealed
    totp_step: Mapped[int | None] = mapped_column(Identifier)  # the last step used; none is taken twice
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcMicros)
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    changed_at: Mapped[datetime] = mapped_column(UtcMicros)


class RoleGrant(Model):
    """A role given or taken away; the last one on a role holds. Append-only."""

    __tablename__ = "role_grants"
    __table_args__ = (
        CheckConstraint("role IN ('HANDLER', 'OFFICER', 'AUDITOR', 'COMPANY_ADMIN')", name="role"),
        CheckConstraint("deed IN ('GRANTED', 'REVOKED')", name="deed"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    account_ref: Mapped[str] = mapped_column(index=True)
    role: Mapped[str]
    deed: Mapped[str]
    given_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


def add(ref: str, email_index: bytes, sealed: bytes, at: datetime, *, company_ref: str | None = None) -> bool:
    """Keep an account of somebody invited; False when the address has one, perhaps made at this very moment."""
    session = db.session()
    made = inserting(session, Account).values(
        ref=ref,
        email_index=email_index,
        sealed=sealed,
        company_ref=company_ref,
        state="INVITED",
        failures=0,
        made_at=at,
        changed_at=at,
    )
    kept = made.on_conflict_do_nothing(index_elements=[Account.email_index]).returning(Account.ref)
    return session.execute(kept).first() is not None


def of_ref(ref: str) -> Account | None:
    """Return the account with this reference."""
    return db.session.scalars(select(Account).where(Account.ref == ref)).one_or_none()


def held(ref: str) -> Account | None:
    """Return the account with this reference, locked until the transaction ends."""
    query = select(Account).where(Account.ref == ref).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def of_email(index: bytes) -> Account | None:
    """Return the account whose address has this blind index."""
    return db.session.scalars(select(Account).where(Account.email_index == index)).one_or_none()


def of_emails(indexes: Collection[bytes]) -> Sequence[Account]:
    """Return the accounts whose addresses have these blind indexes; name no more than one query can."""
    return db.session.scalars(select(Account).where(Account.email_index.in_(indexes))).all()


def everyone() -> Sequence[Account]:
    """Return all accounts, oldest first."""
    return db.session.scalars(select(Account).order_by(Account.id)).all()


def refs() -> list[str]:
    """Return the references of all accounts."""
    return list(db.session.scalars(select(Account.ref)))


def of_refs(refs: Collection[str]) -> Sequence[Account]:
    """Return the accounts with these references; name no more than one query can."""
    return db.session.scalars(select(Account).where(Account.ref.in_(refs))).all()


def of_company(company_ref: str) -> Sequence[Account]:
    """Return the accounts of a company's admins that are not disabled, oldest first."""
    return db.session.scalars(_of_company(company_ref)).all()


def count_by_company(company_refs: Collection[str]) -> dict[str, int]:
    """Return how many active admins each of these companies has; name no more than one query can."""
    query = select(Account.company_ref, func.count()).where(
        Account.company_ref.in_(company_refs), Account.state == "ACTIVE"
    )
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Account.company_ref)) if row[0]}


def held_of_company(company_ref: str) -> Sequence[Account]:
    """Return the same, locked until the transaction ends: two who end each other are heard one after the other."""
    query = _of_company(company_ref).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def _of_company(company_ref: str) -> Select[tuple[Account]]:
    query = select(Account).where(Account.company_ref == company_ref, Account.state != "DISABLED")
    return query.order_by(Account.id)


def change(ref: str, at: datetime, **facts: Any) -> None:
    """Change columns of an account."""
    db.session.execute(update(Account).where(Account.ref == ref).values(changed_at=at, **facts))
    db.session.expire_all()


def use_step(ref: str, step: int, at: datetime, *, though_locked: bool = False) -> bool:
    """Take a step of the second factor, once: False when it or a later one was taken before, by whatever worker, or
    when the account is not active, or is locked. Taking it forgets the failures. `though_locked` is for who is signed
    in: strangers who guess shall not keep them from their work."""
    is_free = or_(Account.locked_until.is_(None), Account.locked_until <= at, literal(though_locked))
    taken = db.session.execute(
        update(Account)
        .where(
            Account.ref == ref,
            Account.state == "ACTIVE",
            or_(Account.totp_step.is_(None), Account.totp_step < step),
            is_free,
        )
        .values(totp_step=step, failures=0, locked_until=None)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    return _count(taken) == 1


def count_failure(ref: str) -> int:
    """Count one failed sign-in and return how many there are since the last good one or the last lock; 0 of nobody."""
    counted = update(Account).where(Account.ref == ref).values(failures=Account.failures + 1)
    return db.session.execute(counted.returning(Account.failures)).scalar() or 0


def grant(row: RoleGrant) -> None:
    """Keep that a role was given or taken away."""
    db.session.add(row)
    db.session.flush()


def roles_of(ref: str) -> set[str]:
    """Return the roles that an account holds."""
    return roles_of_all([ref]).get(ref, set())


def roles_of_all(refs: Collection[str] | None = None) -> dict[str, set[str]]:
    """Return the roles that accounts hold, by reference; of all accounts without `refs`."""
    query = select(RoleGrant).order_by(RoleGrant.id)
    if refs is not None:
        query = query.where(RoleGrant.account_ref.in_(refs))
    roles: dict[str, set[str]] = {}
    for row in db.session.scalars(query):
        held_now = roles.setdefault(row.account_ref, set())
        (held_now.add if row.deed == "GRANTED" else held_now.discard)(row.role)
    return roles


def grants_of(ref: str) -> Sequence[RoleGrant]:
    """Return the roles given to and taken from an account, oldest first."""
    return db.session.scalars(select(RoleGrant).where(RoleGrant.account_ref == ref).order_by(RoleGrant.id)).all()


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
