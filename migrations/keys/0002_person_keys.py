"""One wrapped key per person, company or case, and which wrapping key each key of this store is wrapped under."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, refuse

revision = "keys_0002"
down_revision = "keys_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_keys",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("kek_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_subject_keys_gone_when_destroyed")
        ),
        sa.PrimaryKeyConstraint("ref", name="pk_subject_keys"),
    )
    refuse("subject_keys", "UPDATE", "OLD.destroyed_at IS NOT NULL", "a destroyed key is never changed again")
    refuse("subject_keys", "DELETE", message="a key is destroyed, its row is not deleted")
    op.add_column("day_keys", sa.Column("kek_id", sa.String(), nullable=True))  # NULL: the first wrapping key


def downgrade() -> None:
    op.drop_column("day_keys", "kek_id")
    drop_table("subject_keys")
