"""People whom a company reported as having left, their objections, and lists that are not sent yet."""

import sqlalchemy as sa
from alembic import op

revision = "main_0008"
down_revision = "main_0007"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TO_ORDER = 'approved_at IS NOT NULL AND ordered_at IS NULL AND "end" IS NULL'
PURPOSES = "'INVITE', 'RESET', 'ENTER', 'STEP_UP', 'REPLY'"


def upgrade() -> None:
    _may_prove(f"{PURPOSES}, 'OBJECTION'")
    op.create_table(
        "leavers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("request_id", IDENTIFIER, nullable=False),
        sa.Column("member_ref", sa.String(), nullable=False),
        sa.Column("company_ref", sa.String(), nullable=True),
        sa.Column("reporter", sa.String(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("telling", sa.String(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("ordered_at", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.String(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("\"end\" IN ('RIGHT', 'WRONG', 'TAKEN_BACK')", name=op.f("ck_leavers_end")),
        sa.CheckConstraint("telling IN ('HELD', 'WAITING', 'TOLD', 'NO_ADDRESS')", name=op.f("ck_leavers_telling")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_leavers_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_leavers"),
        sa.UniqueConstraint("request_id", "member_ref", name="uq_leavers_request_id_member_ref"),
    )
    op.create_index("ix_leavers_request_id", "leavers", ["request_id"])
    op.create_index("ix_leavers_member_ref", "leavers", ["member_ref"])
    op.create_index("ix_leavers_company_ref", "leavers", ["company_ref"])
    op.create_index("ix_leavers_reporter", "leavers", ["reporter"])
    op.create_index("ix_leavers_telling_id", "leavers", ["telling", "id"])
    op.create_index(
        "ix_leavers_to_order",
        "leavers",
        ["reported_on", "id"],
        sqlite_where=sa.text(TO_ORDER),
        postgresql_where=sa.text(TO_ORDER),
    )
    op.create_table(
        "objections",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("leaver_id", IDENTIFIER, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(upheld IS NULL) = (decided_at IS NULL)", name=op.f("ck_objections_decided_has_its_moment")
        ),
        sa.ForeignKeyConstraint(["leaver_id"], ["leavers.id"], name="fk_objections_leaver_id"),
        sa.PrimaryKeyConstraint("id", name="pk_objections"),
        sa.UniqueConstraint("leaver_id", name="uq_objections_leaver_id"),
    )
    op.create_table(
        "uploads",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("company_ref", sa.String(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("counts", sa.String(), nullable=False),
        sa.Column("request_number", sa.String(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('READING', 'READY', 'SENT', 'GONE')", name=op.f("ck_uploads_state")),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.UniqueConstraint("ref", name="uq_uploads_ref"),
    )
    op.create_index("ix_uploads_company_ref", "uploads", ["company_ref"])
    op.create_index("ix_uploads_account_ref", "uploads", ["account_ref"])
    op.create_index("ix_uploads_state", "uploads", ["state"])
    op.create_index("ix_uploads_expires_at", "uploads", ["expires_at"])
    op.create_table(
        "upload_pages",
        sa.Column("upload_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="fk_upload_pages_upload_id"),
        sa.PrimaryKeyConstraint("upload_id", "page", name="pk_upload_pages"),
    )


def downgrade() -> None:
    for table in ("upload_pages", "uploads", "objections", "leavers"):
        op.drop_table(table)
    op.execute("DELETE FROM proofs WHERE purpose = 'OBJECTION'")
    _may_prove(PURPOSES)


def _may_prove(purposes: str) -> None:
    with op.batch_alter_table("proofs") as table:
        table.drop_constraint(op.f("ck_proofs_purpose"), type_="check")
        table.create_check_constraint(op.f("ck_proofs_purpose"), f"purpose IN ({purposes})")
