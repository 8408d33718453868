"""The outbox, proofs that somebody reads a mailbox, and counts of what was tried lately."""

import sqlalchemy as sa
from alembic import op

revision = "main_0004"
down_revision = "main_0003"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("key_ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('WAITING', 'DEAD') OR sealed IS NULL", name=op.f("ck_mails_wiped")),
        sa.CheckConstraint("state IN ('WAITING', 'SENT', 'DEAD', 'CANCELLED')", name=op.f("ck_mails_state")),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("ref", name="uq_mails_ref"),
    )
    op.create_index("ix_mails_key_ref", "mails", ["key_ref"])
    op.create_index("ix_mails_state_due_at", "mails", ["state", "due_at"])
    op.create_table(
        "proofs",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("bound_to", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('INVITE', 'RESET', 'ENTER', 'STEP_UP', 'REPLY')", name=op.f("ck_proofs_purpose")
        ),
        sa.PrimaryKeyConstraint("ref", name="pk_proofs"),
    )
    op.create_index("ix_proofs_subject", "proofs", ["subject"])
    op.create_table(
        "rates",
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_rates"),
    )
    op.create_index("ix_rates_ends_at", "rates", ["ends_at"])

    op.create_table(
        "drafts",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('CONTACT', 'ENTER')", name=op.f("ck_drafts_kind")),
        sa.PrimaryKeyConstraint("ref", name="pk_drafts"),
    )
    op.create_index("ix_drafts_made_at", "drafts", ["made_at"])


def downgrade() -> None:
    op.drop_table("drafts")
    op.drop_table("rates")
    op.drop_table("proofs")
    op.drop_table("mails")
