"""The day on which paper was destroyed by hand; who entered a line, who stood by, who confirmed it; append-only."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only

revision = "keys_0004"
down_revision = "keys_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_signatures",
        sa.Column("destruction_ref", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("step IN ('ENTERED', 'SECONDED', 'CONFIRMED')", name=op.f("ck_ledger_signatures_step")),
        sa.PrimaryKeyConstraint("destruction_ref", "step", name="pk_ledger_signatures"),
    )
    make_append_only("ledger_signatures")
    op.add_column("destruction_ledger", sa.Column("destroyed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("destruction_ledger", "destroyed_on")
    drop_table("ledger_signatures")
