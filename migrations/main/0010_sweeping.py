"""When the words of a request and of its steps were wiped; a step may lose its words and nothing else."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import make_append_only, refuse, stop_refusing

revision = "main_0010"
down_revision = "main_0009"
branch_labels = None
depends_on = None

SAME = ("id", "request_id", "word", "actor_kind", "actor", "reason", "at")
CHANGED = " OR ".join(
    [
        "NEW.sealed IS NOT NULL",
        *(f"OLD.{column} <> NEW.{column}" for column in SAME),
        "COALESCE(CAST(OLD.until AS VARCHAR), '') <> COALESCE(CAST(NEW.until AS VARCHAR), '')",
    ]
)


def upgrade() -> None:
    op.add_column("requests", sa.Column("wiped_at", sa.BigInteger(), nullable=True))
    op.add_column("request_events", sa.Column("wiped_at", sa.BigInteger(), nullable=True))
    stop_refusing("request_events", "UPDATE")
    refuse("request_events", "UPDATE", CHANGED, "of a step only its words may be wiped")


def downgrade() -> None:
    for deed in ("UPDATE", "DELETE", "TRUNCATE"):
        stop_refusing("request_events", deed)
    op.drop_column("request_events", "wiped_at")
    op.drop_column("requests", "wiped_at")
    make_append_only("request_events")
