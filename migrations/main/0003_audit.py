"""The audit chain: append-only rows, the one head that all who append wait for, and sealed words."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only, refuse

revision = "main_0003"
down_revision = "main_0002"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('STAFF', 'MEMBER', 'STRANGER', 'HOST', 'OPERATOR', 'SYSTEM')",
            name=op.f("ck_audit_events_actor_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_actor", "audit_events", ["actor"])
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    op.create_index("ix_audit_events_deed", "audit_events", ["deed"])
    op.create_index("ix_audit_events_subject", "audit_events", ["subject"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", IDENTIFIER, nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("count", IDENTIFIER, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_only_one")),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "audit_words",
        sa.Column("event_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("key_ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_events.id"], name="fk_audit_words_event_id"),
        sa.PrimaryKeyConstraint("event_id", name="pk_audit_words"),
    )
    op.create_index("ix_audit_words_key_ref", "audit_words", ["key_ref"])
    make_append_only("audit_events")
    refuse("audit_words", "UPDATE", message="words are destroyed with their key, never changed")
    refuse("audit_head", "DELETE", message="the chain has one head")
    op.bulk_insert(head, [{"id": 1, "seq": 0, "segment": "", "mac": bytes(32), "count": 0}])


def downgrade() -> None:
    drop_table("audit_words")
    drop_table("audit_head")
    drop_table("audit_events")
