"""What law or policy keeps after a person has left, each record with its ground, its end and its own key."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, refuse

revision = "separated_0001"
down_revision = None
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "separated_records",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(sealed IS NULL) = (destroyed_at IS NOT NULL)",
            name=op.f("ck_separated_records_gone_when_destroyed"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_separated_records"),
        sa.UniqueConstraint("ref", name="uq_separated_records_ref"),
        sa.UniqueConstraint("subject", "rule", "source", name="uq_separated_records_subject_rule_source"),
    )
    op.create_index("ix_separated_records_until", "separated_records", ["until"])
    refuse("separated_records", "UPDATE", "OLD.destroyed_at IS NOT NULL", "a destroyed record is never changed again")
    refuse("separated_records", "DELETE", message="a record is destroyed, its row is not deleted")


def downgrade() -> None:
    drop_table("separated_records")
