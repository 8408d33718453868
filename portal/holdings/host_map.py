"""The map of the host's own tables: which of them hold a person, by which column, and what each column is.

A TOML file that the host's engineer writes. It is judged whole, with every fault at once, before anything is asked:

    name = { ko = "MateCost", en = "MateCost" }

    [[tables]]
    table = "members"
    label = { ko = "회원 계정", en = "member account" }
    key = "id"                 # holds the host's id of a member
    purposes = ["service"]     # what the host uses these data for: purposes of the policy
    on_destroy = "delete"      # or "erase": the row stays, what is named here is blanked
    columns = { mail = "email", contact = "personal_contact" }
    also = ["nickname"]        # of the person, but no item of the policy: erased, never shown
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from portal.errors import ConfigurationError
from portal.policy.model import Fact, Text
from portal.rules.profile import ITEMS

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}(?:\.[A-Za-z_][A-Za-z0-9_]{0,62})?\Z")


class HostTable(Fact, frozen=True):
    """One table of the host's with people in it."""

    table: str
    key: str
    on_destroy: Literal["delete", "erase"]
    purposes: tuple[str, ...]
    label: Text | None = None  # what people call it; without one they read the table's name
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    also: tuple[str, ...] = ()


class _Written(Fact, frozen=True):
    name: Text
    tables: tuple[HostTable, ...]


@dataclass(frozen=True)
class HostMap:
    """A map that was judged; `name` is how pages call the host."""

    name: Text
    tables: tuple[HostTable, ...]


def read_map(path: Path) -> HostMap:
    """Return the map in a file. Raises ConfigurationError with every fault of it."""
    try:
        written = msgspec.toml.decode(path.read_bytes(), type=_Written)
    except OSError as error:
        raise ConfigurationError([f"PORTAL_HOST_MAP: {path}: {error.strerror}"]) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise ConfigurationError([f"PORTAL_HOST_MAP: {path}: {error}"]) from error
    faults = [f"PORTAL_HOST_MAP: {path}: {fault}" for table in written.tables for fault in _faults(table)]
    names = [table.table for table in written.tables]
    faults += [f"PORTAL_HOST_MAP: {path}: {name} stands twice" for name in sorted(set(names)) if names.count(name) > 1]
    if not names:
        faults.append(f"PORTAL_HOST_MAP: {path}: names no table")
    if faults:
        raise ConfigurationError(faults)
    return HostMap(written.name, written.tables)


def _faults(table: HostTable) -> list[str]:
    faults = [
        f"{table.table}: got the name {name!r}; expected letters, digits and _"
        for name in (table.table, table.key, *table.columns, *table.also)
        if not _NAME.match(name)
    ]
    faults += [
        f"{table.table}.{column}: got the item {item!r}; expected one of {', '.join(ITEMS)}"
        for column, item in table.columns.items()
        if item not in ITEMS
    ]
    if not table.purposes:
        faults.append(f"{table.table}: names no purpose; expected at least one of the policy")
    if table.key in table.columns and table.on_destroy == "erase":
        faults.append(f"{table.table}.{table.key}: the key cannot be blanked; delete the row instead")
    return faults + _twice(table, table.columns.values(), "items")


def _twice(table: HostTable, items: Collection[str], what: str) -> list[str]:
    again = sorted({item for item in items if list(items).count(item) > 1})
    return [f"{table.table}: {what} stand twice: {', '.join(again)}"] if again else []
