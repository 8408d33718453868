"""Triggers that make a table refuse what discipline alone would only discourage, on both engines.

Revisions call these, so what a function writes must not change once it has been released; a new shape is a new
function.
"""

from alembic import op


def make_append_only(table: str) -> None:
    """Refuse every UPDATE and DELETE of `table`, and on PostgreSQL its TRUNCATE."""
    refuse(table, "UPDATE")
    refuse(table, "DELETE")
    if _on_postgres():
        function = f"{table}_refuses_truncate"
        _make_function(function, f"{table} is append-only")
        op.execute(f"CREATE TRIGGER {function} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {function}()")


def refuse(table: str, deed: str, when: str = "", message: str = "") -> None:
    """Refuse `deed` (UPDATE or DELETE) on rows of `table`, or only on those for which `when` holds: SQL that may
    name OLD and NEW."""
    name = f"{table}_refuses_{deed.lower()}"
    message = message or f"{table} is append-only"
    condition = f" WHEN ({when})" if when else ""
    if _on_postgres():
        _make_function(name, message)
        op.execute(f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION {name}()")
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW{condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )


def stop_refusing(table: str, deed: str) -> None:
    """Take back a refusal of `deed` (UPDATE, DELETE or TRUNCATE) on `table`."""
    name = f"{table}_refuses_{deed.lower()}"
    if _on_postgres():
        op.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
    else:
        op.execute(f"DROP TRIGGER IF EXISTS {name}")


def drop_table(table: str) -> None:
    """Drop a table with its triggers, and on PostgreSQL their functions."""
    op.drop_table(table)
    if _on_postgres():
        for deed in ("update", "delete", "truncate"):
            op.execute(f"DROP FUNCTION IF EXISTS {table}_refuses_{deed}()")


def _on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_function(name: str, message: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
