"""Drafts of policy versions, how each was released, and how far its announcement has come."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only, refuse

revision = "main_0012"
down_revision = "main_0011"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "policy_drafts",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("based_on", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('OPEN', 'PUBLISHED', 'DROPPED')", name=op.f("ck_policy_drafts_state")),
        sa.PrimaryKeyConstraint("id", name="pk_policy_drafts"),
        sa.UniqueConstraint("ref", name="uq_policy_drafts_ref"),
    )
    op.create_table(
        "policy_releases",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("draft_ref", sa.String(), nullable=False),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("asked_again", sa.Integer(), nullable=False),
        sa.Column("early_because", sa.String(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_releases"),
        sa.UniqueConstraint("version", name="uq_policy_releases_version"),
    )
    op.create_table(
        "policy_announcements",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("last_member", IDENTIFIER, nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("without_address", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("version", name="pk_policy_announcements"),
    )
    make_append_only("policy_releases")
    refuse("policy_drafts", "UPDATE", "OLD.state <> 'OPEN'", "a draft that was published or dropped is never changed")
    refuse("policy_drafts", "DELETE", message="a draft is dropped, never deleted")


def downgrade() -> None:
    op.drop_table("policy_announcements")
    drop_table("policy_releases")
    drop_table("policy_drafts")
