"""Requests, the steps that tell how each stands, their numbers, notices and papers."""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only, refuse

revision = "main_0006"
down_revision = "main_0005"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIXED = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in ("number", "kind", "received_at", "due_day"))


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("requester", sa.String(), nullable=False),
        sa.Column("member_ref", sa.String(), nullable=True),
        sa.Column("key_ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("handler_ref", sa.String(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('WEB', 'LINK', 'CONTACT', 'PHONE', 'EMAIL', 'PAPER', 'ORG')",
            name=op.f("ck_requests_channel"),
        ),
        sa.CheckConstraint(
            "kind IN ('ACCESS', 'CORRECTION', 'DELETION', 'SUSPENSION', 'WITHDRAWAL', 'LEAVER', 'COMPLAINT')",
            name=op.f("ck_requests_kind"),
        ),
        sa.CheckConstraint(
            "requester IN ('SELF', 'AGENT', 'EMPLOYER', 'STRANGER')",
            name=op.f("ck_requests_requester"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("number", name="uq_requests_number"),
        sa.UniqueConstraint("ref", name="uq_requests_ref"),
    )
    op.create_index("ix_requests_ended_at_due_day", "requests", ["ended_at", "due_day", "id"])
    op.create_index("ix_requests_handler_ref", "requests", ["handler_ref"])
    op.create_index("ix_requests_key_ref", "requests", ["key_ref"])
    op.create_index("ix_requests_member_ref", "requests", ["member_ref"])
    op.create_table(
        "request_events",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("request_id", IDENTIFIER, nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('STAFF', 'MEMBER', 'STRANGER', 'HOST', 'OPERATOR', 'SYSTEM')",
            name=op.f("ck_request_events_actor_kind"),
        ),
        sa.CheckConstraint(
            "word IN ('RECEIVED', 'IDENTITY_CHECK', 'IN_REVIEW', 'MORE_ASKED', 'MORE_GIVEN', 'DEFERRED', "
            "'RESUMED', 'APPROVED', 'HANDED_TO_DESTRUCTION', 'FULFILLED', 'PARTIAL', 'REFUSED', 'OBJECTED', "
            "'RE_REVIEWED', 'CANCELLED', 'CLOSED')",
            name=op.f("ck_request_events_word"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_events_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_request_events"),
    )
    op.create_index("ix_request_events_request_id_id", "request_events", ["request_id", "id"])
    asked = sa.text("word = 'MORE_ASKED'")  # few of them, and the queue counts who is waited for
    op.create_index(
        "ix_request_events_asked", "request_events", ["request_id", "id"], sqlite_where=asked, postgresql_where=asked
    )
    op.create_table(
        "request_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_request_numbers"),
    )
    op.create_table(
        "request_notices",
        sa.Column("request_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_notices_request_id"),
        sa.PrimaryKeyConstraint("request_id", "notice", name="pk_request_notices"),
    )
    op.create_table(
        "papers",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("request_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(sealed IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_papers_gone_when_destroyed")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_papers_request_id"),
        sa.PrimaryKeyConstraint("ref", name="pk_papers"),
    )
    op.create_index("ix_papers_request_id", "papers", ["request_id"])
    make_append_only("request_events")
    refuse("requests", "UPDATE", FIXED, "number, kind, receipt and due day of a request are never changed")


def downgrade() -> None:
    op.drop_table("papers")
    op.drop_table("request_notices")
    op.drop_table("request_numbers")
    drop_table("request_events")
    drop_table("requests")
