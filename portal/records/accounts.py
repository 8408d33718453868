"""Accounts of staff and of company admins, and which roles they were given. Sign-in sessions are in `sessions`."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros


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
