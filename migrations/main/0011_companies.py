"""What was checked of companies whose admins may report who has left."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only

revision = "main_0011"
down_revision = "main_0010"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "company_events",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("company_ref", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=True),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("deed IN ('VERIFIED', 'REVOKED', 'REPORTS_CLEARED')", name=op.f("ck_company_events_deed")),
        sa.CheckConstraint("how IN ('', 'LOOKUP', 'DOCUMENT')", name=op.f("ck_company_events_how")),
        sa.CheckConstraint(
            "(deed = 'REPORTS_CLEARED') = (account_ref IS NOT NULL)",
            name=op.f("ck_company_events_cleared_whose"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_company_events"),
    )
    op.create_index("ix_company_events_company_ref_id", "company_events", ["company_ref", "id"])
    op.create_index("ix_company_events_account_ref", "company_events", ["account_ref"])
    make_append_only("company_events")


def downgrade() -> None:
    drop_table("company_events")
