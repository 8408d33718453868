"""The register of processors, the ledger of disclosures, and requests of investigating authorities.

A store whose policy is in force already gets the register that its policy names, as a new one does when its first
policy is published.
"""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only, refuse

revision = "main_0009"
down_revision = "main_0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("processor_entries", "processor_events", "disclosures")
IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEOUL_H = 9  # no summer time since 1988


def upgrade() -> None:
    entries = op.create_table(
        "processor_entries",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("contact_ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processor_entries"),
    )
    op.create_index("ix_processor_entries_key_id", "processor_entries", ["key", "id"])
    events = op.create_table(
        "processor_events",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "deed IN ('CONTRACT', 'DISCLOSED', 'SUPERVISED', 'REMINDED', 'ENDED')",
            name=op.f("ck_processor_events_deed"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_processor_events"),
    )
    op.create_index("ix_processor_events_key_id", "processor_events", ["key", "id"])
    op.create_table(
        "disclosures",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("member_ref", sa.String(), nullable=True),
        sa.Column("processor", sa.String(), nullable=False),
        sa.Column("items", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("verdict IN ('ALLOWED', 'REFUSED')", name=op.f("ck_disclosures_verdict")),
        sa.CheckConstraint("(reason = '') = (verdict = 'ALLOWED')", name=op.f("ck_disclosures_reason_when_refused")),
        sa.PrimaryKeyConstraint("id", name="pk_disclosures"),
        sa.UniqueConstraint("reference", name="uq_disclosures_reference"),
    )
    op.create_index("ix_disclosures_member_ref_verdict_id", "disclosures", ["member_ref", "verdict", "id"])
    op.create_index("ix_disclosures_verdict_id", "disclosures", ["verdict", "id"])
    op.create_index("ix_disclosures_processor_at", "disclosures", ["processor", "at"])
    op.create_table(
        "disclosure_sums",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("processor", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "processor", "verdict", "reason", name="pk_disclosure_sums"),
    )
    op.create_table(
        "inquiries",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("logged_by", sa.String(), nullable=False),
        sa.Column("logged_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("sealed_decision", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("notice_on", sa.Date(), nullable=True),
        sa.CheckConstraint("decision IN ('ANSWERED', 'REFUSED')", name=op.f("ck_inquiries_decision")),
        sa.CheckConstraint("notice IN ('NONE', 'DUE', 'GIVEN')", name=op.f("ck_inquiries_notice")),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_inquiries_decided_has_its_moment")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inquiries"),
        sa.UniqueConstraint("ref", name="uq_inquiries_ref"),
    )
    for table in APPEND_ONLY:
        make_append_only(table)
    refuse("inquiries", "DELETE", message="an inquiry stays on record")
    refuse(
        "inquiries",
        "UPDATE",
        "OLD.decided_at IS NOT NULL AND (NEW.decision IS NULL OR NEW.decision <> OLD.decision"
        " OR NEW.decided_at IS NULL OR NEW.decided_at <> OLD.decided_at OR NEW.decided_by <> OLD.decided_by)",
        "an inquiry is decided once",
    )
    _seed(entries, events)


def downgrade() -> None:
    for table in ("inquiries", "disclosures", "processor_events", "processor_entries"):
        drop_table(table)
    op.drop_table("disclosure_sums")


def _seed(entries: sa.Table, events: sa.Table) -> None:
    now = datetime.now(UTC)
    micros, day = (now - EPOCH) // timedelta(microseconds=1), (now + timedelta(hours=SEOUL_H)).date()
    in_force = op.get_bind().execute(
        sa.text(
            "SELECT body, version FROM policy_versions WHERE effective_at <= :now"
            " ORDER BY effective_at DESC, id DESC LIMIT 1"
        ),
        {"now": micros},
    )
    for body, version in in_force:
        for told in json.loads(body)["processors"]:
            facts = {name: told[name] for name in ("key", "name", "relationship", "task", "purposes", "items")}
            facts |= {"ground": "CONTRACT", "period": "", "sub_processors": [], "overseas": None}
            facts["review_required"] = told["review_required"]
            row = {"key": told["key"], "at": micros}
            op.bulk_insert(
                entries,
                [
                    {
                        **row,
                        "facts": json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
                        "contact_ref": uuid4().hex,
                        "sealed": None,
                        "written_by": "system",
                    }
                ],
            )
            disclosed = {"deed": "DISCLOSED", "day": day, "noted_by": "system"}
            op.bulk_insert(events, [{**row, **disclosed, "facts": json.dumps({"policy": version})}])
