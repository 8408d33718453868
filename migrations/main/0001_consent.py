"""Policies, members, standings, consents, receipts, runs, and the contract that the gate asks for."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only

revision = "main_0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("policy_versions", "shown_texts", "consent_events", "receipts", "runs")
IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("requirement_hash", sa.String(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_versions"),
        sa.UniqueConstraint("version", name="uq_policy_versions_version"),
    )
    op.create_index("ix_policy_versions_effective_at", "policy_versions", ["effective_at"])
    op.create_table(
        "members",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("host_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("ref", name="uq_members_ref"),
        sa.UniqueConstraint("host_id", name="uq_members_host_id"),
    )
    op.create_table(
        "standing",
        sa.Column("host_id", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("requirement_hash", sa.String(), nullable=True),
        sa.Column("suspended", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("host_id", name="pk_standing"),
    )
    op.create_table(
        "shown_texts",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_shown_texts"),
    )
    op.create_table(
        "consent_events",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("event_ref", sa.String(), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("member_ref", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("text_sha256", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("decision IN ('GRANTED', 'REFUSED', 'WITHDRAWN')", name=op.f("ck_consent_events_decision")),
        sa.ForeignKeyConstraint(["text_sha256"], ["shown_texts.sha256"], name="fk_consent_events_text_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_consent_events"),
        sa.UniqueConstraint("event_ref", name="uq_consent_events_event_ref"),
    )
    op.create_index("ix_consent_events_submission", "consent_events", ["submission"])
    op.create_index("ix_consent_events_member_ref", "consent_events", ["member_ref"])
    op.create_table(
        "receipts",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("receipt_ref", sa.String(), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("member_ref", sa.String(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("receipt_ref", name="uq_receipts_receipt_ref"),
        sa.UniqueConstraint("submission", name="uq_receipts_submission"),
    )
    op.create_index("ix_receipts_member_ref", "receipts", ["member_ref"])
    op.create_table(
        "runs",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_kind", "runs", ["kind"])
    for table in APPEND_ONLY:
        make_append_only(table)
    contract = op.create_table(
        "gate_contract",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_gate_contract"),
    )
    op.bulk_insert(contract, [{"version": 1}])


def downgrade() -> None:
    op.drop_table("gate_contract")
    for table in ("runs", "receipts", "consent_events", "shown_texts"):
        drop_table(table)
    op.drop_table("standing")
    op.drop_table("members")
    drop_table("policy_versions")
