"""What a former company answers to somebody's own word that they have left."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only

revision = "main_0013"
down_revision = "main_0012"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "company_answers",
        sa.Column("request_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("answer IN ('CONFIRMED', 'DENIED')", name=op.f("ck_company_answers_answer")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_company_answers_request_id"),
        sa.PrimaryKeyConstraint("request_id", name="pk_company_answers"),
    )
    make_append_only("company_answers")


def downgrade() -> None:
    drop_table("company_answers")
