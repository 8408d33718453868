"""Stores for the benchmarks: made by the portal's own migrations, filled with sample members."""

from base64 import b32encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import text

from portal.database import open_engine, writing_on
from portal.records.epoch import standing_change
from portal.services import migrating
from portal.settings import Settings

REQUIREMENT = "a" * 64
MEMBERS = 256
LONG_AGO_US = 1_612_364_400_000_000  # 2021-02-04 in Seoul: the day the sample policy came into force
_POLICY = text(
    "INSERT INTO policy_versions (version, body, body_sha256, requirement_hash, effective_at, published_at)"
    " VALUES ('2021-02-04', '{}', '', :requirement, :at, :at)"
)
_STANDING = text(
    "INSERT INTO standing (host_id, ref, requirement_hash, suspended, changed_at)"
    " VALUES (:host_id, :ref, :requirement, false, :at)"
)
CHUNK = 20_000


def made(folder: Path, **environ: str) -> Settings:
    """Return the settings of a new instance in `folder`, its stores upgraded; `environ` adds PORTAL_ settings."""
    settings = Settings.from_environ({"PORTAL_INSTANCE": str(folder), **environ})
    migrating.upgrade(settings)
    return settings


def on_postgres(url: str) -> dict[str, str]:
    """Return the settings that put the main and the access store into one PostgreSQL database."""
    return {f"PORTAL_{store}_STORE": url for store in ("MAIN", "ACCESS")}


def member(number: int) -> str:
    """Return the host's id of a sample member who has consented."""
    return f"member-{number}"


def ref_of(host_id: str) -> str:
    """Return the opaque reference of a sample member: 26 characters, as the portal makes them."""
    return b32encode(sha256(host_id.encode()).digest()[:16]).decode().rstrip("=").lower()


def consent(store: str, host_ids: Iterable[str]) -> None:
    """Publish a policy in a main store and let these members stand."""
    engine = open_engine(store)
    rows = [
        {"host_id": host_id, "ref": ref_of(host_id), "requirement": REQUIREMENT, "at": LONG_AGO_US}
        for host_id in host_ids
    ]
    try:
        with standing_change(store), writing_on(engine) as connection:
            connection.execute(_POLICY, {"requirement": REQUIREMENT, "at": LONG_AGO_US})
            for start in range(0, len(rows), CHUNK):
                connection.execute(_STANDING, rows[start : start + CHUNK])
    finally:
        engine.dispose()
