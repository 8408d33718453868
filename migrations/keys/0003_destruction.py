"""The destruction ledger, tombstones and certificates, append-only, and the numbers given."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only

revision = "keys_0003"
down_revision = "keys_0002"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("destruction_ledger", "tombstones", "certificates", "certificate_ends")


def upgrade() -> None:
    op.create_table(
        "destruction_ledger",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("destruction_ref", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("methods", sa.String(), nullable=False),
        sa.Column("counts", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.Column("handler", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.CheckConstraint(
            "entry IN ('BEGUN', 'DONE', 'PAPER', 'CONFIRMED')",
            name=op.f("ck_destruction_ledger_entry"),
        ),
        sa.CheckConstraint("media IN ('ELECTRONIC', 'PAPER')", name=op.f("ck_destruction_ledger_media")),
        sa.PrimaryKeyConstraint("id", name="pk_destruction_ledger"),
        sa.UniqueConstraint("destruction_ref", "entry", name="uq_destruction_ledger_destruction_ref_entry"),
    )
    op.create_index("ix_destruction_ledger_number", "destruction_ledger", ["number"])
    op.create_table(
        "tombstones",
        sa.Column("seq", IDENTIFIER, nullable=False),
        sa.Column("member_ref", sa.String(), nullable=False),
        sa.Column("host_index", sa.LargeBinary(), nullable=False),
        sa.Column("member_since", sa.BigInteger(), nullable=False),
        sa.Column("destruction_ref", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_tombstones"),
        sa.UniqueConstraint("destruction_ref", name="uq_tombstones_destruction_ref"),
        sa.UniqueConstraint("member_ref", name="uq_tombstones_member_ref"),
    )
    op.create_index("ix_tombstones_host_index", "tombstones", ["host_index"])
    op.create_table(
        "certificates",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("supersedes", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_certificates"),
        sa.UniqueConstraint("supersedes", name="uq_certificates_supersedes"),
    )
    op.create_index("ix_certificates_about", "certificates", ["about"])
    op.create_table(
        "certificate_ends",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('SUPERSEDED', 'REVOKED')", name=op.f("ck_certificate_ends_state")),
        sa.PrimaryKeyConstraint("code", name="pk_certificate_ends"),
    )
    op.create_table(
        "ledger_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_ledger_numbers"),
    )
    for table in APPEND_ONLY:
        make_append_only(table)


def downgrade() -> None:
    op.drop_table("ledger_numbers")
    drop_table("certificate_ends")
    drop_table("certificates")
    drop_table("tombstones")
    drop_table("destruction_ledger")
