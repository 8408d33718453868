"""Standings from PostgreSQL: every request asks, so nothing can be stale."""

import threading
from typing import Any

from .contract import BUSY_S, QUESTION, Held, Standing, begin_anew_after_fork, judged, require_contract, unavailable

_QUESTION = QUESTION.replace("?", "%s")


class PostgresStanding:
    """Reads a PostgreSQL store: one prepared SELECT for every request, on this thread's kept connection."""

    def __init__(self, store: str) -> None:
        self._dsn = "postgresql://" + store.partition("://")[2]
        self._local = threading.local()
        self._left_to_parent: list[object] = []
        begin_anew_after_fork.add(self)

    def begin_in_child(self) -> None:
        self._left_to_parent.append(self._local)  # never used and never closed here
        self._local = threading.local()

    def of(self, host_id: str, at: int) -> Standing:
        """Return the standing of a member, as of the last commit before this call."""
        import psycopg

        fresh = getattr(self._local, "cursor", None) is None
        try:
            return self._ask(host_id, at)
        except psycopg.Error as error:
            self._drop()
            if fresh or isinstance(error, psycopg.errors.QueryCanceled):  # the server is there, and took its time
                raise unavailable(error) from error
        try:  # the kept connection was cut: the server may be back, and a read may be asked twice
            return self._ask(host_id, at)
        except psycopg.Error as error:
            self._drop()
            raise unavailable(error) from error

    def close(self) -> None:
        """Forget every connection; the next question opens its own."""
        self._local = threading.local()

    def _ask(self, host_id: str, at: int) -> Standing:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            connection = self._connect()
            self._local.held = Held(connection)
            cursor = self._local.cursor = connection.cursor()
        row = cursor.execute(_QUESTION, (at, at, host_id), prepare=True).fetchone()
        return judged(host_id, row).standing

    def _connect(self) -> Any:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        own = conninfo_to_dict(self._dsn).get("options") or ""  # a schema to look in, for example
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=2,
            options=f"{own} -c statement_timeout={BUSY_S * 1000:.0f} -c default_transaction_read_only=on",
            application_name="consent gate",
        )
        try:
            require_contract(connection.execute("SELECT version FROM gate_contract").fetchone())
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        self._local.cursor = self._local.held = None
