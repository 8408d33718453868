"""Accounts of staff and company admins, their roles and sessions, designations and trainings."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only

revision = "main_0005"
down_revision = "main_0004"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("role_grants", "designations", "trainings")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("company_ref", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", IDENTIFIER, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state <> 'ACTIVE' OR (password_hash IS NOT NULL AND totp IS NOT NULL)",
            name=op.f("ck_accounts_active_has_both_factors"),
        ),
        sa.CheckConstraint("state IN ('INVITED', 'ACTIVE', 'DISABLED')", name=op.f("ck_accounts_state")),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email_index", name="uq_accounts_email_index"),
        sa.UniqueConstraint("ref", name="uq_accounts_ref"),
    )
    op.create_index("ix_accounts_company_ref", "accounts", ["company_ref"])
    op.create_table(
        "role_grants",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("deed IN ('GRANTED', 'REVOKED')", name=op.f("ck_role_grants_deed")),
        sa.CheckConstraint(
            "role IN ('HANDLER', 'OFFICER', 'AUDITOR', 'COMPANY_ADMIN')",
            name=op.f("ck_role_grants_role"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_role_grants"),
    )
    op.create_index("ix_role_grants_account_ref", "role_grants", ["account_ref"])
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("holder_kind", sa.String(), nullable=False),
        sa.Column("holder_ref", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("proved_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("holder_kind IN ('STAFF', 'MEMBER')", name=op.f("ck_sessions_holder_kind")),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_sessions"),
        sa.UniqueConstraint("holder_kind", "holder_ref", name="uq_sessions_holder_kind_holder_ref"),
    )
    op.create_index("ix_sessions_replaced_sha256", "sessions", ["replaced_sha256"])
    op.create_table(
        "designations",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("deed IN ('DESIGNATED', 'ENDED')", name=op.f("ck_designations_deed")),
        sa.PrimaryKeyConstraint("id", name="pk_designations"),
    )
    op.create_index("ix_designations_account_ref", "designations", ["account_ref"])
    op.create_table(
        "trainings",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("trained_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trainings"),
    )
    op.create_index("ix_trainings_account_ref", "trainings", ["account_ref"])
    for table in APPEND_ONLY:
        make_append_only(table)


def downgrade() -> None:
    drop_table("trainings")
    drop_table("designations")
    op.drop_table("sessions")
    drop_table("role_grants")
    op.drop_table("accounts")
