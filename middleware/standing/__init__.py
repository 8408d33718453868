"""Where a member stands, read fresh: has the requirement in force been satisfied, and is the account open?"""

from urllib.parse import urlsplit

from .contract import CONTRACT_VERSION, EPOCH_BYTES, EPOCH_MAGIC, Standing, StandingReader, epoch_path, sqlite_path
from .postgres import PostgresStanding
from .sqlite import SqliteStanding

__all__ = [
    "CONTRACT_VERSION",
    "EPOCH_BYTES",
    "EPOCH_MAGIC",
    "Standing",
    "StandingReader",
    "epoch_path",
    "open_standing",
    "sqlite_path",
]


def open_standing(store: str) -> StandingReader:
    """Return the reader for a store URL. Opens nothing yet: a store that is down is a 503, not a failed start."""
    scheme = urlsplit(store).scheme
    if scheme == "sqlite":
        if store.removeprefix("sqlite:///") in (store, "", ":memory:"):
            raise ValueError("got a SQLite URL without a file; expected sqlite:///path")
        return SqliteStanding(sqlite_path(store))
    if scheme in ("postgresql", "postgresql+psycopg", "postgres"):
        return PostgresStanding(store)
    raise ValueError(f"got scheme {scheme!r}; expected sqlite:///path or postgresql://host/name")
