"""References: which keys something that is kept still names.

Asked of every table outside the keys store, by the columns that are called `ref` or `..._ref`: whatever is sealed names
its key in one of them, and a test holds each new table to that. All tables are imported here, for one that a command
had not loaded would name nothing, and its keys would be taken for orphans.
"""

from collections.abc import Iterator
from importlib import import_module

from sqlalchemy import Column, select

from portal.vault import separated  # noqa: F401 - its table names keys, too

from ..database import db

for _name in (
    "accounts",
    "audit",
    "companies",
    "company_answers",
    "company_events",
    "consents",
    "destructions",
    "disclosures",
    "drafts",
    "handlers",
    "inquiries",
    "leavers",
    "mails",
    "members",
    "policies",
    "policy_drafts",
    "processors",
    "proofs",
    "rates",
    "receipts",
    "requests",
    "runs",
    "sessions",
    "standings",
    "uploads",
):
    import_module(f"portal.records.{_name}")

READ_AT_ONCE = 5000
ELSEWHERE = ("keys", "access")  # keys name themselves; access records are sealed under days


def unnamed(refs: set[str]) -> set[str]:
    """Return those of `refs` that no table names."""
    left = set(refs)
    for bind, column in naming_columns():
        with db.engines[bind].connect() as connection:
            found = connection.execution_options(yield_per=READ_AT_ONCE).scalars(
                select(column).where(column.is_not(None)).distinct()
            )
            left.difference_update(found)
    return left


def naming_columns() -> Iterator[tuple[str | None, Column[str]]]:
    """Yield each column that may name a key, with the bind of its store."""
    for bind, metadata in db.metadatas.items():
        if bind not in ELSEWHERE:
            for table in metadata.sorted_tables:
                for column in table.columns:
                    if column.name == "ref" or column.name.endswith("_ref"):
                        yield bind, column
