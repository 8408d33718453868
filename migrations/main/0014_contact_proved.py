"""Which personal contact a member has shown to read, and may come in by."""

import sqlalchemy as sa
from alembic import op

revision = "main_0014"
down_revision = "main_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("contact_proved", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("members", "contact_proved")
