"""Alembic's door, for every store: the caller gives a connection in a transaction, and commits it.

DDL is transactional on both engines here, on SQLite because the portal begins its transactions itself: a killed
upgrade leaves the store as it was.
"""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    version_table=config.attributes["version_table"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
