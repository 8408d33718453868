"""Destructions, their tasks, holds that stop them, and the newest tombstone that this store knows."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, refuse

revision = "main_0007"
down_revision = "main_0006"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "destructions",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("member_ref", sa.String(), nullable=False),
        sa.Column("member_since", sa.BigInteger(), nullable=False),
        sa.Column("company_ref", sa.String(), nullable=True),
        sa.Column("batch_ref", sa.String(), nullable=True),
        sa.Column("request_number", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("event_day", sa.Date(), nullable=False),
        sa.Column("handler", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("unfinished", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('LEFT_COMPANY', 'ASKED', 'PERIOD_ENDED', 'REPLAYED')",
            name=op.f("ck_destructions_reason"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_destructions"),
        sa.UniqueConstraint("member_ref", name="uq_destructions_member_ref"),
        sa.UniqueConstraint("ref", name="uq_destructions_ref"),
    )
    op.create_index("ix_destructions_batch_ref", "destructions", ["batch_ref"])
    op.create_index("ix_destructions_company_ref", "destructions", ["company_ref"])
    op.create_index("ix_destructions_request_number", "destructions", ["request_number"])
    op.create_index("ix_destructions_unfinished_id", "destructions", ["unfinished", "id"])
    op.create_table(
        "tasks",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("destruction_id", IDENTIFIER, nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'DONE') = (done_at IS NOT NULL)", name=op.f("ck_tasks_done_has_its_moment")),
        sa.CheckConstraint("state IN ('WAITING', 'LEASED', 'DONE', 'ATTENTION')", name=op.f("ck_tasks_state")),
        sa.ForeignKeyConstraint(["destruction_id"], ["destructions.id"], name="fk_tasks_destruction_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("destruction_id", "kind", "target", name="uq_tasks_destruction_id_kind_target"),
    )
    op.create_index("ix_tasks_destruction_id", "tasks", ["destruction_id"])
    op.create_index("ix_tasks_state_stage_id", "tasks", ["state", "stage", "id"])
    op.create_table(
        "holds",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("member_ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('LEGAL', 'OBJECTION')", name=op.f("ck_holds_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_member_ref", "holds", ["member_ref"])
    mark = op.create_table(
        "destroyed_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", IDENTIFIER, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_destroyed_mark_only_one")),
        sa.PrimaryKeyConstraint("id", name="pk_destroyed_mark"),
    )
    refuse("destructions", "DELETE", message="that somebody was destroyed is never forgotten")
    refuse("tasks", "DELETE", message="a task is done, never dropped")
    refuse("tasks", "UPDATE", "OLD.state = 'DONE'", "a task that is done is never changed again")
    op.bulk_insert(mark, [{"id": 1, "seq": 0}])


def downgrade() -> None:
    op.drop_table("destroyed_mark")
    op.drop_table("holds")
    drop_table("tasks")
    drop_table("destructions")
