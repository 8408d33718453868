"""Searching: files are read for texts by a program of its own, never within the process that serves.

Why: whoever closes a SQLite file takes every lock of SQLite on it from its whole process
(https://sqlite.org/howtocorrupt.html, 2.2). The next command of an operator would then take itself for the last one to
leave, and take the log away under the portal, with what members were told was kept. Nothing of the portal is imported.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick

CHUNK = 8 * 1024 * 1024


def found_in(paths: Sequence[Path], marks: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return those of `marks` that stand in a file elsewhere than within one of `others`."""
    wanted, longer = [mark.encode() for mark in marks], [other.encode() for other in others]
    inside = BytesAhoCorasick(wanted)
    within = {
        len(wanted) + place: [
            (mark, first) for mark, first, _ in inside.find_matches_as_indexes(other, overlapping=True)
        ]
        for place, other in enumerate(longer)
    }
    finder = BytesAhoCorasick(wanted + longer)
    reach = max(map(len, wanted + longer))
    found: set[int] = set()
    for path in paths:
        for piece, start, until in _pieces(path, reach):
            matches = finder.find_matches_as_indexes(piece, overlapping=True)
            of_others = {
                (mark, first + offset) for index, first, _ in matches for mark, offset in within.get(index, ())
            }
            found.update(
                index
                for index, first, _ in matches
                if index < len(wanted) and start <= first < until and (index, first) not in of_others
            )
    return [marks[index] for index in sorted(found)]


def _pieces(path: Path, reach: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield a file piece by piece, each with the stretch in which a match must begin to be judged in it: what begins
    nearer to a border than `reach` is judged in the piece beside, where all around it is seen."""
    kept, start = b"", 0
    try:
        with path.open("rb") as file:
            read = file.read(CHUNK)
            while read:
                following = file.read(CHUNK)
                piece = kept + read
                until = max(start, len(piece) - reach) if following else len(piece)
                yield piece, start, until
                kept = piece[max(0, until - reach) :]
                start = until - max(0, until - reach)
                read = following
    except FileNotFoundError:
        return  # a segment of the journal that was drained meanwhile


if __name__ == "__main__":  # asked by `portal.records.scanning`: what to look for comes and goes by the pipes alone
    asked = json.load(sys.stdin.buffer)
    json.dump(found_in([Path(path) for path in asked["paths"]], asked["marks"], asked["others"]), sys.stdout)
