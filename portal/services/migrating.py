"""Bringing the tables of every store to the revision that this release needs, and telling whether they are there.

Each store has its own line of revisions under `migrations/`. An upgrade of one store:

1. Make its folder, and on SQLite a copy of the file beside it (mode 0600), unless there is nothing to copy.
2. Hold the epoch odd for the main store, so that no gate remembers what stands in half-changed tables.
3. Run every missing revision in one transaction, begun as a writer; two upgrades at once wait for each other.
4. Overwrite and remove the copy. After a failure it stays, and the failure names it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Engine, func, inspect, select, table, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

import migrations
from middleware.standing import CONTRACT_VERSION

from ..database import is_postgres, open_engine, writing_on
from ..errors import StoreUnsafe
from ..records.epoch import epoch_fault, make_epoch, standing_change
from ..settings import Settings, shown_url

HOME = Path(migrations.__file__).parent
UPGRADE_LOCK = 0x4D430001  # PostgreSQL's advisory locks are known by a number; this one is ours


class State(NamedTuple):
    """How a store stands: `revision` is None where it has no tables of ours; `fault` is None where all is well."""

    store: str
    url: str  # without its password
    revision: str | None
    newest: str
    fault: str | None


class Change(NamedTuple):
    """What was done to a store; None stands for no tables."""

    store: str
    before: str | None
    after: str | None


class MigrationFailed(Exception):
    """A store was left as it was; `backup` is the copy made beforehand, where there is one."""

    def __init__(self, store: str, backup: Path | None, why: str) -> None:
        self.store, self.backup, self.why = store, backup, why
        kept = f"; the copy made beforehand is {backup}" if backup else ""
        super().__init__(f"The {store} store was left as it was: {why}{kept}")


def stores(settings: Settings) -> dict[str, str]:
    """Return the stores whose tables are made by migrations, with their URLs. Access records on SQLite are not among
    them: the drain makes one file a day."""
    urls = {"main": settings.main_store, "keys": settings.keys_store, "separated": settings.separated_store}
    if is_postgres(settings.access_store):
        urls["access"] = settings.access_store
    return urls


def schema_faults(settings: Settings) -> list[str]:
    """Return why the portal must not start on its stores: too old, too new, unreadable, or a promise not kept."""
    return [f"the {state.store} store ({state.url}): {state.fault}" for state in states(settings) if state.fault]


def states(settings: Settings) -> list[State]:
    """Return how every store stands. Changes nothing and makes no file."""
    return [_state(store, url) for store, url in stores(settings).items()]


def upgrade(settings: Settings) -> list[Change]:
    """Bring every store to its newest revision, and make what stands beside them: folders and the epoch file.
    Raises MigrationFailed at the first store that cannot be brought there."""
    for folder in (settings.instance, settings.journal):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_move(store, url, None) for store, url in stores(settings).items()]


def downgrade(settings: Settings, store: str, revision: str) -> Change:
    """Take a store back to `revision`, or to no tables with "base". What the undone revisions kept is destroyed.
    Raises MigrationFailed."""
    return _move(store, stores(settings)[store], revision)


def undone_by(settings: Settings, store: str, revision: str) -> list[str]:
    """Return what a downgrade would undo, newest first: each revision with its purpose, then the rows at stake."""
    url = stores(settings)[store]
    state = _state(store, url)
    script = ScriptDirectory.from_config(_config(store))
    try:
        scripts = list(script.iterate_revisions(state.revision, revision)) if state.revision else []
    except (CommandError, RevisionError) as error:
        raise MigrationFailed(store, None, str(error)) from error
    lines = [f"{undone.revision}: {undone.doc}" for undone in scripts]
    if lines:
        with _engine(url) as engine, engine.connect() as connection:
            lines += [f"{name}: {count} rows" for name, count in _row_counts(connection)]
    return lines


def _move(store: str, url: str, target: str | None) -> Change:
    if not is_postgres(url):
        _file(url).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = _state(store, url)
    backup = None
    try:
        if store == "main":
            make_epoch(url)
        if before.revision != before.newest or target:
            backup = _back_up(url, before.revision)
        with standing_change(url) if store == "main" else nullcontext(), _engine(url) as engine:
            with writing_on(engine) as connection:
                _run(store, connection, target)
            with engine.connect() as connection:
                after = _revision(store, connection)
    except (SQLAlchemyError, StoreUnsafe, CommandError, OSError, sqlite3.Error) as error:
        raise MigrationFailed(store, backup, str(error)) from error
    if backup:
        _discard(backup)
    return Change(store, before.revision, after)


def _run(store: str, connection: Connection, target: str | None) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
    config = _config(store)
    config.attributes["connection"] = connection
    if target is None:
        command.upgrade(config, "head")
    else:
        command.downgrade(config, target)


def _state(store: str, url: str) -> State:
    newest = _newest(store)
    shown = shown_url(url)
    if not is_postgres(url) and not _file(url).exists():
        return State(store, shown, None, newest, "the file is missing; run `portal store upgrade`")
    try:
        with _engine(url) as engine, engine.connect() as connection:
            revision = _revision(store, connection)
            fault = _revision_fault(store, revision, newest)
            if store == "main" and fault is None:
                fault = _contract_fault(connection) or epoch_fault(url)
    except (SQLAlchemyError, StoreUnsafe) as error:
        why = str(error) if isinstance(error, StoreUnsafe) else f"cannot be read ({type(error).__name__})"
        return State(store, shown, None, newest, why)
    return State(store, shown, revision, newest, fault)


@cache
def _newest(store: str) -> str:
    return ScriptDirectory.from_config(_config(store)).get_current_head() or ""


def _revision_fault(store: str, revision: str | None, newest: str) -> str | None:
    if revision == newest:
        return None
    if revision is None:
        return f"has no tables of ours, expected revision {newest}; run `portal store upgrade`"
    known = {script.revision for script in ScriptDirectory.from_config(_config(store)).walk_revisions()}
    if revision in known:
        return f"got revision {revision}, expected {newest}; run `portal store upgrade`"
    return f"got revision {revision}, which this release does not know; it was made by a newer one, so run that"


def _contract_fault(connection: Connection) -> str | None:
    got = list(connection.scalars(text("SELECT version FROM gate_contract")))
    if got == [CONTRACT_VERSION]:
        return None
    return f"got gate contract {got}, expected {[CONTRACT_VERSION]}; gate and portal must come from one release"


def _revision(store: str, connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": _version_table(store)}).get_current_revision()


def _version_table(store: str) -> str:
    return f"{store}_revision"  # stores may share a PostgreSQL database


def _config(store: str) -> Config:
    config = Config()
    config.set_main_option("script_location", _escaped(HOME))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _escaped(HOME / store))
    config.attributes["version_table"] = _version_table(store)
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _row_counts(connection: Connection) -> list[tuple[str, int]]:
    names = sorted(name for name in inspect(connection).get_table_names() if not name.endswith("_revision"))
    return [(name, connection.scalar(select(func.count()).select_from(table(name))) or 0) for name in names]


def _back_up(url: str, revision: str | None) -> Path | None:
    """Copy a SQLite store whole, what still stands in its -wal included."""
    if is_postgres(url) or revision is None:
        return None
    file = _file(url)
    backup = file.with_name(f"{file.name}.before-{revision}.backup")
    backup.unlink(missing_ok=True)  # left by a killed upgrade, which left the store as it was
    os.close(os.open(backup, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    return backup


def _discard(backup: Path) -> None:
    """Overwrite and remove a copy: it holds people's data, and nobody would look for it here."""
    with backup.open("r+b") as file:
        left = os.fstat(file.fileno()).st_size
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
        file.flush()
        os.fsync(file.fileno())
    backup.unlink()
