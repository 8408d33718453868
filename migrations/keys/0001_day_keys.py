"""One wrapped key per Seoul day. A destroyed key stays destroyed: its row keeps the day and the moment for good."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, refuse

revision = "keys_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_keys",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_day_keys_gone_when_destroyed")
        ),
        sa.PrimaryKeyConstraint("day", name="pk_day_keys"),
    )
    refuse("day_keys", "UPDATE", "OLD.destroyed_at IS NOT NULL", "a destroyed day key is never changed again")
    refuse("day_keys", "DELETE", message="a day key is destroyed, its row is not deleted")


def downgrade() -> None:
    drop_table("day_keys")
