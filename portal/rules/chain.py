"""The audit chain: each row's MAC covers the row and the MAC before it, in segments of one month.

Chained by predecessor, never by number: a database may leave gaps in its numbers. A segment's first link carries the
segment's name and the former segment's head, so that whole old segments can go when their time has come and the anchor
that stays still proves the rest. Personal text is never chained, only a salted commitment to it: the salt is destroyed
with the person, and the chain stays valid.

What it finds: an edited, removed, added or moved row, a renamed segment, a tail cut off before an exported head.
What it cannot find: rows cut off after the last export, numbers changed without changing the order, and a forger who
has the key, which is therefore kept outside the database.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256

import msgspec

KEY_BYTES = 32
SALT_BYTES = 16
GENESIS = bytes(32)
"""What stands before the very first row."""


class Row(msgspec.Struct, frozen=True):
    """One row as it is kept: `seq` rises, `segment` is a Seoul month ("2026-11"), `fields` come from `canonical`."""

    seq: int
    segment: str
    previous: bytes
    fields: bytes
    mac: bytes


class Head(msgspec.Struct, frozen=True):
    """The last row so far: exported daily to another place, and kept as the anchor of a segment that goes."""

    seq: int
    segment: str
    mac: bytes
    count: int


BEGINNING = Head(seq=0, segment="", mac=GENESIS, count=0)


class Why(StrEnum):
    """How a chain is broken at a row."""

    MISSING = "MISSING"  # its predecessor is not the row before it: one was removed, added or moved
    EDITED = "EDITED"  # its fields, its segment or its MAC are not what was written
    OUT_OF_ORDER = "OUT_OF_ORDER"  # its number does not rise
    CUT = "CUT"  # the rows end before the exported head
    REPLACED = "REPLACED"  # another chain stands where the exported head was


class Intact(msgspec.Struct, frozen=True):
    """Every row fits; `head` is what to export, `count` how many rows were read."""

    count: int
    head: Head


class Broken(msgspec.Struct, frozen=True):
    """The first row that does not fit; for a cut tail the row that the exported head names."""

    seq: int
    why: Why


def canonical(fields: Mapping[str, str | int | bool | None]) -> bytes:
    """Return the one byte form of a row's fields: JSON in UTF-8, keys sorted; TypeError for other values."""
    for name, value in fields.items():
        if not (value is None or isinstance(value, (str, int))):
            raise TypeError(f"{name}: got {type(value).__name__}, expected text, a whole number, yes or no, or nothing")
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def link(key: bytes, previous: bytes, fields: bytes) -> bytes:
    """Return the MAC (32 bytes) of a row whose `previous` is that of the row before it, or of `segment_start`."""
    return _mac(key, b"row", previous, fields)


def segment_start(key: bytes, segment: str, former_head: bytes) -> bytes:
    """Return what stands before a segment's first row: it binds the segment's name to the former segment's head."""
    return _mac(key, b"segment", former_head, segment.encode())


def predecessor(key: bytes, head: Head, segment: str) -> bytes:
    """Return the `previous` of the row that follows `head` in `segment`, be it the same segment or a new one."""
    return head.mac if segment == head.segment else segment_start(key, segment, head.mac)


def commitment(salt: bytes, text: str) -> bytes:
    """Return the SHA-256 that stands in a row for `text`; without the salt it tells nothing of it."""
    if len(salt) < SALT_BYTES:
        raise ValueError(f"salt: got {len(salt)} bytes, expected at least {SALT_BYTES}")
    return sha256(b"commitment\0" + len(salt).to_bytes(4, "big") + salt + text.encode()).digest()


def opens(committed: bytes, salt: bytes, text: str) -> bool:
    """Tell whether `committed` was made over this text with this salt."""
    return hmac.compare_digest(committed, commitment(salt, text))


def verify(rows: Iterable[Row], key: bytes, expected: Head | None = None, start: Head = BEGINNING) -> Intact | Broken:
    """Return how a chain stands, reading `rows` once, in the order of `seq`.

    `expected` is a head exported earlier: it must be met on the way, rows after it are welcome. `start` is the kept
    anchor where older segments are gone. A head that lies before `start` cannot be checked any more and raises
    ValueError.
    """
    if expected is not None and expected.count < start.count:
        raise ValueError(f"expected: got the head of row {expected.seq}, which lies before the anchor {start.seq}")
    head = start
    met = expected is None or _same(expected, head)
    for row in rows:
        why = _fault(row, key, head)
        if why is not None:
            return Broken(row.seq, why)
        head = Head(row.seq, row.segment, row.mac, head.count + 1)
        if expected is not None and head.count == expected.count:
            if not _same(expected, head):
                return Broken(row.seq, Why.REPLACED)
            met = True
    if expected is not None and not met:
        return Broken(expected.seq, Why.CUT if head.count < expected.count else Why.REPLACED)
    return Intact(head.count - start.count, head)


def _fault(row: Row, key: bytes, head: Head) -> Why | None:
    if row.seq <= head.seq:
        return Why.OUT_OF_ORDER
    # The MAC is judged first: only a row that is whole can bear witness about the one before it.
    if not hmac.compare_digest(row.mac, link(key, row.previous, row.fields)):
        return Why.EDITED
    if hmac.compare_digest(row.previous, predecessor(key, head, row.segment)):
        return None
    return Why.EDITED if _mislabelled(row, head) else Why.MISSING


def _mislabelled(row: Row, head: Head) -> bool:
    """Tell whether the row follows `head` but calls itself of another segment."""
    return hmac.compare_digest(row.previous, head.mac)


def _same(one: Head, other: Head) -> bool:
    return one.seq == other.seq and one.segment == other.segment and hmac.compare_digest(one.mac, other.mac)


def _mac(key: bytes, purpose: bytes, previous: bytes, rest: bytes) -> bytes:
    if len(key) < KEY_BYTES:
        raise ValueError(f"key: got {len(key)} bytes, expected at least {KEY_BYTES}")
    # Every part but the last has a fixed or a written length, so that no two rows have the same bytes.
    return hmac.digest(key, purpose + b"\0" + len(previous).to_bytes(4, "big") + previous + rest, "sha256")
