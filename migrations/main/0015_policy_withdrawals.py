"""Versions that are withdrawn before they take effect, and how far the letters that say so have come.

The gate asks `requirements`, which holds of each version that stands what the gate needs and nothing else. Triggers
alone write it, so that it says the same as the two tables it follows, whatever program writes those.
"""

import sqlalchemy as sa
from alembic import op

from migrations.triggers import drop_table, make_append_only, refuse, stop_refusing

revision = "main_0015"
down_revision = "main_0014"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FOLLOW = {  # trigger: the table it follows, and what a row that is added there does
    "policy_versions_require": (
        "policy_versions",
        "INSERT INTO requirements (id, version, requirement_hash, effective_at) "
        "VALUES (NEW.id, NEW.version, NEW.requirement_hash, NEW.effective_at);",
    ),
    "policy_withdrawals_release": ("policy_withdrawals", "DELETE FROM requirements WHERE version = NEW.version;"),
}
STANDS = "NOT EXISTS (SELECT 1 FROM policy_withdrawals WHERE version = OLD.version)"
REFUSAL = "a requirement goes with the withdrawal of its version only"


def upgrade() -> None:
    op.create_table(
        "policy_withdrawals",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["policy_versions.version"], name="fk_policy_withdrawals_version"),
        sa.PrimaryKeyConstraint("version", name="pk_policy_withdrawals"),
    )
    op.create_table(
        "requirements",
        sa.Column("id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("requirement_hash", sa.String(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["policy_versions.id"], name="fk_requirements_id"),
        sa.PrimaryKeyConstraint("id", name="pk_requirements"),
        sa.UniqueConstraint("version", name="uq_requirements_version"),
    )
    op.create_index("ix_requirements_effective_at", "requirements", ["effective_at"])
    op.create_table(
        "policy_recalls",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("last_mail", IDENTIFIER, nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("called_off", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("version", name="pk_policy_recalls"),
    )
    op.execute(
        "INSERT INTO requirements (id, version, requirement_hash, effective_at) "
        "SELECT id, version, requirement_hash, effective_at FROM policy_versions"
    )
    make_append_only("policy_withdrawals")
    for name, (table, deed) in FOLLOW.items():
        _follow(name, table, deed)
    refuse("requirements", "UPDATE", message="requirements follow the versions")
    _keep_requirements()
    op.execute("UPDATE gate_contract SET version = 2")


def downgrade() -> None:
    op.execute("UPDATE gate_contract SET version = 1")
    for name in FOLLOW:
        op.execute(f"DROP FUNCTION {name}() CASCADE" if _on_postgres() else f"DROP TRIGGER {name}")
    for deed in ("UPDATE", "DELETE", "TRUNCATE"):
        stop_refusing("requirements", deed)
    op.drop_table("policy_recalls")
    op.drop_table("requirements")
    drop_table("policy_withdrawals")


def _on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _follow(name: str, table: str, deed: str) -> None:
    if _on_postgres():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {deed} RETURN NEW; END $$")
        op.execute(f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    else:
        op.execute(f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW BEGIN {deed} END")


def _keep_requirements() -> None:
    """Refuse that a requirement is deleted whose version stands; PostgreSQL takes no query into WHEN."""
    if not _on_postgres():
        refuse("requirements", "DELETE", STANDS, REFUSAL)
        return
    refusal = f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"
    for deed, each, body in (
        ("DELETE", "FOR EACH ROW", f"IF {STANDS} THEN {refusal} END IF; RETURN OLD;"),
        ("TRUNCATE", "FOR EACH STATEMENT", f"{refusal}"),
    ):
        name = f"requirements_refuses_{deed.lower()}"
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        op.execute(f"CREATE TRIGGER {name} BEFORE {deed} ON requirements {each} EXECUTE FUNCTION {name}()")
