"""Standings from PostgreSQL: every request asks, so nothing can be stale.

The question is prepared when a connection is made, and asked through libpq itself: psycopg's cursor, which serves any
statement and any type, would add half of the time again.
"""

import select
import threading
from typing import Any

from .contract import (
    BUSY_S,
    NEXT_CHANGE,
    QUESTION,
    Held,
    Standing,
    begin_anew_after_fork,
    judged,
    require_contract,
    unavailable,
)

# Nothing is remembered here, so nobody need know when the requirement changes by itself.
_QUESTION = QUESTION.replace(NEXT_CHANGE, "NULL").replace("?", "$1", 1).replace("?", "$2").encode()
_TYPES = (20, 25)  # bigint, text
_NAME = b"standing"
_GOOD = (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK
_PATIENCE_MS = BUSY_S * 2000  # a server that is there gives up sooner; one that is gone says nothing


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
        fresh = getattr(self._local, "question", None) is None
        try:
            return self._ask(host_id, at)
        except _psycopg().Error as error:
            self._drop()
            if fresh or isinstance(error, _psycopg().errors.QueryCanceled):  # the server is there, and took its time
                raise unavailable(error) from error
        try:  # the kept connection was cut: the server may be back, and a read may be asked twice
            return self._ask(host_id, at)
        except _psycopg().Error as error:
            self._drop()
            raise unavailable(error) from error

    def close(self) -> None:
        """Forget every connection; the next question opens its own."""
        self._local = threading.local()

    def _ask(self, host_id: str, at: int) -> Standing:
        question = getattr(self._local, "question", None)
        if question is None:
            connection = self._connect()
            self._local.held = Held(connection)
            question = self._local.question = _Question(connection.pgconn)
        return judged(host_id, question.ask(host_id, at))

    def _connect(self) -> Any:
        psycopg = _psycopg()
        own = psycopg.conninfo.conninfo_to_dict(self._dsn).get("options") or ""  # a schema to look in, for example
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            client_encoding="utf8",
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
        self._local.question = self._local.held = None


class _Question:
    """The question, prepared on one connection."""

    __slots__ = ("_pgconn", "_ready")

    def __init__(self, pgconn: Any) -> None:
        self._pgconn = pgconn
        self._ready = select.poll()
        self._ready.register(pgconn.socket, select.POLLIN)
        pgconn.send_prepare(_NAME, _QUESTION, _TYPES)
        self._result()

    def ask(self, host_id: str, at: int) -> tuple[Any, ...]:
        """Return the row that answers for a member."""
        self._pgconn.send_query_prepared(_NAME, (b"%d" % at, host_id.encode()))
        value = self._result().get_value
        version, ref = value(0, 0), value(0, 3)
        return (
            version and int(version),
            value(0, 1),
            None,
            ref and ref.decode(),
            value(0, 4),
            value(0, 5) == b"t",
        )

    def _result(self) -> Any:
        """Return the result of what was sent. Raises psycopg.Error, also where none comes in time."""
        pgconn = self._pgconn
        pgconn.flush()
        result = None
        while True:
            while pgconn.is_busy():
                if not self._ready.poll(_PATIENCE_MS):
                    raise _psycopg().OperationalError("no answer in time")
                pgconn.consume_input()
            following = pgconn.get_result()
            if following is None:
                break
            result = following
        if result is None:
            raise _psycopg().OperationalError("no answer")
        if result.status not in _GOOD:
            raise _psycopg().errors.error_from_result(result)
        return result


def _psycopg() -> Any:
    """Return the driver, which is looked up only when a connection is made or fails."""
    import psycopg

    return psycopg
