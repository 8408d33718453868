"""Access records on PostgreSQL: a parent whose partitions, one per Seoul day, are made by the drain and dropped whole
when the day expires; and how far each journal segment has been drained."""

import sqlalchemy as sa
from alembic import op

revision = "access_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_records",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ip_index", sa.LargeBinary(), nullable=True),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "journal_offsets",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("segment", name="pk_journal_offsets"),
    )


def downgrade() -> None:
    op.drop_table("journal_offsets")
    op.drop_table("access_records")
