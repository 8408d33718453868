"""Companies, and what a member is: a sealed profile with blind indexes, the company, and where the data came from."""

import sqlalchemy as sa
from alembic import op

revision = "main_0002"
down_revision = "main_0001"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = ("company_ref", "email_index", "login_index", "contact_index")
# Written out: SQLite adds a column with its CHECK only in one statement, and Alembic sends two.
SOURCE = (
    "ALTER TABLE members ADD COLUMN source VARCHAR NOT NULL DEFAULT 'HOST' "
    "CONSTRAINT ck_members_source CHECK (source IN ('HOST', 'SELF', 'EMPLOYER'))"
)


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("brn_index", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('CORPORATE', 'SOLE_TRADER')", name=op.f("ck_companies_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_companies"),
        sa.UniqueConstraint("ref", name="uq_companies_ref"),
        sa.UniqueConstraint("brn_index", name="uq_companies_brn_index"),
    )
    op.add_column("members", sa.Column("company_ref", sa.String(), nullable=True))
    op.execute(SOURCE)
    for column in ("sealed", "email_index", "login_index", "contact_index"):
        op.add_column("members", sa.Column(column, sa.LargeBinary(), nullable=True))
    op.add_column("members", sa.Column("updated_at", sa.BigInteger(), nullable=True))
    for column in INDEXES:
        op.create_index(f"ix_members_{column}", "members", [column])


def downgrade() -> None:
    for column in INDEXES:
        op.drop_index(f"ix_members_{column}", "members")
    for column in ("updated_at", "contact_index", "login_index", "email_index", "sealed", "source", "company_ref"):
        op.drop_column("members", column)
    op.drop_table("companies")
